//! AVX2 with FMA: a block is two ymm registers, a mask is two ymm registers of all ones or all zeros.

use std::arch::x86_64::*;

use super::simd::{Op, Simd, fours};

/// The proof that the machine has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// The token, where the machine has the instructions.
    pub fn new() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn trampoline<O: Op>(s: Avx2, op: O) -> O::Out {
    op.eval(s)
}

/// Calls an intrinsic on the strength of the token.
macro_rules! proven {
    ($intrinsic:ident($($x:expr),*)) => {
        // SAFETY: an `Avx2` exists only where `avx2` and `fma` were detected.
        unsafe { $intrinsic($($x),*) }
    };
}

/// Calls an intrinsic on both halves of its blocks.
macro_rules! halves {
    ($intrinsic:ident($($x:expr),*)) => {
        [proven!($intrinsic($($x[0]),*)), proven!($intrinsic($($x[1]),*))]
    };
}

type Pair = [__m256; 2];

#[inline(always)]
fn int(v: Pair) -> [__m256i; 2] {
    halves!(_mm256_castps_si256(v))
}

#[inline(always)]
fn float(v: [__m256i; 2]) -> Pair {
    halves!(_mm256_castsi256_ps(v))
}

/// Sixteen words of ones, then sixteen of zeros: a window into it is a mask.
static ONES_THEN_ZEROS: [u32; 32] = {
    let mut words = [0; 32];
    let mut i = 0;
    while i < 16 {
        words[i] = u32::MAX;
        i += 1;
    }
    words
};

#[inline(always)]
fn mask(n: usize) -> [__m256i; 2] {
    let window = &ONES_THEN_ZEROS[16 - n..][..16];
    let at = window.as_ptr();
    // SAFETY: the window is sixteen words long, two registers of eight; AVX was detected, see `Avx2`.
    unsafe { [_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(8).cast())] }
}

/// Eight rows of eight, transposed.
#[inline(always)]
fn transpose_square(r: [__m256; 8]) -> [__m256; 8] {
    let mut columns = r;
    // SAFETY: only called with a token at hand; an `Avx2` exists only where AVX was detected.
    unsafe {
        let mut parts = [[r[0]; 2]; 4];
        for i in 0..2 {
            let (r0, r1, r2, r3) = (r[4 * i], r[4 * i + 1], r[4 * i + 2], r[4 * i + 3]);
            let (low0, low1) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpacklo_ps(r2, r3));
            let (high0, high1) = (_mm256_unpackhi_ps(r0, r1), _mm256_unpackhi_ps(r2, r3));
            parts[0][i] = _mm256_shuffle_ps::<0x44>(low0, low1);
            parts[1][i] = _mm256_shuffle_ps::<0xee>(low0, low1);
            parts[2][i] = _mm256_shuffle_ps::<0x44>(high0, high1);
            parts[3][i] = _mm256_shuffle_ps::<0xee>(high0, high1);
        }
        for (c, part) in parts.iter().enumerate() {
            columns[c] = _mm256_permute2f128_ps::<0x20>(part[0], part[1]);
            columns[4 + c] = _mm256_permute2f128_ps::<0x31>(part[0], part[1]);
        }
    }
    columns
}

impl Simd for Avx2 {
    type V = Pair;
    type M = Pair;

