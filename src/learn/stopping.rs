//! When training ends before its steps are done, and which evaluation is the best: a trial stops when it has reached its
//! goal, or, where early stopping is asked for, when a measure has not improved for long enough. One measure judges: the
//! one that early stopping watches, else the validation loss, else the training loss. The test set never does.

use kernels::member::Bounds;

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::key::{Key, Kind};
use crate::base::values::{Value, Values};

/// The measure that something waits for.
pub(super) const MONITOR: Key =
    Key::preset("monitor", Kind::Text, "\"validation_loss\"", "the measure that is watched; none of the test set");

/// Which of its values is the better one.
pub(super) const MODE: Key = Key::preset(
    "mode",
    Kind::Word(&[("auto", "as the measure's name says"), ("min", "lower is better"), ("max", "higher is better")]),
    "\"auto\"",
    "which of two values is the better one",
);

/// The key that names a goal.
pub const GOAL: Key = Key::optional(
    "goal",
    Kind::Map(&Kind::Number(Bounds::Any)),
    "stop at the first evaluation that reaches it: `{ train_accuracy = 1.0 }` or `{ test_loss = 0.1 }`; a loss or an error \
     must be at most the number, anything else at least",
)
.or(&["stop"]);

/// How long it must hold.
pub const GOAL_EVALUATIONS: Key = Key::preset(
    "goal_evaluations",
    Kind::COUNT,
    "1",
    "so many evaluations in a row must reach the goal; `goal_step` is the first of them",
);

/// The keys of `early_stopping`.
pub static EARLY_STOPPING: &[Key] = &[
    MONITOR,
    Key::required("patience", Kind::COUNT, "stop after so many evaluations in a row without an improvement"),
    Key::preset(
        "min_delta",
        Kind::Number(Bounds::AtLeast(0.0)),
        "0.0",
        "an improvement is a change for the better by more than this",
    ),
    MODE,
    Key::preset(
        "restore_best",
        Kind::Flag,
        "false",
        "the trial ends with the weights of its best evaluation: its final measures and digest are those of `best_step`",
    )
    .or(&["restore_best_weights"]),
];

/// The key that asks for early stopping.
pub const EARLY: Key = Key::optional(
    "early_stopping",
    Kind::Table(EARLY_STOPPING),
    "stop when a measure has not improved for `patience` evaluations: `{ patience = 10 }`",
);

/// Which of two values of a measure is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
}

impl Better {
    /// Whether `a` is better than `b` by more than `delta`; never when one of them is no number.
    pub fn than(self, a: f64, b: f64, delta: f64) -> bool {
        match self {
            Better::Lower => a < b - delta,
            Better::Higher => a > b + delta,
        }
    }
}

/// What can be watched: the columns of an evaluation, and which values of them are better.
#[derive(Clone, Copy)]
pub struct Measures<'a> {
    /// The names.
    pub columns: &'a [String],
    /// Which of two values of the column of that name is the better one, if one is.
    pub better: fn(&str) -> Option<Better>,
}

impl Measures<'_> {
    /// The position of a column that a file names, in Keras' spelling too (`val_loss`). None is reported.
    fn find(&self, name: &str, place: Place, diagnostics: &mut Diagnostics) -> Option<usize> {
        let at = |name: &str| self.columns.iter().position(|c| c == name);
        let keras = name.strip_prefix("val_").map(|rest| format!("validation_{rest}"));
        if let Some((meant, found)) = keras.and_then(|name| at(&name).map(|found| (name, found))) {
            diagnostics.note(place, format!("`{name}` is read as `{meant}`"));
            return Some(found);
        }
        let found = at(name);
        if found.is_none() {
            let held = name.starts_with("val") && !self.columns.iter().any(|c| c.starts_with("validation_"));
            let hint = match held {
                true => "nothing is held out for validation: add `validation = 0.1` to `[data]`".into(),
                false => suggest(name, self.columns.iter().map(String::as_str)),
            };
            diagnostics.error_with_hint(place, format!("`{name}` is not measured"), "", hint);
        }
        found
    }
}

