//! `f(x) = tanh x`, slope `1 - y^2`.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Tanh;

impl Pointwise for Tanh {
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::tanh(s, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, _: S::V, y: S::V) -> S::V {
        s.mul_add(s.neg(y), y, s.splat(1.0))
    }

    fn reference(self, x: f64) -> f64 {
        x.tanh()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "tanh",
    aliases: &["Tanh"],
    summary: "the hyperbolic tangent: smooth, odd, between -1 and 1",
    formula: "f(x) = (e^x - e^-x) / (e^x + e^-x)",
    source: "LeCun et al. 1998",
    settings: &[],
    build: |_| Box::new(Tanh),
};
