//! Measuring what an expectation is about. Diverged trials are no part of any mean; in a share they count as not having
//! got there. The number is computed from what is finished, and [`Quantity::waits`] says whether more is to come.

use super::{Answer, Quantity, Statistic};
use crate::report::frame::{Axis, Frame, Trial};
use crate::report::spread::{Group, Spread};

impl Quantity {
    /// The trials it is about.
    fn trials<'a>(&'a self, frame: &'a Frame) -> impl Iterator<Item = &'a Trial> {
        frame.trials.iter().filter(|t| self.selection.holds(&frame.cells[t.cell]))
    }

    fn group(&self, frame: &Frame) -> Group {
        Group::of(self.trials(frame), |r| r.summary(&self.metric))
    }

    /// Whether trials it is about have still to be trained, or there are too few for it by the plan: one for a standard
    /// deviation.
    pub(super) fn waits(&self, frame: &Frame) -> bool {
        let group = self.group(frame);
        let least = if self.statistic == Statistic::Sd { 2 } else { 1 };
        group.pending + group.failed > 0 || group.trials() < least
    }

    /// The number, as far as the finished trials give it.
    pub(super) fn measure(&self, frame: &Frame) -> Option<f64> {
        let spread = || self.group(frame).spread;
        match self.statistic {
            Statistic::Mean => spread().mean,
            Statistic::Median => spread().median,
            Statistic::Sd => spread().sd,
            Statistic::Min => extremum(&spread(), f64::min),
            Statistic::Max => extremum(&spread(), f64::max),
            Statistic::Share { low, high } => self.share(frame, low, high),
            Statistic::Along { axis, largest, answer } => {
                best_along(&self.means(frame, axis), &frame.axes[axis], largest, answer)
            }
            Statistic::At { axis, number, minus } => {
                let means = self.means(frame, axis);
                let at = |number| interpolated(&means, &frame.axes[axis], number);
                Some(at(number)? - minus.map_or(Some(0.0), at)?)
            }
        }
    }

    /// The share of trained trials whose measure is there, finite and in the band.
    fn share(&self, frame: &Frame, low: f64, high: f64) -> Option<f64> {
        let group = self.group(frame);
        let reached = group.spread.values.iter().filter(|x| x.is_finite() && (low..=high).contains(*x)).count();
        let trained = group.done + group.diverged;
        (trained > 0).then(|| reached as f64 / trained as f64)
    }

    /// The mean of each selected setting along the axis, in the order of the axis' numbers: (index of the value, mean).
    fn means(&self, frame: &Frame, axis: usize) -> Vec<(usize, Option<f64>)> {
        let cells = (0..frame.cells.len()).filter(|&c| self.selection.holds(&frame.cells[c]));
        let mean = |cell| frame.group(cell, &self.metric).spread.mean.filter(|m| !m.is_nan());
        let mut means: Vec<(usize, Option<f64>)> = cells.map(|c| (frame.cells[c].at[axis], mean(c))).collect();
        let number = |i: usize| frame.axes[axis].values[i].number.unwrap_or(i as f64);
        means.sort_by(|a, b| number(a.0).total_cmp(&number(b.0)));
        means
    }
}

fn extremum(spread: &Spread, choose: fn(f64, f64) -> f64) -> Option<f64> {
    spread.values.iter().copied().filter(|x| !x.is_nan()).reduce(choose)
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