/// When a trial ends, and what its best evaluation is.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopping {
    goal: Vec<(usize, Better, f64)>,
    goal_evaluations: u64,
    judge: Option<(usize, Better)>,
    patience: Option<(u64, f64)>,
    /// Whether the trial ends with the weights of its best evaluation.
    pub restore_best: bool,
}

impl Stopping {
    /// The settings of a `[train]` section. What names no measure is reported.
    pub fn new(section: &Values, measures: Measures<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut goal = Vec::new();
        for (column, place, item) in section.map("goal") {
            let at = measures.find(column, *place, diagnostics)?;
            let Value::Number(x) = item.value else { unreachable!("the key takes numbers") };
            goal.push((at, (measures.better)(&measures.columns[at]).unwrap_or(Better::Higher), x));
        }
        let lowest = |name: &str| measures.columns.iter().position(|c| c == name).map(|at| (at, Better::Lower));
        let usual = lowest("validation_loss").or_else(|| lowest("train_loss"));
        let goal_evaluations = section.count("goal_evaluations") as u64;
        let plain = Self { goal, goal_evaluations, judge: usual, patience: None, restore_best: false };
        if !section.has("early_stopping") {
            return Some(plain);
        }
        let early = section.table("early_stopping");
        let judge = Some(monitored(early, measures, "decide when to stop", diagnostics)?);
        let patience = Some((early.count("patience") as u64, early.number("min_delta")));
        Some(Self { judge, patience, restore_best: early.flag("restore_best"), ..plain })
    }
}

/// The measure that the keys `monitor` and `mode` name, to do something with it.
pub fn monitored(
    early: &Values,
    measures: Measures<'_>,
    to: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(usize, Better)> {
    let (name, place) = (early.text("monitor"), early.place("monitor"));
    if name.starts_with("test_") {
        let hint = "hold rows out with `validation` in `[data]` and watch `validation_loss`";
        diagnostics.error_with_hint(place, format!("`{name}` cannot {to}"), "the test set never chooses", hint);
        return None;
    }
    let at = measures.find(name, place, diagnostics)?;
    let better = match early.text("mode") {
        "min" => Some(Better::Lower),
        "max" => Some(Better::Higher),
        _ => (measures.better)(&measures.columns[at]),
    };
    if better.is_none() {
        let message = format!("the name `{name}` does not tell whether lower or higher is better");
        diagnostics.error_with_hint(place, message, "", "add `mode = \"min\"` or `mode = \"max\"`");
    }
    better.map(|better| (at, better))
}

/// Why a trial ended before its steps were done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It reached its goal.
    Goal {
        /// The step of the first of the evaluations in a row that did.
        step: u64,
    },
    /// The watched measure did not improve.
    Patience {
        /// The step of the last evaluation.
        step: u64,
    },
}

/// What has been seen of a trial's evaluations so far.
#[derive(Debug, Clone)]
pub struct Watcher<'a> {
    stopping: &'a Stopping,
    evaluations: usize,
    reached: u64,
    since: u64,
    waited: u64,
    improved_to: f64,
    best: Option<(usize, f64)>,
}

impl<'a> Watcher<'a> {
    /// Before the first evaluation.
    pub fn new(stopping: &'a Stopping) -> Self {
        Self { stopping, evaluations: 0, reached: 0, since: 0, waited: 0, improved_to: f64::NAN, best: None }
    }

