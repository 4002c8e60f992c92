//! Adagrad: the gradient over the root of the sum of its squares so far, so a parameter that has moved much moves little.

use super::settings::{self, COUPLED};
use super::{Buffers, Entry, Optimizer, Rule, Step, along, decayed, not_below, pass};
use crate::gemm::Scratch;
use crate::isa::{Cpu, Simd};

struct Adagrad {
    eps: f32,
    weight_decay: f32,
    lr_decay: f64,
    initial: f32,
}

impl Optimizer for Adagrad {
    fn planes(&self) -> usize {
        1
    }

    fn scale_free(&self) -> bool {
        true
    }

    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, _: &mut Scratch) {
        let rule = Sum {
            rate: -(step.lr / (1.0 + (step.number - 1) as f64 * self.lr_decay)) as f32,
            eps: self.eps,
            weight_decay: self.weight_decay,
            // memory is zero before the first step, and the sum is not
            initial: if step.number == 1 { self.initial } else { 0.0 },
        };
        pass(cpu, rule, buffers);
    }
}

struct Sum {
    rate: f32,
    eps: f32,
    weight_decay: f32,
    initial: f32,
}

impl Rule<1> for Sum {
    #[inline(always)]
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, [v]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let g = decayed(s, g, self.weight_decay, p);
        let own = not_below(s, g, f32::MIN_POSITIVE.sqrt());
        let v = s.add(s.add(v, s.splat(self.initial)), s.mul(own, own));
        (along(s, p, self.rate, g, s.add(s.sqrt(v), s.splat(self.eps))), [v])
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "adagrad",
    aliases: &["Adagrad"],
    summary: "the gradient over the root of the sum of all its squares: steps only become smaller",
    formula: "g += weight_decay p; v += g^2; p -= lr / (1 + (n - 1) lr_decay) g / (sqrt(v) + eps)",
    source: "Duchi, Hazan and Singer 2011; PyTorch Adagrad",
    settings: &[
        settings::lr(Some(&[1e-2])),
        settings::eps(&[1e-10], "added to the root, outside it"),
        settings::weight_decay(&[0.0], COUPLED),
        settings::number("lr_decay", &[], &[0.0], "how fast the rate falls beside the schedule"),
        settings::number("initial_accumulator_value", &[], &[0.0], "what the sum of squares starts from"),
    ],
    build: |n| Box::new(Adagrad { eps: n[1] as f32, weight_decay: n[2] as f32, lr_decay: n[3], initial: n[4] as f32 }),
};
