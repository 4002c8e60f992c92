//! `f(x) = x^2`, slope `2 x`: the units with which a network of two layers learns modular addition in closed form.

use super::{Entry, Pointwise};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Square;

impl Pointwise for Square {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.mul(x, x)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        s.add(x, x)
    }

    fn reference(self, x: f64) -> f64 {
        x * x
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "square",
    aliases: &[],
    summary: "the square: for networks that are solved by hand",
    formula: "f(x) = x^2",
    source: "Gromov 2023",
    settings: &[],
    build: |_| Box::new(Square),
};
