//! `weight_norm`: the Euclidean length of all parameters, biases included.

use super::*;
use crate::base::registry::{About, Entry};

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "weight_norm",
        aliases: &["l2_norm"],
        summary: "the Euclidean length of all parameters",
        formula: "‖θ‖₂ = √Σ θ²",
        source: "Neyshabur, Tomioka & Srebro 2015",
        keys: NO_KEYS,
        example: "\"weight_norm\"".into(),
    };
    Entry { about, build: |_| Probe::Weights(Box::new(WeightNorm)) }
}

struct WeightNorm;

impl OfWeights for WeightNorm {
    fn columns(&self) -> &'static [&'static str] {
        &["weight_norm"]
    }

    fn measure(&self, weights: &Weights<'_>) -> Vec<f64> {
        let squares: f64 = weights.params.iter().map(|w| f64::from(*w) * f64::from(*w)).sum();
        vec![libm::sqrt(squares)]
    }
}
