//! Adam (Kingma and Ba 2015) in PyTorch's order of operations: `m = m + (1 - b1)(g - m)`, `v = b2 v + (1 - b2) g^2`,
//! `p = p - lr / (1 - b1^n) * m / (sqrt(v) / sqrt(1 - b2^n) + eps)` at step `n`, with the largest `v` so far in its place
//! under `amsgrad`. The decay is added to the gradient, or taken off the parameter before it (`adamw`). What is the same
//! for all parameters is worked out in `f64`, the powers by multiplication. Products and sums round apart, not fused,
//! because PyTorch's do: after 100 steps the parameters are within 2e-7 of PyTorch 2.15's, most of them the same bits.

use super::settings::{self, BETAS, COUPLED, EPS};
use super::{Buffers, Divisor, Entry, Optimizer, Rule, Step, decayed, mean, mean_square, pass, power};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

/// What `adam` and `adamw` are.
pub(super) struct Adam {
    pub betas: [f64; 2],
    pub eps: f64,
    pub weight_decay: f64,
    pub amsgrad: bool,
    pub decoupled: bool,
}

impl Optimizer for Adam {
    fn planes(&self) -> usize {
        if self.amsgrad { 3 } else { 2 }
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        if self.decoupled {
            self.take(cpu, self.moments::<false>(step), buffers);
        } else {
            self.take(cpu, self.moments::<true>(step), buffers);
        }
    }
}

impl Adam {
    fn moments<const COUPLED: bool>(&self, step: Step) -> Moments<COUPLED> {
        let (b1, b2) = (step.momentum.unwrap_or(self.betas[0]), self.betas[1]);
        let decay = if COUPLED { self.weight_decay } else { 1.0 - step.lr * self.weight_decay };
        Moments {
            decay: decay as f32,
            fresh1: (1.0 - b1) as f32,
            keep2: b2 as f32,
            fresh2: (1.0 - b2) as f32,
            root_correction: Divisor::new((1.0 - power(b2, step.number)).sqrt() as f32),
            eps: self.eps as f32,
            rate: (step.lr / (1.0 - power(b1, step.number))) as f32,
        }
    }

    fn take<const COUPLED: bool>(&self, cpu: Cpu, moments: Moments<COUPLED>, buffers: Buffers<'_>) {
        if self.amsgrad { pass::<3>(cpu, moments, buffers) } else { pass::<2>(cpu, moments, buffers) }
    }
}

struct Moments<const COUPLED: bool> {
    /// What `p` is multiplied by to be added to the gradient, or what is left of it.
    decay: f32,
    fresh1: f32,
    keep2: f32,
    fresh2: f32,
    root_correction: Divisor,
    eps: f32,
    rate: f32,
}

impl<const COUPLED: bool> Moments<COUPLED> {
    /// Parameter, mean and mean square before the step is taken.
    #[inline(always)]
    fn gather<S: Simd>(&self, s: S, p: S::V, g: S::V, m: S::V, v: S::V) -> (S::V, S::V, S::V) {
        let (p, g) = if COUPLED { (p, decayed(s, g, self.decay, p)) } else { (s.mul(p, s.splat(self.decay)), g) };
        (p, mean(s, m, self.fresh1, g), mean_square(s, v, self.keep2, self.fresh2, g))
    }

    #[inline(always)]
    fn take<S: Simd>(&self, s: S, p: S::V, m: S::V, v: S::V) -> S::V {
        let scale = s.add(self.root_correction.divide_root(s, s.sqrt(v)), s.splat(self.eps));
        s.sub(p, s.div(s.mul(s.splat(self.rate), m), scale))
    }
}

impl<const COUPLED: bool> Rule<2> for Moments<COUPLED> {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (p, m, v) = self.gather(s, p, g, m, v);
        (self.take(s, p, m, v), [m, v])
    }
}

impl<const COUPLED: bool> Rule<3> for Moments<COUPLED> {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, v, most]: [S::V; 3]) -> (S::V, [S::V; 3]) {
        let (p, m, v) = self.gather(s, p, g, m, v);
        let most = s.max(v, most);
        (self.take(s, p, m, most), [m, v, most])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "adam",
    aliases: &["Adam"],
    summary: "a rate for every parameter from the mean square of its gradient",
    formula: "g += weight_decay p; m += (1 - b1)(g - m); v = b2 v + (1 - b2) g^2; \
              p -= lr / (1 - b1^n) m / (sqrt(v / (1 - b2^n)) + eps)",
    source: "Kingma and Ba 2015; PyTorch Adam; amsgrad: Reddi et al. 2018",
    settings: &[
        settings::lr(Some(&[1e-3])),
        settings::betas(&[0.9, 0.999], BETAS),
        settings::eps(&[1e-8], EPS),
        settings::weight_decay(&[0.0], COUPLED),
        settings::AMSGRAD,
    ],
    build: |n| {
        let (betas, amsgrad) = ([n[1], n[2]], n[5] != 0.0);
        Box::new(Adam { betas, eps: n[3], weight_decay: n[4], amsgrad, decoupled: false })
    },
};
