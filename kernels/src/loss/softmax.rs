//! Losses on the cross-entropy of a softmax over classes: `ce = ln(sum_j e^(z_j)) - z_t` for the class `t`, taken relative
//! to the largest logit `m`, so that no exponential overflows: `ln(sum_j e^(z_j - m)) + (m - z_t)`. The gradient of `ce`
//! is `softmax(z) - onehot(t)`. Rows are taken sixteen at a time, so that one logarithm serves sixteen rows; those of
//! few classes are turned for it, and a lane is a row all the way.

use super::{Loss, Mean, Targets};
use crate::elementwise::{block, block_mut, load, store};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::math;

/// What becomes of the cross-entropy of a row.
pub(super) trait OfCrossEntropy: Copy + Send + Sync + 'static {
    /// What the losses of a batch are divided by for their mean.
    const MEAN: Mean;
    /// `f(ce)` and `df/dce`.
    fn value_and_slope<S: Simd>(self, s: S, ce: S::V) -> (S::V, S::V);
    /// `f(ce)` in `f64`, independent of [`OfCrossEntropy::value_and_slope`].
    fn reference(self, ce: f64) -> f64;
}

/// `(1 - smoothing) w_t f(ce_t) + smoothing / C sum_c w_c ce_c`, where `ce_c` is the cross-entropy of class `c`.
pub(super) struct Softmax<F> {
    /// What becomes of the cross-entropy.
    pub of: F,
    /// The share of every row that is spread over all classes.
    pub smoothing: f64,
    /// The weights `w` of the classes; empty where they are all one.
    pub weights: Vec<f32>,
}

impl<F: OfCrossEntropy> Loss for Softmax<F> {
    fn rows(
        &self,
        cpu: Cpu,
        width: usize,
        z: &[f32],
        targets: Targets<'_>,
        losses: &mut [f32],
        gradient: Option<(&mut [f32], f32)>,
    ) {
        let classes = targets.classes();
        let (gradient, scale) = super::checked(width, z, classes.len(), losses, gradient);
        assert!(self.weights.is_empty() || self.weights.len() == width, "loss: weights of classes and outputs");
        let total = if self.weights.is_empty() { width as f32 } else { self.weights.iter().sum() };
        let (kept, share) = ((1.0 - self.smoothing) as f32, (self.smoothing / width as f64) as f32);
        let (of, weights) = (self.of, self.weights.as_slice());
        cpu.run(Rows { of, kept, share, weights, total, width, z, classes, losses, gradient, scale });
    }

    fn takes_classes(&self) -> bool {
        true
    }

    fn mean(&self) -> Mean {
        F::MEAN
    }

    fn class_weights(&self) -> &[f32] {
        &self.weights
    }

    fn threshold(&self) -> Option<f32> {
        None
    }

    fn reference(&self, z: &[f64], target: &[f64]) -> f64 {
        let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = z.iter().map(|z| (z - largest).exp()).sum();
        let of = |class: usize| total.ln() + largest - z[class];
        let weight = |class: usize| self.weights.get(class).map_or(1.0, |weight| f64::from(*weight));
        let own = target[0] as usize;
        let spread: f64 = (0..z.len()).map(|class| weight(class) * of(class)).sum();
        (1.0 - self.smoothing) * weight(own) * self.of.reference(of(own)) + self.smoothing * spread / z.len() as f64
    }
}

struct Rows<'a, F> {
    of: F,
    /// `1 - smoothing`
    kept: f32,
    /// `smoothing / C`
    share: f32,
    weights: &'a [f32],
    /// The sum of the weights.
    total: f32,
    width: usize,
    z: &'a [f32],
    classes: &'a [u32],
    losses: &'a mut [f32],
    gradient: Option<&'a mut [f32]>,
    scale: f32,
}

/// What is known of sixteen rows before their logarithms are taken, a lane for each.
struct Known<V> {
    /// `sum_j e^(z_j - m)`
    total: V,
    /// `m - z_t`
    gap: V,
    /// `sum_c w_c (m - z_c)`, where labels are smoothed.
    spread: V,
    /// `(1 - smoothing) w_t`
    own: V,
    /// `e^(z_j - m)` of the last block of each row.
    exps: [V; LANES],
}

impl<F: OfCrossEntropy> Op for Rows<'_, F> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        for first in (0..self.losses.len()).step_by(LANES) {
            let rows = LANES.min(self.losses.len() - first);
            if self.width <= LANES {
                self.narrow(s, first, rows);
            } else {
                self.wide(s, first, rows);
            }
        }
    }
}

