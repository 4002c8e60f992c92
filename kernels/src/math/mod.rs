//! Elementary functions over sixteen lanes, each one fixed sequence of operations, so the bits are the same on every
//! instruction set and do not depend on a platform's libm. Bounds are in units in the last place of the `f32` result,
//! against the exact value, and tested on dense grids against `f64`. NaN in, NaN out. Where a lane needs another formula
//! than its neighbour both are computed and one is selected.

mod normal;
mod pieces;
mod sigmoid;
mod trigonometric;

pub use normal::{gelu, normal};
pub use sigmoid::{GELU_CUBIC, GELU_LINEAR, gelu_by_tanh, sigmoid, silu};
pub use trigonometric::sin_cos;

use crate::isa::Simd;

/// `ln 2` in two parts: `n LN2_HIGH` is exact for the `n` met here.
const LN2_HIGH: f32 = 0.693_145_75;
const LN2_LOW: f32 = 1.428_606_8e-6;

/// Adding it rounds to the nearest integer `n` and leaves `n + 127` in the low bits, what `2^n` has for an exponent.
const ROUND: f32 = 12_582_912.0 + 127.0;

/// `x = n ln 2 + r` with `|r| <= ln 2 / 2`: gives `n`, `r`, and [`ROUND`]` + n`. Needs `|x| < 2^21`.
#[inline(always)]
fn reduce<S: Simd>(s: S, x: S::V) -> (S::V, S::V, S::V) {
    let rounded = s.mul_add(x, s.splat(std::f32::consts::LOG2_E), s.splat(ROUND));
    let n = s.sub(rounded, s.splat(ROUND));
    let r = s.mul_add(n, s.splat(-LN2_HIGH), x);
    let r = s.mul_add(n, s.splat(-LN2_LOW), r);
    (n, r, rounded)
}

/// `e^r - 1` for `|r| <= ln 2 / 2`: `r + r^2 P(r)`, P the polynomial of degree 5 that leaves the least error relative to
/// `e^r` (2^-34; found by Remez exchange).
#[inline(always)]
fn exp_m1_reduced<S: Simd>(s: S, r: S::V) -> S::V {
    let p = s.splat(1.979_029_8e-4);
    let p = s.mul_add(p, r, s.splat(1.394_470_3e-3));
    let p = s.mul_add(p, r, s.splat(8.333_498e-3));
    let p = s.mul_add(p, r, s.splat(4.166_629_5e-2));
    let p = s.mul_add(p, r, s.splat(0.166_666_66));
    let p = s.mul_add(p, r, s.splat(0.5));
    s.mul_add(s.mul(r, r), p, r)
}

/// `2^n` for `-126 <= n <= 127` from [`ROUND`]` + n`.
#[inline(always)]
fn power_of_two<S: Simd>(s: S, rounded: S::V) -> S::V {
    s.shl(rounded, 23)
}

/// `e^x`, within 1 ULP; overflows to infinity, underflows through the subnormals to zero.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // Beyond these bounds the result is infinite or zero; the comparison lets a NaN through.
    let (n, r, _) = reduce(s, clamp(s, x, -105.0, 89.0));
    s.scale(s.add(s.splat(1.0), exp_m1_reduced(s, r)), n)
}

/// `x` cut off at both ends; a NaN stays one.
#[inline(always)]
pub(crate) fn clamp<S: Simd>(s: S, x: S::V, low: f32, high: f32) -> S::V {
    s.min(s.max(x, s.splat(low)), s.splat(high))
}

/// `e^x - 1` for `x <= 0`, within 1.5 ULP also where `x` is tiny; the argument is not looked at above zero.
#[inline(always)]
pub fn exp_m1<S: Simd>(s: S, x: S::V) -> S::V {
    // From -17.33 on the nearest float is -1; the bound keeps 2^n a float.
    let (_, r, rounded) = reduce(s, s.max(x, s.splat(-20.0)));
    let scale = power_of_two(s, rounded);
    s.mul_add(scale, exp_m1_reduced(s, r), s.sub(scale, s.splat(1.0)))
}

/// `ln(1 + f) - f` for `1 + f` in `[1/sqrt 2, sqrt 2]`. With `q = f / (2 + f)`, `ln(1 + f) = 2 artanh q`, which is
/// `f - f^2/2 + q (f^2/2 + q^2 R(q^2))` (the form of FreeBSD's msun, Sun Microsystems 1993; R fitted anew, 2^-34).
#[inline(always)]
fn ln_1p_less_f<S: Simd>(s: S, f: S::V) -> S::V {
    let q = s.div(f, s.add(f, s.splat(2.0)));
    let z = s.mul(q, q);
    let p = s.splat(0.233_347_2);
    let p = s.mul_add(p, z, s.splat(0.285_506_52));
    let p = s.mul_add(p, z, s.splat(0.400_001_23));
    let p = s.mul_add(p, z, s.splat(0.666_666_7));
    let half_square = s.mul(s.mul(f, f), s.splat(0.5));
    let inner = s.mul(q, s.mul_add(z, p, half_square));
    s.sub(inner, half_square)
}

/// `ln x`, within 1 ULP; minus infinity at zero, NaN below.
#[inline(always)]
pub fn ln<S: Simd>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    let tiny = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let scaled = s.select(tiny, s.mul(x, s.splat(33_554_432.0)), x);
    // x = m 2^n with m in [1/sqrt 2, sqrt 2): subtracting the bits of 1/sqrt 2 makes the exponent field n.
    let root = s.bits(0x3f35_04f3);
    let above = s.int_add(s.int_sub(scaled, root), s.splat(1.0));
    let m = s.int_add(s.and(above, s.bits(0x007f_ffff)), root);
    let exponent = s.shr(above, 23);
    // The integer as a float: put it into the low bits of 2^23 and subtract that again, with the bias of 127.
    let n = s.sub(s.or(exponent, s.splat(8_388_608.0)), s.splat(8_388_735.0));
    let n = s.select(tiny, s.sub(n, s.splat(25.0)), n);
    let f = s.sub(m, one);
    let low = s.mul_add(n, s.splat(LN2_LOW), ln_1p_less_f(s, f));
    let y = s.mul_add(n, s.splat(LN2_HIGH), s.add(low, f));
    let y = s.select(s.lt(x, s.bits(0x7f80_0000)), y, x);
    let y = s.select(s.eq(x, s.zero()), s.splat(f32::NEG_INFINITY), y);
    s.select(s.lt(x, s.zero()), s.splat(f32::NAN), y)
}

/// `ln(1 + x)` for `x` in `[0, 1]`, within 1.5 ULP also where `x` is tiny.
#[inline(always)]
pub fn ln_1p<S: Simd>(s: S, x: S::V) -> S::V {
    // Above sqrt 2 - 1 half of 1 + x is taken, whose distance to one is exact: (x - 1) / 2.
    let large = s.lt(s.splat(0.414_213_57), x);
    let f = s.select(large, s.mul(s.sub(x, s.splat(1.0)), s.splat(0.5)), x);
    let n = s.select(large, s.splat(1.0), s.zero());
    let low = s.mul_add(n, s.splat(LN2_LOW), ln_1p_less_f(s, f));
    s.mul_add(n, s.splat(LN2_HIGH), s.add(low, f))
}

/// `tanh x` within 1.1 ULP.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    // From 9.02 on the nearest float is one; the bound keeps within the table.
    let size = s.min(s.abs(x), s.splat(9.5));
    let (y, _) = pieces::TANH.eval(s, size);
    s.or(y, s.and(x, s.bits(0x8000_0000)))
}
