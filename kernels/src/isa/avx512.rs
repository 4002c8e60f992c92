//! AVX-512: a block is one zmm register, a mask is one k register. Only the foundation subset (`avx512f`) is used, so
//! that every processor with AVX-512 gives these lanes; the bit operations go through the integer forms for that reason.

use std::arch::x86_64::*;

use super::simd::{Op, Simd, fours};

/// The proof that the machine has AVX-512F.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// The token, where the machine has the instructions.
    pub fn new() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Avx512(()))
    }
}

#[target_feature(enable = "avx512f,avx2,fma")]
fn trampoline<O: Op>(s: Avx512, op: O) -> O::Out {
    op.eval(s)
}

/// Calls an intrinsic on the strength of the token.
macro_rules! proven {
    ($intrinsic:ident($($x:expr),*)) => {
        // SAFETY: an `Avx512` exists only where `avx512f` was detected.
        unsafe { $intrinsic($($x),*) }
    };
}

#[inline(always)]
fn int(v: __m512) -> __m512i {
    proven!(_mm512_castps_si512(v))
}

#[inline(always)]
fn float(v: __m512i) -> __m512 {
    proven!(_mm512_castsi512_ps(v))
}

#[inline(always)]
fn mask(n: usize) -> __mmask16 {
    ((1_u32 << n) - 1) as __mmask16
}

/// Within each quarter two lanes of `a` and two of `b`, as the bit pairs of `PICK` say.
#[inline(always)]
fn within_quarters<const PICK: i32>(a: __m512, b: __m512) -> __m512 {
    // SAFETY: only called with a token at hand; an `Avx512` exists only where `avx512f` was detected.
    unsafe { _mm512_shuffle_ps::<PICK>(a, b) }
}

/// Two quarters of `a` and two of `b`, as the bit pairs of `PICK` say.
#[inline(always)]
fn quarters<const PICK: i32>(a: __m512, b: __m512) -> __m512 {
    // SAFETY: only called with a token at hand; an `Avx512` exists only where `avx512f` was detected.
    unsafe { _mm512_shuffle_f32x4::<PICK>(a, b) }
}