impl<F: OfCrossEntropy> Rows<'_, F> {
    /// The rows from `first` on, at most sixteen, of many classes.
    #[inline(always)]
    fn wide<S: Simd>(&mut self, s: S, first: usize, rows: usize) {
        let Known { total, gap, spread, own, exps } = self.known(s, first, rows);
        let (loss, factor, pull) = self.taken(s, total, gap, spread, own);
        s.store_part(loss, &mut self.losses[first..first + rows]);
        let (factor, pull) = (s.lanes(factor), s.lanes(pull));
        for i in 0..rows {
            self.slope(s, first + i, exps[i], (factor[i], pull[i]));
        }
    }

    /// The losses of sixteen rows, by what their exponentials are to be multiplied for the gradient, and what is taken away
    /// from it for their classes.
    #[inline(always)]
    fn taken<S: Simd>(&self, s: S, total: S::V, gap: S::V, spread: S::V, own: S::V) -> (S::V, S::V, S::V) {
        let ln = math::ln(s, total);
        let (value, slope) = self.of.value_and_slope(s, s.add(ln, gap));
        let mut loss = s.mul(own, value);
        let pull = s.mul(own, slope);
        let mut push = pull;
        if self.share > 0.0 {
            let all = s.mul_add(s.splat(self.total), ln, spread);
            loss = s.mul_add(s.splat(self.share), all, loss);
            push = s.mul_add(s.splat(self.share), s.splat(self.total), push);
        }
        let scale = s.splat(self.scale);
        (loss, s.div(s.mul(scale, push), total), s.mul(scale, pull))
    }

    /// The rows from `first` on, at most sixteen, of at most sixteen classes: they are turned, so that there is a lane for each
    /// row and nothing is computed for classes that are not there; and their gradient is turned back.
    #[inline(always)]
    fn narrow<S: Simd>(&mut self, s: S, first: usize, rows: usize) {
        let width = self.width;
        let classes = &self.classes[first..first + rows];
        let (mut class, mut own) = ([0.0; LANES], [self.kept; LANES]);
        for (i, &c) in classes.iter().enumerate() {
            assert!((c as usize) < width, "loss: class {c} of {width}");
            class[i] = c as f32;
            if !self.weights.is_empty() {
                own[i] = self.kept * self.weights[c as usize];
            }
        }
        let class = s.load(&class);
        let z = columns(s, &self.z[first * width..][..rows * width], width);
        let largest = tree(
            &z,
            #[inline(always)]
            |a, b| s.max(a, b),
        );
        let (mut exps, mut of_class) = ([s.zero(); LANES], s.zero());
        for j in 0..width {
            exps[j] = math::exp(s, s.sub(z[j], largest));
            of_class = s.select(s.eq(class, s.splat(j as f32)), z[j], of_class);
        }
        let total = tree(
            &exps,
            #[inline(always)]
            |a, b| s.add(a, b),
        );
        let weight = |j: usize| if self.weights.is_empty() { 1.0 } else { self.weights[j] };
        let smooth = self.share > 0.0;
        let mut spread = s.zero();
        if smooth {
            let mut parts = [s.zero(); LANES];
            for (j, part) in parts.iter_mut().enumerate().take(width) {
                *part = s.mul_add(s.splat(weight(j)), s.sub(largest, z[j]), s.zero());
            }
            spread = tree(
                &parts,
                #[inline(always)]
                |a, b| s.add(a, b),
            );
        }
        let (loss, factor, pull) = self.taken(s, total, s.sub(largest, of_class), spread, s.load(&own));
        s.store_part(loss, &mut self.losses[first..first + rows]);
        let Some(gradient) = &mut self.gradient else { return };
        let share = s.splat(-self.scale * self.share);
        for (j, e) in exps.iter_mut().enumerate().take(width) {
            let mut y = s.mul(*e, factor);
            if smooth {
                y = s.mul_add(share, s.splat(weight(j)), y);
            }
            *e = s.select(s.eq(class, s.splat(j as f32)), s.sub(y, pull), y);
        }
        for (i, v) in s.transpose(exps).into_iter().enumerate().take(rows) {
            let row = &mut gradient[(first + i) * width..];
            // what comes after the row is overwritten by the next
            match row.first_chunk_mut() {
                Some(block) => s.store(v, block),
                None => s.store_part(v, &mut row[..width]),
            }
        }
    }

    /// What is known of the rows from `first` on, at most sixteen; leaves their exponentials in the gradient, but for the
    /// last block of each row. The rows are summed and compared side by side, which takes no longer for sixteen than for two.
    #[inline(always)]
    fn known<S: Simd>(&mut self, s: S, first: usize, rows: usize) -> Known<S::V> {
        let (width, z) = (self.width, self.z);
        let row = |i: usize| &z[(first + i) * width..][..width];
        let (mut of_class, mut own) = ([0.0; LANES], [0.0; LANES]);
        let (mut parts, mut exps) = ([s.zero(); LANES], [s.zero(); LANES]);
        for i in 0..rows {
            let class = self.classes[first + i] as usize;
            assert!(class < width, "loss: class {class} of {width}");
            parts[i] = largest(s, row(i));
            of_class[i] = row(i)[class];
            own[i] = self.kept * if self.weights.is_empty() { 1.0 } else { self.weights[class] };
        }
        let largest = s.largests(parts);
        let each = s.lanes(largest);
        for i in 0..rows {
            let keep = self.gradient.as_deref_mut().map(|gradient| &mut gradient[(first + i) * width..][..width]);
            (parts[i], exps[i]) = total(s, row(i), each[i], keep);
        }
        // Lanes without a row: ln 1.
        let total = s.select(s.first(rows), s.sums(parts), s.splat(1.0));
        let mut spreads = s.zero();
        if self.share > 0.0 {
            for i in 0..rows {
                parts[i] = spread(s, row(i), self.weights, each[i]);
            }
            spreads = s.sums(parts);
        }
        Known { total, gap: s.sub(largest, s.load(&of_class)), spread: spreads, own: s.load(&own), exps }
    }

    /// Makes the gradient of a row of its exponentials: `factor e_j - share w_j`, less `pull` for its class.
    #[inline(always)]
    fn slope<S: Simd>(&mut self, s: S, r: usize, last: S::V, (factor, pull): (f32, f32)) {
        let Some(gradient) = &mut self.gradient else { return };
        let gradient = &mut gradient[r * self.width..][..self.width];
        let (factor, pull, class) = (s.splat(factor), s.splat(pull), s.splat(self.classes[r] as f32));
        let share = s.splat(-self.scale * self.share);
        let smooth = self.share > 0.0;
        let mut place = s.load(&std::array::from_fn(|lane| lane as f32));
        for at in (0..self.width).step_by(LANES) {
            let end = self.width.min(at + LANES);
            let e = if end < self.width { s.load(block(gradient, at)) } else { last };
            let mut y = s.mul(e, factor);
            if smooth {
                let w = if self.weights.is_empty() { s.splat(1.0) } else { load(s, self.weights, at, end) };
                y = s.mul_add(share, w, y);
            }
            let y = s.select(s.eq(place, class), s.sub(y, pull), y);
            store(s, y, gradient, at, end);
            place = s.add(place, s.splat(LANES as f32));
        }
    }
}