    /// Takes the next evaluation's values. Whether it is the best so far, and whether the trial ends here.
    pub fn look(&mut self, step: u64, values: &[f64]) -> (bool, Option<End>) {
        let Stopping { goal, goal_evaluations, judge, patience, .. } = self.stopping;
        let one = |(at, better, wanted): &(usize, Better, f64)| {
            !values[*at].is_nan() && !better.than(*wanted, values[*at], 0.0)
        };
        match !goal.is_empty() && goal.iter().all(one) {
            true if self.reached == 0 => (self.reached, self.since) = (1, step),
            true => self.reached += 1,
            false => self.reached = 0,
        }
        let mut best = false;
        if let Some((at, better)) = judge {
            let x = values[*at];
            best = x.is_finite() && self.best.is_none_or(|(_, best)| better.than(x, best, 0.0));
            if best {
                self.best = Some((self.evaluations, x));
            }
            let delta = patience.map_or(0.0, |(_, delta)| delta);
            self.waited += 1;
            if x.is_finite() && (self.improved_to.is_nan() || better.than(x, self.improved_to, delta)) {
                (self.improved_to, self.waited) = (x, 0);
            }
        }
        self.evaluations += 1;
        let end = if self.reached == *goal_evaluations {
            Some(End::Goal { step: self.since })
        } else {
            patience.filter(|(patience, _)| self.waited >= *patience).map(|_| End::Patience { step })
        };
        (best, end)
    }

    /// The best evaluation by its position, the first of equals; none when the judge was never a finite number.
    pub fn best(&self) -> Option<usize> {
        self.best.map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopping(patience: Option<(u64, f64)>, better: Better) -> Stopping {
        Stopping { goal: vec![], goal_evaluations: 1, judge: Some((0, better)), patience, restore_best: false }
    }

    /// Where a sequence of values of the judge is stopped, and its best.
    fn follow(stopping: &Stopping, values: &[f64]) -> (Option<usize>, Option<usize>) {
        let mut watcher = Watcher::new(stopping);
        let end = values.iter().enumerate().find(|(i, x)| watcher.look(*i as u64, &[**x]).1.is_some());
        (end.map(|(i, _)| i), watcher.best())
    }

    #[test]
    fn patience_counts_evaluations_without_an_improvement() {
        // by hand: best at 2, then 1.0, 0.9 and 0.95 are no improvement over 0.8
        let values = [2.0, 1.0, 0.8, 1.0, 0.9, 0.95, 0.1];
        let at = |patience, delta| follow(&stopping(Some((patience, delta)), Better::Lower), &values);
        assert_eq!(at(3, 0.0), (Some(5), Some(2)));
        assert_eq!(at(1, 0.0), (Some(3), Some(2)));
        assert_eq!(at(4, 0.0), (None, Some(6)));
        // 0.8 improves on 1.0 by less than 0.5, so patience runs from 1, but the best is the best
        assert_eq!(at(3, 0.5), (Some(4), Some(2)));
        assert_eq!(follow(&stopping(None, Better::Lower), &values), (None, Some(6)));
    }

    #[test]
    fn higher_is_better_where_it_is_and_the_first_of_equals_is_the_best() {
        let stopping = stopping(Some((2, 0.0)), Better::Higher);
        assert_eq!(follow(&stopping, &[0.1, 0.5, 0.5, 0.5, 0.9]), (Some(3), Some(1)));
    }

    #[test]
    fn what_is_no_number_is_no_improvement_and_never_the_best() {
        let stopping = stopping(Some((2, 0.0)), Better::Lower);
        assert_eq!(follow(&stopping, &[f64::NAN, f64::NAN]), (Some(1), None));
        assert_eq!(follow(&stopping, &[f64::NAN, 1.0, f64::NAN, f64::INFINITY]), (Some(3), Some(1)));
    }

    #[test]
    fn a_goal_is_reached_by_evaluations_in_a_row() {
        let goal = vec![(0, Better::Higher, 0.9)];
        let stopping = Stopping { goal, goal_evaluations: 2, judge: None, patience: None, restore_best: false };
        let mut watcher = Watcher::new(&stopping);
        let ends: Vec<_> = [0.9, 0.8, 0.95, 1.0].iter().zip(0..).map(|(x, i)| watcher.look(10 * i, &[*x]).1).collect();
        assert_eq!(ends, [None, None, None, Some(End::Goal { step: 20 })]);
    }
}
