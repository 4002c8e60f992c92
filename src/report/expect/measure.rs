//! Measuring what an expectation is about. Every trial gives its measure once; a statistic of these values is the number.
//! Diverged trials are no part of any mean; in a share they count as not having got there. The same statistic of seeds
//! drawn again says how sure the number is.

use std::collections::BTreeMap;

use super::{Answer, Number, Operation, Quantity, Reading, Statistic};
use crate::base::random::Stream;
use crate::learn::stopping::Better;
use crate::probe::better;
use crate::report::frame::{Axis, Frame};
use crate::report::spread::{Spread, spearman};
use crate::trial::record::{Record, Status};

/// How often the seeds are drawn again for an interval.
const DRAWS: usize = 400;
/// Below so many seeds there are too few different draws to say anything.
const FEWEST: usize = 3;

/// What an expectation was measured to be.
pub(super) struct Measured {
    pub number: Option<f64>,
    pub interval: Option<(f64, f64)>,
    pub n: usize,
    pub of: usize,
    /// Whether trials it is about have still to be trained, or there are too few for it by the plan.
    pub waits: bool,
}

/// How a trial ended, as far as statistics go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    Diverged,
    Missing,
}

/// A trial with its measure.
#[derive(Debug, Clone, Copy)]
struct Observed {
    cell: usize,
    seed: u64,
    end: End,
    value: Option<f64>,
}

impl Quantity {
    pub(super) fn measure(&self, frame: &Frame) -> Measured {
        let numbers = || std::iter::once(&self.first).chain(self.second.as_ref().map(|(_, second)| second));
        let observed: Vec<Vec<Observed>> = numbers().map(|number| number.observe(frame)).collect();
        let compute = |observed: &[Vec<Observed>]| {
            let first = self.first.compute(frame, &observed[0])?;
            match &self.second {
                None => Some(first),
                Some((Operation::Minus, second)) => Some(first - second.compute(frame, &observed[1])?),
                Some((Operation::DividedBy, second)) => Some(first / second.compute(frame, &observed[1])?),
            }
        };
        Measured {
            number: compute(&observed).filter(|x| !x.is_nan()),
            interval: interval(&observed, compute),
            n: observed[0].iter().filter(|o| o.value.is_some()).count(),
            of: observed[0].iter().filter(|o| o.end != End::Missing).count(),
            waits: numbers().zip(&observed).any(|(number, observed)| number.waits(observed)),
        }
    }
}

/// The percentiles 2.5 and 97.5 of the number over seeds drawn again; none where a draw has no number.
fn interval(observed: &[Vec<Observed>], compute: impl Fn(&[Vec<Observed>]) -> Option<f64>) -> Option<(f64, f64)> {
    let done = observed.iter().flatten().filter(|o| o.end != End::Missing);
    let mut seeds: Vec<u64> = done.map(|o| o.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    if seeds.len() < FEWEST {
        return None;
    }
    let of_seed = |list: &Vec<Observed>| {
        let mut by_seed: BTreeMap<u64, Vec<Observed>> = BTreeMap::new();
        list.iter().for_each(|o| by_seed.entry(o.seed).or_default().push(*o));
        by_seed
    };
    let by_seed: Vec<BTreeMap<u64, Vec<Observed>>> = observed.iter().map(of_seed).collect();
    let mut stream = Stream::new(0, "bootstrap", &[]);
    let mut numbers = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let drawn: Vec<u64> = seeds.iter().map(|_| seeds[stream.below(seeds.len() as u64) as usize]).collect();
        let of_draw = |by_seed: &BTreeMap<u64, Vec<Observed>>| {
            drawn.iter().filter_map(|seed| by_seed.get(seed)).flatten().copied().collect::<Vec<_>>()
        };
        numbers.push(compute(&by_seed.iter().map(of_draw).collect::<Vec<_>>()).filter(|x| x.is_finite())?);
    }
    numbers.sort_by(f64::total_cmp);
    let at = |share: f64| numbers[(share * (DRAWS - 1) as f64).round() as usize];
    Some((at(0.025), at(0.975)))
}

impl Number {
    /// The trials it is about, each with its measure.
    fn observe(&self, frame: &Frame) -> Vec<Observed> {
        let trials = frame.trials.iter().filter(|t| self.selection.holds(&frame.cells[t.cell]));
        let observe = |trial: &crate::report::frame::Trial| {
            let (end, value) = match &trial.record {
                Some(record) if record.status == Status::Done => (End::Done, self.read(record)),
                Some(Record { status: Status::Diverged { .. }, .. }) => (End::Diverged, None),
                _ => (End::Missing, None),
            };
            Observed { cell: trial.cell, seed: trial.seed, end, value }
        };
        trials.map(observe).collect()
    }

    /// The measure of a trial that finished.
    fn read(&self, record: &Record) -> Option<f64> {
        match &self.reading {
            Reading::End => record.summary(&self.metric),
            Reading::Trend => {
                let steps: Vec<f64> = record.rows.iter().map(|row| row.step as f64).collect();
                spearman(&steps, &record.column(&self.metric)?.collect::<Vec<_>>())
            }
            Reading::When(goals) => {
                let at = |name: &str| record.columns.iter().position(|c| **c == *name);
                let goal =
                    |(name, goal): &(String, f64)| Some((at(name)?, better(name).unwrap_or(Better::Higher), *goal));
                let goals: Vec<(usize, Better, f64)> = goals.iter().map(goal).collect::<Option<_>>()?;
                // the words of `train.goal`: at least as good as the goal
                let one = |values: &[f64], (i, better, goal): (usize, Better, f64)| {
                    !values[i].is_nan() && !better.than(goal, values[i], 0.0)
                };
                let there = |values: &[f64]| goals.iter().all(|goal| one(values, *goal));
                let row = record.rows.iter().find(|row| there(&row.values))?;
                match self.metric.as_str() {
                    "step" => Some(row.step as f64),
                    "epoch" => Some(row.epoch),
                    measure => Some(row.values[at(measure)?]),
                }
            }
        }
    }

