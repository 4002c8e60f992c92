//! LARS: momentum whose rate is set tensor by tensor, so that a step is a fixed share of the tensor's norm:
//! `v = momentum v + lr r (g + weight_decay p)` with `r = trust_coefficient |p| / (|g| + weight_decay |p|)`, and
//! `p = p - v`. The rate is inside the momentum, as the paper has it. A tensor that is zero, or has no gradient, has no
//! such share and takes `r = 1`: a bias that starts at zero would otherwise stay there.

use super::settings::{self, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, decayed, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};
use crate::reduce::norm;

struct Lars {
    momentum: f64,
    weight_decay: f64,
    trust: f64,
}

impl Optimizer for Lars {
    fn planes(&self) -> usize {
        1
    }

    fn whole(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let (p, g) = (norm(cpu, buffers.params), norm(cpu, buffers.grads));
        let ratio = if p > 0.0 && g > 0.0 { self.trust * p / (g + self.weight_decay * p) } else { 1.0 };
        let rule = Trusted {
            rate: (step.lr * ratio) as f32,
            weight_decay: self.weight_decay as f32,
            momentum: step.momentum.unwrap_or(self.momentum) as f32,
        };
        pass(cpu, rule, buffers);
    }
}

struct Trusted {
    rate: f32,
    weight_decay: f32,
    momentum: f32,
}

impl Rule<1> for Trusted {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let g = decayed(s, g, self.weight_decay, p);
        let v = s.settled(s.add(s.mul(s.splat(self.momentum), v), s.mul(s.splat(self.rate), g)));
        (s.sub(p, v), [v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "lars",
    aliases: &["LARS"],
    summary: "momentum with a rate for every tensor, in proportion to its norm: for very large batches",
    formula: "r = trust_coefficient |p| / (|g| + weight_decay |p|) of a tensor, 1 where a norm is 0; \
              v = momentum v + lr r (g + weight_decay p); p -= v",
    source: "You, Gitman and Ginsburg 2017",
    settings: &[
        settings::lr(None),
        settings::momentum(&[0.9]),
        settings::weight_decay(&[0.0], COUPLED),
        settings::number("trust_coefficient", &["trust", "eeta"], &[1e-3], "the share of its norm that a tensor moves"),
    ],
    build: |n| Box::new(Lars { momentum: n[1], weight_decay: n[2], trust: n[3] }),
};
