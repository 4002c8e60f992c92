//! `exponential`: the rate falls by the same factor over every stretch of the same length, at its end or all along it.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "exponential",
        aliases: &["exponential_lr", "exponential_decay"],
        summary: "the rate falls by the same factor over every stretch",
        formula: "lr(t) = lr · gamma^(t / every), the exponent rounded down with `staircase`",
        source: "PyTorch, ExponentialLR (there once an epoch); Keras, ExponentialDecay",
        keys: vec![
            Key::required("gamma", Kind::Number(Bounds::Above(0.0)), "the factor").or(&["decay_rate"]),
            Key::preset("every", Kind::Length, "{ epochs = 1 }", "the stretch, at least one step").or(&["decay_steps"]),
            Key::preset("staircase", Kind::Flag, "true", "whether the rate falls at the end of a stretch only"),
        ],
        example: "{ type = \"exponential\", gamma = 0.95 }".into(),
    };
    let build: Build = |given| {
        let (every, staircase) = (given.steps("every"), given.values.flag("staircase"));
        Some(Box::new(Exponential { every, gamma: given.number("gamma"), staircase }))
    };
    Entry { about, build }
}

struct Exponential {
    every: u64,
    gamma: f64,
    staircase: bool,
}

impl Schedule for Exponential {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let exponent = if self.staircase { (t / self.every) as f64 } else { t as f64 / self.every as f64 };
        lr * libm::pow(self.gamma, exponent)
    }
}