    const TILES: &'static [usize] = &[6];

    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        // SAFETY: the token proves the features of the trampoline.
        unsafe { trampoline(self, op) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Pair {
        [proven!(_mm256_set1_ps(x)); 2]
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> Pair {
        // SAFETY: the caller vouches for sixteen values, which are two times eight; AVX was detected.
        unsafe { [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))] }
    }
    #[inline(always)]
    unsafe fn load_ptr_part(self, from: *const f32, n: usize) -> Pair {
        let m = mask(n);
        // SAFETY: the caller vouches for `n` values and the mask hides the rest; AVX was detected.
        unsafe { [_mm256_maskload_ps(from, m[0]), _mm256_maskload_ps(from.wrapping_add(8), m[1])] }
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: Pair, to: *mut f32) {
        // SAFETY: the caller vouches for sixteen values, which are two times eight; AVX was detected.
        unsafe {
            _mm256_storeu_ps(to, v[0]);
            _mm256_storeu_ps(to.add(8), v[1]);
        }
    }
    #[inline(always)]
    unsafe fn store_ptr_part(self, v: Pair, to: *mut f32, n: usize) {
        let m = mask(n);
        // SAFETY: the caller vouches for `n` values and the mask hides the rest; AVX was detected.
        unsafe {
            _mm256_maskstore_ps(to, m[0], v[0]);
            _mm256_maskstore_ps(to.wrapping_add(8), m[1], v[1]);
        }
    }

    #[inline(always)]
    fn prefetch(self, at: *const f32) {
        // SAFETY: a hint, which reads nothing and does not fault.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }

    #[inline(always)]
    fn prefetch_near(self, at: *const f32) {
        // SAFETY: a hint, which reads nothing and does not fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    #[expect(clippy::pointers_in_nomem_asm_block, reason = "nothing is read or written there")]
    fn prefetch_to_write(self, at: *const f32) {
        // the intrinsic becomes a fetch for reading unless the target promises this instruction; without it, it does nothing
        // SAFETY: a hint, which reads nothing and does not fault.
        unsafe { std::arch::asm!("prefetchw [{}]", in(reg) at, options(nomem, nostack, preserves_flags)) }
    }

    #[inline(always)]
    fn add(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_div_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: Pair) -> Pair {
        halves!(_mm256_sqrt_ps(a))
    }
    #[inline(always)]
    fn mul_add(self, a: Pair, b: Pair, c: Pair) -> Pair {
        halves!(_mm256_fmadd_ps(a, b, c))
    }

    /// The instruction gives its second operand where the comparison of the first with it fails.
    #[inline(always)]
    fn max(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_max_ps(b, a))
    }
    #[inline(always)]
    fn min(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_min_ps(b, a))
    }
    #[inline(always)]
    fn lookup(self, table: &[f32; 8], index: Pair) -> Pair {
        // SAFETY: the array is one register long; AVX was detected, see `Avx2`.
        let table = unsafe { _mm256_loadu_ps(table.as_ptr()) };
        let index = int(index);
        [proven!(_mm256_permutevar8x32_ps(table, index[0])), proven!(_mm256_permutevar8x32_ps(table, index[1]))]
    }

