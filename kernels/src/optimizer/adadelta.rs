//! Adadelta: the gradient over the root of its mean square, times the root of the mean square of the steps taken, so that
//! a step has the unit of a parameter and the rate is a mere factor.

use super::settings::{self, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, decayed, mean_square, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct Adadelta {
    rho: f64,
    eps: f32,
    weight_decay: f32,
}

impl Optimizer for Adadelta {
    fn planes(&self) -> usize {
        2
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let rule = Ratio {
            lr: step.lr as f32,
            keep: self.rho as f32,
            fresh: (1.0 - self.rho) as f32,
            eps: self.eps,
            weight_decay: self.weight_decay,
        };
        pass(cpu, rule, buffers);
    }
}

struct Ratio {
    lr: f32,
    keep: f32,
    fresh: f32,
    eps: f32,
    weight_decay: f32,
}

impl Rule<2> for Ratio {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v, u]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let eps = s.splat(self.eps);
        let g = decayed(s, g, self.weight_decay, p);
        let v = mean_square(s, v, self.keep, self.fresh, g);
        let d = s.mul(s.div(s.sqrt(s.add(u, eps)), s.sqrt(s.add(v, eps))), g);
        let u = mean_square(s, u, self.keep, self.fresh, d);
        (s.add(p, s.mul(s.splat(-self.lr), d)), [v, u])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "adadelta",
    aliases: &["Adadelta"],
    summary: "steps measured by the steps before them, so that no rate has to be chosen",
    formula: "g += weight_decay p; v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) g; \
              u = rho u + (1 - rho) d^2; p -= lr d",
    source: "Zeiler 2012; PyTorch Adadelta",
    settings: &[
        settings::lr(Some(&[1.0])),
        settings::share("rho", &[], &[0.9], "how much of the mean squares stays"),
        settings::eps(&[1e-6], "added under both roots"),
        settings::weight_decay(&[0.0], COUPLED),
    ],
    build: |n| Box::new(Adadelta { rho: n[1], eps: n[2] as f32, weight_decay: n[3] as f32 }),
};
