//! RAdam: Adam that begins as momentum, until the mean square is known well enough (its approximated length `rho` exceeds
//! 5), and then takes the variance of that estimate into account.

use super::settings::{self, BETAS, COUPLED, EPS};
use super::{Buffers, Entry, Optimizer, Rule, Step, decayed, mean, mean_square, pass, power};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct RAdam {
    betas: [f64; 2],
    eps: f32,
    weight_decay: f64,
    decoupled: bool,
}

impl Optimizer for RAdam {
    fn planes(&self) -> usize {
        2
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let (b1, b2) = (step.momentum.unwrap_or(self.betas[0]), self.betas[1]);
        let (n, gone) = (step.number as f64, power(b2, step.number));
        let most = 2.0 / (1.0 - b2) - 1.0;
        let rho = most - 2.0 * n * gone / (1.0 - gone);
        let rectified = rho > 5.0;
        let variance = (rho - 4.0) * (rho - 2.0) * most / ((most - 4.0) * (most - 2.0) * rho);
        let decay = self.weight_decay;
        let (shrink, coupled) = if self.decoupled { (1.0 - step.lr * decay, 0.0) } else { (1.0, decay) };
        let moments = Moments {
            shrink: shrink as f32,
            weight_decay: coupled as f32,
            fresh1: (1.0 - b1) as f32,
            keep2: b2 as f32,
            fresh2: (1.0 - b2) as f32,
            correction: (1.0 - power(b1, step.number)) as f32,
            lr: step.lr as f32,
            root_correction: (1.0 - gone).sqrt() as f32,
            eps: self.eps,
            rectify: if rectified { variance.sqrt() as f32 } else { 1.0 },
        };
        if rectified {
            pass(cpu, Rectified::<true>(moments), buffers);
        } else {
            pass(cpu, Rectified::<false>(moments), buffers);
        }
    }
}

struct Moments {
    shrink: f32,
    weight_decay: f32,
    fresh1: f32,
    keep2: f32,
    fresh2: f32,
    correction: f32,
    lr: f32,
    root_correction: f32,
    eps: f32,
    rectify: f32,
}

struct Rectified<const ADAPTIVE: bool>(Moments);

impl<const ADAPTIVE: bool> Rule<2> for Rectified<ADAPTIVE> {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let own = &self.0;
        let p = s.mul(p, s.splat(own.shrink));
        let g = decayed(s, g, own.weight_decay, p);
        let m = mean(s, m, own.fresh1, g);
        let v = mean_square(s, v, own.keep2, own.fresh2, g);
        let step = s.mul(s.div(m, s.splat(own.correction)), s.splat(own.lr));
        if !ADAPTIVE {
            return (s.sub(p, step), [m, v]);
        }
        let scale = s.div(s.splat(own.root_correction), s.add(s.sqrt(v), s.splat(own.eps)));
        (s.sub(p, s.mul(s.mul(step, scale), s.splat(own.rectify))), [m, v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "radam",
    aliases: &["RAdam"],
    summary: "Adam that begins as momentum until the mean square can be trusted, a warm-up of its own",
    formula: "g += weight_decay p; m and v as adam's; M = 2 / (1 - b2) - 1; rho = M - 2 n b2^n / (1 - b2^n); where \
              rho > 5: r = sqrt((rho - 4)(rho - 2) M / ((M - 4)(M - 2) rho)), \
              p -= lr r m / (1 - b1^n) sqrt(1 - b2^n) / (sqrt(v) + eps); before that p -= lr m / (1 - b1^n)",
    source: "Liu et al. 2020; PyTorch RAdam",
    settings: &[
        settings::lr(Some(&[1e-3])),
        settings::betas(&[0.9, 0.999], BETAS),
        settings::eps(&[1e-8], EPS),
        settings::weight_decay(&[0.0], COUPLED),
        settings::DECOUPLE,
    ],
    build: |n| Box::new(RAdam { betas: [n[1], n[2]], eps: n[3] as f32, weight_decay: n[4], decoupled: n[5] != 0.0 }),
};
