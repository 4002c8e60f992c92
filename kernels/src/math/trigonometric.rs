//! Sine and cosine. The nearest multiple of a quarter turn is taken off in three parts of pi/2, the first of which is
//! exact by a fused multiply-add, so that the remainder is good to the last place also beside a zero of the function.

use super::normal::polynomial;
use crate::isa::Simd;

/// `pi/2` in three parts of 24 bits each.
const QUARTER: [f32; 3] = [1.570_796_4, -4.371_139e-8, -1.715_124_5e-15];

/// `(sin r - r) / r^3` in `r^2` (2^-32 of `sin r`) and `(cos r - 1 + r^2/2) / r^4` in `r^2` (2^-32 of `cos r`), for
/// `|r| <= 0.84`: a quarter turn is rounded to the nearest with an error of its own where `x` is large.
const SIN: [f32; 4] = [-0.166_666_67, 8.333_373e-3, -1.984_969_1e-4, 2.792_888_6e-6];
const COS: [f32; 3] = [4.166_663_4e-2, -1.388_679_6e-3, 2.437_693e-5];

/// `sin x` and `cos x` within 2 ULP for `|x| <= 10^6`. Beyond, where neighbouring floats are a sixteenth of a radian
/// apart and more, both are NaN rather than wrong.
#[inline(always)]
pub fn sin_cos<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let shift = s.splat(12_582_912.0);
    let shifted = s.mul_add(x, s.splat(std::f32::consts::FRAC_2_PI), shift);
    let n = s.neg(s.sub(shifted, shift));
    let mut r = x;
    for part in QUARTER {
        r = s.mul_add(n, s.splat(part), r);
    }
    let z = s.mul(r, r);
    let sin = s.mul_add(s.mul(z, r), polynomial(s, SIN, z), r);
    let cos = s.mul_add(z, s.mul_add(z, polynomial(s, COS, z), s.splat(-0.5)), s.splat(1.0));
    // The low bits of `shifted` count quarter turns: an odd one swaps the two, the second bit is the sign of the sine.
    let even = s.eq(s.and(shifted, s.bits(1)), s.zero());
    let sign = s.and(s.shl(shifted, 30), s.bits(0x8000_0000));
    let turned = s.and(s.shl(s.int_add(shifted, s.bits(1)), 30), s.bits(0x8000_0000));
    let known = s.le(s.abs(x), s.splat(1e6));
    let nan = s.splat(f32::NAN);
    let (y, x) = (s.select(even, sin, cos), s.select(even, cos, sin));
    (s.select(known, s.xor(y, sign), nan), s.select(known, s.xor(x, turned), nan))
}
