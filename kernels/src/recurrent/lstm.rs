//! Long short-term memory, with the forget gate of Gers, Schmidhuber and Cummins 2000 and PyTorch's order of the gates:
//! `i, f, o = sigmoid(p + r)`, `g = tanh(p + r)`, `c' = f c + i g`, `h' = o tanh c'`. Kept are the gates, `c` before the
//! step and `tanh c'`.

use super::{Cell, Made, Of, Slopes, Unit, sigmoid, through_sigmoid, through_tanh};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Lstm;

impl Unit<4, 2> for Lstm {
    const CARRIES: bool = true;
    const SPLITS: bool = false;
    const CLOSED: &'static [usize] = &[];

    #[inline(always)]
    fn open<S: Simd>(self, s: S, gate: usize, p: S::V, _: S::V) -> S::V {
        if gate == 2 { math::tanh(s, p) } else { math::sigmoid(s, p) }
    }

    #[inline(always)]
    fn close<S: Simd>(self, s: S, gates: [S::V; 4], _: [S::V; 4], _: S::V, c: S::V) -> Made<S::V, 4, 2> {
        let [i, f, g, o] = gates;
        let new = s.mul_add(f, c, s.mul(i, g));
        let seen = math::tanh(s, new);
        Made { gates, kept: [c, seen], h: s.mul(o, seen), c: new }
    }

    #[inline(always)]
    fn backward<S: Simd>(
        self,
        s: S,
        ([i, f, g, o], [c, seen]): ([S::V; 4], [S::V; 2]),
        _: S::V,
        dh: S::V,
        dc: S::V,
    ) -> Slopes<S::V, 4> {
        let dc = s.add(dc, through_tanh(s, seen, s.mul(dh, o)));
        let slopes = [
            through_sigmoid(s, i, s.mul(dc, g)),
            through_sigmoid(s, f, s.mul(dc, c)),
            through_tanh(s, g, s.mul(dc, i)),
            through_sigmoid(s, o, s.mul(dh, seen)),
        ];
        Slopes { p: slopes, r: slopes, h: s.zero(), c: s.mul(dc, f) }
    }

    fn reference(self, p: [f64; 4], r: [f64; 4], _: f64, c: f64) -> (f64, f64) {
        let [i, f, g, o] = [0, 1, 2, 3].map(|gate| p[gate] + r[gate]);
        let c = sigmoid(f) * c + sigmoid(i) * libm::tanh(g);
        (sigmoid(o) * libm::tanh(c), c)
    }
}

/// The cell.
pub fn lstm() -> Box<dyn Cell> {
    Box::new(Of(Lstm))
}
