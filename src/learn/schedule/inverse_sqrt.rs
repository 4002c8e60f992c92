//! `inverse_sqrt`: the rate falls with one over the root of the time, counted from the start of warm-up: the schedule of
//! the first transformers, but for their factor, which is the optimizer's rate here.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "inverse_sqrt",
        aliases: &["noam"],
        summary: "after warm-up the rate falls with one over the root of the time",
        formula: "lr(t) = lr · √(s / (s + t)) at t steps after warm-up, s its timescale",
        source: "Vaswani et al. 2017 (there lr = d^(-1/2) w^(-1/2) for w steps of warm-up)",
        keys: vec![Key::optional(
            "timescale",
            Kind::Length,
            "s, at least one step; the length of warm-up when not given, so that steps count from the start of the run",
        )],
        example: "{ type = \"inverse_sqrt\", warmup = { steps = 4000 } }".into(),
    };
    let build: Build = |given| {
        let timescale = if given.values.has("timescale") { given.steps("timescale") } else { given.warmup.max(1) };
        Some(Box::new(InverseSqrt { timescale: timescale as f64 }))
    };
    Entry { about, build }
}

struct InverseSqrt {
    timescale: f64,
}

impl Schedule for InverseSqrt {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        lr * libm::sqrt(self.timescale / (self.timescale + t as f64))
    }
}
