//! `lecun_uniform`, `lecun_normal`: keep the variance of activations from layer to layer where the activation is near the
//! identity; what self-normalizing networks (selu) start from.

use super::*;

pub(super) fn uniform() -> Entry<Build> {
    let about = About {
        name: "lecun_uniform",
        aliases: &["lecun"],
        summary: "uniform, variance by the number of inputs; biases zero",
        formula: "W ~ U(-a, a), a = √3 σ, σ² = 1 / fan_in; b = 0",
        source: "LeCun, Bottou, Orr & Müller 1998",
        keys: vec![],
        example: "\"lecun_uniform\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: false }) }
}

pub(super) fn normal() -> Entry<Build> {
    let about = About {
        name: "lecun_normal",
        aliases: &[],
        summary: "normal, variance by the number of inputs; biases zero",
        formula: "W ~ N(0, σ²), σ² = 1 / fan_in; b = 0",
        source: "LeCun, Bottou, Orr & Müller 1998",
        keys: vec![],
        example: "\"lecun_normal\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: true }) }
}

fn deviation(slot: &Slot) -> f64 {
    libm::sqrt(1.0 / slot.fan_in as f64)
}
