//! The ELU with the scale and the level that keep the mean 0 and the variance 1 of normal inputs from layer to layer, so that a
//! deep network needs no normalisation.

use super::{Entry, Pointwise};
use crate::isa::Simd;
use crate::math;

/// The fixed point of mean 0 and variance 1, equation 14 of the paper.
const SCALE: f64 = 1.050_700_987_355_480_5;
const ALPHA: f64 = 1.673_263_242_354_377_2;

#[derive(Clone, Copy)]
struct Selu;

impl Pointwise for Selu {
    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        let below = s.mul(math::exp_m1(s, x), s.splat((SCALE * ALPHA) as f32));
        s.select(s.lt(s.zero(), x), s.mul(x, s.splat(SCALE as f32)), below)
    }

    #[inline(always)]
    fn slope<S: Simd>(self, s: S, x: S::V, y: S::V) -> S::V {
        // below zero scale alpha e^x
        s.select(s.lt(s.zero(), x), s.splat(SCALE as f32), s.add(y, s.splat((SCALE * ALPHA) as f32)))
    }

    fn reference(self, x: f64) -> f64 {
        SCALE * if x > 0.0 { x } else { ALPHA * x.exp_m1() }
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "selu",
    aliases: &["SELU"],
    summary: "a self-normalising exponential unit",
    formula: "f(x) = 1.0507 x for x > 0, 1.0507 1.67326 (e^x - 1) else",
    source: "Klambauer, Unterthiner, Mayr and Hochreiter 2017",
    settings: &[],
    build: |_| Box::new(Selu),
};
