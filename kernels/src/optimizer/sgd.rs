//! Stochastic gradient descent with momentum, as PyTorch writes it: with `g` the gradient plus `weight_decay p`,
//! `v = momentum v + (1 - dampening) g` (but `v = g` at the first step) and `p = p - lr v`; Nesterov's form steps along
//! `g + momentum v` instead. Without momentum there is no memory. Products and sums round apart, not fused, because
//! PyTorch's do: 100 steps of each form gave the bits of PyTorch 2.15 on the CPU.

use super::settings::{self, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, decayed, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};
use crate::member::{Bounds, Form, Setting};

struct Sgd {
    momentum: f64,
    dampening: f64,
    nesterov: bool,
    weight_decay: f32,
}

impl Optimizer for Sgd {
    fn planes(&self) -> usize {
        if self.momentum == 0.0 { 0 } else { 1 }
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let (lr, weight_decay) = (step.lr as f32, self.weight_decay);
        if self.momentum == 0.0 {
            return pass(cpu, Plain { lr, weight_decay }, buffers);
        }
        let momentum = step.momentum.unwrap_or(self.momentum) as f32;
        let fresh = if step.number == 1 { 1.0 } else { (1.0 - self.dampening) as f32 };
        if self.nesterov {
            pass(cpu, Momentum::<true> { lr, weight_decay, momentum, fresh }, buffers);
        } else {
            pass(cpu, Momentum::<false> { lr, weight_decay, momentum, fresh }, buffers);
        }
    }
}

/// `p = p - lr (g + weight_decay p)`
pub(super) struct Plain {
    pub lr: f32,
    pub weight_decay: f32,
}

impl Rule<0> for Plain {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, _: [S::V; 0]) -> (S::V, [S::V; 0]) {
        let g = decayed(s, g, self.weight_decay, p);
        (s.add(p, s.mul(s.splat(-self.lr), g)), [])
    }
}

struct Momentum<const NESTEROV: bool> {
    lr: f32,
    weight_decay: f32,
    momentum: f32,
    fresh: f32,
}

impl<const NESTEROV: bool> Rule<1> for Momentum<NESTEROV> {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let momentum = s.splat(self.momentum);
        let g = decayed(s, g, self.weight_decay, p);
        let v = s.settled(s.add(s.mul(momentum, v), s.mul(s.splat(self.fresh), g)));
        let direction = if NESTEROV { s.add(g, s.mul(momentum, v)) } else { v };
        (s.add(p, s.mul(s.splat(-self.lr), direction)), [v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "sgd",
    aliases: &["SGD"],
    summary: "stochastic gradient descent, with momentum or Nesterov's if asked for",
    formula: "g += weight_decay p; v = momentum v + (1 - dampening) g, v = g at first; p -= lr v \
              (nesterov: p -= lr (g + momentum v))",
    source: "PyTorch SGD; Sutskever et al. 2013",
    settings: &[
        settings::lr(None),
        settings::momentum(&[0.0]),
        settings::flag("nesterov", &[], "look ahead along the momentum"),
        settings::weight_decay(&[0.0], COUPLED),
        Setting {
            name: "dampening",
            aliases: &[],
            form: Form::Number,
            default: Some(&[0.0]),
            bounds: Bounds::Any,
            summary: "the part of a gradient that the momentum does not take up",
        },
    ],
    build: |n| Box::new(Sgd { momentum: n[1], nesterov: n[2] != 0.0, weight_decay: n[3] as f32, dampening: n[4] }),
};
