//! NEON (AArch64, where it is always there): a block is four q registers, a mask four registers of ones or zeros. There
//! are no masked loads, so the ragged end of a row goes through a buffer of sixteen.

use std::arch::aarch64::*;

use super::simd::{LANES, Op, Simd};

/// The proof that the machine has NEON: that it is an AArch64.
#[derive(Clone, Copy)]
pub struct Neon(());

impl Neon {
    /// The token.
    pub fn new() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }
}

#[target_feature(enable = "neon")]
fn trampoline<O: Op>(s: Neon, op: O) -> O::Out {
    op.eval(s)
}

/// Calls an intrinsic on the four quarters of its blocks.
macro_rules! quarters {
    ($intrinsic:ident($($x:expr),*)) => {
        // SAFETY: a `Neon` exists only where `neon` was detected.
        unsafe {
            [
                $intrinsic($($x[0]),*),
                $intrinsic($($x[1]),*),
                $intrinsic($($x[2]),*),
                $intrinsic($($x[3]),*),
            ]
        }
    };
}

type Quad = [float32x4_t; 4];
type Words = [uint32x4_t; 4];

#[inline(always)]
fn int(v: Quad) -> Words {
    quarters!(vreinterpretq_u32_f32(v))
}

#[inline(always)]
fn float(v: Words) -> Quad {
    quarters!(vreinterpretq_f32_u32(v))
}

#[inline(always)]
fn counts(n: i32) -> [int32x4_t; 4] {
    quarters!(vdupq_n_s32([n; 4]))
}

/// Four rows of four, transposed.
#[inline(always)]
fn transpose_square(a: float32x4_t, b: float32x4_t, c: float32x4_t, d: float32x4_t) -> Quad {
    // SAFETY: only called with a token at hand; a `Neon` exists only where `neon` was detected.
    unsafe {
        let wide = |x, y| (vreinterpretq_f64_f32(x), vreinterpretq_f64_f32(y));
        let (even, odd) = (wide(vtrn1q_f32(a, b), vtrn1q_f32(c, d)), wide(vtrn2q_f32(a, b), vtrn2q_f32(c, d)));
        [
            vreinterpretq_f32_f64(vtrn1q_f64(even.0, even.1)),
            vreinterpretq_f32_f64(vtrn1q_f64(odd.0, odd.1)),
            vreinterpretq_f32_f64(vtrn2q_f64(even.0, even.1)),
            vreinterpretq_f32_f64(vtrn2q_f64(odd.0, odd.1)),
        ]
    }
}

impl Simd for Neon {
    type V = Quad;
    type M = Words;

    const TILES: &'static [usize] = &[6];

    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        // SAFETY: the token proves the feature of the trampoline.
        unsafe { trampoline(self, op) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Quad {
        quarters!(vdupq_n_f32([x; 4]))
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> Quad {
        // SAFETY: the caller vouches for sixteen values, which are four times four; NEON was detected.
        unsafe { [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))] }
    }
    #[inline(always)]
    unsafe fn load_ptr_part(self, from: *const f32, n: usize) -> Quad {
        let mut block = [0.0_f32; LANES];
        // SAFETY: the caller vouches for `n` values, and that they fit the block.
        unsafe { std::ptr::copy_nonoverlapping(from, block.as_mut_ptr(), n) };
        self.load(&block)
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: Quad, to: *mut f32) {
        for (i, &q) in v.iter().enumerate() {
            // SAFETY: the caller vouches for sixteen values, which are four times four; NEON was detected.
            unsafe { vst1q_f32(to.add(4 * i), q) };
        }
    }
    #[inline(always)]
    unsafe fn store_ptr_part(self, v: Quad, to: *mut f32, n: usize) {
        let block = self.lanes(v);
        // SAFETY: the caller vouches for `n` values, and that the block has them.
        unsafe { std::ptr::copy_nonoverlapping(block.as_ptr(), to, n) };
    }

    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    #[inline(always)]
    fn prefetch_near(self, _: *const f32) {}

    #[inline(always)]
    fn prefetch_to_write(self, _: *const f32) {}

