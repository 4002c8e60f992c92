/* SLEEF's functions, and what is composed of them, in one loop over an array in the first-level cache: `functions.py` compiles
 * and starts this.
 *
 * gcc -O3 -march=native sleef.c -o sleef -lsleef -lm
 * sleef              prints a line of JSON: nanoseconds for an element
 * sleef eval tanh    reads numbers of four bytes from the standard input and writes the values, on the widest vectors
 *
 * `u10` and `u35` are SLEEF's own bounds, 1.0 and 3.5 ULP; what is composed has none. */
#include <immintrin.h>
#include <sleef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COUNT = 4096 };
static const float SPREAD = 4.0f;

typedef void (*Function)(const float *, float *, size_t);

/* FORMS(name, vector, width, load, store, splat, add, sub, mul, div, suffix of SLEEF's names): a loop for every function */
#define LOOP(form, name, V, W, LOAD, STORE, VALUE)                                                                             \
    static void form##_##name(const float *from, float *to, size_t count) {                                                   \
        for (size_t i = 0; i < count; i += W) {                                                                               \
            V x = LOAD(from + i);                                                                                             \
            STORE(to + i, VALUE);                                                                                             \
        }                                                                                                                     \
    }

#ifdef __AVX512F__
#define N(x) _mm512_set1_ps(x)
#define SIGMOID(x) _mm512_div_ps(N(1), _mm512_add_ps(N(1), Sleef_expf16_u10avx512f(_mm512_sub_ps(N(0), x))))
#define LOOP16(name, VALUE) LOOP(avx512, name, __m512, 16, _mm512_loadu_ps, _mm512_storeu_ps, VALUE)
LOOP16(exp, Sleef_expf16_u10avx512f(x))
LOOP16(ln, Sleef_logf16_u10avx512f(x))
LOOP16(ln_u35, Sleef_logf16_u35avx512f(x))
LOOP16(tanh, Sleef_tanhf16_u10avx512f(x))
LOOP16(tanh_u35, Sleef_tanhf16_u35avx512f(x))
LOOP16(sin, Sleef_sinf16_u10avx512f(x))
LOOP16(sin_u35, Sleef_sinf16_u35avx512f(x))
LOOP16(sigmoid, SIGMOID(x))
LOOP16(silu, _mm512_mul_ps(x, SIGMOID(x)))
LOOP16(gelu, _mm512_mul_ps(_mm512_mul_ps(N(0.5f), x),
                           _mm512_add_ps(N(1), Sleef_erff16_u10avx512f(_mm512_mul_ps(x, N(0.70710678f))))))
LOOP16(gelu_tanh,
       _mm512_mul_ps(_mm512_mul_ps(N(0.5f), x),
                     _mm512_add_ps(N(1), Sleef_tanhf16_u10avx512f(_mm512_mul_ps(
                                             N(0.79788456f), _mm512_fmadd_ps(_mm512_mul_ps(N(0.044715f), _mm512_mul_ps(x, x)), x, x))))))
#undef N
#undef SIGMOID
#endif

#ifdef __AVX2__
#define N(x) _mm256_set1_ps(x)
#define SIGMOID(x) _mm256_div_ps(N(1), _mm256_add_ps(N(1), Sleef_expf8_u10avx2(_mm256_sub_ps(N(0), x))))
#define LOOP8(name, VALUE) LOOP(avx2, name, __m256, 8, _mm256_loadu_ps, _mm256_storeu_ps, VALUE)
LOOP8(exp, Sleef_expf8_u10avx2(x))
LOOP8(ln, Sleef_logf8_u10avx2(x))
LOOP8(ln_u35, Sleef_logf8_u35avx2(x))
LOOP8(tanh, Sleef_tanhf8_u10avx2(x))
LOOP8(tanh_u35, Sleef_tanhf8_u35avx2(x))
LOOP8(sin, Sleef_sinf8_u10avx2(x))
LOOP8(sin_u35, Sleef_sinf8_u35avx2(x))
LOOP8(sigmoid, SIGMOID(x))
LOOP8(silu, _mm256_mul_ps(x, SIGMOID(x)))
LOOP8(gelu, _mm256_mul_ps(_mm256_mul_ps(N(0.5f), x),
                          _mm256_add_ps(N(1), Sleef_erff8_u10avx2(_mm256_mul_ps(x, N(0.70710678f))))))
