//! `he`: keeps the variance of activations from layer to layer when half of them are cut off by relu.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "he",
        aliases: &["kaiming", "he_uniform", "kaiming_uniform"],
        summary: "variance by the number of inputs, for relu; biases zero",
        formula: "Var W = 2 / fan_in, b = 0",
        source: "He, Zhang, Ren & Sun 2015",
        keys: vec![Key::preset("distribution", DISTRIBUTION, "\"uniform\"", "how the weights are distributed")],
        example: "{ type = \"he\", distribution = \"normal\" }".into(),
    };
    let build: Build = |values| {
        let deviation = |slot: &Slot| libm::sqrt(2.0 / slot.fan_in as f64);
        Box::new(Scaled { deviation, normal: values.text("distribution") == "normal" })
    };
    Entry { about, build }
}
