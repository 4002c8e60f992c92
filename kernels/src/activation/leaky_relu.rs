//! `f(x) = x` above zero, a small multiple of `x` below, so that no unit dies.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct LeakyRelu {
    slope: f32,
}

impl Pointwise for LeakyRelu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.select(s.le(x, s.zero()), s.mul(x, s.splat(self.slope)), x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        s.select(s.le(x, s.zero()), s.splat(self.slope), s.splat(1.0))
    }

    fn reference(self, x: f64) -> f64 {
        if x > 0.0 { x } else { x * f64::from(self.slope) }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "leaky_relu",
    aliases: &["LeakyReLU"],
    summary: "a rectifier that lets a little through below zero",
    formula: "f(x) = max(x, 0) + slope min(x, 0)",
    source: "Maas, Hannun and Ng 2013",
    settings: &[Setting {
        name: "slope",
        aliases: &["negative_slope", "alpha"],
        form: Form::Number,
        default: Some(&[0.01]),
        bounds: Bounds::Any,
        summary: "the slope below zero",
    }],
    build: |numbers| Box::new(LeakyRelu { slope: numbers[0] as f32 }),
};