    #[inline(always)]
    fn add(self, a: Quad, b: Quad) -> Quad {
        quarters!(vaddq_f32(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Quad, b: Quad) -> Quad {
        quarters!(vsubq_f32(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Quad, b: Quad) -> Quad {
        quarters!(vmulq_f32(a, b))
    }
    #[inline(always)]
    fn div(self, a: Quad, b: Quad) -> Quad {
        quarters!(vdivq_f32(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: Quad) -> Quad {
        quarters!(vsqrtq_f32(a))
    }
    #[inline(always)]
    fn mul_add(self, a: Quad, b: Quad, c: Quad) -> Quad {
        quarters!(vfmaq_f32(c, a, b))
    }

    #[inline(always)]
    fn lookup(self, table: &[f32; 8], index: Quad) -> Quad {
        // Two registers are a table of 32 bytes: byte k of entry i is byte 4 i + k.
        let index = int(self.and(index, self.bits(7)));
        let mut found = index;
        for i in 0..4 {
            // SAFETY: the array is 32 bytes long; a `Neon` exists only where NEON was detected.
            unsafe {
                let bytes = vld1q_u8_x2(table.as_ptr().cast());
                let at = vmlaq_n_u32(vdupq_n_u32(0x0302_0100), index[i], 0x0404_0404);
                found[i] = vreinterpretq_u32_u8(vqtbl2q_u8(bytes, vreinterpretq_u8_u32(at)));
            }
        }
        float(found)
    }

    #[inline(always)]
    fn lt(self, a: Quad, b: Quad) -> Words {
        quarters!(vcltq_f32(a, b))
    }
    #[inline(always)]
    fn le(self, a: Quad, b: Quad) -> Words {
        quarters!(vcleq_f32(a, b))
    }
    #[inline(always)]
    fn eq(self, a: Quad, b: Quad) -> Words {
        quarters!(vceqq_f32(a, b))
    }
    #[inline(always)]
    fn first(self, n: usize) -> Words {
        let lanes: [f32; LANES] = std::array::from_fn(|i| f32::from_bits(if i < n { u32::MAX } else { 0 }));
        int(self.load(&lanes))
    }
    #[inline(always)]
    fn select(self, m: Words, a: Quad, b: Quad) -> Quad {
        quarters!(vbslq_f32(m, a, b))
    }

    #[inline(always)]
    fn and(self, a: Quad, b: Quad) -> Quad {
        let (a, b) = (int(a), int(b));
        float(quarters!(vandq_u32(a, b)))
    }
    #[inline(always)]
    fn or(self, a: Quad, b: Quad) -> Quad {
        let (a, b) = (int(a), int(b));
        float(quarters!(vorrq_u32(a, b)))
    }
    #[inline(always)]
    fn xor(self, a: Quad, b: Quad) -> Quad {
        let (a, b) = (int(a), int(b));
        float(quarters!(veorq_u32(a, b)))
    }
    #[inline(always)]
    fn int_add(self, a: Quad, b: Quad) -> Quad {
        let (a, b) = (int(a), int(b));
        float(quarters!(vaddq_u32(a, b)))
    }
    #[inline(always)]
    fn int_sub(self, a: Quad, b: Quad) -> Quad {
        let (a, b) = (int(a), int(b));
        float(quarters!(vsubq_u32(a, b)))
    }
    #[inline(always)]
    fn int_mul(self, a: Quad, b: Quad) -> (Quad, Quad) {
        let (a, b) = (int(a), int(b));
        let (mut low, mut high) = (a, a);
        for i in 0..4 {
            // SAFETY: a `Neon` exists only where NEON was detected.
            unsafe {
                let first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a[i]), vget_low_u32(b[i])));
                let second = vreinterpretq_u32_u64(vmull_high_u32(a[i], b[i]));
                (low[i], high[i]) = (vuzp1q_u32(first, second), vuzp2q_u32(first, second));
            }
        }
        (float(low), float(high))
    }
    #[inline(always)]
    fn shl(self, a: Quad, n: u32) -> Quad {
        let (a, n) = (int(a), counts(n as i32));
        float(quarters!(vshlq_u32(a, n)))
    }
    #[inline(always)]
    fn shr(self, a: Quad, n: u32) -> Quad {
        // A shift to the left by a negative count is NEON's shift to the right.
        let (a, n) = (int(a), counts(-(n as i32)));
        float(quarters!(vshlq_u32(a, n)))
    }

    #[inline(always)]
    fn transpose(self, rows: [Quad; 16]) -> [Quad; 16] {
        let mut columns = rows;
        for across in 0..4 {
            for down in 0..4 {
                let r = &rows[4 * down..];
                let square = transpose_square(r[0][across], r[1][across], r[2][across], r[3][across]);
                for (j, column) in square.into_iter().enumerate() {
                    columns[4 * across + j][down] = column;
                }
            }
        }
        columns
    }
}
