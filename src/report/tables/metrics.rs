//! `metrics.csv`: one row per evaluation, with all measures taken on the same weights.

use super::{Sheet, labels, paths};
use crate::report::frame::Frame;
use crate::report::number::{exact, exact_or_empty};

/// Columns: trial, axes, seed, step, epoch, lr, every measure.
pub fn sheet(frame: &Frame) -> Sheet {
    let columns = frame.columns();
    let own = ["seed", "step", "epoch", "lr"].map(str::to_owned);
    let header = std::iter::once("trial".to_owned()).chain(paths(frame)).chain(own);
    let mut sheet = Sheet::new(header.chain(columns.iter().cloned()));
    for trial in &frame.trials {
        let Some(record) = &trial.record else { continue };
        let mut start = vec![trial.id.clone()];
        start.extend(labels(frame, trial));
        start.push(trial.seed.to_string());
        let at: Vec<Option<usize>> = columns.iter().map(|c| record.columns.iter().position(|r| **r == **c)).collect();
        for row in &record.rows {
            let own = [row.step.to_string(), exact(row.epoch), exact(row.lr)];
            let values = at.iter().map(|at| exact_or_empty(at.and_then(|i| row.values.get(i).copied())));
            sheet.push(start.iter().cloned().chain(own).chain(values));
        }
    }
    sheet
}
