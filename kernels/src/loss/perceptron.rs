//! The perceptron criterion of an output `z` for a target `t` of 0 or 1: nothing where `z` is on the right side of zero,
//! its size where it is not. The slope is `1 - 2t` wherever the row is not classified rightly, at zero too, so that a step
//! against it is the perceptron rule `w += lr (t - step(z)) x`.

use super::{Allowed, Elementwise, Entry};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Perceptron;

impl Elementwise for Perceptron {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let against = s.sub(s.splat(1.0), s.add(t, t));
        let wrong = s.mul(against, z);
        let right = s.lt(wrong, s.zero());
        (s.select(right, s.zero(), wrong), s.select(right, s.zero(), against))
    }

    fn allowed(self) -> Allowed {
        Allowed::Unit
    }

    fn threshold(self) -> Option<f32> {
        Some(0.0)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        ((1.0 - 2.0 * t) * z).max(0.0)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "perceptron",
    aliases: &[],
    summary: "how far an output is on the wrong side of zero, for targets 0 and 1: the loss of the perceptron rule",
    formula: "mean over rows and outputs of max(0, (1 - 2t) z); slope 1 - 2t where that is at least 0",
    source: "Rosenblatt 1958; scikit-learn Perceptron",
    settings: &[],
    build: |_| Box::new(Perceptron),
};
