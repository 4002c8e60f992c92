//! The loops over the blocks of a product, numbered as in the papers on BLIS (Van Zee and van de Geijn 2015). At the shapes
//! of a minibatch packing costs more than it gains, so A and B are read in place while that is no slower; [`Plan`] decides.

use super::pack::{self, Buffers, RowsOfA, STRIP, WIDTH};
use super::plan::Plan;
use super::tile::{First, Tile};
use super::turn::Turn;
use super::{Mat, Start};
use crate::isa::{LANES, Op, Simd};

/// A product to compute, its shapes checked.
pub(super) struct Product<'a> {
    pub start: Start<'a>,
    pub a: Mat<'a>,
    pub b: Mat<'a>,
    pub c: &'a mut [f32],
    pub plan: Option<Plan>,
    pub buffers: &'a mut Buffers,
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
        let plan = match self.plan {
            Some(plan) => plan,
            None => Plan::of::<S>(self.a, self.b),
        };
        if plan.turned {
            (self.a, self.b) = (self.b.t(), self.a.t());
        }
        let plan = plan.within::<S>(self.a);
        let (m, k) = (self.a.rows, self.a.cols);
        // LOOP 4: split k into blocks; the chains wait in C between them. Without a k there is still the start to write.
        for p in (0..k.max(1)).step_by(plan.depth) {
            let depth = plan.depth.min(k - p);
            // LOOP 3: split m into blocks, of which A is packed.
            for i in (0..m).step_by(plan.height) {
                let height = plan.height.min(m - i);
                let a = self.a.part(i, p, height, depth);
                let layout = LayoutOfRows { rows: height, most: plan.rows };
                let rows = if plan.pack_a && !(plan.turned && a.row_stride == 1) {
                    pack::pack_rows(s, a, layout, &mut self.buffers.rows_of_a)
                } else {
                    RowsOfA::in_place(a)
                };
                self.columns(s, plan, rows, (i, height), (p, depth));
            }
        }
    }
}

impl Product<'_> {
    /// The rows `i..i + height` of C over the block `p..p + depth` of `k`.
    #[inline(always)]
    fn columns<S: Simd>(
        &mut self,
        s: S,
        plan: Plan,
        a: RowsOfA,
        (i, height): (usize, usize),
        (p, depth): (usize, usize),
    ) {
        let n = self.b.cols;
        let width = S::BLOCKS * LANES;
        let packed = plan.pack_b || self.b.col_stride != 1;
        let group = if packed { pack::columns_at_once(depth, width) } else { n };
        for from in (0..n).step_by(group) {
            let group = group.min(n - from);
            if packed {
                pack::pack_panels(s, self.b.part(p, from, depth, group), width, &mut self.buffers.panels_of_b);
            }
            // LOOP 2: split n into panels as wide as a tile.
            for j in (from..from + group).step_by(width) {
                let cols = width.min(from + group - j);
                let b = self.b.part(p, j, depth, cols);
                let (b, b_row, b_whole) = if packed {
                    let panel = &self.buffers.panels_of_b[(j - from) * depth / LANES..];
                    (panel.as_ptr().cast(), cols.next_multiple_of(LANES), true)
                } else if !S::MASKED_LOADS && !cols.is_multiple_of(LANES) {
                    pack::pack_panels(s, b, width, &mut self.buffers.panels_of_b);
                    (self.buffers.panels_of_b.as_ptr().cast(), cols.next_multiple_of(LANES), true)
                } else {
                    (b.data.as_ptr(), b.row_stride, false)
                };
                let panel = Panel { a, b, b_row, b_whole, depth, cols };
                if plan.turned {
                    self.strips(s, plan, panel, (i, height), p > 0, j);
                } else {
                    self.rows(s, plan, panel, (i, height), p > 0, j);
                }
            }
        }
    }

    /// The rows `i..i + height` of the columns of C from `j` on.
    #[inline(always)]
    fn rows<S: Simd>(&mut self, s: S, plan: Plan, panel: Panel, (i, height): (usize, usize), keep: bool, j: usize) {
        let first = match self.start {
            _ if keep => First::Keep,
            Start::Zero => First::Zero,
            Start::Bias(bias) => First::Bias(bias[j..j + panel.cols].as_ptr()),
            Start::Keep => First::Keep,
        };
        let n = self.b.cols;
        let c = self.c[i * n + j..].as_mut_ptr();
        // SAFETY: the parts of A, B and C are within them, whose sizes were checked when the views and the product were
        // made; so was the bias; packed A and B were filled for these rows and whole blocks of columns. C is borrowed
        // for writing, so nothing overlaps it.
        unsafe { panel.tiles(s, LayoutOfRows { rows: height, most: plan.rows }, 0, first, (c, n)) }
    }

    /// The same where C is turned: its columns `i..i + height` of the rows from `j` on, strip by strip.
    #[inline(always)]
    fn strips<S: Simd>(&mut self, s: S, plan: Plan, panel: Panel, (i, height): (usize, usize), keep: bool, j: usize) {
        let m = self.a.rows;
        for r in (0..height).step_by(STRIP) {
            let rows = STRIP.min(height - r);
            let c = self.c[j * m + i + r..].as_mut_ptr();
            let strip = pack::values(&mut self.buffers.strip);
            let first = match self.start {
                Start::Keep => First::Keep,
                _ if keep => First::Keep,
                Start::Zero => First::Zero,
                Start::Bias(bias) => {
                    for (row, &x) in strip.chunks_exact_mut(WIDTH).zip(&bias[i + r..][..rows]) {
                        row.fill(x);
                    }
                    First::Keep
                }
            };
            let strip = strip.as_mut_ptr();
            // SAFETY: these rows and columns of C are within it, and the strip has room for as many; for A and B see
            // `rows`.
            unsafe {
                if keep || matches!(self.start, Start::Keep) {
                    let (from, from_row, to, to_row) = (c.cast_const(), m, strip, WIDTH);
                    Turn { from, from_row, rows: panel.cols, cols: rows, to, to_row, whole: false }.compute(s);
                }
                panel.tiles(s, LayoutOfRows { rows, most: plan.rows }, r, first, (strip, WIDTH));
                let (from, from_row, to, to_row) = (strip.cast_const(), WIDTH, c, m);
                Turn { from, from_row, rows, cols: panel.cols, to, to_row, whole: false }.compute(s);
            }
        }
    }
}

/// What the tiles of a panel have in common.
#[derive(Clone, Copy)]
struct Panel {
    a: RowsOfA,
    b: *const f32,
    b_row: usize,
    b_whole: bool,
    depth: usize,
    cols: usize,
}

impl Panel {
    /// LOOP 1: the tiles of these rows of A from row `from` on, written to `c` and after.
    ///
    /// # Safety
    /// - As for [`Tile::compute`], for every tile of the rows.
    #[inline(always)]
    unsafe fn tiles<S: Simd>(
        self,
        s: S,
        layout: LayoutOfRows,
        from: usize,
        first: First,
        (c, c_row): (*mut f32, usize),
    ) {
        let Panel { a, b, b_row, b_whole, depth: k, cols } = self;
        for (r, rows) in layout.tiles() {
            let tile = Tile {
                first,
                rows,
                cols,
                k,
                a: a.a.wrapping_add((from + r) * a.tile),
                a_row: a.row,
                a_col: if a.col == 0 { rows } else { a.col },
                b,
                b_row,
                b_whole,
                c: c.wrapping_add(r * c_row),
                c_row,
            };
            // SAFETY: the caller vouches for the memory; a layout has at most ROWS rows a tile, a panel BLOCKS blocks.
            unsafe { tile.compute(s) };
        }
    }
}
