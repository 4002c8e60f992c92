//! `trials.csv`: one row per planned trial, pending ones included, with the numbers that describe it.

use super::{Sheet, labels, paths};
use crate::report::frame::Frame;
use crate::report::number::exact_or_empty;

/// Columns: trial, axes, seed, status, steps, parameters, every number of the summary, the digests of the last and the best weights.
pub fn sheet(frame: &Frame) -> Sheet {
    let metrics = frame.summaries();
    let own = |names: &'static [&'static str]| names.iter().map(|n| (*n).to_owned());
    let mut header: Vec<String> = own(&["trial"]).chain(paths(frame)).collect();
    header.extend(own(&["seed", "status", "steps", "parameters"]).chain(metrics.iter().cloned()));
    header.extend(own(&["weights_digest", "best_weights_digest"]));
    let mut sheet = Sheet::new(header);
    for trial in &frame.trials {
        let record = trial.record.as_ref();
        let mut row = vec![trial.id.clone()];
        row.extend(labels(frame, trial));
        row.extend([trial.seed.to_string(), trial.status().to_owned()]);
        row.push(record.map(|r| r.steps.to_string()).unwrap_or_default());
        row.push(record.map(|r| r.parameters.to_string()).unwrap_or_default());
        row.extend(metrics.iter().map(|m| exact_or_empty(record.and_then(|r| r.summary(m)))));
        row.push(record.map(|r| r.weights_digest.clone()).unwrap_or_default());
        row.push(record.map(|r| r.best_weights_digest.clone()).unwrap_or_default());
        sheet.push(row);
    }
    sheet
}
