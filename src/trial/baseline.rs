//! The naive baseline: what is reached without looking at the inputs. It is a network whose output is the same for every
//! row, the one that minimises the training loss: of cross-entropy the logarithms of the classes' shares, of `mse` the
//! mean target, of `mae` the median. It is measured on the test set as any network is, so its accuracy is that of naming
//! the commonest class of the training rows. Of rows with a target for each step, all steps have the same output. Of a series there is a second one: tomorrow as today.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernels::isa::Cpu;
use kernels::loss::Targets;

use crate::base::shape::Shape;
use crate::data::{Dataset, Labels};
use crate::learn::objective::{Form, Objective};
use crate::probe::{Outputs, Probe};

use super::plan::Plan;
use super::rows::Part;

/// Passes over the targets that the search for the best constant takes at the most.
const PASSES: usize = 200;
/// Below this share a class or a probability counts as this: its logarithm must be a number.
const RAREST: f64 = 1e-12;

/// `baseline_test_loss`, `baseline_test_accuracy` ...: every measure of outputs, of the best constant on the test part.
/// `persistence_test_loss` ...: the same of the last number of each row, where rows are stretches of a series.
pub fn baseline(plan: &Plan, cpu: Cpu, train: &Dataset, test: &Part) -> Vec<(String, f64)> {
    let objective = &plan.objective;
    let constant = constant(objective, cpu, train).repeat(test.rows() * test.steps());
    let mut measured = measures(plan, cpu, test, "baseline", &constant);
    if train.series && objective.form() == Form::Values(1) && test.steps() == 1 {
        let windows = test.x(&(0..test.rows())).chunks(test.inputs());
        let last: Vec<f32> = windows.filter_map(|window| window.last().copied()).collect();
        measured.extend(measures(plan, cpu, test, "persistence", &last));
    }
    measured
}

/// The measures of outputs `z` on the test part, `(rows, steps, width)`.
fn measures(plan: &Plan, cpu: Cpu, test: &Part, what: &str, z: &[f32]) -> Vec<(String, f64)> {
    let judged = test.judged(z);
    let (targets, unit) = (judged.targets(), test.unit());
    let outputs = Outputs { cpu, objective: &plan.objective, z: &judged.z, targets, unit };
    let one = |probe: &Probe| match probe {
        Probe::Outputs(name, probe) => Some((format!("{what}_test_{name}"), probe.measure(&outputs))),
        Probe::State(..) => None,
    };
    plan.probes.iter().filter_map(one).collect()
}

/// The output that minimises the training loss when all targets have it, `(width)`.
fn constant(objective: &Objective, cpu: Cpu, train: &Dataset) -> Vec<f32> {
    let (labels, shares) = distinct(train);
    // nothing is asked of the inputs
    let rows = Dataset::new(Shape::flat(1), vec![0.0; labels.count()], labels);
    let targets = Part::new(Arc::new(rows), objective.form());
    let search = Search { objective, cpu, targets, shares };
    let mut best = Point::default();
    for z in search.guesses() {
        let point = search.at(z);
        if point.loss < best.loss {
            best = point;
        }
    }
    search.descend(best).z.iter().map(|z| *z as f32).collect()
}

/// Every class and the share of the targets that are of it; all targets alike where they are numbers.
fn distinct(data: &Dataset) -> (Labels, Vec<f64>) {
    let labels = data.counted_labels();
    let all = labels.count();
    let Labels::Classes { of, count } = labels else { return (labels, vec![1.0 / all as f64; all]) };
    let mut known: BTreeMap<u32, usize> = BTreeMap::new();
    for class in of {
        *known.entry(class).or_insert(0) += 1;
    }
    let shares = known.values().map(|count| *count as f64 / all as f64).collect();
    (Labels::Classes { of: known.into_keys().collect(), count }, shares)
}

/// A constant output, its loss and the loss's gradient.
struct Point {
    z: Vec<f64>,
    loss: f64,
    slope: Vec<f64>,
}

impl Default for Point {
    fn default() -> Self {
        Self { z: Vec::new(), loss: f64::INFINITY, slope: Vec::new() }
    }
}

struct Search<'a> {
    objective: &'a Objective,
    cpu: Cpu,
    targets: Part,
    shares: Vec<f64>,
}

impl Search<'_> {
    fn at(&self, z: Vec<f64>) -> Point {
        let (rows, width) = (self.shares.len(), z.len());
        let same = z.iter().map(|z| *z as f32).collect::<Vec<f32>>().repeat(rows);
        let (mut losses, mut slopes) = (vec![0.0; rows], vec![0.0; rows * width]);
        // that of a single row: what all rows are divided by does not move the minimum
        let divisor = self.objective.divisor(1, self.targets.classes(0).iter().copied());
        self.objective.slope(self.cpu, divisor, &same, self.targets.answers(&(0..rows)), &mut losses, &mut slopes);
        let (mut loss, mut slope) = (0.0, vec![0.0; width]);
        for ((share, l), row) in self.shares.iter().zip(&losses).zip(slopes.chunks(width)) {
            loss += share * self.objective.total([l].into_iter(), divisor);
            slope.iter_mut().zip(row).for_each(|(s, d)| *s += share * f64::from(*d));
        }
        Point { z, loss, slope }
    }

    /// Where the minimum lies for the losses that have a closed form: the mean, the median, and the logarithm and logit
    /// of the mean.
    fn guesses(&self) -> [Vec<f64>; 4] {
        let columns = self.columns();
        let of = |f: fn(&[(f64, f64)]) -> f64| columns.iter().map(|column| f(column)).collect::<Vec<f64>>();
        let mean = |column: &[(f64, f64)]| column.iter().map(|(t, share)| t * share).sum::<f64>();
        let means = of(mean);
        let log = |p: f64| libm::log(p.max(RAREST));
        let logs = means.iter().map(|m| log(*m)).collect();
        let logits = means.iter().map(|m| log(*m) - log(1.0 - m)).collect();
        [means, of(median), logs, logits]
    }

    /// For every output, the targets with their rows' shares; a class is a one-hot row.
    fn columns(&self) -> Vec<Vec<(f64, f64)>> {
        let width = self.objective.width();
        let target = |r: usize, output: usize| match self.targets.answers(&(0..self.shares.len())).targets {
            Targets::Classes(classes) => f64::from(u8::from(classes[r] as usize == output)),
            Targets::Values(values) => f64::from(values[r * width + output]),
        };
        let column = |output| self.shares.iter().enumerate().map(|(r, share)| (target(r, output), *share)).collect();
        (0..width).map(column).collect()
    }

    /// Gradient descent, a longer step after one that helped and a shorter one after one that did not. From a minimum it
    /// goes nowhere.
    fn descend(&self, mut best: Point) -> Point {
        let mut rate = 1.0;
        for _ in 0..PASSES {
            let next = self.at(best.z.iter().zip(&best.slope).map(|(z, slope)| z - rate * slope).collect());
            let moved = best.z.iter().zip(&next.z).any(|(a, b)| (*a as f32).to_bits() != (*b as f32).to_bits());
            if !moved {
                break;
            }
            if next.loss < best.loss {
                (best, rate) = (next, 2.0 * rate);
            } else {
                rate *= 0.5;
            }
        }
        best
    }
}

/// The target above and below which lies half of all shares.
fn median(column: &[(f64, f64)]) -> f64 {
    let mut sorted = column.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut below = 0.0;
    let middle = sorted.iter().find(|(_, share)| {
        below += share;
        below >= 0.5
    });
    middle.or(sorted.last()).map_or(0.0, |(t, _)| *t)
}
