//! Stochastic gradient descent with momentum, as PyTorch writes it: with `g` the gradient plus `weight_decay p`,
//! `v = momentum v + g` (so `v = g` at the first step) and `p = p - lr v`; Nesterov's form steps along
//! `g + momentum v` instead. Without momentum there is no memory. Products and sums round apart, not fused, because
//! PyTorch's do: 100 steps of each form gave the bits of PyTorch 2.15 on the CPU.

use super::{Entry, Optimizer, PLANES, Rule, Step, lr, pass};
use crate::isa::{Cpu, Simd};
use crate::member::{Bounds, Form, Setting};

struct Sgd {
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
}

impl Optimizer for Sgd {
    fn planes(&self) -> usize {
        if self.momentum == 0.0 { 0 } else { 1 }
    }

    fn step(&self, cpu: Cpu, step: Step, params: &mut [f32], grads: &[f32], memory: [&mut [f32]; PLANES]) {
        let (lr, weight_decay, momentum) = (step.lr as f32, self.weight_decay, self.momentum);
        if momentum == 0.0 {
            pass(cpu, Plain { lr, weight_decay }, params, grads, memory);
        } else if self.nesterov {
            pass(cpu, Momentum::<true> { lr, weight_decay, momentum }, params, grads, memory);
        } else {
            pass(cpu, Momentum::<false> { lr, weight_decay, momentum }, params, grads, memory);
        }
    }
}

struct Plain {
    lr: f32,
    weight_decay: f32,
}

impl Rule<0> for Plain {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, _: [S::V; 0]) -> (S::V, [S::V; 0]) {
        let g = s.add(g, s.mul(s.splat(self.weight_decay), p));
        (s.add(p, s.mul(s.splat(-self.lr), g)), [])
    }
}

struct Momentum<const NESTEROV: bool> {
    lr: f32,
    weight_decay: f32,
    momentum: f32,
}

impl<const NESTEROV: bool> Rule<1> for Momentum<NESTEROV> {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let momentum = s.splat(self.momentum);
        let g = s.add(g, s.mul(s.splat(self.weight_decay), p));
        let v = s.add(s.mul(momentum, v), g);
        let direction = if NESTEROV { s.add(g, s.mul(momentum, v)) } else { v };
        (s.add(p, s.mul(s.splat(-self.lr), direction)), [v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "sgd",
    aliases: &["SGD"],
    summary: "stochastic gradient descent, with momentum or Nesterov's if asked for",
    formula: "g += weight_decay p; v = momentum v + g; p -= lr v (nesterov: p -= lr (g + momentum v))",
    source: "PyTorch SGD; Sutskever et al. 2013",
    settings: &[
        lr(None),
        Setting {
            name: "momentum",
            aliases: &[],
            form: Form::Number,
            default: Some(&[0.0]),
            bounds: Bounds::Below(0.0, 1.0),
            summary: "how much of the last direction stays",
        },
        Setting {
            name: "nesterov",
            aliases: &[],
            form: Form::Flag,
            default: Some(&[0.0]),
            bounds: Bounds::Within(0.0, 1.0),
            summary: "look ahead along the momentum",
        },
        Setting {
            name: "weight_decay",
            aliases: &["l2"],
            form: Form::Number,
            default: Some(&[0.0]),
            bounds: Bounds::AtLeast(0.0),
            summary: "coupled: added to the gradient, times the parameter",
        },
    ],
    build: |n| Box::new(Sgd { momentum: n[1] as f32, nesterov: n[2] != 0.0, weight_decay: n[3] as f32 }),
};
