//! The standard normal distribution, which the exact GELU needs. Its tails fall below every float that `1 + erf` could be
//! rounded to, so the tail is computed as such and not as a difference.

use super::pieces::TAIL;
use super::{LN2_HIGH, LN2_LOW, ROUND, clamp, exp_m1_reduced};
use crate::isa::Simd;

/// `c_0 + c_1 x + ...` by Horner's rule.
#[inline(always)]
pub(super) fn polynomial<S: Simd, const N: usize>(s: S, coefficients: [f32; N], x: S::V) -> S::V {
    let mut y = s.splat(coefficients[N - 1]);
    for &c in coefficients[..N - 1].iter().rev() {
        y = s.mul_add(y, x, s.splat(c));
    }
    y
}

/// `e^(-t^2/2) = 2^n (1 + p)`, gives `n` and `p`; for `0 <= t <= 15`.
#[inline(always)]
fn bell<S: Simd>(s: S, t: S::V) -> (S::V, S::V) {
    let square = s.mul(t, t);
    let half = s.mul(square, s.splat(-0.5));
    let low = s.mul(s.mul_add(t, t, s.neg(square)), s.splat(-0.5));
    let rounded = s.mul_add(half, s.splat(std::f32::consts::LOG2_E), s.splat(ROUND));
    let n = s.sub(rounded, s.splat(ROUND));
    let r = s.mul_add(n, s.splat(-LN2_HIGH), half);
    // What the rounding of t^2 lost is as large as the low part of ln 2.
    let r = s.add(r, s.mul_add(n, s.splat(-LN2_LOW), low));
    (n, exp_m1_reduced(s, r))
}

/// Where the tail is zero as a float, and so is all that is made of it.
const END: f32 = 14.75;

/// `t Q(t) = 2^n k` with the upper tail `Q`; gives `n`, `k` and `p` of [`bell`]; for `0 <= t <= 15`.
#[inline(always)]
fn tail<S: Simd>(s: S, t: S::V) -> (S::V, S::V, S::V) {
    let (n, p) = bell(s, t);
    let (h, low) = TAIL.eval(s, t);
    (n, s.add(h, s.mul_add(h, p, low)), p)
}

/// `x cdf(x)` within 1.7 ULP: `max(x, 0) - |x| Q(|x|)`.
#[inline(always)]
pub fn gelu<S: Simd>(s: S, x: S::V) -> S::V {
    let (n, k, _) = tail(s, s.min(s.abs(x), s.splat(END)));
    s.sub(s.max(x, s.zero()), s.scale(k, n))
}

/// The distribution function `cdf(x) = (1 + erf(x / sqrt 2)) / 2`, within 2.1 ULP, and the density `e^(-x^2/2) / sqrt(2 pi)`,
/// within 2.2 ULP where it is no subnormal.
#[inline(always)]
pub fn normal<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let one = s.splat(1.0);
    // t Q(t) is divided by t: not by zero.
    let t = clamp(s, s.abs(x), 1e-30, END);
    let (n, k, p) = tail(s, t);
    let tail = s.scale(s.div(k, t), n);
    let cdf = s.select(s.lt(x, s.zero()), tail, s.sub(one, tail));
    (cdf, s.mul(s.splat(0.398_942_3), s.scale(s.add(one, p), n)))
}
