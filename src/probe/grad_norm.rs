//! `grad_norm`: the Euclidean length of the last step's gradient, of that step's batch and at the parameters before it, as
//! the optimizer got it: with its penalties, and after clipping. Before the first step there is none, and it is not a
//! number.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "grad_norm",
        aliases: &["gradient_norm"],
        summary: "the Euclidean length of the last step's gradient, as the optimizer got it: clipped where it is",
        formula: "‖∇L‖₂ = √Σ g²",
        source: "",
        keys: tensors::keys(),
        example: "\"grad_norm\"".into(),
    };
    let make = |values: &Values| {
        let element = |state: &State<'_>, i: usize| state.grads.map_or(f64::NAN, |grads| f64::from(grads[i]));
        let length = tensors::Length::new("grad_norm", values, element).of(Wants::Gradient);
        Probe::State(String::new(), Box::new(length))
    };
    Entry { about, build: Build::state(make) }
}
