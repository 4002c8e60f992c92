//! `plateau`: the rate falls by a factor when a measure has stopped improving. The one schedule that is no function of the
//! step alone: it follows the evaluations, and so it is also the one thing in a trial that changes when the trial is
//! evaluated more often. Patience and cooldown count evaluations; the one before the first step is not among them.

use super::*;
use crate::learn::stopping::{Better, MODE, MONITOR};

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "plateau",
        aliases: &["reduce_on_plateau", "reduce_lr_on_plateau"],
        summary: "the rate falls by a factor when a measure has stopped improving; depends on how often is evaluated",
        formula: "lr = max(factor · lr, min_lr) after more than `patience` evaluations in a row that do not improve on the \
                  best by more than `threshold`",
        source: "PyTorch, ReduceLROnPlateau",
        keys: keys(),
        example: "{ type = \"plateau\", patience = 5 }".into(),
    };
    let build: Build = |given| {
        Some(Box::new(Plateau {
            factor: given.number("factor"),
            patience: given.values.count("patience") as u64,
            threshold: given.number("threshold"),
            relative: given.values.text("threshold_mode") == "rel",
            cooldown: given.values.count("cooldown") as u64,
            lowest: given.number("min_lr"),
            eps: given.number("eps"),
        }))
    };
    Entry { about, build }
}

fn keys() -> Vec<Key> {
    let count = Kind::Whole { least: 0, most: 1 << 40 };
    vec![
        MONITOR,
        MODE,
        Key::preset("factor", Kind::Number(Bounds::Below(0.0, 1.0)), "0.1", "what the rate is multiplied by"),
        Key::preset("patience", count, "10", "evaluations without an improvement that are waited through"),
        Key::preset("threshold", Kind::Number(Bounds::AtLeast(0.0)), "0.0001", "the least improvement that counts"),
        Key::preset(
            "threshold_mode",
            Kind::Word(&[("rel", "as a share of the best value"), ("abs", "in the unit of the measure")]),
            "\"rel\"",
            "how it is measured",
        ),
        Key::preset("cooldown", count, "0", "evaluations after a fall in which none is counted as bad"),
        MIN_LR,
        Key::preset("eps", Kind::Number(Bounds::AtLeast(0.0)), "1e-8", "a fall by no more than this is not made"),
    ]
}

/// The settings.
#[derive(Debug, Clone, Copy)]
pub struct Plateau {
    factor: f64,
    patience: u64,
    threshold: f64,
    relative: bool,
    cooldown: u64,
    lowest: f64,
    eps: f64,
}

impl Schedule for Plateau {
    /// The rate before anything was measured.
    fn rate(&self, lr: f64, _t: u64) -> f64 {
        lr
    }

    fn follows(&self) -> Option<Plateau> {
        Some(*self)
    }
}

/// What the evaluations so far have made of the rate.
pub(super) struct Seen {
    plateau: Plateau,
    better: Better,
    lr: f64,
    best: Option<f64>,
    bad: u64,
    cooling: u64,
}

impl Seen {
    pub(super) fn new(plateau: Plateau, better: Better, lr: f64) -> Self {
        Self { plateau, better, lr, best: None, bad: 0, cooling: 0 }
    }

    /// The rate now.
    pub(super) fn lr(&self) -> f64 {
        self.lr
    }

    /// Takes the measure of the next evaluation.
    pub(super) fn look(&mut self, x: f64) {
        let Plateau { factor, patience, threshold, relative, cooldown, lowest, eps } = self.plateau;
        let improves = |best: f64| match (self.better, relative) {
            (Better::Lower, true) => x < best * (1.0 - threshold),
            (Better::Higher, true) => x > best * (1.0 + threshold),
            (better, false) => better.than(x, best, threshold),
        };
        if !x.is_nan() && self.best.is_none_or(improves) {
            (self.best, self.bad) = (Some(x), 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > patience {
            let lower = (self.lr * factor).max(lowest);
            if self.lr - lower > eps {
                self.lr = lower;
            }
            (self.cooling, self.bad) = (cooldown, 0);
        }
    }
}
