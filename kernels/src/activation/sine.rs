//! `f(x) = sin(frequency x)`, slope `frequency cos(frequency x)`: a network of sines fits a signal with its derivatives. The
//! sine holds for `|frequency x| <= 10^6`; beyond it is NaN, and the trial has diverged.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct Sine {
    frequency: f32,
}

impl Pointwise for Sine {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::sin_cos(s, s.mul(x, s.splat(self.frequency))).0
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, _: S::V) -> S::V {
        let frequency = s.splat(self.frequency);
        s.mul(math::sin_cos(s, s.mul(x, frequency)).1, frequency)
    }

    fn reference(self, x: f64) -> f64 {
        (x * f64::from(self.frequency)).sin()
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "sine",
    aliases: &["sin"],
    summary: "a sine, for periodic and smooth signals",
    formula: "f(x) = sin(frequency x)",
    source: "Sitzmann, Martel, Bergman, Lindell and Wetzstein 2020",
    settings: &[Setting {
        name: "frequency",
        aliases: &["omega", "omega_0"],
        form: Form::Number,
        default: Some(&[1.0]),
        bounds: Bounds::Any,
        summary: "what the input is multiplied by: 30 for the layers of the paper",
    }],
    build: |numbers| Box::new(Sine { frequency: numbers[0] as f32 }),
};
