//! The cross-entropy of a softmax over classes: `ln(sum_j e^(z_j)) - z_t` for the class `t`, taken relative to the
//! largest logit `m`, so that no exponential overflows: `ln(sum_j e^(z_j - m)) + (m - z_t)`. Its gradient is
//! `softmax(z) - onehot(t)`. Rows are taken sixteen at a time, so that one logarithm serves sixteen rows.

use super::{Entry, Loss, Targets};
use crate::elementwise::{block, block_mut};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::math;

struct CrossEntropy;

impl Loss for CrossEntropy {
    fn rows(
        &self,
        cpu: Cpu,
        width: usize,
        z: &[f32],
        targets: Targets<'_>,
        losses: &mut [f32],
        gradient: Option<(&mut [f32], f32)>,
    ) {
        let Targets::Classes(classes) = targets else { panic!("cross_entropy takes a class for each row, not values") };
        assert_eq!(z.len(), losses.len() * width, "cross_entropy: outputs, and rows times width");
        assert_eq!(classes.len(), losses.len(), "cross_entropy: classes and rows");
        let (gradient, scale) = gradient.map_or((None, 0.0), |(gradient, scale)| (Some(gradient), scale));
        if let Some(gradient) = &gradient {
            assert_eq!(z.len(), gradient.len(), "cross_entropy: outputs and gradient");
        }
        cpu.run(Rows { width, z, classes, losses, gradient, scale });
    }

    fn takes_classes(&self) -> bool {
        true
    }

    fn mean_over_outputs(&self) -> bool {
        false
    }

    fn threshold(&self) -> f32 {
        0.0
    }

    fn reference(&self, z: &[f64], target: &[f64]) -> f64 {
        let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = z.iter().map(|z| (z - largest).exp()).sum();
        total.ln() + largest - z[target[0] as usize]
    }
}

struct Rows<'a> {
    width: usize,
    z: &'a [f32],
    classes: &'a [u32],
    losses: &'a mut [f32],
    gradient: Option<&'a mut [f32]>,
    scale: f32,
}

impl Op for Rows<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        for first in (0..self.losses.len()).step_by(LANES) {
            let rows = LANES.min(self.losses.len() - first);
            // Lanes without a row: ln 1 + 0.
            let (mut totals, mut gaps) = ([1.0; LANES], [0.0; LANES]);
            for i in 0..rows {
                (totals[i], gaps[i]) = self.row(s, first + i);
            }
            let losses = s.add(math::ln(s, s.load(&totals)), s.load(&gaps));
            s.store_part(losses, &mut self.losses[first..first + rows]);
        }
    }
}

impl Rows<'_> {
    /// `sum_j e^(z_j - m)` and `m - z_t` of a row; writes its gradient.
    #[inline(always)]
    fn row<S: Simd>(&mut self, s: S, r: usize) -> (f32, f32) {
        let z = &self.z[r * self.width..][..self.width];
        let class = self.classes[r] as usize;
        assert!(class < self.width, "cross_entropy: class {class} of {}", self.width);
        let largest = largest(s, z);
        let gap = largest - z[class];
        let Some(gradient) = &mut self.gradient else {
            return (total(s, z, largest, None), gap);
        };
        let gradient = &mut gradient[r * self.width..][..self.width];
        let total = total(s, z, largest, Some(gradient));
        let factor = s.splat(self.scale / total);
        let (blocks, end) = gradient.as_chunks_mut();
        for block in blocks {
            s.store(s.mul(s.load(block), factor), block);
        }
        s.store_part(s.mul(s.load_part(end), factor), end);
        gradient[class] -= self.scale;
        (total, gap)
    }
}

/// The largest value of a row. A NaN may be passed over: it comes back through the sum of the exponentials.
#[inline(always)]
fn largest<S: Simd>(s: S, z: &[f32]) -> f32 {
    let mut largest = s.splat(f32::NEG_INFINITY);
    let (blocks, end) = z.as_chunks();
    for block in blocks {
        largest = s.max(largest, s.load(block));
    }
    let candidate = s.max(largest, s.load_part(end));
    s.largest(s.select(s.first(end.len()), candidate, largest))
}

/// `sum_j e^(z_j - m)` over a row; keeps the exponentials where asked to.
#[inline(always)]
fn total<S: Simd>(s: S, z: &[f32], largest: f32, mut keep: Option<&mut [f32]>) -> f32 {
    let m = s.splat(largest);
    let mut sum = s.zero();
    let whole = z.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        let e = math::exp(s, s.sub(s.load(block(z, at)), m));
        if let Some(keep) = &mut keep {
            s.store(e, block_mut(keep, at));
        }
        sum = s.add(sum, e);
    }
    if whole < z.len() {
        let e = math::exp(s, s.sub(s.load_part(&z[whole..]), m));
        if let Some(keep) = &mut keep {
            s.store_part(e, &mut keep[whole..]);
        }
        sum = s.select(s.first(z.len() - whole), s.add(sum, e), sum);
    }
    s.sum(sum)
}

pub(super) const MEMBER: Entry = Entry {
    name: "cross_entropy",
    aliases: &["sparse_categorical_crossentropy", "softmax_cross_entropy"],
    summary: "the cross-entropy of a softmax over logits, for classes",
    formula: "mean over rows of ln(sum_j e^(z_j)) - z_t",
    source: "PyTorch CrossEntropyLoss",
    settings: &[],
    build: |_| Box::new(CrossEntropy),
};
