//! What is copied together before it is multiplied. The micro-kernel wants the columns of B side by side, so where they
//! are not (B transposed) a panel of B is rewritten, `k` rows of whole blocks, zeros beyond the last column:
//!
//! ```text
//!   B, a panel of columns      packed
//!   b00 b01 ... b0w            b00 b01 ... b0w   0   0
//!   b10 b11 ... b1w       ->   b10 b11 ... b1w   0   0
//!   ...                        ...
//! ```

use super::Mat;
use crate::isa::LANES;

/// Rows of `k` in a packed panel.
pub(super) const DEPTH: usize = 512;
/// Columns of the widest panel.
const WIDTH: usize = 2 * LANES;

/// The memory of a packed panel.
pub(super) struct Buffers {
    panel: Vec<f32>,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Buffers { panel: vec![0.0; DEPTH * WIDTH] }
    }

    /// Packs the columns `j..j + cols` of rows `p..p + depth` of B; gives the panel and the stride of its rows.
    #[inline(always)]
    pub(super) fn pack(&mut self, b: Mat<'_>, p: usize, depth: usize, j: usize, cols: usize) -> (&[f32], usize) {
        let width = cols.next_multiple_of(LANES);
        let panel = &mut self.panel[..depth * width];
        for (q, row) in panel.chunks_exact_mut(width).enumerate() {
            let from = (p + q) * b.row_stride + j * b.col_stride;
            for (i, x) in row[..cols].iter_mut().enumerate() {
                *x = b.data[from + i * b.col_stride];
            }
            row[cols..].fill(0.0);
        }
        (panel, width)
    }
}
