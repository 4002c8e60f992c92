//! The records of an experiment arranged by setting and seed: what every table, plot and expectation is computed from.

use super::number::exact;
use super::spread::Group;
use super::words;
use crate::base::node::quote;
use crate::trial::record::{Name, Record, Status};

/// A swept key.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its key path, `optimizer.lr`.
    pub path: String,
    /// Its values in the order of the file.
    pub values: Vec<AxisValue>,
    /// Whether the values were given as a logarithmic range.
    pub log: bool,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisValue {
    /// How it is written in tables and legends.
    pub label: String,
    /// The number it is, if it is one.
    pub number: Option<f64>,
}

/// A setting: a position on every axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The index of its value on each axis, in the order of [`Frame::axes`].
    pub at: Vec<usize>,
}

/// A planned trial, with its record when it has been trained.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Index into [`Frame::cells`].
    pub cell: usize,
    /// The seed.
    pub seed: u64,
    /// The trial's hash.
    pub id: String,
    /// Its outcome; none while it is pending.
    pub record: Option<Record>,
}

/// An experiment's results.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The experiment's name.
    pub name: String,
    /// The comment the file opens with: the question and what would answer it. May be empty.
    pub question: String,
    /// What is swept, in the order of the file; empty when nothing is.
    pub axes: Vec<Axis>,
    /// The settings in order; one without axes when nothing is swept.
    pub cells: Vec<Cell>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Every trial of every cell, cell by cell, seeds in order within each.
    pub trials: Vec<Trial>,
    /// The schedules of settings that have a record, where a figure needs them.
    pub previews: Vec<Preview>,
}

/// The schedule of a setting at steps along its run.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Index into [`Frame::cells`].
    pub cell: usize,
    /// The steps, counted from 0.
    pub steps: Vec<u64>,
    /// The learning rate of each.
    pub lr: Vec<f64>,
    /// The momentum of each, where the schedule sets it.
    pub momentum: Option<Vec<f64>>,
}

impl Preview {
    /// Whether another setting has the same schedule.
    pub fn same(&self, other: &Self) -> bool {
        self.steps == other.steps && self.lr == other.lr && self.momentum == other.momentum
    }
}

/// What is known of an experiment before anything is trained: what plots and expectations may name.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'a> {
    /// What is swept.
    pub axes: &'a [Axis],
    /// The names a trial's summary will hold: `test_loss`, `mean_train_loss`, `goal_step` ...
    pub summaries: &'a [String],
    /// The measures of every evaluation: `train_loss`, `test_accuracy` ...
    pub columns: &'a [String],
}

impl Axis {
    /// The numbers of the axis, when every value is a finite one.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        self.values.iter().map(|v| v.number.filter(|x| x.is_finite())).collect()
    }

    /// A `where` that fixes the axis at its first value, for a hint.
    pub fn example(&self) -> String {
        let first = &self.values[0];
        let value = first.number.map_or_else(|| quote(&first.label), exact);
        format!("where = {{ \"{}\" = {value} }}", self.path)
    }

    /// Where a number lies on the axis: its logarithm on a logarithmic one.
    pub fn coordinate(&self, number: f64) -> f64 {
        if self.log { libm::log(number) } else { number }
    }

    /// The number that lies there: the inverse of [`Axis::coordinate`].
    pub fn number_at(&self, coordinate: f64) -> f64 {
        if self.log { libm::exp(coordinate) } else { coordinate }
    }
}

impl Trial {
    /// How it ended, in one word.
    pub fn status(&self) -> &'static str {
        match self.record.as_ref().map(|r| &r.status) {
            None => "pending",
            Some(Status::Done) => "done",
            Some(Status::Diverged { .. }) => "diverged",
            Some(Status::Failed { .. }) => "failed",
        }
    }

    /// Its record when all its steps were trained: what means are made of.
    pub fn finished(&self) -> Option<&Record> {
        self.record.as_ref().filter(|r| r.status == Status::Done)
    }
}

impl Frame {
    /// The trials of a cell, in the order of their seeds.
    pub fn trials_of(&self, cell: usize) -> &[Trial] {
        let start = self.trials.partition_point(|t| t.cell < cell);
        let end = self.trials.partition_point(|t| t.cell <= cell);
        &self.trials[start..end]
    }

    /// A summary's number over the trials of a cell.
    pub fn group(&self, cell: usize, metric: &str) -> Group {
        Group::of(self.trials_of(cell), |record| record.summary(metric))
    }

    /// How all trials of the experiment ended.
    pub fn count(&self) -> Group {
        Group::of(&self.trials, |_| None)
    }

    /// The names of all summaries, in the order of first appearance.
    pub fn summaries(&self) -> Vec<String> {
        union(self.records().map(|r| r.summary.iter().map(|(name, _)| name)))
    }

    /// The names of all measures of evaluations, in the order of first appearance.
    pub fn columns(&self) -> Vec<String> {
        union(self.records().map(|r| r.columns.iter()))
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.trials.iter().filter_map(|t| t.record.as_ref())
    }

    /// The label of a cell's value on an axis.
    pub fn label(&self, cell: usize, axis: usize) -> &str {
        &self.axes[axis].values[self.cells[cell].at[axis]].label
    }

