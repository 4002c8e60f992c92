//! The first half of a step of sharpness-aware minimisation: from the gradient of the batch to the weights nearby that are
//! worst, and back again.

use std::ops::Range;

use kernels::isa::Cpu;
use kernels::{elementwise, reduce};

use crate::learn::sharpness::Sharpness;
use crate::nn::params::{Role, Slot};

/// How a trial climbs.
pub struct Climb {
    sharpness: Sharpness,
    /// Where weights lie, biases and factors between them.
    weights: Vec<Range<usize>>,
}

impl Climb {
    /// On a network with these slots.
    pub fn new(sharpness: Sharpness, slots: &[Slot]) -> Self {
        let weights = slots.iter().filter(|slot| slot.role == Role::Weight).map(Slot::range).collect();
        Self { sharpness, weights }
    }

    /// Moves `params` uphill by their gradient, which is used up; `home` is left with where they were. All are as long. The
    /// length of the gradient is summed by one thread, so the bits do not depend on how many there are.
    pub fn up(&self, cpu: Cpu, params: &mut [f32], grads: &mut [f32], home: &mut [f32]) {
        home.copy_from_slice(params);
        self.measure(cpu, home, grads);
        let least = if self.sharpness.eta.is_some() { 1e-16 } else { 1e-12 };
        let factor = self.sharpness.rho / (reduce::norm(cpu, grads) + least);
        self.measure(cpu, home, grads);
        elementwise::blend(cpu, factor as f32, grads, 1.0, params);
    }

    /// g -> T g
    fn measure(&self, cpu: Cpu, params: &[f32], grads: &mut [f32]) {
        let Some(eta) = self.sharpness.eta else { return };
        for at in &self.weights {
            elementwise::by_size(cpu, eta as f32, &params[at.clone()], &mut grads[at.clone()]);
        }
    }
}
