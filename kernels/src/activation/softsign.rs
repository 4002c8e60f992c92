//! `f(x) = x / (1 + |x|)`, slope `1 / (1 + |x|)^2`: like tanh, with tails that fall off as `1 / x`.

use super::{Entry, Pointwise};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Softsign;

impl Pointwise for Softsign {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        s.div(x, s.add(s.splat(1.0), s.abs(x)))
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let one = s.splat(1.0);
        let width = s.add(one, s.abs(x));
        s.div(one, s.mul(width, width))
    }

    fn reference(self, x: f64) -> f64 {
        x / (1.0 + x.abs())
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "softsign",
    aliases: &["Softsign"],
    summary: "between -1 and 1 like tanh, with long tails",
    formula: "f(x) = x / (1 + |x|)",
    source: "Bergstra, Desjardins, Lamblin and Bengio 2009",
    settings: &[],
    build: |_| Box::new(Softsign),
};
