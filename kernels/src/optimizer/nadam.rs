//! NAdam: Adam with Nesterov's momentum, whose share of the mean rises over the steps,
//! `mu(n) = b1 (1 - 0.96^(n momentum_decay) / 2)`. The corrections need the product of all `mu` so far, which is
//! [`Step::product`].

use super::settings::{self, BETAS, COUPLED, EPS};
use super::{Buffers, Entry, Optimizer, Rule, Step, along, decayed, mean, mean_square, pass, power};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct NAdam {
    betas: [f64; 2],
    eps: f32,
    weight_decay: f64,
    momentum_decay: f64,
    decoupled: bool,
}

impl NAdam {
    fn share(&self, b1: f64, number: u64) -> f64 {
        b1 * (1.0 - 0.5 * libm::pow(0.96, number as f64 * self.momentum_decay))
    }
}

impl Optimizer for NAdam {
    fn planes(&self) -> usize {
        2
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn factor(&self, step: Step) -> f64 {
        self.share(step.momentum.unwrap_or(self.betas[0]), step.number)
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let (b1, b2) = (step.momentum.unwrap_or(self.betas[0]), self.betas[1]);
        let (now, next) = (self.share(b1, step.number), self.share(b1, step.number + 1));
        let decay = self.weight_decay;
        let (shrink, coupled) = if self.decoupled { (1.0 - step.lr * decay, 0.0) } else { (1.0, decay) };
        let rule = Nesterov {
            shrink: shrink as f32,
            weight_decay: coupled as f32,
            fresh1: (1.0 - b1) as f32,
            keep2: b2 as f32,
            fresh2: (1.0 - b2) as f32,
            correction: (1.0 - power(b2, step.number)) as f32,
            eps: self.eps,
            rate_now: (-step.lr * (1.0 - now) / (1.0 - step.product)) as f32,
            rate_next: (-step.lr * next / (1.0 - step.product * next)) as f32,
        };
        pass(cpu, rule, buffers);
    }
}

struct Nesterov {
    shrink: f32,
    weight_decay: f32,
    fresh1: f32,
    keep2: f32,
    fresh2: f32,
    correction: f32,
    eps: f32,
    rate_now: f32,
    rate_next: f32,
}

impl Rule<2> for Nesterov {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let p = s.mul(p, s.splat(self.shrink));
        let g = decayed(s, g, self.weight_decay, p);
        let m = mean(s, m, self.fresh1, g);
        let v = mean_square(s, v, self.keep2, self.fresh2, g);
        let scale = s.add(s.sqrt(s.div(v, s.splat(self.correction))), s.splat(self.eps));
        let p = along(s, p, self.rate_now, g, scale);
        (along(s, p, self.rate_next, m, scale), [m, v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "nadam",
    aliases: &["NAdam", "Nadam"],
    summary: "Adam with Nesterov's momentum",
    formula: "g += weight_decay p; m and v as adam's; mu(n) = b1 (1 - 0.96^(n momentum_decay) / 2); \
              p -= lr ((1 - mu(n)) / (1 - mu(1)...mu(n)) g + mu(n+1) / (1 - mu(1)...mu(n+1)) m) / \
              (sqrt(v / (1 - b2^n)) + eps)",
    source: "Dozat 2016; PyTorch NAdam",
    settings: &[
        settings::lr(Some(&[2e-3])),
        settings::betas(&[0.9, 0.999], BETAS),
        settings::eps(&[1e-8], EPS),
        settings::weight_decay(&[0.0], COUPLED),
        settings::number("momentum_decay", &[], &[4e-3], "how fast the momentum rises to its full share"),
        settings::DECOUPLE,
    ],
    build: |n| {
        Box::new(NAdam {
            betas: [n[1], n[2]],
            eps: n[3] as f32,
            weight_decay: n[4],
            momentum_decay: n[5],
            decoupled: n[6] != 0.0,
        })
    },
};
