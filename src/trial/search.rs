//! A step of L-BFGS: from the gradient to a direction by what the last moves told of the curvature, along it as far as a
//! line search says, and so on until a tolerance or a count ends the step. All of it is done by one thread on whole buffers
//! between evaluations of the team, so the bits do not depend on how many threads there are. The conditions and their order
//! are those of `torch.optim.LBFGS`; a loss that is no number counts as infinitely high.

use std::mem::swap;
use std::ops::Range;

use kernels::isa::Cpu;
use kernels::{elementwise, reduce};

use crate::learn::lbfgs::Lbfgs;

/// What is searched: parameters, and the value and gradient of what is minimised at them.
pub trait Field {
    /// The parameters, to be moved.
    fn params(&mut self) -> &mut [f32];
    /// The gradient where it was last measured.
    fn grads(&mut self) -> &mut [f32];
    /// Measures the value and the gradient at the parameters as they are.
    fn measure(&mut self) -> f64;
}

/// A move and how the gradient changed by it.
struct Pair {
    change: Vec<f32>,
    went: Vec<f32>,
    /// 1 / (change · went)
    factor: f64,
    /// What the first half of the recursion leaves for the second.
    share: f64,
}

/// A place along the direction.
struct Spot {
    t: f64,
    value: f64,
    /// The slope along the direction.
    slope: f64,
    grads: Vec<f32>,
}

impl Spot {
    fn new(length: usize) -> Self {
        Self { t: 0.0, value: 0.0, slope: 0.0, grads: vec![0.0; length] }
    }
}

/// The state of L-BFGS between directions. All memory is taken when it is made.
pub struct Search {
    how: Lbfgs,
    /// What is moved; all else in the buffer is measured along the way.
    learned: Vec<Range<usize>>,
    /// Directions so far.
    count: u64,
    /// The length of the last move.
    t: f64,
    /// The curvature where nothing is remembered.
    scale: f64,
    direction: Vec<f32>,
    /// The gradient where the direction began, and the parameters there.
    last: Vec<f32>,
    home: Vec<f32>,
    /// The moves remembered, and room for one more.
    pairs: Vec<Pair>,
    remembered: usize,
    low: Spot,
    high: Spot,
    fresh: Spot,
}

/// The strong Wolfe conditions: how much of the slope the value must keep, and the slope may have left.
const ENOUGH_DESCENT: f64 = 1e-4;
const ENOUGH_FLATTER: f64 = 0.9;
/// The smallest curvature of a move that is remembered.
const LEAST_CURVATURE: f64 = 1e-10;

impl Search {
    /// For `length` parameters, of which those in `learned` move, in a run of at most so many steps.
    pub fn new(how: Lbfgs, length: usize, learned: Vec<Range<usize>>, steps: u64) -> Self {
        let zeros = || vec![0.0; length];
        let pair = |_| Pair { change: zeros(), went: zeros(), factor: 0.0, share: 0.0 };
        Self {
            how,
            learned,
            count: 0,
            t: 0.0,
            scale: 1.0,
            direction: zeros(),
            last: zeros(),
            home: zeros(),
            pairs: (0..=Self::memory(how, steps)).map(pair).collect(),
            remembered: 0,
            low: Spot::new(length),
            high: Spot::new(length),
            fresh: Spot::new(length),
        }
    }

    /// How many moves are remembered at most in so many steps.
    fn memory(how: Lbfgs, steps: u64) -> usize {
        let most = steps.saturating_mul(how.max_iter as u64);
        usize::try_from(most).map_or(how.history_size, |most| most.min(how.history_size))
    }

    /// Floats per parameter that it takes.
    pub fn floats(how: Lbfgs, steps: u64) -> usize {
        2 * (Self::memory(how, steps) + 1) + 6
    }

