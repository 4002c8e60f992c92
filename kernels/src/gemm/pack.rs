//! What is copied together before it is multiplied, where reading it in place would cost more than the copy.
//!
//! ```text
//!   B: a panel of columns, k by k, in whole blocks of sixteen    A: the tiles' rows, k by k
//!
//!   b00 b01 ... b0w         b00 b01 ... b0w   0   0              a00 a01 a02 ...      a00 a10 a01 a11 a02 a12 ...
//!   b10 b11 ... b1w    ->   b10 b11 ... b1w   0   0              a10 a11 a12 ...  ->
//!   ...                     ...                                  a20 a21 a22 ...      a20 a30 a21 a31 a22 a32 ...
//!                                                                a30 a31 a32 ...
//! ```

use super::Mat;
use super::product::LayoutOfRows;
use crate::isa::{LANES, Simd};

/// Rows of `k` that are packed at once.
pub(super) const DEPTH: usize = 384;
/// Rows of A that are packed at once: with `DEPTH` about a second-level cache of 1 MB; fewer and B is packed more often.
pub(super) const HEIGHT: usize = 720;
/// Columns of the widest panel of B.
const WIDTH: usize = 2 * LANES;

/// The memory of what is packed.
pub(super) struct Buffers {
    pub panel_of_b: Vec<f32>,
    pub rows_of_a: Vec<f32>,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Buffers { panel_of_b: vec![0.0; DEPTH * WIDTH], rows_of_a: vec![0.0; DEPTH * HEIGHT] }
    }
}

/// Packs `b` `(depth, cols)` into rows of whole blocks.
#[inline(always)]
pub(super) fn pack_panel<S: Simd>(s: S, b: Mat<'_>, panel: &mut [f32]) {
    let width = b.cols.next_multiple_of(LANES);
    let panel = &mut panel[..b.rows * width];
    if b.row_stride == 1 {
        return pack_transposed(s, b, panel, width);
    }
    let (blocks, _) = panel.as_chunks_mut();
    for (p, row) in blocks.chunks_exact_mut(width / LANES).enumerate() {
        for (i, to) in row.iter_mut().enumerate() {
            let cols = LANES.min(b.cols - i * LANES);
            let from = &b.data[p * b.row_stride + i * LANES * b.col_stride..];
            if b.col_stride != 1 {
                let value = |j: usize| if j < cols { from[j * b.col_stride] } else { 0.0 };
                *to = std::array::from_fn(value);
            } else if cols == LANES {
                s.store(s.load(from.first_chunk().expect("a whole block of columns")), to);
            } else {
                s.store(s.load_part(&from[..cols]), to);
            }
        }
    }
}

/// The same for a `b` whose columns are contiguous, in squares of sixteen.
#[inline(always)]
fn pack_transposed<S: Simd>(s: S, b: Mat<'_>, panel: &mut [f32], width: usize) {
    for j in (0..width).step_by(LANES) {
        for p in (0..b.rows).step_by(LANES) {
            let depth = LANES.min(b.rows - p);
            let mut square = [s.zero(); LANES];
            for (i, v) in square.iter_mut().enumerate().take(b.cols - j) {
                let column = &b.data[(j + i) * b.col_stride + p..][..depth];
                *v = match column.first_chunk() {
                    Some(block) => s.load(block),
                    None => s.load_part(column),
                };
            }
            for (q, v) in s.transpose(square).into_iter().enumerate().take(depth) {
                let row = &mut panel[(p + q) * width + j..];
                s.store(v, row.first_chunk_mut().expect("the panel has whole blocks"));
            }
        }
    }
}

/// Packs `a` `(rows, depth)` tile by tile, each tile `k` by `k`.
#[inline(always)]
pub(super) fn pack_rows(a: Mat<'_>, layout: LayoutOfRows, packed: &mut [f32]) {
    for (i, rows) in layout.tiles() {
        let tile = &mut packed[i * a.cols..][..rows * a.cols];
        for (p, column) in tile.chunks_exact_mut(rows).enumerate() {
            for (r, x) in column.iter_mut().enumerate() {
                *x = a.data[(i + r) * a.row_stride + p * a.col_stride];
            }
        }
    }
}
