//! `timing.csv`: what the clock said of every trial. It differs from run to run, so it is a table of its own.

use super::Sheet;
use crate::report::frame::Frame;
use crate::report::number::{exact, exact_or_empty};

/// Columns: trial, seed, train_seconds, samples_per_second (of the training steps alone), seconds (evaluations included).
pub fn sheet(frame: &Frame) -> Sheet {
    let header = ["trial", "seed", "train_seconds", "samples_per_second", "seconds"];
    let mut sheet = Sheet::new(header.map(str::to_owned));
    for trial in &frame.trials {
        let Some(r) = &trial.record else { continue };
        let speed = (r.train_seconds > 0.0).then(|| r.samples as f64 / r.train_seconds);
        let seconds = [exact(r.train_seconds), exact_or_empty(speed), exact(r.seconds)];
        sheet.push([trial.id.clone(), trial.seed.to_string()].into_iter().chain(seconds));
    }
    sheet
}