    #[inline(always)]
    fn lt(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` exists only where AVX was detected.
        unsafe { [_mm256_cmp_ps::<_CMP_LT_OQ>(a[0], b[0]), _mm256_cmp_ps::<_CMP_LT_OQ>(a[1], b[1])] }
    }
    #[inline(always)]
    fn le(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` exists only where AVX was detected.
        unsafe { [_mm256_cmp_ps::<_CMP_LE_OQ>(a[0], b[0]), _mm256_cmp_ps::<_CMP_LE_OQ>(a[1], b[1])] }
    }
    #[inline(always)]
    fn eq(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: an `Avx2` exists only where AVX was detected.
        unsafe { [_mm256_cmp_ps::<_CMP_EQ_OQ>(a[0], b[0]), _mm256_cmp_ps::<_CMP_EQ_OQ>(a[1], b[1])] }
    }
    #[inline(always)]
    fn first(self, n: usize) -> Pair {
        float(mask(n))
    }
    #[inline(always)]
    fn select(self, m: Pair, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_blendv_ps(b, a, m))
    }

    #[inline(always)]
    fn and(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_and_ps(a, b))
    }
    #[inline(always)]
    fn or(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_or_ps(a, b))
    }
    #[inline(always)]
    fn xor(self, a: Pair, b: Pair) -> Pair {
        halves!(_mm256_xor_ps(a, b))
    }
    #[inline(always)]
    fn int_add(self, a: Pair, b: Pair) -> Pair {
        let (a, b) = (int(a), int(b));
        float(halves!(_mm256_add_epi32(a, b)))
    }
    #[inline(always)]
    fn int_sub(self, a: Pair, b: Pair) -> Pair {
        let (a, b) = (int(a), int(b));
        float(halves!(_mm256_sub_epi32(a, b)))
    }
    #[inline(always)]
    fn int_mul(self, a: Pair, b: Pair) -> (Pair, Pair) {
        let (a, b) = (int(a), int(b));
        let (mut low, mut high) = (a, a);
        for i in 0..2 {
            // SAFETY: an `Avx2` exists only where `avx2` was detected.
            unsafe {
                let even = _mm256_mul_epu32(a[i], b[i]);
                let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a[i]), _mm256_srli_epi64::<32>(b[i]));
                low[i] = _mm256_blend_epi32::<0xaa>(even, _mm256_slli_epi64::<32>(odd));
                high[i] = _mm256_blend_epi32::<0xaa>(_mm256_srli_epi64::<32>(even), odd);
            }
        }
        (float(low), float(high))
    }
    #[inline(always)]
    fn shl(self, a: Pair, n: u32) -> Pair {
        let (a, n) = (int(a), int(self.bits(n)));
        float(halves!(_mm256_sllv_epi32(a, n)))
    }
    #[inline(always)]
    fn shr(self, a: Pair, n: u32) -> Pair {
        let (a, n) = (int(a), int(self.bits(n)));
        float(halves!(_mm256_srlv_epi32(a, n)))
    }

    #[inline(always)]
    fn at_least(self, least: f32, a: Pair) -> Pair {
        let ([x, y], [least, _]) = (self.abs(a), self.splat(least));
        // SAFETY: an `Avx2` exists only where AVX was detected.
        let large = unsafe { [_mm256_cmp_ps::<_CMP_NLT_UQ>(x, least), _mm256_cmp_ps::<_CMP_NLT_UQ>(y, least)] };
        self.and(large, a)
    }

    #[inline(always)]
    fn transpose(self, rows: [Pair; 16]) -> [Pair; 16] {
        let mut columns = rows;
        for across in 0..2 {
            for down in 0..2 {
                let square = std::array::from_fn(
                    #[inline(always)]
                    |i| rows[8 * down + i][across],
                );
                for (j, column) in transpose_square(square).into_iter().enumerate() {
                    columns[8 * across + j][down] = column;
                }
            }
        }
        columns
    }

    /// Eight rows of four columns at a time. What goes to the upper half is loaded there.
    #[inline(always)]
    unsafe fn turn(self, from: *const f32, from_row: usize, cols: usize, to: *mut f32, to_row: usize) {
        for (down, column) in [0, 8].into_iter().flat_map(|down| fours(cols).map(move |column| (down, column))) {
            // SAFETY: the caller vouches for sixteen rows of these columns; AVX was detected.
            unsafe {
                // values of row i in the lower half, of row 4 + i in the upper
                let r: [__m256; 4] = std::array::from_fn(
                    #[inline(always)]
                    |i| {
                        let from = from.add((down + i) * from_row + column);
                        let low = _mm256_castps128_ps256(_mm_loadu_ps(from));
                        _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(from.add(4 * from_row)))
                    },
                );
                let (low0, low1) = (_mm256_unpacklo_ps(r[0], r[1]), _mm256_unpacklo_ps(r[2], r[3]));
                let (high0, high1) = (_mm256_unpackhi_ps(r[0], r[1]), _mm256_unpackhi_ps(r[2], r[3]));
                let to = to.add(column * to_row + down);
                _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(low0, low1));
                _mm256_storeu_ps(to.add(to_row), _mm256_shuffle_ps::<0xee>(low0, low1));
                _mm256_storeu_ps(to.add(2 * to_row), _mm256_shuffle_ps::<0x44>(high0, high1));
                _mm256_storeu_ps(to.add(3 * to_row), _mm256_shuffle_ps::<0xee>(high0, high1));
            }
        }
    }
}
