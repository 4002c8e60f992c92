//! Frames for the tests of this folder, from a few numbers: what a real sweep would leave, without training anything.

use super::frame::{Axis, AxisValue, Cell, Frame, Trial};
use crate::trial::record::{Name, Record, Row, Status};

/// How a trial of a sample ends.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// With this test loss; the train loss is 0.9 of it, the accuracies 1 / (1 + loss).
    Done(f64),
    /// With this last train loss.
    Diverged(f64),
    /// Without a result.
    Failed,
    /// Not yet.
    Pending,
}

/// An axis of numbers.
pub fn numeric(path: &str, numbers: &[f64], log: bool) -> Axis {
    let value = |x: &f64| AxisValue { label: super::number::tidy(*x, 3), number: Some(*x) };
    Axis { path: path.into(), values: numbers.iter().map(value).collect(), log }
}

/// An axis of labels.
pub fn labelled(path: &str, labels: &[&str]) -> Axis {
    let value = |label: &&str| AxisValue { label: (*label).to_owned(), number: None };
    Axis { path: path.into(), values: labels.iter().map(value).collect(), log: false }
}

/// The frame of a full grid over the axes, the last axis running fastest; `outcomes` holds one list per cell.
pub fn frame_of(axes: &[Axis], outcomes: &[&[Outcome]]) -> Frame {
    let mut cells = vec![Cell { at: Vec::new() }];
    for axis in axes {
        let longer = |cell: &Cell, i: usize| Cell { at: cell.at.iter().copied().chain([i]).collect() };
        cells = cells.iter().flat_map(|c| (0..axis.values.len()).map(move |i| longer(c, i))).collect();
    }
    assert_eq!(cells.len(), outcomes.len(), "one list of outcomes per cell");
    let seeds: Vec<u64> = (0..outcomes.iter().map(|o| o.len()).max().unwrap_or(0) as u64).collect();
    let mut trials = Vec::new();
    for (cell, outcomes) in outcomes.iter().enumerate() {
        for (seed, &outcome) in outcomes.iter().enumerate() {
            let id = format!("{cell:04x}{seed:04x}");
            let labels = axes.iter().zip(&cells[cell].at).map(|(a, &i)| (a.path.clone(), a.values[i].label.clone()));
            let record = record_of(&id, labels.collect(), seed as u64, outcome);
            trials.push(Trial { cell, seed: seed as u64, id, record });
        }
    }
    Frame {
        name: "sample".into(),
        question: "Is it so?".into(),
        axes: axes.to_vec(),
        cells,
        seeds,
        trials,
        previews: Vec::new(),
    }
}

fn record_of(id: &str, axes: Vec<(String, String)>, seed: u64, outcome: Outcome) -> Option<Record> {
    let (status, loss) = match outcome {
        Outcome::Done(loss) => (Status::Done, loss),
        Outcome::Diverged(loss) => (Status::Diverged { step: 7 }, loss),
        Outcome::Failed => (Status::Failed { message: "no memory".into() }, f64::NAN),
        Outcome::Pending => return None,
    };
    let measures = |loss: f64| vec![0.9 * loss, loss, 1.0 / (1.0 + 0.9 * loss), 1.0 / (1.0 + loss)];
    // from 2.3 down (or up) to the last loss
    let at = |i: u64| loss + (2.3 - loss) * libm::exp(-0.4 * i as f64) * if i == 10 { 0.0 } else { 1.0 };
    let rows = (0..=10).map(|i| Row { step: 20 * i, epoch: 0.25 * i as f64, lr: 0.1, values: measures(at(i)) });
    let columns = ["train_loss", "test_loss", "train_accuracy", "test_accuracy"].map(Name::from).to_vec();
    let last = measures(loss);
    let mut summary: Vec<(Name, f64)> = columns.iter().cloned().zip(last.iter().copied()).collect();
    summary.push(("gap_loss".into(), last[1] - last[0]));
    summary.push(("mean_train_loss".into(), 0.95 * loss));
    if loss < 1.0 {
        summary.push(("goal_step".into(), 100.0 + seed as f64));
    }
    let failed = matches!(status, Status::Failed { .. });
    Some(Record {
        trial: id.to_owned(),
        axes,
        seed,
        status,
        train_rows: 40,
        parameters: 2560,
        steps: 200,
        columns,
        rows: if failed { Vec::new() } else { rows.collect() },
        summary: if failed { Vec::new() } else { summary },
        weights_digest: format!("digest of {id}"),
        best_weights_digest: format!("best digest of {id}"),
        train_seconds: 0.5,
        samples: 10_000,
        seconds: 0.75,
    })
}

/// Thirteen learning rates by ten seeds: a minimum near 0.6, and divergence from 2 on.
pub fn rates() -> Frame {
    let lr: Vec<f64> = (0..13).map(|i| 0.01 * libm::pow(500.0, i as f64 / 12.0)).collect();
    let mut stream = crate::base::random::Stream::new(1, "sample", &[]);
    let mut outcomes = Vec::new();
    for &rate in &lr {
        let of = |noise: f64| {
            let away = libm::log(rate / 0.62);
            let loss = 1.5 + 0.045 * away * away + 0.03 * noise + if rate > 1.5 { 4.0 * (rate - 1.5) } else { 0.0 };
            let gone = rate > 2.0 && noise > 2.6 - rate || rate > 4.0;
            if gone { Outcome::Diverged(1e30) } else { Outcome::Done(loss) }
        };
        outcomes.push((0..10).map(|_| of(stream.normal())).collect::<Vec<_>>());
    }
    let outcomes: Vec<&[Outcome]> = outcomes.iter().map(Vec::as_slice).collect();
    frame_of(&[numeric("optimizer.lr", &lr, true)], &outcomes)
}
