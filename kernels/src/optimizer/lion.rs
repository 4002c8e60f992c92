//! Lion: every parameter moves by the rate itself, in the direction of the sign of a mean of its gradients. The mean that
//! gives the sign weighs the newest gradient more than the one that is kept.

use super::settings::{self, DECOUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, decayed, mean, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct Lion {
    betas: [f64; 2],
    weight_decay: f64,
}

impl Optimizer for Lion {
    fn planes(&self) -> usize {
        1
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let rule = Sign {
            weight_decay: self.weight_decay as f32,
            fresh1: (1.0 - step.momentum.unwrap_or(self.betas[0])) as f32,
            fresh2: (1.0 - self.betas[1]) as f32,
            lr: step.lr as f32,
        };
        pass(cpu, rule, buffers);
    }
}

struct Sign {
    weight_decay: f32,
    fresh1: f32,
    fresh2: f32,
    lr: f32,
}

impl Rule<1> for Sign {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let c = mean(s, m, self.fresh1, g);
        let one = s.or(s.and(c, s.bits(0x8000_0000)), s.splat(1.0));
        // a zero stays, and so does a NaN
        let sign = s.select(s.lt(s.zero(), s.abs(c)), one, c);
        // not p (1 - lr weight_decay): where steps are alike, the rounding of that factor adds up
        let along = decayed(s, sign, self.weight_decay, p);
        (s.sub(p, s.mul(s.splat(self.lr), along)), [mean(s, m, self.fresh2, g)])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "lion",
    aliases: &["Lion"],
    summary: "the sign of a mean gradient: every parameter moves equally far",
    formula: "p -= lr (sign(b1 m + (1 - b1) g) + weight_decay p); m = b2 m + (1 - b2) g",
    source: "Chen et al. 2023",
    settings: &[
        settings::lr(Some(&[1e-4])),
        settings::betas(&[0.9, 0.99], "how much of the mean gradient stays in the sign, and in what is kept"),
        settings::weight_decay(&[0.0], DECOUPLED),
    ],
    build: |n| Box::new(Lion { betas: [n[1], n[2]], weight_decay: n[3] }),
};