    /// The labels of a cell's values on all axes.
    pub fn labels(&self, cell: usize) -> impl Iterator<Item = &str> {
        (0..self.axes.len()).map(move |axis| self.label(cell, axis))
    }

    /// A cell in words, by its values on these axes: `learning rate 0.1, cosine`.
    pub fn describe(&self, cell: usize, axes: &[usize]) -> String {
        let part = |&axis: &usize| {
            let label = self.label(cell, axis);
            let value = &self.axes[axis].values[self.cells[cell].at[axis]];
            let bare = value.number.is_none() && label != "true" && label != "false";
            if bare { label.to_owned() } else { format!("{} {label}", words::axis(&self.axes[axis].path)) }
        };
        axes.iter().map(part).collect::<Vec<_>>().join(", ")
    }

    /// The measure that settings are chosen by: on the validation rows where there are any, else on the test rows. The
    /// loss, unless the settings have different ones.
    pub fn selecting_metric(&self) -> Option<&'static str> {
        let known = self.summaries();
        let usual = ["validation_loss", "test_loss", "train_loss", "validation_accuracy", "test_accuracy"];
        usual.into_iter().filter(|m| self.has_a_best(m)).find(|m| known.iter().any(|k| k == m))
    }

    /// Whether one setting can be better than another by this measure: not by a gap or a count, and not by the loss where
    /// the settings minimise different ones.
    pub fn has_a_best(&self, metric: &str) -> bool {
        let own_loss = metric.ends_with("loss") && !metric.ends_with("log_loss");
        let varied = |axis: &Axis| axis.values.len() > 1 && (axis.path == "loss" || axis.path.starts_with("loss."));
        words::has_a_best(metric) && !(own_loss && self.axes.iter().any(varied))
    }

    /// Those of the cells that have a mean of the metric, best first. A cell of which a trial diverged comes after every
    /// cell of which none did, so a lucky survivor is no winner.
    pub fn ranked(&self, cells: &[usize], metric: &str) -> Vec<usize> {
        let sign = if words::higher_is_better(metric) { -1.0 } else { 1.0 };
        let mut keyed: Vec<(bool, f64, usize)> = cells
            .iter()
            .filter_map(|&cell| {
                let group = self.group(cell, metric);
                let mean = group.spread.mean.filter(|m| !m.is_nan())?;
                Some((group.diverged > 0, sign * mean, cell))
            })
            .collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        keyed.into_iter().map(|(_, _, cell)| cell).collect()
    }
}

impl Outline<'_> {
    /// What has a value at every evaluation: the measures, and the gap of each that both parts have.
    pub fn over_time(&self) -> Vec<String> {
        let has = |part: &str, measure: &str| self.columns.iter().any(|c| c.strip_prefix(part) == Some(measure));
        let gaps = self.columns.iter().filter_map(|c| c.strip_prefix("test_")).filter(|m| has("train_", m));
        self.columns.iter().cloned().chain(gaps.map(|m| format!("gap_{m}"))).collect()
    }
}

/// A measure of a trial at every evaluation; `gap_loss` is test minus train loss.
pub fn over_time(record: &Record, measure: &str) -> Option<Vec<f64>> {
    if let Some(values) = record.column(measure) {
        return Some(values.collect());
    }
    let of = measure.strip_prefix("gap_")?;
    let train = record.column(&format!("train_{of}"))?;
    Some(record.column(&format!("test_{of}"))?.zip(train).map(|(test, train)| test - train).collect())
}

fn union<'a, I: Iterator<Item = &'a Name>>(lists: impl Iterator<Item = I>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in lists.flatten() {
        if !all.iter().any(|known| **known == **name) {
            all.push(name.to_string());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::report::sample::{Outcome, frame_of, numeric};

    #[test]
    fn a_lucky_survivor_ranks_after_every_setting_that_never_diverged() {
        use Outcome::{Diverged, Done, Pending};
        let axes = [numeric("optimizer.lr", &[0.1, 1.0, 10.0, 100.0], true)];
        let cells: [&[Outcome]; 4] =
            [&[Done(2.0), Done(2.0)], &[Done(1.0), Done(1.5)], &[Done(0.1), Diverged(9.0)], &[Pending, Diverged(1.0)]];
        let frame = frame_of(&axes, &cells);
        assert_eq!(frame.ranked(&[0, 1, 2, 3], "test_loss"), [1, 0, 2]);
        assert_eq!(frame.ranked(&[0, 1, 2, 3], "test_accuracy"), [1, 0, 2]);
    }

    #[test]
    fn different_losses_are_not_compared() {
        let axes = [crate::report::sample::labelled("loss", &["mse", "cross_entropy"])];
        let frame = frame_of(&axes, &[&[Outcome::Done(2.0)], &[Outcome::Done(1.0)]]);
        assert!(!frame.has_a_best("test_loss") && frame.has_a_best("test_accuracy") && !frame.has_a_best("gap_loss"));
        assert_eq!(frame.selecting_metric(), Some("test_accuracy"));
    }

    #[test]
    fn a_cell_is_described_by_the_words_of_its_axes() {
        let axes = [numeric("optimizer.lr", &[0.1], true), crate::report::sample::labelled("schedule", &["cosine"])];
        let frame = frame_of(&axes, &[&[Outcome::Pending]]);
        assert_eq!(frame.describe(0, &[0, 1]), "learning rate 0.1, cosine");
    }
}
