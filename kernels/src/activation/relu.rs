//! `f(x) = max(x, 0)`. The slope at zero is zero, as in PyTorch; a NaN stays one.

use super::{Entry, Pointwise};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Relu;

impl Pointwise for Relu {
    const FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.select(s.le(x, s.zero()), s.zero(), x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let not_above = s.select(s.le(x, s.zero()), s.zero(), x);
        s.select(s.lt(s.zero(), x), s.splat(1.0), not_above)
    }

    fn reference(self, x: f64) -> f64 {
        if x > 0.0 { x } else { 0.0 }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "relu",
    aliases: &["ReLU"],
    summary: "the rectifier: the usual choice for deep networks",
    formula: "f(x) = max(x, 0)",
    source: "Nair and Hinton 2010",
    settings: &[],
    build: |_| Box::new(Relu),
};
