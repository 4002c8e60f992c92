//! The divergence `sum_j t_j (ln t_j - z_j)` of a distribution `t` from the one whose logarithms the network gives. As in
//! PyTorch the outputs `z` are log-probabilities and the targets probabilities, and nothing makes sure of either: a network
//! that gives logits wants `cross_entropy`. PyTorch's "batchmean" is the reduction "rows".

use super::{Allowed, Elementwise, Entry};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct KlDiv;

impl Elementwise for KlDiv {
    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V) {
        let zero = s.zero();
        let own = s.select(s.eq(t, zero), zero, s.mul(t, math::ln(s, t)));
        (s.sub(own, s.mul(t, z)), s.neg(t))
    }

    fn allowed(self) -> Allowed {
        Allowed::Unit
    }

    fn threshold(self) -> Option<f32> {
        None
    }

    fn reference(self, z: f64, t: f64) -> f64 {
        if t == 0.0 { -t * z } else { t * (t.ln() - z) }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "kl_div",
    aliases: &["kl_divergence", "KLDivLoss"],
    summary: "the divergence from log-probabilities, for targets that are distributions",
    formula: "mean over rows and outputs of t (ln t - z)",
    source: "PyTorch KLDivLoss (Kullback and Leibler 1951)",
    settings: &[],
    build: |_| Box::new(KlDiv),
};
