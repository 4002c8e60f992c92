//! Large products, in blocks for the caches as in the papers on BLIS, with A and B in each other's place: a block of B is
//! packed and stays in the second-level cache, and C is passed over from left to right, a few rows at a time. Each value of
//! B and A is copied once for many products, and C is read and written once for [`DEPTH`] steps of `k`.
//!
//! ```text
//!                         B, a block of COLS columns and DEPTH rows, packed in panels
//!                         | panel | panel | panel | ...
//!   A, a stretch of   ---
//!   HEIGHT rows,      ---  tile -> tile -> tile ->   C
//!   packed            ---
//! ```

use super::Mat;
use super::pack;
use super::plan::Plan;
use super::product::{LayoutOfRows, Product, blocks};
use super::stream::{A_ROW, Streamed, UNROLL};
use super::tile::{First, Piece};
use crate::isa::{LANES, Simd};

/// Blocks of sixteen columns of a panel, where the registers have room for as many.
const BLOCKS: usize = 3;
/// Columns of a block of B.
pub(super) const COLS: usize = 1024;
/// Its depth; packed it is 768 KB.
pub(super) const DEPTH: usize = 192;
/// Rows of A that are packed at once.
pub(super) const HEIGHT: usize = 64;

/// A block of B that is packed.
#[derive(Clone, Copy)]
struct Block {
    /// Where it begins in `k`, and its depth.
    p: usize,
    depth: usize,
    /// Its first column, and how many there are.
    j: usize,
    cols: usize,
    /// Columns of a panel.
    width: usize,
}

impl Product<'_> {
    /// C block by block.
    #[inline(always)]
    pub(super) fn large<S: Simd>(&mut self, s: S, plan: Plan) {
        let (m, k, n) = (self.a.rows, self.a.cols, self.b.cols);
        let width = BLOCKS.min(S::TILES.len()) * LANES;
        let most = plan.rows.min(S::TILES[width / LANES - 1]);
        let (heights, depths) = (plan.height.min(HEIGHT), plan.depth.min(DEPTH));
        for (j, cols) in blocks(n, COLS) {
            // The chains wait in C between blocks of `k`. Without a `k` there is still the start to write.
            for (p, depth) in blocks(k, depths) {
                pack::pack_panels(s, self.b.part(p, j, depth, cols), width, self.buffers.panels_of_b.lines_mut());
                for (i, rows) in blocks(m, heights) {
                    pack::pack_stretch(s, self.a.part(i, p, rows, depth), &mut self.buffers.rows_of_a);
                    let layout = LayoutOfRows { rows, most };
                    self.stretch(s, Block { p, depth, j, cols, width }, i, layout);
                }
            }
        }
    }

    /// The rows of A from `i` on, which are packed, times a block of B.
    #[inline(always)]
    fn stretch<S: Simd>(&mut self, s: S, block: Block, i: usize, layout: LayoutOfRows) {
        let Block { p, depth, j, cols, width } = block;
        let (m, c_row) = (self.a.rows, self.c.row_stride);
        let a: *const f32 = self.buffers.rows_of_a.as_ptr();
        let b: *const f32 = self.buffers.panels_of_b.as_ptr();
        let below = (i + layout.rows).min(m);
        let mut ahead = Stretch { rows: self.a.part(below, p, layout.rows.min(m - below), depth), asked: 0 };
        for (r, rows) in layout.tiles() {
            for x in (0..cols).step_by(width) {
                let first = self.first(p, j + x);
                let c = self.c.at(i + r, j + x);
                let cols_of_tile = width.min(cols - x);
                let blocks = cols_of_tile.div_ceil(LANES);
                let next =
                    if x + width < cols { c.wrapping_add(width) } else { c.wrapping_add(rows * c_row).wrapping_sub(x) };
                let tile = Streamed {
                    piece: Piece { first, c, c_row, last: cols_of_tile - (blocks - 1) * LANES },
                    rows,
                    blocks,
                    k: depth,
                    a: a.wrapping_add(r * A_ROW),
                    b: b.wrapping_add(x * depth),
                    ahead: ahead.share(),
                    then: matches!(first, First::Keep).then_some(next.cast_const()),
                };
                // SAFETY: the parts of A, B and C are within them, whose sizes were checked when the views and the product
                // were made; so was the bias; A was packed for these rows, and B in whole blocks of columns. C is borrowed
                // for writing, so nothing overlaps it.
                unsafe { tile.compute(s) };
            }
        }
    }
}

/// The rows of A that come next, which the tiles fetch while they compute.
struct Stretch<'a> {
    rows: Mat<'a>,
    /// How many tiles have asked.
    asked: usize,
}

impl Stretch<'_> {
    /// What the next tile fetches, a cache line in each of its rounds: where a row lies in one piece a row, else a line of
    /// every [`UNROLL`]th column.
    #[inline(always)]
    fn share(&mut self) -> (*const f32, usize) {
        let (at, a) = (self.asked, self.rows);
        self.asked += 1;
        let from = a.data.as_ptr();
        if a.col_stride == 1 && at < a.rows {
            return (from.wrapping_add(at * a.row_stride), LANES / UNROLL);
        }
        let (line, column) = (at / UNROLL * LANES, at % UNROLL);
        if a.col_stride != 1 && line < a.rows {
            return (from.wrapping_add(line + column * a.col_stride), UNROLL * a.col_stride);
        }
        (from, 0)
    }
}
