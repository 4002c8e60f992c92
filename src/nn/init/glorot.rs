//! `glorot`: keeps the variance of activations and gradients alike from layer to layer when f'(0) = 1.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "glorot",
        aliases: &["xavier", "glorot_uniform", "xavier_uniform"],
        summary: "variance by the mean of inputs and outputs, biases zero",
        formula: "Var W = 2 / (fan_in + fan_out), b = 0",
        source: "Glorot & Bengio 2010",
        keys: vec![Key::preset("distribution", DISTRIBUTION, "\"uniform\"", "how the weights are distributed")],
        example: "{ type = \"glorot\", distribution = \"normal\" }".into(),
    };
    let build: Build = |values| {
        let deviation = |slot: &Slot| libm::sqrt(2.0 / (slot.fan_in + slot.fan_out) as f64);
        Box::new(Scaled { deviation, normal: values.text("distribution") == "normal" })
    };
    Entry { about, build }
}