/// Four values at `from` and those four, eight and twelve rows below it, in the quarters of a block. The compiler would put
/// them together by shuffles, for which there is one unit; that of loads is free. With this and without columns that are not
/// asked for, the gradient of the inputs of 32x128x10 has 1.10 times the rate (`runner bench --only gemm --isa avx512`).
///
/// # Safety
/// - `from` is valid for reading four values, and so are those places below it.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn every_fourth(from: *const f32, row: usize) -> __m512 {
    let quarters;
    // SAFETY: the caller vouches for the memory.
    unsafe {
        std::arch::asm!(
            "vmovups {q:x}, xmmword ptr [{from}]",
            "vinsertf32x4 {q}, {q}, xmmword ptr [{from} + {below}], 1",
            "vinsertf32x4 {q}, {q}, xmmword ptr [{from} + 2 * {below}], 2",
            "vinsertf32x4 {q}, {q}, xmmword ptr [{from} + {last}], 3",
            q = out(zmm_reg) quarters,
            from = in(reg) from,
            below = in(reg) 16 * row,
            last = in(reg) 48 * row,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    quarters
}

impl Simd for Avx512 {
    type V = __m512;
    type M = __mmask16;

    const TILES: &'static [usize] = &[12, 12, 8, 6];

    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        // SAFETY: the token proves the features of the trampoline (AVX-512F implies AVX2 and FMA).
        unsafe { trampoline(self, op) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        proven!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> __m512 {
        proven!(_mm512_loadu_ps(from))
    }
    #[inline(always)]
    unsafe fn load_ptr_part(self, from: *const f32, n: usize) -> __m512 {
        proven!(_mm512_maskz_loadu_ps(mask(n), from))
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: __m512, to: *mut f32) {
        proven!(_mm512_storeu_ps(to, v))
    }
    #[inline(always)]
    unsafe fn store_ptr_part(self, v: __m512, to: *mut f32, n: usize) {
        proven!(_mm512_mask_storeu_ps(to, mask(n), v))
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
    fn add(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_sub_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_div_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        proven!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        proven!(_mm512_fmadd_ps(a, b, c))
    }

    /// The instruction gives its second operand where the comparison of the first with it fails.
    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_max_ps(b, a))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_min_ps(b, a))
    }
    #[inline(always)]
    fn scale(self, y: __m512, n: __m512) -> __m512 {
        proven!(_mm512_scalef_ps(y, n))
    }
    #[inline(always)]
    fn lookup(self, table: &[f32; 8], index: __m512) -> __m512 {
        // The permutation takes four bits of the index: the table stands there twice.
        // SAFETY: the array is 32 bytes long; an `Avx512` exists only where `avx512f` was detected.
        let twice = unsafe { _mm512_broadcast_f64x4(_mm256_loadu_pd(table.as_ptr().cast())) };
        proven!(_mm512_permutexvar_ps(int(index), _mm512_castpd_ps(twice)))
    }

    #[inline(always)]
    fn lt(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: an `Avx512` exists only where `avx512f` was detected.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }
    #[inline(always)]
    fn le(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: an `Avx512` exists only where `avx512f` was detected.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b) }
    }
    #[inline(always)]
    fn eq(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: an `Avx512` exists only where `avx512f` was detected.
        unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
    }
    #[inline(always)]
    fn first(self, n: usize) -> __mmask16 {
        mask(n)
    }
    #[inline(always)]
    fn select(self, m: __mmask16, a: __m512, b: __m512) -> __m512 {
        proven!(_mm512_mask_blend_ps(m, b, a))
    }

    #[inline(always)]
    fn and(self, a: __m512, b: __m512) -> __m512 {
        float(proven!(_mm512_and_si512(int(a), int(b))))
    }
    #[inline(always)]
    fn or(self, a: __m512, b: __m512) -> __m512 {
        float(proven!(_mm512_or_si512(int(a), int(b))))
    }
    #[inline(always)]
    fn xor(self, a: __m512, b: __m512) -> __m512 {
        float(proven!(_mm512_xor_si512(int(a), int(b))))
    }
    #[inline(always)]
    fn int_add(self, a: __m512, b: __m512) -> __m512 {
        float(proven!(_mm512_add_epi32(int(a), int(b))))
    }
    #[inline(always)]
    fn int_sub(self, a: __m512, b: __m512) -> __m512 {
        float(proven!(_mm512_sub_epi32(int(a), int(b))))
    }
    #[inline(always)]
    fn int_mul(self, a: __m512, b: __m512) -> (__m512, __m512) {
        const ODD: __mmask16 = 0xaaaa;
        let (a, b) = (int(a), int(b));
        // SAFETY: an `Avx512` exists only where `avx512f` was detected.
        unsafe {
            let even = _mm512_mul_epu32(a, b);
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
            let low = _mm512_mask_blend_epi32(ODD, even, _mm512_slli_epi64::<32>(odd));
            let high = _mm512_mask_blend_epi32(ODD, _mm512_srli_epi64::<32>(even), odd);
            (float(low), float(high))
        }
    }
    #[inline(always)]
    fn shl(self, a: __m512, n: u32) -> __m512 {
        float(proven!(_mm512_sllv_epi32(int(a), int(self.bits(n)))))
    }
    #[inline(always)]
    fn shr(self, a: __m512, n: u32) -> __m512 {
        float(proven!(_mm512_srlv_epi32(int(a), int(self.bits(n)))))
    }

    /// A number is at least 2^n in size where the exponent has one of the bits from that of 2^n up.
    #[inline(always)]
    fn at_least(self, least: f32, a: __m512) -> __m512 {
        let upper = 0x7f80_0000 & least.to_bits().wrapping_neg();
        let large = proven!(_mm512_test_epi32_mask(int(a), int(self.bits(upper))));
        proven!(_mm512_maskz_mov_ps(large, a))
    }

    #[inline(always)]
    fn transpose(self, rows: [__m512; 16]) -> [__m512; 16] {
        // First within squares of four: `part[c]` of rows 4 i.. holds column 4 q + c in quarter q.
        let mut parts = [rows; 4];
        for i in 0..4 {
            let r = &rows[4 * i..];
            let low = [proven!(_mm512_unpacklo_ps(r[0], r[1])), proven!(_mm512_unpacklo_ps(r[2], r[3]))];
            let high = [proven!(_mm512_unpackhi_ps(r[0], r[1])), proven!(_mm512_unpackhi_ps(r[2], r[3]))];
            parts[0][i] = within_quarters::<0x44>(low[0], low[1]);
            parts[1][i] = within_quarters::<0xee>(low[0], low[1]);
            parts[2][i] = within_quarters::<0x44>(high[0], high[1]);
            parts[3][i] = within_quarters::<0xee>(high[0], high[1]);
        }
        // Then the squares: quarter q of the four parts meet in columns 4 q + c.
        let mut columns = rows;
        for (c, part) in parts.iter().enumerate() {
            let (a, b) = (quarters::<0x44>(part[0], part[1]), quarters::<0xee>(part[0], part[1]));
            let (d, e) = (quarters::<0x44>(part[2], part[3]), quarters::<0xee>(part[2], part[3]));
            columns[c] = quarters::<0x88>(a, d);
            columns[4 + c] = quarters::<0xdd>(a, d);
            columns[8 + c] = quarters::<0x88>(b, e);
            columns[12 + c] = quarters::<0xdd>(b, e);
        }
        columns
    }

    /// What goes to another quarter is loaded there.
    #[inline(always)]
    unsafe fn turn(self, from: *const f32, from_row: usize, cols: usize, to: *mut f32, to_row: usize) {
        for column in fours(cols) {
            // SAFETY: the caller vouches for sixteen rows of these columns; an `Avx512` exists only where `avx512f` was detected.
            unsafe {
                let r: [__m512; 4] = std::array::from_fn(
                    #[inline(always)]
                    |i| every_fourth(from.add(i * from_row + column), from_row),
                );
                let low = [_mm512_unpacklo_ps(r[0], r[1]), _mm512_unpacklo_ps(r[2], r[3])];
                let high = [_mm512_unpackhi_ps(r[0], r[1]), _mm512_unpackhi_ps(r[2], r[3])];
                let to = to.add(column * to_row);
                _mm512_storeu_ps(to, within_quarters::<0x44>(low[0], low[1]));
                _mm512_storeu_ps(to.add(to_row), within_quarters::<0xee>(low[0], low[1]));
                _mm512_storeu_ps(to.add(2 * to_row), within_quarters::<0x44>(high[0], high[1]));
                _mm512_storeu_ps(to.add(3 * to_row), within_quarters::<0xee>(high[0], high[1]));
            }
        }
    }
}
