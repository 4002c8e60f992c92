//! `step`: the rate falls by a factor after every so many steps.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "step",
        aliases: &["step_lr"],
        summary: "the rate falls by a factor every so often",
        formula: "lr(t) = lr · gamma^⌊t / step_size⌋",
        source: "PyTorch, StepLR (there counted in epochs)",
        keys: vec![
            Key::required("step_size", Kind::Length, "how long the rate stays, at least one step"),
            Key::preset("gamma", Kind::Number(Bounds::Above(0.0)), "0.1", "the factor"),
        ],
        example: "{ type = \"step\", step_size = { epochs = 10 }, gamma = 0.5 }".into(),
    };
    let build: Build = |given| Some(Box::new(Step { size: given.steps("step_size"), gamma: given.number("gamma") }));
    Entry { about, build }
}

struct Step {
    size: u64,
    gamma: f64,
}

impl Schedule for Step {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        lr * libm::pow(self.gamma, (t / self.size) as f64)
    }
}
