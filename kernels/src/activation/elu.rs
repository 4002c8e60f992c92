//! `f(x) = x` above zero, `alpha (e^x - 1)` below: it levels off at `-alpha`, and with `alpha = 1` it has no kink.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Elu {
    alpha: f32,
}

impl Pointwise for Elu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.select(s.lt(s.zero(), x), x, s.mul(math::exp_m1(s, x), s.splat(self.alpha)))
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, y: S::V) -> S::V {
        // below zero alpha e^x
        s.select(s.lt(s.zero(), x), s.splat(1.0), s.add(y, s.splat(self.alpha)))
    }

    fn reference(self, x: f64) -> f64 {
        if x > 0.0 { x } else { f64::from(self.alpha) * x.exp_m1() }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "elu",
    aliases: &["ELU"],
    summary: "a rectifier that levels off smoothly below zero",
    formula: "f(x) = x for x > 0, alpha (e^x - 1) else",
    source: "Clevert, Unterthiner and Hochreiter 2016",
    settings: &[Setting {
        name: "alpha",
        aliases: &[],
        form: Form::Number,
        default: Some(&[1.0]),
        bounds: Bounds::Any,
        summary: "minus the value it levels off at",
    }],
    build: |numbers| Box::new(Elu { alpha: numbers[0] as f32 }),
};
