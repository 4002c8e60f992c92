//! `glorot_uniform`, `glorot_normal`: keep the variance of activations and gradients alike from layer to layer when f'(0) = 1.

use super::*;

pub(super) fn uniform() -> Entry<Build> {
    let about = About {
        name: "glorot_uniform",
        aliases: &["glorot", "xavier", "xavier_uniform"],
        summary: "uniform, variance by the mean of inputs and outputs; biases zero",
        formula: "W ~ U(-a, a), a = √3 σ, σ² = 2 / (fan_in + fan_out); b = 0",
        source: "Glorot & Bengio 2010",
        keys: vec![],
        example: "\"glorot_uniform\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: false }) }
}

pub(super) fn normal() -> Entry<Build> {
    let about = About {
        name: "glorot_normal",
        aliases: &["xavier_normal"],
        summary: "normal, variance by the mean of inputs and outputs; biases zero",
        formula: "W ~ N(0, σ²), σ² = 2 / (fan_in + fan_out); b = 0",
        source: "Glorot & Bengio 2010",
        keys: vec![],
        example: "\"glorot_normal\"".into(),
    };
    Entry { about, build: |_| Box::new(Scaled { deviation, normal: true }) }
}

fn deviation(slot: &Slot) -> f64 {
    libm::sqrt(2.0 / (slot.fan_in + slot.fan_out) as f64)
}