    /// A step from parameters at which the value and the gradient are measured.
    pub fn step(&mut self, cpu: Cpu, lr: f64, mut value: f64, field: &mut dyn Field) {
        let how = self.how;
        if largest(field.grads()) <= how.tolerance_grad {
            return;
        }
        let mut measured = 1;
        for iteration in 1..=how.max_iter {
            self.turn(cpu, field.grads());
            self.home.copy_from_slice(field.params());
            let gentle = if self.count == 1 { (1.0 / size(&self.last)).min(1.0) } else { 1.0 };
            self.t = gentle * lr;
            let slope = dot(cpu, &self.last, &self.direction);
            if slope > -how.tolerance_change {
                break;
            }
            let before = value;
            if how.searches {
                measured += self.along(cpu, (value, slope), how.max_eval - measured, field);
                value = self.low.value;
                self.t = self.low.t;
                self.go(cpu, self.t, field.params());
                field.grads().copy_from_slice(&self.low.grads);
            } else {
                self.go(cpu, self.t, field.params());
                // the next step measures it anyway
                if iteration < how.max_iter {
                    value = field.measure();
                    measured += 1;
                }
            }
            let still = largest(&self.direction) * self.t.abs() <= how.tolerance_change
                || (value - before).abs() < how.tolerance_change;
            let ends = measured >= how.max_eval || largest(field.grads()) <= how.tolerance_grad;
            if ends || still || !value.is_finite() {
                break;
            }
        }
    }

    /// Remembers the last move, and finds the direction at a gradient: the two halves of the recursion.
    fn turn(&mut self, cpu: Cpu, grads: &[f32]) {
        self.count += 1;
        if self.count > 1 {
            self.remember(cpu, grads);
        }
        let (direction, pairs) = (&mut self.direction, &mut self.pairs[..self.remembered]);
        elementwise::times(cpu, -1.0, grads, direction);
        for pair in pairs.iter_mut().rev() {
            pair.share = dot(cpu, &pair.went, direction) * pair.factor;
            elementwise::blend(cpu, -pair.share as f32, &pair.change, 1.0, direction);
        }
        elementwise::scale(cpu, self.scale as f32, direction);
        for pair in pairs {
            let share = pair.share - dot(cpu, &pair.change, direction) * pair.factor;
            elementwise::blend(cpu, share as f32, &pair.went, 1.0, direction);
        }
        self.last.copy_from_slice(grads);
    }

    fn remember(&mut self, cpu: Cpu, grads: &[f32]) {
        let pair = &mut self.pairs[self.remembered];
        pair.change.copy_from_slice(grads);
        elementwise::blend(cpu, -1.0, &self.last, 1.0, &mut pair.change);
        elementwise::times(cpu, self.t as f32, &self.direction, &mut pair.went);
        let curvature = dot(cpu, &pair.change, &pair.went);
        if curvature <= LEAST_CURVATURE || curvature.is_nan() {
            return;
        }
        pair.factor = 1.0 / curvature;
        self.scale = curvature / dot(cpu, &pair.change, &pair.change);
        if self.remembered + 1 == self.pairs.len() {
            self.pairs.rotate_left(1);
        } else {
            self.remembered += 1;
        }
    }

    /// Puts the parameters at `home + t direction`.
    fn go(&self, cpu: Cpu, t: f64, params: &mut [f32]) {
        for range in &self.learned {
            let to = &mut params[range.clone()];
            to.copy_from_slice(&self.home[range.clone()]);
            elementwise::blend(cpu, t as f32, &self.direction[range.clone()], 1.0, to);
        }
    }

    /// Measures at `t` and leaves what was found in `fresh`.
    fn look(&mut self, cpu: Cpu, t: f64, field: &mut dyn Field) {
        self.go(cpu, t, field.params());
        let value = field.measure();
        self.fresh.t = t;
        self.fresh.value = if value.is_nan() { f64::INFINITY } else { value };
        self.fresh.grads.copy_from_slice(field.grads());
        self.fresh.slope = dot(cpu, &self.fresh.grads, &self.direction);
    }

    /// The place at home.
    fn back(&mut self, (value, slope): (f64, f64)) {
        (self.low.t, self.low.value, self.low.slope) = (0.0, value, slope);
        self.low.grads.copy_from_slice(&self.last);
    }

