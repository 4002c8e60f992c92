//! The negative log-likelihood of counts `t` under a Poisson distribution, without the term that the outputs do not
//! touch. The network gives the logarithm of the rate, or the rate itself.

use super::{Allowed, Elementwise, Entry};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

/// `e^z - t z` for the logarithm `z` of the rate.
#[derive(Clone, Copy)]
struct OfLog;

impl Elementwise for OfLog {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let rate = math::exp(s, z);
        (s.mul_add(s.neg(t), z, rate), s.sub(rate, t))
    }

    fn allowed(self) -> Allowed {
        Allowed::NotNegative
    }

    fn threshold(self) -> Option<f32> {
        Some(-std::f32::consts::LN_2)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        z.exp() - t * z
    }
}

/// `z - t ln(z + eps)` for the rate `z` itself.
#[derive(Clone, Copy)]
struct OfRate {
    eps: f32,
}

impl Elementwise for OfRate {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let rate = s.add(z, s.splat(self.eps));
        (s.mul_add(s.neg(t), math::ln(s, rate), z), s.sub(s.splat(1.0), s.div(t, rate)))
    }

    fn allowed(self) -> Allowed {
        Allowed::NotNegative
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        z - t * (z + f64::from(self.eps)).ln()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "poisson",
    aliases: &["poisson_nll", "PoissonNLLLoss"],
    summary: "the likelihood of counts, whose rate the network gives",
    formula: "mean over rows and outputs of e^z - t z, or of z - t ln(z + eps)",
    source: "PyTorch PoissonNLLLoss",
    settings: &[
        Setting {
            name: "log_input",
            aliases: &[],
            form: Form::Flag,
            default: Some(&[1.0]),
            bounds: Bounds::Any,
            summary: "whether the outputs are logarithms of rates, not rates",
        },
        Setting {
            name: "eps",
            aliases: &["epsilon"],
            form: Form::Number,
            default: Some(&[1e-8]),
            bounds: Bounds::AtLeast(0.0),
            summary: "what is added to a rate before its logarithm is taken",
        },
    ],
    build: |numbers| {
        if numbers[0] == 0.0 { Box::new(OfRate { eps: numbers[1] as f32 }) } else { Box::new(OfLog) }
    },
};
