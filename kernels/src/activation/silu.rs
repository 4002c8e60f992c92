//! `f(x) = x sigmoid(x)`, slope `p + f(x) (1 - p)` with `p = sigmoid(x)`.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Silu;

impl Pointwise for Silu {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::silu(s, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, y: S::V) -> S::V {
        s.mul_add(y, math::sigmoid(s, s.neg(x)), math::sigmoid(s, x))
    }

    fn reference(self, x: f64) -> f64 {
        x / (1.0 + (-x).exp())
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "silu",
    aliases: &["swish", "SiLU"],
    summary: "x times its sigmoid: a smooth rectifier that dips below zero",
    formula: "f(x) = x / (1 + e^-x)",
    source: "Elfwing, Uchibe and Doya 2018; Ramachandran, Zoph and Le 2017",
    settings: &[],
    build: |_| Box::new(Silu),
};
