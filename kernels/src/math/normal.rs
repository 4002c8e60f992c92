//! The standard normal distribution, which the exact GELU needs. Its tails fall below every float that `1 + erf` could be
//! rounded to, so the tail is computed as such and not as a difference.

use super::exp;
use crate::isa::Simd;

/// `Q(t) = e^(t^2/2) (1 - cdf(t))` for `t >= 1`: `P(u) / (t + 2)` with `u = (t - 2) / (t + 2)`, P of degree 9 (2^-28,
/// found by Remez exchange).
const TAIL: [f32; 10] = [
    0.672_408,
    -0.331_404_42,
    0.028_799_71,
    0.036_714_3,
    -5.077_955_4e-4,
    -6.619_233e-3,
    -1.888_322_2e-3,
    2.144_982_3e-4,
    1.798_105_3e-3,
    -5.580_777e-4,
];

/// `cdf(x) = 1/2 + x P(x^2)` for `|x| <= 1`, P of degree 5 (2^-31).
const MIDDLE: [f32; 6] = [0.398_942_3, -0.066_490_576, 9.974_462e-3, -1.188_803_9e-3, 1.158_509_6e-4, -8.478_957e-6];

/// `c_0 + c_1 x + ...` by Horner's rule.
#[inline(always)]
pub(super) fn polynomial<S: Simd, const N: usize>(s: S, coefficients: [f32; N], x: S::V) -> S::V {
    let mut y = s.splat(coefficients[N - 1]);
    for &c in coefficients[..N - 1].iter().rev() {
        y = s.mul_add(y, x, s.splat(c));
    }
    y
}

/// The distribution function `cdf(x) = (1 + erf(x / sqrt 2)) / 2`, within 5 ULP, and the density
/// `e^(-x^2/2) / sqrt(2 pi)`, within 3 ULP where it is no subnormal.
#[inline(always)]
pub fn normal<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let (one, two, half) = (s.splat(1.0), s.splat(2.0), s.splat(0.5));
    // e^(-x^2/2): what the rounding of x^2 lost is put back through the first term of its exponential. Beyond 15 all is
    // zero; the bound keeps x^2 finite, so that no infinity is subtracted from another.
    let t = s.min(s.abs(x), s.splat(15.0));
    let square = s.mul(t, t);
    let lost = s.mul_add(t, t, s.neg(square));
    let e = exp(s, s.mul(square, s.splat(-0.5)));
    let e = s.mul_add(e, s.mul(lost, s.splat(-0.5)), e);
    let shifted = s.add(t, two);
    let u = s.div(s.sub(t, two), shifted);
    let tail = s.mul(e, s.div(polynomial(s, TAIL, u), shifted));
    let outer = s.select(s.lt(x, s.zero()), tail, s.sub(one, tail));
    let middle = s.mul_add(x, polynomial(s, MIDDLE, square), half);
    let cdf = s.select(s.lt(t, one), middle, outer);
    (cdf, s.mul(e, s.splat(0.398_942_3)))
}
