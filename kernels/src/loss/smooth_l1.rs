//! The Huber loss divided by its bend, so that its slope ends at -1 and 1 whatever `beta` is: `c (d - c / 2) / beta` with `c` the
//! error cut off at `-beta` and `beta`.

use super::{Elementwise, Entry};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct SmoothL1 {
    beta: f32,
}

impl Elementwise for SmoothL1 {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let d = s.sub(z, t);
        let c = math::clamp(s, d, -self.beta, self.beta);
        let slope = s.div(c, s.splat(self.beta));
        (s.mul(slope, s.mul_add(c, s.splat(-0.5), d)), slope)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        let (d, beta) = ((z - t).abs(), f64::from(self.beta));
        if d < beta { 0.5 * d * d / beta } else { d - 0.5 * beta }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "smooth_l1",
    aliases: &["SmoothL1Loss"],
    summary: "squared for small errors, the absolute error for large ones",
    formula: "mean of d^2 / (2 beta) for |d| < beta, |d| - beta / 2 else, with d = z - t",
    source: "PyTorch SmoothL1Loss (Girshick 2015)",
    settings: &[Setting {
        name: "beta",
        aliases: &[],
        form: Form::Number,
        default: Some(&[1.0]),
        bounds: Bounds::Above(0.0),
        summary: "the error from which on it is linear; `mae` is its limit at 0",
    }],
    build: |numbers| Box::new(SmoothL1 { beta: numbers[0] as f32 }),
};
