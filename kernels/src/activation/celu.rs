//! `f(x) = x` above zero, `alpha (e^(x / alpha) - 1)` below: an ELU whose slope has no jump whatever `alpha` is.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Celu {
    alpha: f32,
}

impl Pointwise for Celu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        let below = math::exp_m1(s, s.div(x, s.splat(self.alpha)));
        s.select(s.lt(s.zero(), x), x, s.mul(below, s.splat(self.alpha)))
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        s.select(s.lt(s.zero(), x), s.splat(1.0), math::exp(s, s.div(x, s.splat(self.alpha))))
    }

    fn reference(self, x: f64) -> f64 {
        let alpha = f64::from(self.alpha);
        if x > 0.0 { x } else { alpha * (x / alpha).exp_m1() }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "celu",
    aliases: &["CELU"],
    summary: "an exponential unit without a kink for every alpha",
    formula: "f(x) = x for x > 0, alpha (e^(x / alpha) - 1) else",
    source: "Barron 2017",
    settings: &[Setting {
        name: "alpha",
        aliases: &[],
        form: Form::Number,
        default: Some(&[1.0]),
        bounds: Bounds::Above(0.0),
        summary: "minus the value it levels off at, and the width of the bend",
    }],
    build: |numbers| Box::new(Celu { alpha: numbers[0] as f32 }),
};