LOOP8(gelu_tanh,
      _mm256_mul_ps(_mm256_mul_ps(N(0.5f), x),
                    _mm256_add_ps(N(1), Sleef_tanhf8_u10avx2(_mm256_mul_ps(
                                            N(0.79788456f), _mm256_fmadd_ps(_mm256_mul_ps(N(0.044715f), _mm256_mul_ps(x, x)), x, x))))))
#endif

#define MEMBERS(form)                                                                                                         \
    {"exp", form##_exp}, {"ln", form##_ln}, {"ln u35", form##_ln_u35}, {"tanh", form##_tanh}, {"tanh u35", form##_tanh_u35},  \
        {"sigmoid", form##_sigmoid}, {"silu", form##_silu}, {"gelu", form##_gelu}, {"gelu, tanh", form##_gelu_tanh},          \
        {"sin", form##_sin}, {"sin u35", form##_sin_u35}, {NULL, NULL},

struct Member {
    const char *name;
    Function function;
};
#ifdef __AVX512F__
static const struct Member AVX512[] = {MEMBERS(avx512)};
#endif
#ifdef __AVX2__
static const struct Member AVX2[] = {MEMBERS(avx2)};
#endif
static const struct {
    const char *name;
    const struct Member *members;
} WIDTHS[] = {
#ifdef __AVX512F__
    {"avx512", AVX512},
#endif
#ifdef __AVX2__
    {"avx2", AVX2},
#endif
};
enum { MANY = sizeof WIDTHS / sizeof *WIDTHS };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* the median seconds of a call, over a few runs of so many calls that the clock can tell */
static double seconds(Function volatile f, const float *x, float *y) {
    enum { RUNS = 7 };
    double each[RUNS];
    long calls = 1;
    for (int run = 0; run < RUNS;) {
        double begun = now();
        for (long i = 0; i < calls; i++)
            f(x, y, COUNT);
        double taken = now() - begun;
        if (taken < 5e-3)
            calls *= 2;
        else
            each[run++] = taken / calls;
    }
    qsort(each, RUNS, sizeof *each, ascending);
    return each[RUNS / 2];
}

static void times(void) {
    static float x[COUNT] __attribute__((aligned(64))), y[COUNT] __attribute__((aligned(64)));
    unsigned state = 1;
    for (int i = 0; i < COUNT; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = SPREAD * (state / 2147483648.0f - 1.0f);
    }
    printf("{");
    for (int w = 0; w < MANY; w++) {
        printf("%s\"%s\": {", w ? ", " : "", WIDTHS[w].name);
        for (const struct Member *m = WIDTHS[w].members; m->name; m++)
            printf("%s\"%s\": %.6f", m == WIDTHS[w].members ? "" : ", ", m->name, 1e9 * seconds(m->function, x, y) / COUNT);
        printf("}");
    }
    printf("}\n");
}

static int values(const char *name) {
    static float x[COUNT], y[COUNT];
    for (const struct Member *m = WIDTHS[0].members; m->name; m++) {
        if (strcmp(m->name, name))
            continue;
        for (size_t got; (got = fread(x, sizeof *x, COUNT, stdin)) > 0;) {
            m->function(x, y, COUNT);
            fwrite(y, sizeof *y, got, stdout);
        }
        return 0;
    }
    fprintf(stderr, "no function is called `%s`\n", name);
    return 2;
}

int main(int count, char **words) {
    if (MANY == 0) {
        fprintf(stderr, "neither AVX-512 nor AVX2 here\n");
        return 2;
    }
    if (count == 3 && !strcmp(words[1], "eval"))
        return values(words[2]);
    times();
    return 0;
}
