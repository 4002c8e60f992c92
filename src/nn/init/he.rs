//! `he_uniform`, `he_normal`: keep the variance of activations from layer to layer when half of them are cut off by relu.

use super::*;

pub(super) fn uniform() -> Entry<Build> {
    let about = About {
        name: "he_uniform",
        aliases: &["he", "kaiming", "kaiming_uniform"],
        summary: "uniform, variance by the number of inputs, for relu; biases zero",
        formula: "W ~ U(-a, a), a = √3 σ, σ² = 2 / fan_in; b = 0",
        source: "He, Zhang, Ren & Sun 2015",
        keys: vec![],
        example: "\"he_uniform\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: false }) }
}

pub(super) fn normal() -> Entry<Build> {
    let about = About {
        name: "he_normal",
        aliases: &["kaiming_normal"],
        summary: "normal, variance by the number of inputs, for relu; biases zero",
        formula: "W ~ N(0, σ²), σ² = 2 / fan_in; b = 0",
        source: "He, Zhang, Ren & Sun 2015",
        keys: vec![],
        example: "\"he_normal\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: true }) }
}

fn deviation(slot: &Slot) -> f64 {
    libm::sqrt(2.0 / slot.fan_in as f64)
}
