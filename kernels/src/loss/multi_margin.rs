//! The hinge over classes: every class whose output comes within the margin of the right one's costs,
//! `sum_(j != t) max(0, margin - z_t + z_j)^p / C` for the class `t` of `C`.

use super::{Entry, Loss, Mean, Targets};
use crate::elementwise::{load, store};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct MultiMargin {
    squared: bool,
    margin: f32,
}

impl Loss for MultiMargin {
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
        cpu.run(Rows { loss: *self, width, z, classes, losses, gradient, scale: scale / width as f32 });
    }

    fn takes_classes(&self) -> bool {
        true
    }

    fn mean(&self) -> Mean {
        Mean::Rows
    }

    fn threshold(&self) -> Option<f32> {
        None
    }

    fn reference(&self, z: &[f64], target: &[f64]) -> f64 {
        let own = target[0] as usize;
        let cost = |j: usize| (f64::from(self.margin) - z[own] + z[j]).max(0.0).powi(if self.squared { 2 } else { 1 });
        (0..z.len()).filter(|j| *j != own).map(cost).sum::<f64>() / z.len() as f64
    }
}

struct Rows<'a> {
    loss: MultiMargin,
    width: usize,
    z: &'a [f32],
    classes: &'a [u32],
    losses: &'a mut [f32],
    gradient: Option<&'a mut [f32]>,
    /// The scale over the number of classes.
    scale: f32,
}

impl Op for Rows<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        for r in 0..self.losses.len() {
            self.losses[r] = self.row(s, r);
        }
    }
}

impl Rows<'_> {
    /// The loss of a row; writes its gradient.
    #[inline(always)]
    fn row<S: Simd>(&mut self, s: S, r: usize) -> f32 {
        let (start, class) = (r * self.width, self.classes[r]);
        assert!((class as usize) < self.width, "multi_margin: class {class} of {}", self.width);
        let own = self.z[start + class as usize];
        let (zero, shift) = (s.zero(), s.splat(self.loss.margin - own));
        let mut here = s.load(&std::array::from_fn(|i| f32::from_bits(i as u32)));
        let (mut sum, mut slopes) = (zero, zero);
        for at in (0..self.width).step_by(LANES) {
            let end = self.width.min(at + LANES);
            let cost = s.max(s.add(load(s, self.z, start + at, start + end), shift), zero);
            // Places are compared as the floats of their bits, subnormals that differ where the places do.
            let other = s.select(s.eq(here, s.bits(class)), zero, cost);
            let (value, slope) = if self.loss.squared {
                (s.mul(other, other), s.add(other, other))
            } else {
                (other, s.select(s.lt(zero, other), s.splat(1.0), zero))
            };
            let within = s.first(end - at);
            sum = s.select(within, s.add(sum, value), sum);
            slopes = s.select(within, s.add(slopes, slope), slopes);
            if let Some(gradient) = &mut self.gradient {
                store(s, s.mul(slope, s.splat(self.scale)), gradient, start + at, start + end);
            }
            here = s.int_add(here, s.bits(LANES as u32));
        }
        if let Some(gradient) = &mut self.gradient {
            gradient[start + class as usize] = -self.scale * s.sum(slopes);
        }
        // A single class costs nothing, but its NaN is one.
        if own.is_nan() { own } else { s.sum(sum) / self.width as f32 }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "multi_margin",
    aliases: &["MultiMarginLoss"],
    summary: "the hinge over classes: the right output is to lead by a margin",
    formula: "mean over rows of sum_(j != t) max(0, margin - z_t + z_j)^p / C",
    source: "PyTorch MultiMarginLoss (Crammer and Singer 2001)",
    settings: &[
        Setting {
            name: "p",
            aliases: &[],
            form: Form::Whole,
            default: Some(&[1.0]),
            bounds: Bounds::Within(1.0, 2.0),
            summary: "the power of the margins that are missed",
        },
        Setting {
            name: "margin",
            aliases: &[],
            form: Form::Number,
            default: Some(&[1.0]),
            bounds: Bounds::Any,
            summary: "by how much the right output is to lead",
        },
    ],
    build: |numbers| Box::new(MultiMargin { squared: numbers[0] == 2.0, margin: numbers[1] as f32 }),
};
