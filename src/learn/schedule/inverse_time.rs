//! `inverse_time`: the rate falls with one over the time.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "inverse_time",
        aliases: &["inverse_time_decay"],
        summary: "the rate falls with one over the time",
        formula: "lr(t) = lr / (1 + decay_rate · t / every), the quotient rounded down with `staircase`",
        source: "Keras, InverseTimeDecay; Robbins and Monro 1951",
        keys: vec![
            Key::required(
                "decay_rate",
                Kind::Number(Bounds::AtLeast(0.0)),
                "how much of the rate is added to 1 below it",
            ),
            Key::preset("every", Kind::Length, "{ epochs = 1 }", "the unit of time, at least one step")
                .or(&["decay_steps"]),
            Key::preset("staircase", Kind::Flag, "false", "whether the rate falls at the end of a unit only"),
        ],
        example: "{ type = \"inverse_time\", decay_rate = 0.5 }".into(),
    };
    let build: Build = |given| {
        let (every, staircase) = (given.steps("every"), given.values.flag("staircase"));
        Some(Box::new(InverseTime { every, decay: given.number("decay_rate"), staircase }))
    };
    Entry { about, build }
}

struct InverseTime {
    every: u64,
    decay: f64,
    staircase: bool,
}

impl Schedule for InverseTime {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let time = if self.staircase { (t / self.every) as f64 } else { t as f64 / self.every as f64 };
        lr / (1.0 + self.decay * time)
    }
}
