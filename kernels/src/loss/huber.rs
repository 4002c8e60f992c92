//! Half the squared error up to `delta`, linear beyond: with `c` the error cut off at `-delta` and `delta` it is `c (d - c / 2)`,
//! and its slope `c`.

use super::{Elementwise, Entry};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Huber {
    delta: f32,
}

impl Elementwise for Huber {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let d = s.sub(z, t);
        let c = math::clamp(s, d, -self.delta, self.delta);
        (s.mul(c, s.mul_add(c, s.splat(-0.5), d)), c)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        let (d, delta) = ((z - t).abs(), f64::from(self.delta));
        if d <= delta { 0.5 * d * d } else { delta * (d - 0.5 * delta) }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "huber",
    aliases: &["huber_loss", "HuberLoss"],
    summary: "squared for small errors, linear for large ones",
    formula: "mean of d^2 / 2 for |d| <= delta, delta (|d| - delta / 2) else, with d = z - t",
    source: "PyTorch HuberLoss (Huber 1964)",
    settings: &[Setting {
        name: "delta",
        aliases: &[],
        form: Form::Number,
        default: Some(&[1.0]),
        bounds: Bounds::Above(0.0),
        summary: "the error from which on it is linear",
    }],
    build: |numbers| Box::new(Huber { delta: numbers[0] as f32 }),
};
