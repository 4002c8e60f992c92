//! `f(x) = x tanh(ln(1 + e^x))`. The hyperbolic tangent of a logarithm is a quotient: `n / (n + 2)` with `n = w (w + 2)` and
//! `w = e^x`; above zero both are divided by `w^2`, so that nothing overflows.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

/// `tanh(ln(1 + e^x))` and its slope `4 w (1 + w) / (w^2 + 2 w + 2)^2`.
#[inline(always)]
fn gate<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let (one, two) = (s.splat(1.0), s.splat(2.0));
    let e = math::exp(s, s.neg(s.abs(x)));
    let square = s.mul(e, e);
    let below = s.lt(x, s.zero());
    let top = s.select(below, s.mul_add(e, e, s.add(e, e)), s.mul_add(two, e, one));
    let bottom = s.add(top, s.select(below, two, s.mul(two, square)));
    let product = s.select(below, e, square);
    let slope = s.mul(s.splat(4.0), s.mul(product, s.add(one, e)));
    (s.div(top, bottom), s.div(slope, s.mul(bottom, bottom)))
}

#[derive(Clone, Copy)]
struct Mish;

impl Pointwise for Mish {
    const FADES: bool = true;
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.mul(x, gate(s, x).0)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let (gate, slope) = gate(s, x);
        s.mul_add(x, slope, gate)
    }

    fn reference(self, x: f64) -> f64 {
        x * x.exp().ln_1p().tanh()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "mish",
    aliases: &["Mish"],
    summary: "a smooth rectifier that dips below zero, x times a squashed softplus",
    formula: "f(x) = x tanh(ln(1 + e^x))",
    source: "Misra 2019",
    settings: &[],
    build: |_| Box::new(Mish),
};
