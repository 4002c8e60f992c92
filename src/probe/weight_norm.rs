//! `weight_norm`: the Euclidean length of all parameters, biases included.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "weight_norm",
        aliases: &["l2_norm"],
        summary: "the Euclidean length of all parameters",
        formula: "‖θ‖₂ = √Σ θ²",
        source: "Neyshabur, Tomioka & Srebro 2015",
        keys: tensors::keys(),
        example: "\"weight_norm\"".into(),
    };
    let make = |values: &Values| {
        let length = tensors::Length::new("weight_norm", values, |state, i| f64::from(state.params[i]));
        Probe::State(String::new(), Box::new(length))
    };
    Entry { about, build: Build::state(make) }
}
