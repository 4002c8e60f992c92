//! The loops over the blocks of a product, numbered as in the papers on BLIS (Van Zee and van de Geijn 2015). At the shapes
//! of a minibatch packing costs more than it gains, so A and B are read in place while their rows are near each other; B
//! is packed panel by panel where its columns are not side by side, both where a step along `k` is a new page of memory.

use super::pack::{self, Buffers, DEPTH, HEIGHT};
use super::tile::{First, Tile};
use super::{Mat, Start};
use crate::isa::{LANES, Op, Simd};

/// Rows of `k` at once where nothing is packed: a panel of B stays in the second-level cache.
const DEPTH_IN_PLACE: usize = 2048;
/// A stride from which every row is on a page of its own, in floats.
const FAR: usize = 1024;
/// Rows and columns of C from which packing both is worth it.
const LARGE: usize = 64;

/// A product to compute, its shapes checked.
pub(super) struct Product<'a> {
    pub start: Start<'a>,
    pub a: Mat<'a>,
    pub b: Mat<'a>,
    pub c: &'a mut [f32],
    pub buffers: &'a mut Buffers,
}

/// What is packed.
#[derive(Clone, Copy)]
struct Packing {
    a: bool,
    /// Every panel of B.
    b: bool,
    /// The last panel of B, if it ends within a block and the instruction set has no loads for that.
    edge: bool,
}

impl Packing {
    fn of<S: Simd>(a: Mat<'_>, b: Mat<'_>) -> Self {
        let far = |x: Mat<'_>| x.row_stride.max(x.col_stride) >= FAR;
        let large = a.rows >= LARGE && b.cols >= LARGE;
        let ragged = !b.cols.is_multiple_of(LANES);
        Packing { a: large && far(a), b: b.col_stride != 1 || (large && far(b)), edge: ragged && !S::MASKED_LOADS }
    }

    fn depth(self) -> usize {
        if self.a || self.b || self.edge { DEPTH } else { DEPTH_IN_PLACE }
    }

    fn height(self, m: usize) -> usize {
        if self.a { HEIGHT } else { m }
    }

    fn panel(self, cols: usize) -> bool {
        self.b || (self.edge && !cols.is_multiple_of(LANES))
    }
}

/// Rows split into tiles of nearly equal height, of at most `most` rows each.
#[derive(Clone, Copy)]
pub(super) struct LayoutOfRows {
    rows: usize,
    most: usize,
}

impl LayoutOfRows {
    /// The first row and the number of rows of each tile.
    #[inline(always)]
    pub(super) fn tiles(self) -> impl Iterator<Item = (usize, usize)> {
        let tiles = self.rows.div_ceil(self.most);
        let (low, higher) = (self.rows / tiles, self.rows % tiles);
        (0..tiles).map(
            #[inline(always)]
            move |t| (t * low + t.min(higher), low + usize::from(t < higher)),
        )
    }
}

impl Op for Product<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        let (m, k) = (self.a.rows, self.a.cols);
        let packing = Packing::of::<S>(self.a, self.b);
        // LOOP 4: split k into blocks; the chains wait in C between them. Without a k there is still the start to write.
        for p in (0..k.max(1)).step_by(packing.depth()) {
            let depth = packing.depth().min(k - p);
            // LOOP 3: split m into blocks, of which A is packed.
            for i in (0..m).step_by(packing.height(m)) {
                let height = packing.height(m).min(m - i);
                self.block(s, packing, (i, height), (p, depth));
            }
        }
    }
}

impl Product<'_> {
    /// The rows `i..i + height` of C over the block `p..p + depth` of `k`.
    #[inline(always)]
    fn block<S: Simd>(&mut self, s: S, packing: Packing, (i, height): (usize, usize), (p, depth): (usize, usize)) {
        let n = self.b.cols;
        let rows = LayoutOfRows { rows: height, most: S::ROWS };
        let a = self.a.part(i, p, height, depth);
        if packing.a {
            pack::pack_rows(a, rows, &mut self.buffers.rows_of_a);
        }
        // LOOP 2: split n into panels as wide as a tile.
        for j in (0..n).step_by(S::BLOCKS * LANES) {
            let cols = (S::BLOCKS * LANES).min(n - j);
            let b = self.b.part(p, j, depth, cols);
            let packed = packing.panel(cols);
            if packed {
                pack::pack_panel(s, b, &mut self.buffers.panel_of_b);
            }
            let first = match self.start {
                _ if p > 0 => First::Keep,
                Start::Zero => First::Zero,
                Start::Bias(bias) => First::Bias(bias[j..j + cols].as_ptr()),
                Start::Keep => First::Keep,
            };
            let (b, b_row) = if packed {
                (self.buffers.panel_of_b.as_ptr(), cols.next_multiple_of(LANES))
            } else {
                (b.data.as_ptr(), b.row_stride)
            };
            // LOOP 1: split the rows into tiles.
            for (r, rows) in rows.tiles() {
                let (a, a_row, a_col) = if packing.a {
                    (self.buffers.rows_of_a[r * depth..].as_ptr(), 1, rows)
                } else {
                    (a.data.as_ptr().wrapping_add(r * a.row_stride), a.row_stride, a.col_stride)
                };
                let c = self.c[(i + r) * n + j..].as_mut_ptr();
                let tile =
                    Tile { first, rows, cols, k: depth, a, a_row, a_col, b, b_row, b_whole: packed, c, c_row: n };
                // SAFETY: the parts of A, B and C are within them, whose sizes were checked when the views and the
                // product were made; so was the bias; packed A and B were filled for these rows and whole blocks of
                // columns. C is borrowed for writing, so nothing overlaps it. There are at most ROWS rows and BLOCKS
                // blocks of columns by the steps of the loops.
                unsafe { tile.compute(s) };
            }
        }
    }
}
