//! The squared error `(z - t)^2`, without a half, as in PyTorch and Keras. Papers differ in two ways from that, and both
//! can be written: `half` puts the 1/2 in front, and the reduction says what is averaged. Rumelhart, Hinton and Williams
//! (1986) sum half of it over everything: `half = true, reduction = "sum"`. Half the squared distance of a row from its
//! one-hot target, averaged over the rows, is `half = true, reduction = "rows"`; PyTorch's mean is that of all numbers.

use super::{Elementwise, Entry};
use crate::isa::Simd;
use crate::member::{Bounds, Form, Setting};

/// The squared error times `factor`.
#[derive(Clone, Copy)]
struct Mse {
    factor: f32,
}

impl Elementwise for Mse {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let d = s.sub(z, t);
        let scaled = s.mul(d, s.splat(self.factor));
        (s.mul(scaled, d), s.add(scaled, scaled))
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        f64::from(self.factor) * (z - t) * (z - t)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "mse",
    aliases: &["l2", "mean_squared_error", "MSELoss"],
    summary: "the mean squared error, for regression",
    formula: "mean over rows and outputs of (z - t)^2; with `half`, of (z - t)^2 / 2",
    source: "PyTorch MSELoss (no factor 1/2)",
    settings: &[Setting {
        name: "half",
        aliases: &[],
        form: Form::Flag,
        default: Some(&[0.0]),
        bounds: Bounds::Any,
        summary: "whether the square is halved, so that its slope is the error itself",
    }],
    build: |numbers| Box::new(Mse { factor: if numbers[0] == 0.0 { 1.0 } else { 0.5 } }),
};
