//! Adamax: Adam with the decayed maximum of the gradients in place of their mean square, in PyTorch's form, where `eps` is
//! added to the gradient's size.

use super::settings::{self, BETAS, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, along, decayed, mean, pass, power};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct Adamax {
    betas: [f64; 2],
    eps: f32,
    weight_decay: f32,
}

impl Optimizer for Adamax {
    fn planes(&self) -> usize {
        2
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let (b1, b2) = (step.momentum.unwrap_or(self.betas[0]), self.betas[1]);
        let rule = Largest {
            weight_decay: self.weight_decay,
            fresh: (1.0 - b1) as f32,
            keep: b2 as f32,
            eps: self.eps,
            rate: -(step.lr / (1.0 - power(b1, step.number))) as f32,
        };
        pass(cpu, rule, buffers);
    }
}

struct Largest {
    weight_decay: f32,
    fresh: f32,
    keep: f32,
    eps: f32,
    rate: f32,
}

impl Rule<2> for Largest {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let g = decayed(s, g, self.weight_decay, p);
        let m = mean(s, m, self.fresh, g);
        let u = s.max(s.add(s.abs(g), s.splat(self.eps)), s.mul(u, s.splat(self.keep)));
        (along(s, p, self.rate, m, u), [m, u])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "adamax",
    aliases: &["Adamax"],
    summary: "Adam with the largest gradient, decayed, in place of the mean square",
    formula: "g += weight_decay p; m += (1 - b1)(g - m); u = max(b2 u, |g| + eps); p -= lr / (1 - b1^n) m / u",
    source: "Kingma and Ba 2015; PyTorch Adamax",
    settings: &[
        settings::lr(Some(&[2e-3])),
        settings::betas(&[0.9, 0.999], BETAS),
        settings::eps(&[1e-8], "added to the size of the gradient"),
        settings::weight_decay(&[0.0], COUPLED),
    ],
    build: |n| Box::new(Adamax { betas: [n[1], n[2]], eps: n[3] as f32, weight_decay: n[4] as f32 }),
};
