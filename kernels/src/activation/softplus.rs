//! `f(x) = ln(1 + e^(beta x)) / beta`, in the form `(max(z, 0) + ln(1 + e^-|z|)) / beta` with `z = beta x`, which does not
//! overflow. Above the threshold it is `x` itself, as in PyTorch.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Softplus {
    beta: f32,
    threshold: f32,
}

impl Pointwise for Softplus {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        let z = s.mul(x, s.splat(self.beta));
        let e = math::exp(s, s.neg(s.abs(z)));
        let y = s.add(s.max(z, s.zero()), math::ln_1p(s, e));
        s.select(s.lt(s.splat(self.threshold), z), x, s.div(y, s.splat(self.beta)))
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let z = s.mul(x, s.splat(self.beta));
        s.select(s.lt(s.splat(self.threshold), z), s.splat(1.0), math::sigmoid(s, z))
    }

    fn reference(self, x: f64) -> f64 {
        let (beta, z) = (f64::from(self.beta), x * f64::from(self.beta));
        if z > f64::from(self.threshold) { x } else { z.exp().ln_1p() / beta }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "softplus",
    aliases: &["Softplus"],
    summary: "a smooth rectifier, always positive",
    formula: "f(x) = ln(1 + e^(beta x)) / beta, x where beta x > threshold",
    source: "Dugas et al. 2001",
    settings: &[
        Setting {
            name: "beta",
            aliases: &[],
            form: Form::Number,
            default: Some(&[1.0]),
            bounds: Bounds::Above(0.0),
            summary: "how sharp the bend is",
        },
        Setting {
            name: "threshold",
            aliases: &[],
            form: Form::Number,
            default: Some(&[20.0]),
            bounds: Bounds::Any,
            summary: "from which beta x on it is linear",
        },
    ],
    build: |numbers| Box::new(Softplus { beta: numbers[0] as f32, threshold: numbers[1] as f32 }),
};
