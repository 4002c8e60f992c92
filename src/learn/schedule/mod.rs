//! The learning-rate schedules by name. A schedule is a closed form of the optimizer step, so the rate of any step can be
//! asked for without the steps before it. Arithmetic is f64 with `libm`, the same on every platform.
//!
//! Warm-up belongs to every schedule: for the first w steps the rate rises to its full value, and the schedule itself
//! begins at step w, as if it were the start of the run. Some schedules set the momentum of a step too.

use std::sync::LazyLock;

use kernels::member::Bounds;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind, Length};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::{Chosen, Value, Values};

use super::stopping::{self, Better, Measures};
use plateau::{Plateau, Seen};

mod constant;
mod cosine;
mod cosine_restarts;
mod cyclic;
mod exponential;
mod inverse_sqrt;
mod inverse_time;
mod linear;
mod multistep;
mod one_cycle;
mod plateau;
mod polynomial;
mod range_test;
mod sequential;
mod step;
mod wsd;

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

/// A schedule without its warm-up. Steps count from 0.
pub trait Schedule: Send + Sync {
    /// The learning rate of step `t`, when the optimizer's is `lr`.
    fn rate(&self, lr: f64, t: u64) -> f64;

    /// The momentum of step `t`, where the schedule sets it.
    fn momentum(&self, _t: u64) -> Option<f64> {
        None
    }

    /// The largest momentum that it sets at any step, if it sets one.
    fn largest_momentum(&self) -> Option<f64> {
        None
    }

    /// How it follows what is measured, if it does: [`Schedule::rate`] is then the rate before anything was.
    fn follows(&self) -> Option<Plateau> {
        None
    }
}

/// What a schedule is made from.
pub struct Given<'a> {
    /// Its settings.
    pub values: &'a Values,
    /// What warm-up leaves of the run.
    pub run: Run,
    /// The steps of warm-up before it.
    pub warmup: u64,
    /// Where settings that contradict each other are reported.
    pub diagnostics: &'a mut Diagnostics,
}

impl Given<'_> {
    /// A stretch in steps, at least one.
    fn steps(&self, key: &str) -> u64 {
        self.run.steps_of(self.values.length(key)).max(1)
    }

    fn number(&self, key: &str) -> f64 {
        self.values.number(key)
    }

    /// A number that need not be given.
    fn optional(&self, key: &str) -> Option<f64> {
        self.values.has(key).then(|| self.values.number(key))
    }
}

type Build = fn(&mut Given<'_>) -> Option<Box<dyn Schedule>>;

/// Every schedule there is.
pub static SCHEDULES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "schedule",
    entries: vec![
        constant::entry(),
        step::entry(),
        multistep::entry(),
        exponential::entry(),
        linear::entry(),
        polynomial::entry(),
        cosine::entry(),
        cosine_restarts::entry(),
        inverse_time::entry(),
        inverse_sqrt::entry(),
        wsd::entry(),
        one_cycle::entry(),
        cyclic::entry(),
        plateau::entry(),
        sequential::entry(),
        range_test::entry(),
    ],
});

const WARMUP: Key = Key::preset(
    "warmup",
    Kind::Length,
    "{ steps = 0 }",
    "length w of the rise: step t < w has rate · (s + (1 - s) t / w), or as `warmup_type` says",
);

const WARMUP_START: Key = Key::optional(
    "warmup_start",
    Kind::Number(Bounds::Within(0.0, 1.0)),
    "s, where the rise begins; 1 / w when not given",
);

const WARMUP_TYPE: Key = Key::preset(
    "warmup_type",
    Kind::Word(&[
        ("linear", "rate · (s + (1 - s) t / w)"),
        ("exponential", "rate · s^(1 - t / w)"),
        ("constant", "rate · s"),
    ]),
    "\"linear\"",
    "how the rate rises during warm-up",
);

/// What every schedule takes.
pub static COMMON: &[Key] = &[WARMUP, WARMUP_START, WARMUP_TYPE];

/// The lowest rate, of the schedules that have one.
const MIN_LR: Key = Key::preset("min_lr", Kind::Number(Bounds::AtLeast(0.0)), "0.0", "the lowest rate").or(&[
    "eta_min",
    "end_lr",
    "end_learning_rate",
]);

/// The highest rate, of the schedules that begin below it.
const MAX_LR: Key =
    Key::optional("max_lr", Kind::Number(Bounds::Above(0.0)), "the highest rate; the optimizer's when not given");

/// How long a schedule falls that ends.
const TOTAL: Key =
    Key::preset("total", Kind::Length, "{ fraction = 1.0 }", "length of it, of what warm-up leaves of the run").or(&[
        "total_iters",
        "total_steps",
        "T_max",
        "decay_steps",
    ]);

