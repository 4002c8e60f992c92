//! The focal loss, a cross-entropy that turns away from rows which are right already: with `p = e^-ce` the probability of
//! the row's class it is `alpha_t (1 - p)^gamma ce`, and its slope by the cross-entropy `ce` is
//! `alpha_t (1 - p)^gamma (1 + gamma p ce / (1 - p))`.

use super::softmax::{OfCrossEntropy, Softmax};
use super::{Entry, Mean};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Focal {
    gamma: f32,
}

impl OfCrossEntropy for Focal {
    const MEAN: Mean = Mean::Rows;

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, ce: S::V) -> (S::V, S::V) {
        let (zero, one, gamma) = (s.zero(), s.splat(1.0), s.splat(self.gamma));
        let wrong = s.neg(math::exp_m1(s, s.neg(ce)));
        // 0^0 is one, as everywhere in the libraries.
        let power = math::exp(s, s.mul(gamma, math::ln(s, wrong)));
        let power = s.select(s.eq(gamma, zero), one, power);
        // ce / (1 - p) goes to one where both go to zero.
        let ratio = s.select(s.eq(wrong, zero), one, s.div(ce, wrong));
        let rise = s.mul(s.mul(gamma, math::exp(s, s.neg(ce))), ratio);
        (s.mul(power, ce), s.mul_add(power, rise, power))
    }

    fn reference(self, ce: f64) -> f64 {
        (-(-ce).exp_m1()).powf(f64::from(self.gamma)) * ce
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "focal",
    aliases: &["categorical_focal_crossentropy"],
    summary: "a cross-entropy that turns away from rows which are right already",
    formula: "mean over rows of -alpha_t (1 - p_t)^gamma ln p_t with p = softmax(z)",
    source: "Lin, Goyal, Girshick, He and Dollar 2017",
    settings: &[
        Setting {
            name: "gamma",
            aliases: &[],
            form: Form::Number,
            default: Some(&[2.0]),
            bounds: Bounds::AtLeast(0.0),
            summary: "how strongly rows that are right are left aside; 0 is the cross-entropy",
        },
        Setting {
            name: "alpha",
            aliases: &["weight"],
            form: Form::List,
            default: Some(&[]),
            bounds: Bounds::AtLeast(0.0),
            summary: "the weight of each class; all are 1 in an empty list",
        },
    ],
    build: |numbers| {
        let weights = numbers[1..].iter().map(|weight| *weight as f32).collect();
        Box::new(Softmax { of: Focal { gamma: numbers[0] as f32 }, smoothing: 0.0, weights })
    },
};
