//! RMSprop: the gradient over the root of its mean square, or of its variance when `centered`, with momentum if asked for.
//! In PyTorch's form `eps` stands outside the root and the rate outside the momentum.

use super::settings::{self, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, along, decayed, mean, mean_square, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct RmsProp {
    alpha: f64,
    eps: f32,
    weight_decay: f32,
    momentum: f64,
    centered: bool,
}

impl Optimizer for RmsProp {
    fn planes(&self) -> usize {
        1 + usize::from(self.centered) + usize::from(self.momentum > 0.0)
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let rule = Root {
            lr: step.lr as f32,
            keep: self.alpha as f32,
            fresh: (1.0 - self.alpha) as f32,
            eps: self.eps,
            weight_decay: self.weight_decay,
            momentum: step.momentum.unwrap_or(self.momentum) as f32,
        };
        match (self.centered, self.momentum > 0.0) {
            (false, false) => pass(cpu, Plain(rule), buffers),
            (false, true) => pass(cpu, Momentum(rule), buffers),
            (true, false) => pass::<2>(cpu, Centered(rule), buffers),
            (true, true) => pass::<3>(cpu, Centered(rule), buffers),
        }
    }
}

struct Root {
    lr: f32,
    keep: f32,
    fresh: f32,
    eps: f32,
    weight_decay: f32,
    momentum: f32,
}

impl Root {
    /// The gradient with its decay, and the new mean square.
    #[inline(always)]
    fn gather<S: Simd>(&self, s: S, p: S::V, g: S::V, v: S::V) -> (S::V, S::V) {
        let g = decayed(s, g, self.weight_decay, p);
        (g, mean_square(s, v, self.keep, self.fresh, g))
    }

    /// The new mean gradient, and what the variance leaves of the root.
    #[inline(always)]
    fn center<S: Simd>(&self, s: S, g: S::V, v: S::V, m: S::V) -> (S::V, S::V) {
        let m = mean(s, m, self.fresh, g);
        (m, s.sub(v, s.mul(m, m)))
    }

    #[inline(always)]
    fn scale<S: Simd>(&self, s: S, v: S::V) -> S::V {
        s.add(s.sqrt(v), s.splat(self.eps))
    }

    #[inline(always)]
    fn momentum<S: Simd>(&self, s: S, p: S::V, b: S::V, g: S::V, scale: S::V) -> (S::V, S::V) {
        let b = s.settled(s.add(s.mul(b, s.splat(self.momentum)), s.div(g, scale)));
        (s.add(p, s.mul(s.splat(-self.lr), b)), b)
    }
}

struct Plain(Root);

impl Rule<1> for Plain {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let (g, v) = self.0.gather(s, p, g, v);
        (along(s, p, -self.0.lr, g, self.0.scale(s, v)), [v])
    }
}

struct Momentum(Root);

impl Rule<2> for Momentum {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v, b]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (g, v) = self.0.gather(s, p, g, v);
        let (p, b) = self.0.momentum(s, p, b, g, self.0.scale(s, v));
        (p, [v, b])
    }
}

struct Centered(Root);

impl Rule<2> for Centered {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v, m]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (g, v) = self.0.gather(s, p, g, v);
        let (m, variance) = self.0.center(s, g, v, m);
        (along(s, p, -self.0.lr, g, self.0.scale(s, variance)), [v, m])
    }
}

impl Rule<3> for Centered {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v, m, b]: [S::V; 3]) -> (S::V, [S::V; 3]) {
        let (g, v) = self.0.gather(s, p, g, v);
        let (m, variance) = self.0.center(s, g, v, m);
        let (p, b) = self.0.momentum(s, p, b, g, self.0.scale(s, variance));
        (p, [v, m, b])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "rmsprop",
    aliases: &["RMSprop", "rms_prop"],
    summary: "the gradient over the root of its mean square",
    formula: "g += weight_decay p; v = alpha v + (1 - alpha) g^2; centered: m += (1 - alpha)(g - m), v - m^2 under the \
              root; p -= lr g / (sqrt(v) + eps); momentum: b = momentum b + g / (sqrt(v) + eps), p -= lr b",
    source: "Hinton 2012, lecture 6e; centered: Graves 2013; PyTorch RMSprop",
    settings: &[
        settings::lr(Some(&[1e-2])),
        settings::share("alpha", &["rho"], &[0.99], "how much of the mean square stays"),
        settings::eps(&[1e-8], "added to the root, outside it"),
        settings::weight_decay(&[0.0], COUPLED),
        settings::momentum(&[0.0]),
        settings::flag("centered", &[], "divide by the root of the variance, not of the mean square"),
    ],
    build: |n| {
        Box::new(RmsProp {
            alpha: n[1],
            eps: n[2] as f32,
            weight_decay: n[3] as f32,
            momentum: n[4],
            centered: n[5] != 0.0,
        })
    },
};
