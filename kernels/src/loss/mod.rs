//! Losses on the outputs of a network, value and gradient in one pass over a batch. A loss gives one number per row and
//! leaves the mean to the caller, who knows the whole batch: rows may be split anywhere without a change in the bits.
//! Losses that treat every output alike are a few lines each (`mse`, `bce`), and so are those that
//! are made of the cross-entropy of a row (`softmax`); [`ALL`] is the registry.

mod bce;
mod cross_entropy;
mod focal;
mod hinge;
mod huber;
mod kl_div;
mod log_cosh;
mod mae;
mod mse;
mod multi_margin;
mod perceptron;
mod poisson;
mod smooth_l1;
mod softmax;
mod squared_hinge;

use crate::elementwise::{load, store};
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

impl<'a> Targets<'a> {
    fn classes(self) -> &'a [u32] {
        let Targets::Classes(classes) = self else { panic!("this loss takes a class for each row, not values") };
        classes
    }
}

/// What the losses of a batch's rows are divided by for their mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mean {
    /// The number of outputs, `B * C`.
    Outputs,
    /// The number of rows.
    Rows,
    /// The weights of the rows' classes; the number of rows where classes have none.
    Weights,
}

/// Which numbers a target may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Any.
    Any,
    /// Zero and above.
    NotNegative,
    /// From 0 to 1.
    Unit,
    /// -1 and 1, and 0 in the place of -1.
    Signs,
}

impl Allowed {
    /// Whether a target is one of them.
    pub fn allow(self, t: f32) -> bool {
        match self {
            Allowed::Any => true,
            Allowed::NotNegative => t >= 0.0,
            Allowed::Unit => (0.0..=1.0).contains(&t),
            Allowed::Signs => [-1.0, 0.0, 1.0].contains(&t),
        }
    }
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
    /// What its mean is over: PyTorch's "mean" of the loss of that name.
    fn mean(&self) -> Mean;
    /// The weight of each class; empty where they have none.
    fn class_weights(&self) -> &[f32] {
        &[]
    }
    /// Which numbers its targets may be.
    fn allowed(&self) -> Allowed {
        Allowed::Any
    }
    /// The output above which a network with a single output says class 1: 0 for a loss on logits, 1/2 for one on values;
    /// none where one output cannot stand for two classes.
    fn threshold(&self) -> Option<f32>;
    /// One row's loss in `f64`; `target` holds a value per output, or the one class.
    fn reference(&self, z: &[f64], target: &[f64]) -> f64;
}

/// A registry entry.
pub type Entry = Member<fn(&[f64]) -> Box<dyn Loss>>;

/// Every loss, in the order lists show them.
pub static ALL: &[Entry] = &[
    cross_entropy::MEMBER,
    mse::MEMBER,
    bce::MEMBER,
    mae::MEMBER,
    huber::MEMBER,
    smooth_l1::MEMBER,
    log_cosh::MEMBER,
    hinge::MEMBER,
    squared_hinge::MEMBER,
    perceptron::MEMBER,
    multi_margin::MEMBER,
    focal::MEMBER,
    kl_div::MEMBER,
    poisson::MEMBER,
];

/// Gradient and scale apart, after the lengths of all slices were found to fit `targets` rows.
fn checked<'a>(
    width: usize,
    z: &[f32],
    targets: usize,
    losses: &[f32],
    gradient: Option<(&'a mut [f32], f32)>,
) -> (Option<&'a mut [f32]>, f32) {
    assert_eq!(z.len(), losses.len() * width, "loss: outputs, and rows times width");
    assert_eq!(targets, losses.len(), "loss: targets and rows");
    let Some((gradient, scale)) = gradient else { return (None, 0.0) };
    assert_eq!(z.len(), gradient.len(), "loss: outputs and gradient");
    (Some(gradient), scale)
}

/// A target of 0 is -1: the first of two classes.
#[inline(always)]
fn sign<S: Simd>(s: S, t: S::V) -> S::V {
    s.select(s.eq(t, s.zero()), s.splat(-1.0), t)
}

/// A loss that is a sum of one function over the outputs; [`Loss`] follows from it.
trait Elementwise: Copy + Send + Sync + 'static {
    /// `l(z, t)` and `dl/dz`.
    fn value_and_slope<S: Simd>(self, s: S, z: S::V, t: S::V) -> (S::V, S::V);
    /// See [`Loss::allowed`].
    fn allowed(self) -> Allowed {
        Allowed::Any
    }
    /// See [`Loss::threshold`].
    fn threshold(self) -> Option<f32> {
        Some(0.5)
    }
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
        assert_eq!(z.len(), targets.len(), "loss: outputs and targets");
        let (gradient, scale) = checked(width, z, losses.len(), losses, gradient);
        cpu.run(Rows { loss: *self, width, z, targets, losses, gradient, scale });
    }

    fn takes_classes(&self) -> bool {
        false
    }

    fn mean(&self) -> Mean {
        Mean::Outputs
    }

    fn allowed(&self) -> Allowed {
        Elementwise::allowed(*self)
    }

    fn threshold(&self) -> Option<f32> {
        Elementwise::threshold(*self)
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
    /// The losses of the outputs `at..end`, at most sixteen; writes their gradient.
    #[inline(always)]
    fn outputs<S: Simd>(&mut self, s: S, at: usize, end: usize) -> S::V {
        let (z, t) = (load(s, self.z, at, end), load(s, self.targets, at, end));
        let (value, slope) = self.loss.value_and_slope(s, z, t);
        if let Some(gradient) = &mut self.gradient {
            store(s, s.mul(slope, s.splat(self.scale)), gradient, at, end);
        }
        value
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
                let end = rows.min(at + LANES);
                let value = self.outputs(s, at, end);
                store(s, value, self.losses, at, end);
            }
            return;
        }
        for r in 0..self.losses.len() {
            let last = (r + 1) * self.width;
            let mut sum = s.zero();
            for at in (r * self.width..last).step_by(LANES) {
                let end = last.min(at + LANES);
                let value = self.outputs(s, at, end);
                sum = s.select(s.first(end - at), s.add(sum, value), sum);
            }
            self.losses[r] = s.sum(sum);
        }
    }
}
