//! The logistic function and products with it, down to the least float. With `z = m ln 2 - r` it is `2^m / (2^m + e^r)`:
//! nothing overflows, and a sum and a division are all that rounds by half a unit.

use super::{LN2_HIGH, LN2_LOW, ROUND, clamp, exp_m1_reduced, power_of_two};
use crate::isa::Simd;

/// Where `z e^z` is zero as a float.
const LOW: f32 = -110.0;
/// Where the logistic function is one as a float.
const HIGH: f32 = 18.0;

/// `top / (1 + e^-z)` for `z + low` instead of `z`, where `low` is what the rounding of `z` lost.
#[inline(always)]
fn times_sigmoid<S: Simd>(s: S, top: S::V, z: S::V, low: Option<S::V>) -> S::V {
    let one = s.splat(1.0);
    let z = clamp(s, z, LOW, HIGH);
    let rounded = s.mul_add(z, s.splat(std::f32::consts::LOG2_E), s.splat(ROUND));
    let m = s.sub(rounded, s.splat(ROUND));
    let r = s.mul_add(m, s.splat(LN2_HIGH), s.neg(z));
    let r = match low {
        None => s.mul_add(m, s.splat(LN2_LOW), r),
        Some(low) => s.add(r, s.mul_add(m, s.splat(LN2_LOW), s.neg(low))),
    };
    // Below 2^-126 the power is nothing beside one.
    let power = power_of_two(s, s.max(rounded, s.splat(ROUND - 126.0)));
    // `1 + 2^m` is exact, but for `m = 24` and -24, where all that one of them is would be lost.
    let sum = s.add(one, power);
    let lost = s.sub(power, s.sub(sum, one));
    let bottom = s.add(sum, s.add(exp_m1_reduced(s, r), lost));
    s.scale(s.div(top, bottom), m)
}

/// `1 / (1 + e^-x)`, within 1.7 ULP.
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::V) -> S::V {
    times_sigmoid(s, s.splat(1.0), x, None)
}

/// `x / (1 + e^-x)`, within 1.8 ULP; minus zero at minus infinity.
#[inline(always)]
pub fn silu<S: Simd>(s: S, x: S::V) -> S::V {
    times_sigmoid(s, s.max(x, s.splat(LOW)), x, None)
}

/// `2 sqrt(2 / pi)`, of the GELU's form with a hyperbolic tangent.
pub const GELU_LINEAR: f64 = 1.595_769_121_605_730_7;
/// The same times 0.044715.
pub const GELU_CUBIC: f64 = GELU_LINEAR * 0.044_715;

/// Both in two parts, the first of the linear one of 21 bits.
const LINEAR: [f32; 2] = {
    let few = (GELU_LINEAR * 1_048_576.0) as i32 as f64 / 1_048_576.0;
    [few as f32, (GELU_LINEAR - few) as f32]
};
const CUBIC: [f32; 2] = [GELU_CUBIC as f32, (GELU_CUBIC - GELU_CUBIC as f32 as f64) as f32];

/// `x / (1 + e^-z)` within 1.9 ULP, with `z = 2 sqrt(2 / pi) (x + 0.044715 x^3)`, which is `x (1 + tanh(z / 2)) / 2`. The sum `z` is
/// carried in two floats, because what an exponential is wrong by is what its argument is wrong by.
#[inline(always)]
pub fn gelu_by_tanh<S: Simd>(s: S, x: S::V) -> S::V {
    // Below -11 the value is zero, above 11 it is x; the bounds keep the cube finite.
    let x = s.max(x, s.splat(-11.0));
    let t = s.min(x, s.splat(11.0));
    let square = s.mul(t, t);
    let square_low = s.mul_add(t, t, s.neg(square));
    let slope = s.mul_add(square, s.splat(CUBIC[0]), s.splat(LINEAR[0]));
    // The difference is exact because the first part of the constant has few bits.
    let cubic = s.sub(slope, s.splat(LINEAR[0]));
    let low = s.add(s.mul_add(square, s.splat(CUBIC[0]), s.neg(cubic)), s.splat(LINEAR[1]));
    let low = s.mul_add(square, s.splat(CUBIC[1]), low);
    let low = s.mul_add(square_low, s.splat(CUBIC[0]), low);
    let z = s.mul(t, slope);
    let low = s.mul_add(t, low, s.mul_add(t, slope, s.neg(z)));
    times_sigmoid(s, x, z, Some(low))
}
