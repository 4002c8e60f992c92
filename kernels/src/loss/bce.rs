//! The binary cross-entropy of a logit, `-t ln p - (1 - t) ln(1 - p)` with `p = sigmoid(z)`, in the form that neither
//! overflows nor cancels: `max(z, 0) - z t + ln(1 + e^-|z|)`. Its slope is `p - t`.

use super::{Allowed, Elementwise, Entry};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Bce;

impl Elementwise for Bce {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let (zero, one) = (s.zero(), s.splat(1.0));
        let e = math::exp(s, s.neg(s.abs(z)));
        let negative = s.lt(z, zero);
        let linear = s.mul_add(s.neg(z), t, s.select(negative, zero, z));
        let p = s.div(s.select(negative, e, one), s.add(one, e));
        (s.add(linear, math::ln_1p(s, e)), s.sub(p, t))
    }

    fn allowed(self) -> Allowed {
        Allowed::Unit
    }

    fn threshold(self) -> Option<f32> {
        Some(0.0)
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        // ln(1 + e^z), taken from the side where the exponential is small.
        let softplus = |z: f64| if z > 0.0 { z + (-z).exp().ln_1p() } else { z.exp().ln_1p() };
        t * softplus(-z) + (1.0 - t) * softplus(z)
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "bce",
    aliases: &["binary_cross_entropy", "binary_crossentropy", "bce_with_logits", "BCEWithLogitsLoss"],
    summary: "the binary cross-entropy of logits, for targets between 0 and 1",
    formula: "mean over rows and outputs of max(z, 0) - z t + ln(1 + e^-|z|)",
    source: "PyTorch BCEWithLogitsLoss",
    settings: &[],
    build: |_| Box::new(Bce),
};
