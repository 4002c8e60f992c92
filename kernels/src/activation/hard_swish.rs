//! `f(x) = x hard_sigmoid(x)`. The slope at the kinks is that of the flat side at -3 and of the line at 3, as in PyTorch.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct HardSwish;

impl Pointwise for HardSwish {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        let gate = s.mul(math::clamp(s, s.add(x, s.splat(3.0)), 0.0, 6.0), s.splat(1.0 / 6.0));
        s.mul(x, gate)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let inner = s.mul_add(x, s.splat(1.0 / 3.0), s.splat(0.5));
        let upper = s.select(s.lt(x, s.splat(3.0)), inner, s.splat(1.0));
        s.select(s.le(x, s.splat(-3.0)), s.zero(), upper)
    }

    fn reference(self, x: f64) -> f64 {
        x * (x / 6.0 + 0.5).clamp(0.0, 1.0)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "hard_swish",
    aliases: &["hardswish", "Hardswish", "hard_silu"],
    summary: "a silu without an exponential",
    formula: "f(x) = x min(max(x / 6 + 1/2, 0), 1)",
    source: "Howard et al. 2019",
    settings: &[],
    build: |_| Box::new(HardSwish),
};
