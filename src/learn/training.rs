//! How long a network trains, on how many rows at a time and in which order: the `[train]` section.

use kernels::member::Bounds;

use crate::base::diagnostics::{Diagnostics, suggest};
use crate::base::key::{Key, Kind};
use crate::base::values::{Value, Values};

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
    Key::optional(
        "goal",
        Kind::Map(&Kind::Number(Bounds::Any)),
        "stop at the first evaluation that reaches it: `{ train_accuracy = 1.0 }` or `{ test_loss = 0.1 }`; \
         a loss must be at most the number, anything else at least",
    )
    .or(&["stop"]),
];

/// How a network trains.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    length: Span,
    /// Rows per step; none for all of them.
    pub batch: Option<usize>,
    /// Whether every epoch has a new order.
    pub shuffled: bool,
    /// Columns and the numbers they must reach, all of them, for training to stop.
    pub goal: Vec<(String, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Steps(u64),
    Epochs(u64),
}

impl Training {
    /// The settings of a `[train]` section; `columns` are the measures that a goal can name.
    pub fn new(section: &Values, columns: &[String], diagnostics: &mut Diagnostics) -> Option<Self> {
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
        let mut goal = Vec::new();
        for (column, place, item) in section.map("goal") {
            if !columns.contains(column) {
                let hint = suggest(column, columns.iter().map(String::as_str));
                diagnostics.error_with_hint(*place, format!("`{column}` is not measured"), "", hint);
                return None;
            }
            let Value::Number(x) = item.value else { unreachable!("the key takes numbers") };
            goal.push((column.clone(), x));
        }
        let batch = match section.value("batch_size") {
            Value::Whole(n) => Some(*n as usize),
            _ => None,
        };
        Some(Self { length, batch, shuffled: section.text("order") == "shuffled", goal })
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

    /// Whether the measures of an evaluation reach the goal; never when there is none.
    pub fn reached(&self, measure: impl Fn(&str) -> f64) -> bool {
        let one = |(column, wanted): &(String, f64)| reaches(column, measure(column), *wanted);
        !self.goal.is_empty() && self.goal.iter().all(one)
    }
}

/// Whether a measure's number reaches a goal: a loss must be at most the goal, anything else at least.
pub fn reaches(measure: &str, number: f64, goal: f64) -> bool {
    if measure.ends_with("loss") { number <= goal } else { number >= goal }
}
