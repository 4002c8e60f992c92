//! Elman's network of 1990: `h' = f(p + r)` with a hyperbolic tangent or a rectifier. The output itself is what backward
//! needs.

use super::{Cell, Made, Of, Slopes, Unit, through_tanh};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Tanh;

impl Unit<1, 0> for Tanh {
    const CARRIES: bool = false;
    const SPLITS: bool = false;
    const CLOSED: &'static [usize] = &[];

    #[inline(always)]
    fn open<S: Simd>(self, s: S, _: usize, p: S::V, _: S::V) -> S::V {
        math::tanh(s, p)
    }

    #[inline(always)]
    fn close<S: Simd>(self, _: S, [h]: [S::V; 1], _: [S::V; 1], _: S::V, c: S::V) -> Made<S::V, 1, 0> {
        Made { gates: [h], kept: [], h, c }
    }

    #[inline(always)]
    fn backward<S: Simd>(self, s: S, ([y], _): ([S::V; 1], [S::V; 0]), _: S::V, dh: S::V, dc: S::V) -> Slopes<S::V, 1> {
        let slope = through_tanh(s, y, dh);
        Slopes { p: [slope], r: [slope], h: s.zero(), c: dc }
    }

    fn reference(self, [p]: [f64; 1], [r]: [f64; 1], _: f64, c: f64) -> (f64, f64) {
        (libm::tanh(p + r), c)
    }
}

#[derive(Clone, Copy)]
struct Relu;

impl Unit<1, 0> for Relu {
    const CARRIES: bool = false;
    const SPLITS: bool = false;
    const CLOSED: &'static [usize] = &[];

    #[inline(always)]
    fn open<S: Simd>(self, s: S, _: usize, p: S::V, _: S::V) -> S::V {
        s.max(p, s.zero())
    }

    #[inline(always)]
    fn close<S: Simd>(self, _: S, [h]: [S::V; 1], _: [S::V; 1], _: S::V, c: S::V) -> Made<S::V, 1, 0> {
        Made { gates: [h], kept: [], h, c }
    }

    #[inline(always)]
    fn backward<S: Simd>(self, s: S, ([y], _): ([S::V; 1], [S::V; 0]), _: S::V, dh: S::V, dc: S::V) -> Slopes<S::V, 1> {
        let slope = s.select(s.le(y, s.zero()), s.zero(), dh);
        Slopes { p: [slope], r: [slope], h: s.zero(), c: dc }
    }

    fn reference(self, [p]: [f64; 1], [r]: [f64; 1], _: f64, c: f64) -> (f64, f64) {
        ((p + r).max(0.0), c)
    }
}

/// The cell with a hyperbolic tangent.
pub fn rnn_tanh() -> Box<dyn Cell> {
    Box::new(Of(Tanh))
}

/// The cell with a rectifier.
pub fn rnn_relu() -> Box<dyn Cell> {
    Box::new(Of(Relu))
}
