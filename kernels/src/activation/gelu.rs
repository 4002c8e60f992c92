//! `f(x) = x cdf(x)` with the distribution function of the standard normal, or the form with a hyperbolic tangent that was
//! used before there were fast error functions: `x sigmoid(2 u)` with `u = sqrt(2 / pi) (x + 0.044715 x^3)`.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math::{self, GELU_CUBIC as CUBIC, GELU_LINEAR as LINEAR};
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Gelu;

impl Pointwise for Gelu {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::gelu(s, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let (cdf, density) = math::normal(s, x);
        s.mul_add(x, density, cdf)
    }

    fn reference(self, x: f64) -> f64 {
        0.5 * x * libm::erfc(-x / std::f64::consts::SQRT_2)
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl Pointwise for Tanh {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::gelu_by_tanh(s, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, y: S::V) -> S::V {
        let square = s.mul(x, x);
        let z = s.mul(x, s.mul_add(square, s.splat(CUBIC as f32), s.splat(LINEAR as f32)));
        let slope = s.mul_add(square, s.splat(3.0 * CUBIC as f32), s.splat(LINEAR as f32));
        // Where the sigmoid is zero the slope of its argument may be infinite.
        let rest = s.mul(s.mul(y, math::sigmoid(s, s.neg(z))), s.min(slope, s.splat(1e30)));
        s.add(math::sigmoid(s, z), rest)
    }

    fn reference(self, x: f64) -> f64 {
        // half of 1 + tanh u is the logistic function of 2 u, which does not cancel
        x / (1.0 + (-LINEAR * (x + 0.044_715 * x * x * x)).exp())
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "gelu",
    aliases: &["GELU"],
    summary: "x times the normal distribution function: the smooth rectifier of transformers",
    formula: "f(x) = x (1 + erf(x / sqrt 2)) / 2",
    source: "Hendrycks and Gimpel 2016",
    settings: &[Setting {
        name: "approximate",
        aliases: &[],
        form: Form::Word(&[
            ("none", "the equation itself"),
            ("tanh", "x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2"),
        ]),
        default: Some(&[0.0]),
        bounds: Bounds::Any,
        summary: "how the normal distribution function is computed",
    }],
    build: |numbers| if numbers[0] == 0.0 { Box::new(Gelu) } else { Box::new(Tanh) },
};