    fn waits(&self, observed: &[Observed]) -> bool {
        let least = if self.statistic == Statistic::Sd { 2 } else { 1 };
        observed.iter().any(|o| o.end == End::Missing) || observed.len() < least
    }

    /// The number, as far as the finished trials give it.
    fn compute(&self, frame: &Frame, observed: &[Observed]) -> Option<f64> {
        let spread = || Spread::of(observed.iter().filter_map(|o| o.value).collect());
        match self.statistic {
            Statistic::Mean => spread().mean,
            Statistic::Median => spread().median,
            Statistic::Sd => spread().sd,
            Statistic::Min => extremum(observed, f64::min),
            Statistic::Max => extremum(observed, f64::max),
            Statistic::Share { low, high } => share(observed, low, high),
            Statistic::Along { axis, largest, answer } => {
                best_along(&means(frame, axis, observed), &frame.axes[axis], largest, answer)
            }
            Statistic::Correlation { axis } => {
                let number = |(i, mean): (usize, Option<f64>)| Some((frame.axes[axis].values[i].number?, mean?));
                let (x, y): (Vec<f64>, Vec<f64>) = means(frame, axis, observed).into_iter().filter_map(number).unzip();
                spearman(&x, &y)
            }
            Statistic::At { axis, number } => interpolated(&means(frame, axis, observed), &frame.axes[axis], number),
        }
    }
}

/// The share of trained trials whose measure is there, finite and in the band.
fn share(observed: &[Observed], low: f64, high: f64) -> Option<f64> {
    let values = observed.iter().filter_map(|o| o.value);
    let reached = values.filter(|x| x.is_finite() && (low..=high).contains(x)).count();
    let trained = observed.iter().filter(|o| o.end != End::Missing).count();
    (trained > 0).then(|| reached as f64 / trained as f64)
}

/// The mean of each observed setting along the axis, in the order of the axis' numbers: (index of the value, mean).
fn means(frame: &Frame, axis: usize, observed: &[Observed]) -> Vec<(usize, Option<f64>)> {
    let mut cells: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    observed.iter().for_each(|o| cells.entry(o.cell).or_default().extend(o.value));
    let mean = |values| Spread::of(values).mean.filter(|m| !m.is_nan());
    let mut means: Vec<_> = cells.into_iter().map(|(cell, v)| (frame.cells[cell].at[axis], mean(v))).collect();
    let number = |i: usize| frame.axes[axis].values[i].number.unwrap_or(i as f64);
    means.sort_by(|a, b| number(a.0).total_cmp(&number(b.0)));
    means
}

fn extremum(observed: &[Observed], choose: fn(f64, f64) -> f64) -> Option<f64> {
    observed.iter().filter_map(|o| o.value).filter(|x| !x.is_nan()).reduce(choose)
}

/// The best setting's mean or number, or the number where the parabola through it and its neighbours is extreme.
fn best_along(means: &[(usize, Option<f64>)], axis: &Axis, largest: bool, answer: Answer) -> Option<f64> {
    let sign = if largest { -1.0 } else { 1.0 };
    let measured = |i: usize| means.get(i).and_then(|(_, mean)| *mean);
    let (_, best) = (0..means.len())
        .filter_map(|i| measured(i).map(|mean| (sign * mean, i)))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
    let number = |i: usize| axis.values[means[i].0].number;
    match answer {
        Answer::Mean => measured(best),
        Answer::Number => number(best),
        Answer::Parabola => {
            let point = |i: usize| Some((axis.coordinate(number(i)?), measured(i)?));
            let around = best.checked_sub(1).and_then(point).zip(point(best)).zip(point_after(means, best, point));
            let vertex = around.and_then(|((a, b), c)| vertex([a, b, c]));
            vertex.map(|x| axis.number_at(x)).or_else(|| number(best))
        }
    }
}

fn point_after(
    means: &[(usize, Option<f64>)],
    best: usize,
    point: impl Fn(usize) -> Option<(f64, f64)>,
) -> Option<(f64, f64)> {
    if best + 1 < means.len() { point(best + 1) } else { None }
}

/// Where the parabola through three points is extreme; none when they lie on a line.
fn vertex([(x1, y1), (x2, y2), (x3, y3)]: [(f64, f64); 3]) -> Option<f64> {
    let (left, right) = ((x2 - x1) * (y2 - y3), (x2 - x3) * (y2 - y1));
    let x = x2 - 0.5 * ((x2 - x1) * left - (x2 - x3) * right) / (left - right);
    x.is_finite().then_some(x)
}

/// The mean at a number of the axis, on the line between the two settings around it.
fn interpolated(means: &[(usize, Option<f64>)], axis: &Axis, number: f64) -> Option<f64> {
    let points: Vec<(f64, Option<f64>)> =
        means.iter().filter_map(|(i, mean)| Some((axis.values[*i].number?, *mean))).collect();
    if let Some((_, mean)) = points.iter().find(|(x, _)| *x == number) {
        return *mean;
    }
    let after = points.iter().position(|(x, _)| *x > number).filter(|i| *i > 0)?;
    let ((a, low), (b, high)) = (points[after - 1], points[after]);
    let at = |x: f64| axis.coordinate(x);
    let share = (at(number) - at(a)) / (at(b) - at(a));
    Some(low? + share * (high? - low?))
}
