//! `f(x) = x`: a linear layer, or the output of a network whose loss takes logits.

use super::{Entry, Pointwise};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Identity;

impl Pointwise for Identity {
    #[inline(always)]
    fn value<S: Simd>(self, _: S, x: S::V) -> S::V {
        x
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, _: S::V, _: S::V) -> S::V {
        s.splat(1.0)
    }

    fn reference(self, x: f64) -> f64 {
        x
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "identity",
    aliases: &["linear", "none", "Identity"],
    summary: "no activation: the layer stays linear",
    formula: "f(x) = x",
    source: "PyTorch Identity",
    settings: &[],
    build: |_| Box::new(Identity),
};
