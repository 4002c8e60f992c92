//! How long a network trains, on how many rows at a time and in which order: the `[train]` section.

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::values::{Value, Values};

use super::average::{AVERAGE, Averaging};
use super::stopping::{self, Measures, Stopping};

/// The keys of `[train]`.
pub static KEYS: &[Key] = &[
    Key::optional("steps", Kind::COUNT, "optimizer steps; either this or `epochs`"),
    Key::optional("epochs", Kind::COUNT, "passes over the training rows; either this or `steps`"),
    Key::required(
        "batch_size",
        Kind::Either(&[Kind::COUNT, Kind::Word(&[("full", "all training rows: gradient descent proper")])]),
        "rows per step; the last batch of an epoch may be smaller",
    ),
    Key::preset(
        "order",
        Kind::Word(&[
            ("shuffled", "a new random order every epoch, from the stream (seed, order, epoch)"),
            ("stored", "as the rows are stored, every epoch alike"),
        ]),
        "\"shuffled\"",
        "the order in which rows are taken",
    ),
    AVERAGE,
    stopping::GOAL,
    stopping::GOAL_EVALUATIONS,
    stopping::EARLY,
];

/// How a network trains.
pub struct Training {
    length: Span,
    /// Rows per step; none for all of them.
    pub batch: Option<usize>,
    /// Whether every epoch has a new order.
    pub shuffled: bool,
    /// Which weights are measured and kept, where not those of the last step.
    pub average: Option<Averaging>,
    /// When it ends before that.
    pub stopping: Stopping,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Steps(u64),
    Epochs(u64),
}

impl Training {
    /// The settings of a `[train]` section; `measures` are what a goal can name and early stopping can watch.
    pub fn new(section: &Values, measures: Measures<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let length = match (section.has("steps"), section.has("epochs")) {
            (true, false) => Span::Steps(section.count("steps") as u64),
            (false, true) => Span::Epochs(section.count("epochs") as u64),
            (true, true) => {
                let place = section.place("epochs");
                diagnostics.error(place, "`[train]` has both `steps` and `epochs`", "keep one of them");
                return None;
            }
            (false, false) => {
                let hint = "add `epochs = ...` or `steps = ...`";
                diagnostics.error_with_hint(section.place, "`[train]` does not say how long to train", "", hint);
                return None;
            }
        };
        let stopping = Stopping::new(section, measures, diagnostics)?;
        let batch = match section.value("batch_size") {
            Value::Whole(n) => Some(*n as usize),
            _ => None,
        };
        let average = section.has("average").then(|| Averaging::new(section.member("average")));
        Some(Self { length, batch, shuffled: section.text("order") == "shuffled", average, stopping })
    }

    /// Rows per step on a training set of `rows`.
    pub fn batch_rows(&self, rows: usize) -> usize {
        self.batch.unwrap_or(rows).min(rows)
    }

    /// Steps in one pass over `rows`.
    pub fn steps_per_epoch(&self, rows: usize) -> u64 {
        rows.div_ceil(self.batch_rows(rows)) as u64
    }

    /// Steps of the whole run.
    pub fn steps(&self, rows: usize) -> u64 {
        match self.length {
            Span::Steps(n) => n,
            Span::Epochs(n) => n.saturating_mul(self.steps_per_epoch(rows)),
        }
    }
}
