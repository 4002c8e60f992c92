//! The gated recurrent unit as PyTorch and cuDNN have it, where the reset gate acts after the product:
//! `r, z = sigmoid(p + r)`, `n = tanh(p + reset r)`, `h' = (1 - z) n + z h`. Kept are the gates and the third number of the
//! recurrent product.

use super::{Cell, Made, Of, Slopes, Unit, sigmoid, through_sigmoid, through_tanh};
use crate::isa::Simd;
use crate::math;

#[derive(Clone, Copy)]
struct Gru;

impl Unit<3, 1> for Gru {
    const CARRIES: bool = false;
    const SPLITS: bool = true;
    const CLOSED: &'static [usize] = &[2];

    #[inline(always)]
    fn open<S: Simd>(self, s: S, gate: usize, p: S::V, r: S::V) -> S::V {
        if gate == 2 { p } else { math::sigmoid(s, s.add(p, r)) }
    }

    #[inline(always)]
    fn close<S: Simd>(self, s: S, open: [S::V; 3], r: [S::V; 3], h: S::V, c: S::V) -> Made<S::V, 3, 1> {
        let [reset, z, p] = open;
        let n = math::tanh(s, s.mul_add(reset, r[2], p));
        Made { gates: [reset, z, n], kept: [r[2]], h: s.mul_add(z, s.sub(h, n), n), c }
    }

    #[inline(always)]
    fn backward<S: Simd>(
        self,
        s: S,
        ([reset, z, n], [seen]): ([S::V; 3], [S::V; 1]),
        h: S::V,
        dh: S::V,
        dc: S::V,
    ) -> Slopes<S::V, 3> {
        let stays = s.mul(dh, z);
        let dn = through_tanh(s, n, s.sub(dh, stays));
        let dz = through_sigmoid(s, z, s.mul(dh, s.sub(h, n)));
        let dr = through_sigmoid(s, reset, s.mul(dn, seen));
        Slopes { p: [dr, dz, dn], r: [dr, dz, s.mul(dn, reset)], h: stays, c: dc }
    }

    fn reference(self, p: [f64; 3], r: [f64; 3], h: f64, c: f64) -> (f64, f64) {
        let (reset, z) = (sigmoid(p[0] + r[0]), sigmoid(p[1] + r[1]));
        let n = libm::tanh(p[2] + reset * r[2]);
        ((1.0 - z) * n + z * h, c)
    }
}

/// The cell.
pub fn gru() -> Box<dyn Cell> {
    Box::new(Of(Gru))
}
