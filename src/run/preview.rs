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
use crate::trial::sections::{member, table};

use super::experiment::Experiment;

/// Steps at which a schedule is asked.
const POINTS: u64 = 500;

/// The previews of all settings that have a record, when a figure needs them.
pub fn previews(experiment: &Experiment, frame: &Frame) -> Vec<Preview> {
    if !experiment.figures.iter().any(|figure| figure.plot.previews()) {
        return Vec::new();
    }
    let mut rows = BTreeMap::new();
    for trial in &frame.trials {
        if let Some(record) = trial.record.as_ref().filter(|r| r.train_rows > 0) {
            rows.entry(trial.cell).or_insert(record.train_rows as usize);
        }
    }
    rows.into_iter().filter_map(|(cell, rows)| preview(experiment, frame, cell, rows)).collect()
}

fn preview(experiment: &Experiment, frame: &Frame, cell: usize, rows: usize) -> Option<Preview> {
    let setting = experiment.setting(cell);
    let (read, mut diagnostics) = (&setting.read, Diagnostics::new());
    let measures = Measures { columns: &frame.columns(), better: probe::better };
    let training = Training::new(table(read, "train")?, measures, &mut diagnostics)?;
    let run = Run { steps: training.steps(rows), per_epoch: training.steps_per_epoch(rows) };
    let rate = optimizer::rate(member(read, "optimizer")?);
    let rates = Rates::new(member(read, "schedule")?, rate, run, &mut diagnostics)?;
    let last = run.steps.checked_sub(1)?;
    let mut steps: Vec<u64> = (0..=POINTS).map(|i| (last as f64 * i as f64 / POINTS as f64).round() as u64).collect();
    steps.dedup();
    let lr = steps.iter().map(|&t| rates.at(t)).collect();
    let momentum = steps.iter().map(|&t| rates.momentum(t)).collect();
    Some(Preview { cell, steps, lr, momentum })
}
