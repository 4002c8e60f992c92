//! `f(x) = x` cut off at `min` and `max`, at `max` last. The slope at both ends is zero, as in PyTorch.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct HardTanh {
    min: f32,
    max: f32,
}

impl Pointwise for HardTanh {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::clamp(s, x, self.min, self.max)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let above = s.lt(s.splat(self.min), x);
        let inner = s.select(s.lt(x, s.splat(self.max)), s.splat(1.0), s.zero());
        s.select(above, inner, s.zero())
    }

    fn reference(self, x: f64) -> f64 {
        x.max(f64::from(self.min)).min(f64::from(self.max))
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "hard_tanh",
    aliases: &["hardtanh", "Hardtanh"],
    summary: "linear between two ends, constant beyond",
    formula: "f(x) = min(max(x, min), max)",
    source: "Collobert 2004",
    settings: &[
        Setting {
            name: "min",
            aliases: &["min_val"],
            form: Form::Number,
            default: Some(&[-1.0]),
            bounds: Bounds::Any,
            summary: "the value it is cut off at below",
        },
        Setting {
            name: "max",
            aliases: &["max_val"],
            form: Form::Number,
            default: Some(&[1.0]),
            bounds: Bounds::Any,
            summary: "the value it is cut off at above",
        },
    ],
    build: |numbers| Box::new(HardTanh { min: numbers[0] as f32, max: numbers[1] as f32 }),
};
