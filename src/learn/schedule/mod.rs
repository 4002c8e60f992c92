//! The learning-rate schedules by name. A schedule is a closed form of the optimizer step, so the rate of any step can be
//! asked for without the steps before it. Arithmetic is f64 with `libm`, the same on every platform.
//!
//! Warm-up belongs to every schedule: for the first w steps the rate rises in a line to its full value, and the schedule
//! itself begins at step w, as if it were the start of the run.

use std::sync::LazyLock;

use kernels::member::Bounds;

use crate::base::key::{Key, Kind, Length};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::{Chosen, Values};

mod constant;
mod cosine;
mod exponential;
mod step;

/// How long the run is that a schedule spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Optimizer steps.
    pub steps: u64,
    /// Optimizer steps in one pass over the training rows.
    pub per_epoch: u64,
}

impl Run {
    /// A stretch of this run in steps.
    pub fn steps_of(&self, length: Length) -> u64 {
        length.steps(self.steps, self.per_epoch)
    }
}

/// A schedule without its warm-up.
pub trait Schedule: Send + Sync {
    /// The learning rate of step `t`, counted from 0, when the optimizer's is `lr`.
    fn rate(&self, lr: f64, t: u64) -> f64;
}

type Build = fn(&Values, Run) -> Box<dyn Schedule>;

/// Every schedule there is.
pub static SCHEDULES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "schedule",
    entries: vec![constant::entry(), step::entry(), exponential::entry(), cosine::entry()],
});

/// What every schedule takes.
pub static COMMON: &[Key] = &[
    Key::preset(
        "warmup",
        Kind::Length,
        "{ steps = 0 }",
        "length w of the linear rise: step t < w has rate · (s + (1 - s) t / w)",
    ),
    Key::optional(
        "warmup_start",
        Kind::Number(Bounds::Within(0.0, 1.0)),
        "s, where the rise begins; 1 / w when not given",
    ),
];

/// The learning rate of every step of a run.
pub struct Rates {
    lr: f64,
    warmup: u64,
    start: f64,
    schedule: Box<dyn Schedule>,
}

impl Rates {
    /// The chosen schedule over a run, for an optimizer with rate `lr`.
    pub fn new(chosen: &Chosen, lr: f64, run: Run) -> Self {
        let warmup = run.steps_of(chosen.values.length("warmup")).min(run.steps);
        let given = chosen.values.has("warmup_start").then(|| chosen.values.number("warmup_start"));
        let rest = Run { steps: run.steps - warmup, ..run };
        let schedule = SCHEDULES.build(chosen.name)(&chosen.values, rest);
        Self { lr, warmup, start: given.unwrap_or(1.0 / warmup.max(1) as f64), schedule }
    }

    /// The rate of step `t`, counted from 0.
    pub fn at(&self, t: u64) -> f64 {
        match t.checked_sub(self.warmup) {
            Some(t) => self.schedule.rate(self.lr, t),
            None => {
                let full = self.schedule.rate(self.lr, 0);
                full * (self.start + (1.0 - self.start) * (t as f64 / self.warmup as f64))
            }
        }
    }
}
