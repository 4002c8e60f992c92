//! `summary.csv`: one row per setting, every number of the trials' summaries as mean, standard deviation and 95 % interval
//! over the seeds that finished.

use super::formats::{json_rows, json_spread, json_text, statistics};
use super::{Sheet, paths};
use crate::report::frame::Frame;
use crate::report::spread::Group;

/// Columns: axes, n, diverged, failed, the rank by the measure that settings are chosen by, then mean, sd, lo and hi of every number.
pub fn sheet(frame: &Frame) -> Sheet {
    let metrics = frame.summaries();
    let header = paths(frame).chain(["n", "diverged", "failed", "rank"].map(str::to_owned));
    let mut sheet = Sheet::new(header.chain(metrics.iter().flat_map(|m| statistics_of(m))));
    let ranks = ranks(frame);
    for (cell, rank) in ranks.iter().enumerate() {
        let count = Group::of(frame.trials_of(cell), |_| None);
        let mut row: Vec<String> = frame.labels(cell).map(str::to_owned).collect();
        row.extend([count.done, count.diverged, count.failed].map(|n| n.to_string()));
        row.push(rank.clone().unwrap_or_default());
        row.extend(metrics.iter().flat_map(|m| statistics(&frame.group(cell, m).spread)));
        sheet.push(row);
    }
    sheet
}

fn statistics_of(metric: &str) -> [String; 4] {
    ["mean", "sd", "lo", "hi"].map(|s| format!("{metric}_{s}"))
}

/// `summary.json`: an object for each setting: its axes, its rank by the measure that settings are chosen by, how its
/// trials ended, and every number as mean, standard deviation and 95 % interval.
pub fn json(frame: &Frame) -> String {
    let metrics = frame.summaries();
    let row = |(cell, rank): (usize, Option<String>)| {
        let count = Group::of(frame.trials_of(cell), |_| None);
        let mut row: Vec<(String, String)> = paths(frame).zip(frame.labels(cell).map(json_text)).collect();
        row.push(("rank".into(), rank.unwrap_or_else(|| "null".into())));
        let counts = [("done", count.done), ("diverged", count.diverged), ("failed", count.failed)];
        row.extend(counts.map(|(name, n)| (name.to_owned(), n.to_string())));
        row.extend(metrics.iter().map(|m| (m.clone(), json_spread(&frame.group(cell, m).spread))));
        row
    };
    json_rows(ranks(frame).into_iter().enumerate().map(row))
}

/// The place of every setting among all, from 1; none for one that has no mean.
fn ranks(frame: &Frame) -> Vec<Option<String>> {
    let all: Vec<usize> = (0..frame.cells.len()).collect();
    let mut ranks = vec![None; all.len()];
    let ranked = frame.selecting_metric().map_or_else(Vec::new, |metric| frame.ranked(&all, metric));
    ranked.into_iter().enumerate().for_each(|(place, cell)| ranks[cell] = Some((place + 1).to_string()));
    ranks
}
