//! Muon: the momentum of a weight matrix is made nearly orthogonal before it is stepped along, so that all its directions
//! move equally far. Orthogonal is what a few steps of a Newton-Schulz iteration leave of it: with `X` the momentum over
//! its norm and `A = X X^T` (of the shorter side), `X = 3.4445 X + (-4.775 A + 2.0315 A^2) X`. Everything that is no matrix
//! is trained by AdamW with a rate of its own, which follows the same schedule. As PyTorch's, but in `f32` where PyTorch
//! rounds the iteration to `bfloat16`.

use super::adam::Adam;
use super::settings::{self, DECOUPLED};
use super::{Buffers, Entry, Optimizer, PLANES, Rule, Step, mean, pass};
use crate::elementwise::{self, blend};
use crate::gemm::{Mat, Scratch, Start, gemm};
use crate::isa::{Cpu, Simd};
use crate::member::{Bounds, Form, Setting};
use crate::reduce::norm;

/// The coefficients of the iteration: the steepest at zero of those that keep all singular values near one (Jordan 2024).
const COEFFICIENTS: [f32; 3] = [3.4445, -4.775, 2.0315];

struct Muon {
    lr: f64,
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    iterations: u64,
    eps: f64,
    match_adamw: bool,
    others: Adam,
    others_lr: f64,
}

impl Optimizer for Muon {
    fn planes(&self) -> usize {
        // the momentum, and three matrices that are at work
        PLANES
    }

    fn whole(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, scratch: &mut Scratch) {
        let &[rows, cols] = buffers.extents else {
            let lr = step.lr / self.lr * self.others_lr;
            return self.others.step(cpu, Step { lr, momentum: None, ..step }, buffers, scratch);
        };
        let Buffers { params, grads, memory: [momentum, x, gram, product], extents } = buffers;
        let share = step.momentum.unwrap_or(self.momentum);
        let rule = Direction { fresh: (1.0 - share) as f32, nesterov: self.nesterov };
        let memory = [&mut *momentum, &mut *x, &mut [], &mut []];
        pass(cpu, rule, Buffers { params, grads, memory, extents });
        let scale = (1.0 / norm(cpu, x).max(self.eps)) as f32;
        elementwise::scale(cpu, scale, x);
        let mut work = [x, gram, product];
        for _ in 0..self.iterations {
            work = improve(cpu, rows, cols, work, scratch);
        }
        // of a weight (in, out) PyTorch's rows are the outputs
        let (outs, ins) = (cols as f64, rows as f64);
        let factor = if self.match_adamw { 0.2 * outs.max(ins).sqrt() } else { (outs / ins).max(1.0).sqrt() };
        let (rate, shrink) = (step.lr * factor, 1.0 - step.lr * self.weight_decay);
        blend(cpu, -rate as f32, work[0], shrink as f32, params);
    }
}

/// The new momentum, and what is to be made orthogonal.
struct Direction {
    fresh: f32,
    nesterov: bool,
}

impl Rule<2> for Direction {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [m, _]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let m = mean(s, m, self.fresh, g);
        (p, [m, if self.nesterov { mean(s, m, self.fresh, g) } else { m }])
    }
}

/// One iteration on `X` `(rows, cols)`, the first of the three; all are as long as it. They come back with the new `X`
/// first.
fn improve<'a>(
    cpu: Cpu,
    rows: usize,
    cols: usize,
    [x, gram, product]: [&'a mut [f32]; 3],
    scratch: &mut Scratch,
) -> [&'a mut [f32]; 3] {
    let [a, b, c] = COEFFICIENTS;
    let side = rows.min(cols);
    let squared = &mut gram[..side * side];
    let of_x = Mat::new(x, rows, cols);
    let (left, right) = if rows <= cols { (of_x, of_x.t()) } else { (of_x.t(), of_x) };
    gemm(cpu, Start::Zero, left, right, squared, scratch);
    let polynomial = &mut product[..side * side];
    let of_square = Mat::new(squared, side, side);
    gemm(cpu, Start::Zero, of_square, of_square, polynomial, scratch);
    blend(cpu, b, squared, c, polynomial);
    let polynomial = Mat::new(polynomial, side, side);
    let (left, right) = if rows <= cols { (polynomial, of_x) } else { (of_x, polynomial) };
    gemm(cpu, Start::Zero, left, right, gram, scratch);
    blend(cpu, a, x, 1.0, gram);
    [gram, x, product]
}

pub(super) const MEMBER: Entry = Entry {
    name: "muon",
    aliases: &["Muon"],
    summary: "momentum made orthogonal, for weight matrices; AdamW for everything else",
    formula: "m += (1 - momentum)(g - m); d = g + momentum (m - g) (nesterov) or m; X = d / |d|, ns_steps times \
              X = 3.4445 X + (-4.775 A + 2.0315 A^2) X with A = X X^T; p *= 1 - lr weight_decay; \
              p -= lr sqrt(max(1, out / in)) X",
    source: "Jordan et al. 2024; PyTorch Muon; match_rms_adamw: Liu et al. 2025",
    settings: &[
        settings::lr(Some(&[1e-3])),
        settings::momentum(&[0.95]),
        Setting { default: Some(&[1.0]), ..settings::flag("nesterov", &[], "look ahead along the momentum") },
        settings::weight_decay(&[0.1], DECOUPLED),
        Setting {
            name: "ns_steps",
            aliases: &[],
            form: Form::Whole,
            default: Some(&[5.0]),
            bounds: Bounds::Within(1.0, 99.0),
            summary: "iterations towards the orthogonal matrix",
        },
        settings::eps(&[1e-7], "the least norm that is divided by"),
        settings::flag(
            "match_rms_adamw",
            &[],
            "rate times 0.2 sqrt(max(in, out)), the size of AdamW's steps (PyTorch: adjust_lr_fn)",
        ),
        Setting {
            name: "adamw_lr",
            aliases: &[],
            summary: "rate for what is no matrix, which has betas 0.9, 0.95, eps 1e-10 and the same weight_decay",
            ..settings::lr(Some(&[3e-4]))
        },
    ],
    build: |n| {
        let (weight_decay, betas, eps) = (n[3], [0.9, 0.95], 1e-10);
        Box::new(Muon {
            lr: n[0],
            momentum: n[1],
            nesterov: n[2] != 0.0,
            weight_decay,
            iterations: n[4] as u64,
            eps: n[5],
            match_adamw: n[6] != 0.0,
            others: Adam { betas, eps, weight_decay, amsgrad: false, decoupled: true },
            others_lr: n[7],
        })
    },
};
