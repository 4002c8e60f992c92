//! `summary.csv`: one row per setting, every number of the trials' summaries as mean, standard deviation and 95 % interval
//! over the seeds that finished.

use super::{Sheet, paths};
use crate::report::frame::Frame;
use crate::report::number::exact_or_empty;
use crate::report::spread::{Group, Spread};

/// Columns: axes, n, diverged, failed, then mean, sd, lo and hi of every number.
pub fn sheet(frame: &Frame) -> Sheet {
    let metrics = frame.summaries();
    let header = paths(frame).chain(["n", "diverged", "failed"].map(str::to_owned));
    let mut sheet = Sheet::new(header.chain(metrics.iter().flat_map(|m| statistics_of(m))));
    for cell in 0..frame.cells.len() {
        let count = Group::of(frame.trials_of(cell), |_| None);
        let mut row: Vec<String> = frame.labels(cell).map(str::to_owned).collect();
        row.extend([count.done, count.diverged, count.failed].map(|n| n.to_string()));
        row.extend(metrics.iter().flat_map(|m| statistics(&frame.group(cell, m).spread)));
        sheet.push(row);
    }
    sheet
}

fn statistics_of(metric: &str) -> [String; 4] {
    ["mean", "sd", "lo", "hi"].map(|s| format!("{metric}_{s}"))
}

fn statistics(spread: &Spread) -> [String; 4] {
    let (low, high) = spread.interval.unzip();
    [spread.mean, spread.sd, low, high].map(exact_or_empty)
}
