//! The squared error `(z - t)^2`, without a half, as in PyTorch and Keras.

use super::{Elementwise, Entry};
use crate::isa::Simd;

#[derive(Clone, Copy)]
struct Mse;

impl Elementwise for Mse {
    const THRESHOLD: f32 = 0.5;

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let d = s.sub(z, t);
        (s.mul(d, d), s.add(d, d))
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        (z - t) * (z - t)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "mse",
    aliases: &["l2", "mean_squared_error"],
    summary: "the mean squared error, for regression",
    formula: "mean over rows and outputs of (z - t)^2",
    source: "PyTorch MSELoss (no factor 1/2)",
    settings: &[],
    build: |_| Box::new(Mse),
};
