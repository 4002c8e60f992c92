//! Losses on the outputs of a network, value and gradient in one pass over a batch. A loss gives one number per row and
//! leaves the mean to the caller, who knows the whole batch: rows may be split anywhere without a change in the bits.
//! Losses that treat every output alike are a few lines each (`mse`, `bce`); [`ALL`] is the registry.

mod bce;
mod cross_entropy;
mod mse;
mod perceptron;

use crate::elementwise::{block, block_mut};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::member::Member;

/// What the outputs `(B, C)` are held against.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// The class of each row, `(B)`.
    Classes(&'a [u32]),
    /// A value for each output, `(B, C)`.
    Values(&'a [f32]),
}

/// A loss.
pub trait Loss: Send + Sync {
    /// `losses[r]` = the sum over the outputs of row `r`; with a gradient `(g, scale)`, `g = scale * d losses[r] / d z`.
    /// `z` and `g` are `(B, width)`, `losses` `(B)`.
    fn rows(
        &self,
        cpu: Cpu,
        width: usize,
        z: &[f32],
        targets: Targets<'_>,
        losses: &mut [f32],
        gradient: Option<(&mut [f32], f32)>,
    );
    /// Whether its targets are [`Targets::Classes`].
    fn takes_classes(&self) -> bool;
    /// Whether the mean is over all `B * C` outputs (PyTorch's "mean" of `mse` and `bce`) or over the `B` rows.
    fn mean_over_outputs(&self) -> bool;
    /// The output above which a network with a single output says class 1: 0 for a loss on logits, 1/2 for one on values.
    fn threshold(&self) -> f32;
    /// One row's loss in `f64`; `target` holds a value per output, or the one class.
    fn reference(&self, z: &[f64], target: &[f64]) -> f64;
}

/// A registry entry.
pub type Entry = Member<fn(&[f64]) -> Box<dyn Loss>>;

/// Every loss, in the order lists show them.
pub static ALL: &[Entry] = &[cross_entropy::MEMBER, mse::MEMBER, bce::MEMBER, perceptron::MEMBER];

/// A loss that is a sum of one function over the outputs; [`Loss`] follows from it.
trait Elementwise: Copy + Send + Sync + 'static {
    /// `l(z, t)` and `dl/dz`.
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V);
    /// See [`Loss::threshold`].
    const THRESHOLD: f32;
    /// `l(z, t)` in `f64`, independent of [`Elementwise::value_and_slope`].
    fn reference(self, z: f64, t: f64) -> f64;
}

impl<E: Elementwise> Loss for E {
    fn rows(
        &self,
        cpu: Cpu,
        width: usize,
        z: &[f32],
        targets: Targets<'_>,
        losses: &mut [f32],
        gradient: Option<(&mut [f32], f32)>,
    ) {
        let Targets::Values(targets) = targets else { panic!("this loss takes a value for each output, not classes") };
        assert_eq!(z.len(), losses.len() * width, "loss: outputs, and rows times width");
        assert_eq!(z.len(), targets.len(), "loss: outputs and targets");
        let (gradient, scale) = gradient.map_or((None, 0.0), |(gradient, scale)| (Some(gradient), scale));
        if let Some(gradient) = &gradient {
            assert_eq!(z.len(), gradient.len(), "loss: outputs and gradient");
        }
        cpu.run(Rows { loss: *self, width, z, targets, losses, gradient, scale });
    }

    fn takes_classes(&self) -> bool {
        false
    }

    fn mean_over_outputs(&self) -> bool {
        true
    }

    fn threshold(&self) -> f32 {
        E::THRESHOLD
    }

    fn reference(&self, z: &[f64], target: &[f64]) -> f64 {
        z.iter().zip(target).map(|(&z, &t)| Elementwise::reference(*self, z, t)).sum()
    }
}

struct Rows<'a, E> {
    loss: E,
    width: usize,
    z: &'a [f32],
    targets: &'a [f32],
    losses: &'a mut [f32],
    gradient: Option<&'a mut [f32]>,
    scale: f32,
}

impl<E: Elementwise> Rows<'_, E> {
    /// The losses of the outputs `at..at + 16`, or of those before `end`; writes their gradient.
    #[inline(always)]
    fn outputs<S: Simd>(&mut self, s: S, at: usize, end: usize) -> S::V {
        let scale = s.splat(self.scale);
        if end - at >= LANES {
            let (z, t) = (s.load(block(self.z, at)), s.load(block(self.targets, at)));
            let (value, slope) = self.loss.value_and_slope(s, z, t);
            if let Some(gradient) = &mut self.gradient {
                s.store(s.mul(slope, scale), block_mut(gradient, at));
            }
            value
        } else {
            let (z, t) = (s.load_part(&self.z[at..end]), s.load_part(&self.targets[at..end]));
            let (value, slope) = self.loss.value_and_slope(s, z, t);
            if let Some(gradient) = &mut self.gradient {
                s.store_part(s.mul(slope, scale), &mut gradient[at..end]);
            }
            value
        }
    }
}

impl<E: Elementwise> Op for Rows<'_, E> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        if self.width == 1 {
            // A row is one output: the lanes go along the rows.
            let rows = self.losses.len();
            for at in (0..rows).step_by(LANES) {
                let value = self.outputs(s, at, rows);
                let end = rows.min(at + LANES);
                s.store_part(value, &mut self.losses[at..end]);
            }
            return;
        }
        for r in 0..self.losses.len() {
            let end = (r + 1) * self.width;
            let mut sum = s.zero();
            for at in (r * self.width..end).step_by(LANES) {
                let value = self.outputs(s, at, end);
                sum = s.select(s.first(LANES.min(end - at)), s.add(sum, value), sum);
            }
            self.losses[r] = s.sum(sum);
        }
    }
}
