//! `distance_from_init`: how far training has moved the parameters. It bounds what a wide network can have learned better
//! than its norm does, because most of the norm was there at the start.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "distance_from_init",
        aliases: &["distance"],
        summary: "the Euclidean distance of the parameters from where training started",
        formula: "‖θ - θ₀‖₂",
        source: "Neyshabur, Li, Bhojanapalli, LeCun & Srebro 2019",
        keys: tensors::keys(),
        example: "\"distance_from_init\"".into(),
    };
    let make = |values: &Values| {
        let element = |state: &State<'_>, i: usize| f64::from(state.params[i]) - f64::from(state.start[i]);
        let length = tensors::Length::new("distance_from_init", values, element).of(Wants::Start);
        Probe::State(String::new(), Box::new(length))
    };
    Entry { about, build: Build::state(make) }
}
