//! `f(x) = 1 / (1 + e^-x)`, slope `y (1 - y)`.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Sigmoid;

impl Pointwise for Sigmoid {
    const FROM_OUTPUT: bool = true;
    const FADES: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::sigmoid(s, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, _: S::V, y: S::V) -> S::V {
        s.mul(y, s.sub(s.splat(1.0), y))
    }

    fn reference(self, x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "sigmoid",
    aliases: &["logistic", "Sigmoid"],
    summary: "the logistic function: between 0 and 1",
    formula: "f(x) = 1 / (1 + e^-x)",
    source: "Rumelhart, Hinton and Williams 1986",
    settings: &[],
    build: |_| Box::new(Sigmoid),
};
