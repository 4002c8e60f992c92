//! What is decided before a product is computed, from its shapes and strides. Nothing here can show in the result.

use super::Mat;
use super::pack::{DEPTH, rows_at_once};
use crate::isa::{LANES, Simd};

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whether `Cᵀ = Bᵀ Aᵀ` is computed, with the lanes along the rows of C, and turned into C on the way out. The other
    /// choices are about that product then.
    pub turned: bool,
    /// Whether A is copied together.
    pub pack_a: bool,
    /// Whether every panel of B is copied together; where its columns are not side by side it always is.
    pub pack_b: bool,
    /// The most rows of a tile; more than the registers hold means as many as they hold.
    pub rows: usize,
    /// The most of `k` at once.
    pub depth: usize,
    /// The most rows of A at once.
    pub height: usize,
}

/// The cost of turning sixteen numbers, in fused multiply-adds of a block.
const TURNING: usize = 6;
/// Values of A that may stay in the second-level cache beside a panel of B.
const RESIDENT: usize = 128 * 1024;
/// A stride whose multiples all fall into one set of the first-level cache, in floats.
const ALIAS: usize = 1024;

impl Plan {
    /// The plan for a product on an instruction set.
    #[inline(always)]
    pub(super) fn of<S: Simd>(a: Mat<'_>, b: Mat<'_>) -> Plan {
        let (m, k, n) = (a.rows, a.cols, b.cols);
        let turned = cost(b.t(), a.t()) + m * n * TURNING < cost(a, b);
        let (a, b) = if turned { (b.t(), a.t()) } else { (a, b) };
        let large = m * k > RESIDENT && a.rows >= 192;
        let pack_b = if S::BLOCKS == 1 { a.rows >= 48 } else { large && b.row_stride >= ALIAS };
        let depth = if pack_b { S::DEPTH / 2 } else { S::DEPTH };
        // rows of A that share the sets of the first-level cache, or a tile's rows side by side: fewer are better
        let few = a.row_stride == 1 || a.row_stride.is_multiple_of(ALIAS);
        Plan {
            turned,
            pack_a: large && a.row_stride.max(a.col_stride) >= ALIAS,
            pack_b,
            rows: if few { 8 } else { S::ROWS },
            depth,
            height: (RESIDENT / k.clamp(1, depth)).next_multiple_of(S::ROWS),
        }
    }

    /// The plan with what the buffers can hold.
    #[inline(always)]
    pub(super) fn within<S: Simd>(self, a: Mat<'_>) -> Plan {
        let rows = self.rows.clamp(1, S::ROWS);
        let depth = self.depth.clamp(1, DEPTH);
        let most = if self.pack_a { rows_at_once(depth.min(a.cols)) } else { usize::MAX };
        let height = self.height.clamp(1, most.min(a.rows.max(1)));
        Plan { rows, depth, height, ..self }
    }
}

/// What a product costs that is computed as it stands, in sixteenths of a fused multiply-add of a block.
#[inline(always)]
fn cost(a: Mat<'_>, b: Mat<'_>) -> usize {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    // few rows are few chains, which wait for their sums
    let products = m.max(4) * k * n.next_multiple_of(LANES);
    products + if b.col_stride == 1 { 0 } else { k * n * TURNING }
}
