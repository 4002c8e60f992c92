//! The perceptron rule: a row that is classified rightly changes nothing, any other moves the weights towards its target,
//! `w += lr (t - step(z)) x` with `t` 0 or 1. It is plain gradient descent on the perceptron criterion
//! `max(0, -(2t - 1) z)`, so the loss says which rows count and this rule only takes the step; it has no meaning with any
//! other loss. Rosenblatt's own procedure takes one row at a time.

use super::settings::{self, COUPLED};
use super::sgd::Plain;
use super::{Buffers, Entry, Optimizer, Step, pass};
use crate::gemm::Scratch;
use crate::isa::Cpu;

struct Perceptron {
    weight_decay: f32,
}

impl Optimizer for Perceptron {
    fn planes(&self) -> usize {
        0
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        pass(cpu, Plain { lr: step.lr as f32, weight_decay: self.weight_decay }, buffers);
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "perceptron",
    aliases: &[],
    summary: "the perceptron rule: only rows that are classified wrongly move the weights; takes the loss `perceptron`",
    formula: "w += lr (t - step(z)) x, which is p -= lr g for the loss max(0, -(2t - 1) z)",
    source: "Rosenblatt 1958",
    settings: &[settings::lr(Some(&[1.0])), settings::weight_decay(&[0.0], COUPLED)],
    build: |n| Box::new(Perceptron { weight_decay: n[1] as f32 }),
};