/// The columns of at most sixteen rows of at most sixteen values, as small as can be where there are none.
#[inline(always)]
fn columns<S: Simd>(s: S, rows: &[f32], width: usize) -> [S::V; LANES] {
    let mut square = [s.zero(); LANES];
    for (i, v) in square.iter_mut().enumerate() {
        if i * width < rows.len() {
            *v = s.load_part(&rows[i * width..][..width]);
        }
    }
    let mut columns = s.transpose(square);
    for (j, v) in columns.iter_mut().enumerate() {
        if j >= width {
            *v = s.splat(f32::NEG_INFINITY);
        }
    }
    columns
}

/// The order of [`Simd::sum`], from block to block.
#[inline(always)]
fn tree<V: Copy>(all: &[V; LANES], of: impl Fn(V, V) -> V) -> V {
    let mut parts: [V; 8] = std::array::from_fn(
        #[inline(always)]
        |i| of(all[i], all[i + 8]),
    );
    for width in [4, 2, 1] {
        for i in 0..width {
            parts[i] = of(parts[i], parts[i + width]);
        }
    }
    parts[0]
}

/// The largest values of a row, lane by lane. A NaN may be passed over: it comes back through the sum of the exponentials.
#[inline(always)]
fn largest<S: Simd>(s: S, z: &[f32]) -> S::V {
    let mut largest = s.splat(f32::NEG_INFINITY);
    let (blocks, end) = z.as_chunks();
    for block in blocks {
        largest = s.max(largest, s.load(block));
    }
    let candidate = s.max(largest, s.load_part(end));
    s.select(s.first(end.len()), candidate, largest)
}

/// `sum_j e^(z_j - m)` over a row, lane by lane, and the exponentials of its last block; keeps those of the others where
/// asked to.
#[inline(always)]
fn total<S: Simd>(s: S, z: &[f32], largest: f32, mut keep: Option<&mut [f32]>) -> (S::V, S::V) {
    let m = s.splat(largest);
    let mut sum = s.zero();
    let mut at = 0;
    while z.len() - at > LANES {
        let e = math::exp(s, s.sub(s.load(block(z, at)), m));
        if let Some(keep) = &mut keep {
            s.store(e, block_mut(keep, at));
        }
        sum = s.add(sum, e);
        at += LANES;
    }
    let e = math::exp(s, s.sub(s.load_part(&z[at..]), m));
    (s.select(s.first(z.len() - at), s.add(sum, e), sum), e)
}

/// `sum_c w_c (m - z_c)` over a row, lane by lane, with weights of one where there are none.
#[inline(always)]
fn spread<S: Simd>(s: S, z: &[f32], weights: &[f32], largest: f32) -> S::V {
    let m = s.splat(largest);
    let mut sum = s.zero();
    for at in (0..z.len()).step_by(LANES) {
        let end = z.len().min(at + LANES);
        let w = if weights.is_empty() { s.splat(1.0) } else { load(s, weights, at, end) };
        let term = s.mul_add(w, s.sub(m, load(s, z, at, end)), sum);
        sum = s.select(s.first(end - at), term, sum);
    }
    sum
}
