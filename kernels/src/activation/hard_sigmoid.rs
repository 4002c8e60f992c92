//! `f(x) = x / 6 + 1/2` cut off at 0 and 1: a sigmoid without an exponential. The slope at both ends is zero, as in PyTorch.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct HardSigmoid;

impl Pointwise for HardSigmoid {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.mul(math::clamp(s, s.add(x, s.splat(3.0)), 0.0, 6.0), s.splat(1.0 / 6.0))
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        s.select(s.lt(s.abs(x), s.splat(3.0)), s.splat(1.0 / 6.0), s.zero())
    }

    fn reference(self, x: f64) -> f64 {
        (x / 6.0 + 0.5).clamp(0.0, 1.0)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "hard_sigmoid",
    aliases: &["hardsigmoid", "Hardsigmoid"],
    summary: "a sigmoid made of three lines",
    formula: "f(x) = min(max(x / 6 + 1/2, 0), 1)",
    source: "PyTorch Hardsigmoid (Keras 3 agrees)",
    settings: &[],
    build: |_| Box::new(HardSigmoid),
};
