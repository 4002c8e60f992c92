//! The hinge `max(0, 1 - t z)` of a target `t` of -1 or 1; a target of 0, as in one-hot rows and for the first of two
//! classes, counts as -1. Nothing is learned from an output that is right by a margin of one.

use super::{Allowed, Elementwise, Entry, sign};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Hinge;

impl Elementwise for Hinge {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let t = sign(s, t);
        let margin = s.max(s.mul_add(s.neg(t), z, s.splat(1.0)), s.zero());
        (margin, s.select(s.lt(s.zero(), margin), s.neg(t), s.zero()))
    }

    fn allowed(self) -> Allowed {
        Allowed::Signs
    }

    fn threshold(self) -> Option<f32> {
        Some(0.0)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        let t = if t == 0.0 { -1.0 } else { t };
        (1.0 - t * z).max(0.0)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "hinge",
    aliases: &["Hinge"],
    summary: "the hinge of margins, for targets -1 and 1 or classes",
    formula: "mean over rows and outputs of max(0, 1 - t z), t = -1 or 1",
    source: "Keras Hinge (Cortes and Vapnik 1995)",
    settings: &[],
    build: |_| Box::new(Hinge),
};
