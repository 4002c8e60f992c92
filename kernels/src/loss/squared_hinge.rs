//! The square of the hinge, `max(0, 1 - t z)^2`, whose slope has no jump. A target of 0 counts as -1.

use super::{Allowed, Elementwise, Entry, sign};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct SquaredHinge;

impl Elementwise for SquaredHinge {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let t = sign(s, t);
        let margin = s.max(s.mul_add(s.neg(t), z, s.splat(1.0)), s.zero());
        (s.mul(margin, margin), s.mul(s.neg(t), s.add(margin, margin)))
    }

    fn allowed(self) -> Allowed {
        Allowed::Signs
    }

    fn threshold(self) -> Option<f32> {
        Some(0.0)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        let t = if t == 0.0 { -1.0 } else { t };
        (1.0 - t * z).max(0.0).powi(2)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "squared_hinge",
    aliases: &["SquaredHinge"],
    summary: "the squared hinge of margins, for targets -1 and 1 or classes",
    formula: "mean over rows and outputs of max(0, 1 - t z)^2, t = -1 or 1",
    source: "Keras SquaredHinge (Tang 2013)",
    settings: &[],
    build: |_| Box::new(SquaredHinge),
};