/// The keys of a momentum that goes down while the rate goes up, between these two.
fn momentum_keys(base: &'static str, most: &'static str) -> [Key; 3] {
    let share = Kind::Number(Bounds::Below(0.0, 1.0));
    [
        Key::preset(
            "cycle_momentum",
            Kind::Flag,
            "true",
            "whether the optimizer's `momentum`, or the first of its `betas`, goes down while the rate goes up, and back",
        ),
        Key::preset("base_momentum", share, base, "the momentum where the rate is highest"),
        Key::preset("max_momentum", share, most, "the momentum where the rate is lowest"),
    ]
}

/// The lowest and the highest momentum, where it is to go down and up.
fn momenta(given: &Given<'_>) -> Option<(f64, f64)> {
    given.values.flag("cycle_momentum").then(|| (given.number("base_momentum"), given.number("max_momentum")))
}

/// A schedule after its warm-up.
struct Warmed {
    warmup: u64,
    start: f64,
    rise: Rise,
    schedule: Box<dyn Schedule>,
}

/// How the rate rises during warm-up.
#[derive(Clone, Copy)]
enum Rise {
    Linear,
    Exponential,
    Constant,
}

impl Warmed {
    fn new(chosen: &Chosen, run: Run, diagnostics: &mut Diagnostics) -> Option<Self> {
        let values = &chosen.values;
        let warmup = run.steps_of(values.length("warmup")).min(run.steps);
        let start = values.has("warmup_start").then(|| values.number("warmup_start"));
        let rise = match values.text("warmup_type") {
            "exponential" => Rise::Exponential,
            "constant" => Rise::Constant,
            _ => Rise::Linear,
        };
        let rest = Run { steps: run.steps - warmup, ..run };
        let schedule = SCHEDULES.build(chosen.name)(&mut Given { values, run: rest, warmup, diagnostics })?;
        Some(Self { warmup, start: start.unwrap_or(1.0 / warmup.max(1) as f64), rise, schedule })
    }
}

impl Schedule for Warmed {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let Some(before) = self.warmup.checked_sub(t).filter(|before| *before > 0) else {
            return self.schedule.rate(lr, t - self.warmup);
        };
        let (full, start, w) = (self.schedule.rate(lr, 0), self.start, self.warmup as f64);
        full * match self.rise {
            Rise::Linear => start + (1.0 - start) * (t as f64 / w),
            Rise::Exponential => libm::pow(start, before as f64 / w),
            Rise::Constant => start,
        }
    }

    fn momentum(&self, t: u64) -> Option<f64> {
        self.schedule.momentum(t.saturating_sub(self.warmup))
    }

    fn largest_momentum(&self) -> Option<f64> {
        self.schedule.largest_momentum()
    }

    fn follows(&self) -> Option<Plateau> {
        self.schedule.follows()
    }
}

/// The learning rate, and perhaps the momentum, of every step of a run; cheap to ask for at any of them.
pub struct Rates {
    lr: f64,
    course: Warmed,
    /// What is followed, and the measure, by its position, that decides.
    follows: Option<(Plateau, usize, Better)>,
}

impl Rates {
    /// The chosen schedule over a run, for an optimizer with rate `lr`; `measures` are what it can follow. What does not fit
    /// is reported.
    pub fn new(
        chosen: &Chosen,
        lr: f64,
        run: Run,
        measures: Measures<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let course = Warmed::new(chosen, run, diagnostics)?;
        let follows = match course.follows() {
            Some(plateau) => {
                let (at, better) = stopping::monitored(&chosen.values, measures, "set the learning rate", diagnostics)?;
                Some((plateau, at, better))
            }
            None => None,
        };
        Some(Self { lr, course, follows })
    }

    /// The rate of step `t`, counted from 0; of a schedule that follows what is measured, before anything was.
    pub fn at(&self, t: u64) -> f64 {
        self.course.rate(self.lr, t)
    }

    /// The momentum of step `t`, counted from 0, where the schedule sets it.
    pub fn momentum(&self, t: u64) -> Option<f64> {
        self.course.momentum(t)
    }

    /// The largest momentum that the schedule sets at any step, if it sets one.
    pub fn largest_momentum(&self) -> Option<f64> {
        self.course.largest_momentum()
    }

    /// The rates of a trial on its way, which has not been measured yet.
    pub fn follow(&self) -> Follower<'_> {
        let seen = self.follows.map(|(plateau, at, better)| (at, Seen::new(plateau, better, self.lr)));
        Follower { rates: self, seen }
    }
}

/// The rates of a trial that is measured now and then.
pub struct Follower<'a> {
    rates: &'a Rates,
    seen: Option<(usize, Seen)>,
}

impl Follower<'_> {
    /// The rate of step `t`, counted from 0, after the evaluations so far.
    pub fn at(&self, t: u64) -> f64 {
        let rate = self.rates.at(t);
        self.seen.as_ref().map_or(rate, |(_, seen)| rate * (seen.lr() / self.rates.lr))
    }

    /// Takes the values of an evaluation after `step` steps.
    pub fn look(&mut self, step: u64, values: &[f64]) {
        if let Some((at, seen)) = self.seen.as_mut().filter(|_| step > 0) {
            seen.look(values[*at]);
        }
    }
}