    /// Searches for a place along the direction that is low and flat enough, by at most `most` tries after the first, and
    /// leaves the best one in `low`. Returns how often it measured.
    fn along(&mut self, cpu: Cpu, home: (f64, f64), most: usize, field: &mut dyn Field) -> usize {
        let (value, slope) = home;
        let high_at = |t: f64| value + ENOUGH_DESCENT * t * slope;
        self.back(home);
        self.look(cpu, self.t, field);
        swap(&mut self.fresh, &mut self.high);
        let mut tries = 0;
        // further and further, until a place that is low enough lies between two
        while tries < most {
            let (before, now) = (&self.low, &self.high);
            if now.value > high_at(now.t) || (tries > 1 && now.value >= before.value) {
                break;
            }
            if now.slope.abs() <= -ENOUGH_FLATTER * slope {
                swap(&mut self.low, &mut self.high);
                return tries + 1;
            }
            if now.slope >= 0.0 {
                break;
            }
            let t = cubic(before, now, (now.t + 0.01 * (now.t - before.t), 10.0 * now.t));
            self.look(cpu, t, field);
            swap(&mut self.low, &mut self.high);
            swap(&mut self.high, &mut self.fresh);
            tries += 1;
        }
        if tries == most {
            self.back(home);
        }
        if self.low.value > self.high.value {
            swap(&mut self.low, &mut self.high);
        }
        self.between(cpu, (value, slope), (tries, most), field)
    }

    /// Searches between `low` and `high`, which come nearer and nearer.
    fn between(
        &mut self,
        cpu: Cpu,
        (value, slope): (f64, f64),
        (mut tries, most): (usize, usize),
        field: &mut dyn Field,
    ) -> usize {
        let widest = largest(&self.direction);
        let mut stuck = false;
        while tries < most {
            let (from, to) = (self.low.t.min(self.high.t), self.low.t.max(self.high.t));
            if (to - from) * widest < self.how.tolerance_change {
                break;
            }
            let mut t = cubic(&self.low, &self.high, (from, to));
            // two tries in a row that hardly move an end are one too many
            let rim = 0.1 * (to - from);
            let near = (to - t).min(t - from) < rim;
            if near && (stuck || t >= to || t <= from) {
                t = if (t - to).abs() < (t - from).abs() { to - rim } else { from + rim };
                stuck = false;
            } else {
                stuck = near;
            }
            self.look(cpu, t, field);
            tries += 1;
            if self.fresh.value > value + ENOUGH_DESCENT * t * slope || self.fresh.value >= self.low.value {
                swap(&mut self.high, &mut self.fresh);
                if self.low.value > self.high.value {
                    swap(&mut self.low, &mut self.high);
                }
                continue;
            }
            let done = self.fresh.slope.abs() <= -ENOUGH_FLATTER * slope;
            if !done && self.fresh.slope * (self.high.t - self.low.t) >= 0.0 {
                swap(&mut self.low, &mut self.high);
            }
            swap(&mut self.low, &mut self.fresh);
            if done {
                break;
            }
        }
        tries + 1
    }
}

/// The lowest place of the cubic with the values and slopes of two places, within bounds; the middle where there is none.
fn cubic(a: &Spot, b: &Spot, (least, most): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    if square >= 0.0 {
        let d2 = libm::sqrt(square);
        (b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2))).max(least).min(most)
    } else {
        f64::midpoint(least, most)
    }
}

fn dot(cpu: Cpu, x: &[f32], y: &[f32]) -> f64 {
    f64::from(reduce::dot(cpu, x, y))
}

/// The largest component in size; no number where one of them is none.
fn largest(x: &[f32]) -> f64 {
    let larger = |most: f32, x: &f32| if x.abs() <= most || most.is_nan() { most } else { x.abs() };
    f64::from(x.iter().fold(0.0, larger))
}

/// The sum of the sizes of the components, in order.
fn size(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(x.abs())).sum()
}
