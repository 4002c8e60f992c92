//! The absolute error `|z - t|`, whose slope does not grow with the error. Its slope at zero is zero, as in PyTorch.

use super::{Elementwise, Entry};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Mae;

impl Elementwise for Mae {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let (zero, d) = (s.zero(), s.sub(z, t));
        let below = s.select(s.lt(d, zero), s.splat(-1.0), d);
        (s.abs(d), s.select(s.lt(zero, d), s.splat(1.0), below))
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        (z - t).abs()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "mae",
    aliases: &["l1", "mean_absolute_error", "L1Loss"],
    summary: "the mean absolute error, for regression with outliers",
    formula: "mean over rows and outputs of |z - t|",
    source: "PyTorch L1Loss",
    settings: &[],
    build: |_| Box::new(Mae),
};
