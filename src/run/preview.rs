//! The schedule of every setting as numbers, for the figure `schedule`: a report asks no plan. The rows that a trial was
//! trained on stand in its record, so no data file is needed.

use std::collections::BTreeMap;

use crate::base::diagnostics::Diagnostics;
use crate::learn::optimizer;
use crate::learn::schedule::{Rates, Run};
use crate::learn::stopping::Measures;
use crate::learn::training::Training;
use crate::probe;
use crate::report::frame::{Frame, Preview};
use crate::trial::record::Record;
use crate::trial::sections::{member, table};

use super::experiment::Experiment;

/// Steps at which a schedule is asked.
const POINTS: u64 = 500;

/// The previews of all settings that have a record, when a figure needs them.
pub fn previews(experiment: &Experiment, frame: &Frame) -> Vec<Preview> {
    if !experiment.figures.iter().any(|figure| figure.plot.previews()) {
        return Vec::new();
    }
    let mut records = BTreeMap::new();
    for trial in &frame.trials {
        if let Some(record) = trial.record.as_ref().filter(|r| r.train_rows > 0) {
            records.entry(trial.cell).or_insert(record);
        }
    }
    records.into_iter().filter_map(|(cell, record)| preview(experiment, cell, record)).collect()
}

/// The schedule of a cell. One that follows what is measured is that of this trial, whose evaluations it sees again.
fn preview(experiment: &Experiment, cell: usize, record: &Record) -> Option<Preview> {
    let setting = experiment.setting(cell);
    let (read, mut diagnostics) = (&setting.read, Diagnostics::new());
    let columns: Vec<String> = record.columns.iter().map(|name| name.to_string()).collect();
    let measures = Measures { columns: &columns, better: probe::better };
    let training = Training::new(table(read, "train")?, measures, &mut diagnostics)?;
    let rows = record.train_rows as usize;
    let run = Run { steps: training.steps(rows), per_epoch: training.steps_per_epoch(rows) };
    let rate = optimizer::rate(member(read, "optimizer")?);
    let rates = Rates::new(member(read, "schedule")?, rate, run, measures, &mut diagnostics)?;
    let last = run.steps.checked_sub(1)?;
    let mut steps: Vec<u64> = (0..=POINTS).map(|i| (last as f64 * i as f64 / POINTS as f64).round() as u64).collect();
    steps.dedup();
    let (mut follower, mut evaluations) = (rates.follow(), record.rows.iter().peekable());
    let mut lr = Vec::with_capacity(steps.len());
    for &step in &steps {
        while let Some(row) = evaluations.next_if(|row| row.step <= step) {
            follower.look(row.step, &row.values);
        }
        lr.push(follower.at(step));
    }
    let momentum = steps.iter().map(|&t| rates.momentum(t)).collect();
    Some(Preview { cell, steps, lr, momentum })
}
