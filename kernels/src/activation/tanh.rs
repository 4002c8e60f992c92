//! `f(x) = tanh x`, slope `1 - y^2`.

use super::{Activation, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::Member;

#[derive(Clone, Copy)]
struct Tanh;

impl Pointwise for Tanh {
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

pub(super) const MEMBER: Member<fn(&[f64]) -> Box<dyn Activation>> = Member {
    name: "tanh",
    aliases: &[],
    summary: "the hyperbolic tangent: smooth, odd, between -1 and 1",
    formula: "f(x) = (e^x - e^-x) / (e^x + e^-x)",
    source: "LeCun et al. 1998",
    settings: &[],
    build: |_| Box::new(Tanh),
};
