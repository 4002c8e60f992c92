//! `ln cosh d`, half the square of a small error and nearly the absolute value of a large one, with slope `tanh d`. It is
//! `|d| - ln 2 + ln(1 + e^(-2|d|))` for large errors, and `ln(1 + sinh^2 d) / 2` for small ones, where the other cancels.

use super::{Elementwise, Entry};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct LogCosh;

impl Elementwise for LogCosh {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let (d, half, one) = (s.sub(z, t), s.splat(0.5), s.splat(1.0));
        let size = s.abs(d);
        let fall = math::exp_m1(s, s.mul(size, s.splat(-2.0)));
        let e = s.add(one, fall);
        let small = s.lt(size, half);
        // sinh^2 d = (1 - e)^2 / (4 e)
        let square = s.div(s.mul(fall, fall), s.mul(e, s.splat(4.0)));
        let ln = math::ln_1p(s, s.select(small, square, e));
        let large = s.add(s.sub(size, s.splat(std::f32::consts::LN_2)), ln);
        let slope = s.div(s.neg(fall), s.add(one, e));
        let signed = s.or(slope, s.and(d, s.bits(0x8000_0000)));
        (s.select(small, s.mul(half, ln), large), signed)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        // ln cosh d without overflow
        let size = (z - t).abs();
        size - std::f64::consts::LN_2 + (-2.0 * size).exp().ln_1p()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "log_cosh",
    aliases: &["logcosh", "LogCosh"],
    summary: "a smooth loss between the squared and the absolute error",
    formula: "mean over rows and outputs of ln cosh(z - t)",
    source: "Keras LogCosh",
    settings: &[],
    build: |_| Box::new(LogCosh),
};
