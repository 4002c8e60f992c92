//! The loops over the blocks of a product, numbered as in the papers on BLIS (Van Zee and van de Geijn 2015). At the shapes
//! of a minibatch packing costs more than it gains, so A and B are read in place while that is no slower; [`Plan`] decides.

use super::column::Column;
use super::fetch::Ahead;
use super::pack::{self, Buffers, RowsOfA, STRIP, WIDTH};
use super::plan::{self, Order, Plan};
use super::tile::{First, Tile};
use super::turn::Turn;
use super::{Mat, MatMut, Start};
use crate::isa::{LANES, Op, Simd};

/// A product to compute, its shapes checked.
pub(super) struct Product<'a> {
    pub start: Start<'a>,
    pub a: Mat<'a>,
    pub b: Mat<'a>,
    pub c: MatMut<'a>,
    pub plan: Option<Plan>,
    pub buffers: &'a mut Buffers,
}

/// Rows split into tiles of nearly equal height, of at most `most` rows each.
#[derive(Clone, Copy)]
pub(super) struct LayoutOfRows {
    pub rows: usize,
    pub most: usize,
}

impl LayoutOfRows {
    /// How many tiles, the rows of a low one, and how many at the beginning have one more.
    #[inline(always)]
    fn split(self) -> (usize, usize, usize) {
        let tiles = self.rows.div_ceil(self.most);
        (tiles, self.rows / tiles, self.rows % tiles)
    }

    /// The first row and the number of rows of each tile.
    #[inline(always)]
    pub(super) fn tiles(self) -> impl Iterator<Item = (usize, usize)> {
        let (tiles, low, higher) = self.split();
        (0..tiles).map(
            #[inline(always)]
            move |t| (t * low + t.min(higher), low + usize::from(t < higher)),
        )
    }
}

impl Op for &mut Product<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let plan = match self.plan {
            Some(plan) => plan,
            None if plan::at_once::<S>(self.a, self.b) => return self.at_once(s),
            None => Plan::of::<S>(self.a, self.b),
        };
        if plan.order == Order::Turned {
            (self.a, self.b) = (self.b.t(), self.a.t());
        }
        let width = panel_width::<S>(self.b.cols);
        let plan = plan.within(self.a, S::TILES[width / LANES - 1]);
        match plan.order {
            Order::Column if plan::column(self.a, self.b) => match self.c.whole() {
                Some(c) => Column { start: self.start, a: self.a, b: self.b, c }.eval(s),
                None => self.direct(s, plan, width),
            },
            Order::Direct | Order::Column => self.direct(s, plan, width),
            Order::Turned => self.turned(s, plan, width),
            Order::Panels => self.in_panels(s, plan, width),
            Order::Blocks => self.large(s, plan),
        }
    }
}

impl Product<'_> {
    /// C as it stands, where it is a single panel and nothing is packed.
    #[inline(always)]
    fn at_once<S: Simd>(&mut self, s: S) {
        let (a, b) = (self.a, self.b);
        let layout = LayoutOfRows { rows: a.rows, most: S::TILES[b.cols / LANES - 1] };
        let (data, b_row, ahead) = (b.data.as_ptr(), b.row_stride, Ahead::nothing());
        let mut panel = Panel { b: data, b_row, copy: None, ahead, depth: b.rows, cols: b.cols };
        let first = self.first(0, 0);
        let (c, c_row) = (self.c.at(0, 0), self.c.row_stride);
        // SAFETY: A, B, C and the bias have the sizes that were checked when the views and the product were made, and B whole
        // blocks of columns. C is borrowed for writing, so nothing overlaps it.
        unsafe { panel.tiles(s, RowsOfA::in_place(a), layout, first, (c, c_row)) }
    }

    /// C as it stands.
    #[inline(always)]
    fn direct<S: Simd>(&mut self, s: S, plan: Plan, width: usize) {
        let (m, k, n) = (self.a.rows, self.a.cols, self.b.cols);
        // LOOP 4: split k into blocks; the chains wait in C between them. Without a k there is still the start to write.
        for (p, depth) in blocks(k, plan.depth) {
            // LOOP 3: split m into blocks, of which A is packed.
            for i in (0..m).step_by(plan.height) {
                let height = plan.height.min(m - i);
                let layout = LayoutOfRows { rows: height, most: plan.rows };
                let a = self.a.part(i, p, height, depth);
                let a = self.rows_of_a(s, plan, a);
                // LOOP 2: split n into panels as wide as a tile.
                for j in (0..n).step_by(width) {
                    let cols = width.min(n - j);
                    let mut panel = self.panel(s, (p, depth), (j, cols), width, (layout, plan.pack_b));
                    let first = self.first(p, j);
                    let (c, c_row) = (self.c.at(i, j), self.c.row_stride);
                    // SAFETY: the parts of A, B and C are within them, whose sizes were checked when the views and the
                    // product were made; so was the bias; packed A and B were filled for these rows and whole blocks of
                    // columns. C is borrowed for writing, so nothing overlaps it.
                    unsafe { panel.tiles(s, a, layout, first, (c, c_row)) }
                }
            }
        }
    }

    /// What the chains of the columns from `j` on start from, at step `p` of `k`.
    #[inline(always)]
    pub(super) fn first(&self, p: usize, j: usize) -> First {
        match self.start {
            _ if p > 0 => First::Keep,
            Start::Zero => First::Zero,
            Start::Bias(bias) => First::Bias(bias[j..].as_ptr()),
            Start::Keep => First::Keep,
        }
    }

    /// Rows of A where the tiles find them.
    #[inline(always)]
    pub(super) fn rows_of_a<S: Simd>(&mut self, s: S, plan: Plan, a: Mat<'_>) -> RowsOfA {
        if plan.pack_a { pack::pack_rows(s, a, &mut self.buffers.rows_of_a) } else { RowsOfA::in_place(a) }
    }

    /// A panel of B: turned ahead where its columns are not side by side; else as it lies, or the first of several tiles copies
    /// it on its way. The others fetch the next panel.
    #[inline(always)]
    fn panel<S: Simd>(
        &mut self,
        s: S,
        (p, depth): (usize, usize),
        (j, cols): (usize, usize),
        width: usize,
        (layout, pack): (LayoutOfRows, bool),
    ) -> Panel {
        let b = self.b.part(p, j, depth, cols);
        let buffer = &mut self.buffers.panels_of_b;
        if b.col_stride != 1 {
            pack::pack_panel(s, b, buffer.lines_mut());
            return Panel::packed(buffer.as_ptr(), depth, cols);
        }
        let whole = cols.is_multiple_of(LANES);
        let copied = !whole || pack && layout.rows > 2 * layout.most && b.row_stride != cols;
        let next = if j + width < self.b.cols { (p, j + width) } else { (p + depth, 0) };
        let next = (next.0 < self.b.rows).then(|| self.b.part(next.0, next.1, 0, 0).data.as_ptr());
        Panel {
            b: b.data.as_ptr(),
            b_row: b.row_stride,
            copy: copied.then_some(buffer.as_mut_ptr()),
            ahead: match next {
                Some(from) => Ahead::of(from, b.row_stride, depth, width / LANES),
                None => Ahead::nothing(),
            },
            depth,
            cols,
        }
    }

    /// The columns of C as rows, a strip of them at a time, which stays in the cache until its chains are complete.
    #[inline(always)]
    fn turned<S: Simd>(&mut self, s: S, plan: Plan, width: usize) {
        let (m, k, n) = (self.a.rows, self.a.cols, self.b.cols);
        for (p, chunk) in blocks(k, pack::DEPTH) {
            for j in (0..n).step_by(width) {
                let cols = width.min(n - j);
                if !self.in_place() {
                    pack::pack_panel(s, self.b.part(p, j, chunk, cols), self.buffers.panels_of_b.lines_mut());
                }
                for i in (0..m).step_by(STRIP) {
                    self.strip(s, plan, (i, STRIP.min(m - i)), (p, chunk), (j, cols));
                }
            }
        }
    }

    /// Whether a turned product reads B as it lies: its columns are side by side, and one strip is all there is.
    #[inline(always)]
    fn in_place(&self) -> bool {
        self.b.col_stride == 1 && self.a.rows <= STRIP
    }

    #[inline(always)]
    fn strip<S: Simd>(
        &mut self,
        s: S,
        plan: Plan,
        (i, rows): (usize, usize),
        (p, chunk): (usize, usize),
        (j, cols): (usize, usize),
    ) {
        let (n, layout) = (self.b.cols, LayoutOfRows { rows, most: plan.rows });
        let (c, c_row) = (self.c.at(j, i), self.c.row_stride);
        let strip = &mut self.buffers.strip;
        let mut first = match self.start {
            Start::Zero if p == 0 => First::Zero,
            Start::Bias(bias) if p == 0 => {
                for (row, &x) in strip.chunks_exact_mut(WIDTH).zip(&bias[i..i + rows]) {
                    row.fill(x);
                }
                First::Keep
            }
            _ => {
                let (from, from_row, to, to_row) = (c.cast_const(), c_row, strip.as_mut_ptr(), WIDTH);
                // SAFETY: these rows and columns of C are within it, and the strip has room for as many.
                unsafe { Turn { from, from_row, rows: cols, cols: rows, to, to_row, whole: false }.compute(s) };
                First::Keep
            }
        };
        let (b, strip): (*const f32, _) = (self.buffers.panels_of_b.as_ptr(), strip.as_mut_ptr());
        for (q, depth) in blocks(chunk, plan.depth) {
            let a = self.rows_of_a(s, plan, self.a.part(i, p + q, rows, depth));
            let mut panel = if self.in_place() {
                self.panel(s, (p + q, depth), (j, cols), n, (layout, plan.pack_b))
            } else {
                Panel::packed(b.wrapping_add(q * cols.next_multiple_of(LANES)), depth, cols)
            };
            // SAFETY: as in `direct`, and the strip has room for these rows.
            unsafe { panel.tiles(s, a, layout, first, (strip, WIDTH)) };
            first = First::Keep;
        }
        let (from, from_row, to, to_row) = (strip.cast_const(), WIDTH, c, c_row);
        // SAFETY: see above.
        unsafe { Turn { from, from_row, rows, cols, to, to_row, whole: false }.compute(s) };
    }
}

/// The beginnings and lengths of nearly equal blocks of at most `most`; one of none where there is nothing.
#[inline(always)]
pub(super) fn blocks(all: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    // a division takes as long as a small tile
    let step = if all <= most { all.max(1) } else { all.div_ceil(all.div_ceil(most)) };
    (0..all.max(1)).step_by(step).map(
        #[inline(always)]
        move |from| (from, step.min(all - from)),
    )
}

/// Columns of a panel, where there are `n` columns: as few panels as possible, nearly equal.
#[inline(always)]
pub(super) fn panel_width<S: Simd>(n: usize) -> usize {
    let blocks = n.div_ceil(LANES);
    if blocks <= S::TILES.len() {
        return blocks * LANES;
    }
    let panels = blocks.div_ceil(S::TILES.len());
    blocks.div_ceil(panels) * LANES
}

/// A panel of B, and what its tiles do beside computing.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    b: *const f32,
    b_row: usize,
    /// Where the first tile copies B to, which the others read then.
    copy: Option<*mut f32>,
    /// What the others fetch.
    ahead: Ahead,
    depth: usize,
    cols: usize,
}

impl Panel {
    #[inline(always)]
    pub(super) fn packed(b: *const f32, depth: usize, cols: usize) -> Self {
        Panel { b, b_row: cols.next_multiple_of(LANES), copy: None, ahead: Ahead::nothing(), depth, cols }
    }

    /// LOOP 1: the tiles of these rows of A, written to `c` and after.
    ///
    /// # Safety
    /// - As for [`Tile::compute`], for every tile of the rows.
    #[inline(always)]
    pub(super) unsafe fn tiles<S: Simd>(
        &mut self,
        s: S,
        a: RowsOfA,
        layout: LayoutOfRows,
        first: First,
        (c, c_row): (*mut f32, usize),
    ) {
        let Panel { depth: k, cols, .. } = *self;
        let (tiles, low, higher) = layout.split();
        let (mut t, mut r) = (0, 0);
        while t < tiles {
            let rows = low + usize::from(t < higher);
            let alike = if t < higher { higher - t } else { tiles - t };
            let count = match self.ahead.left {
                // the one that copies is followed by others that read the copy
                _ if self.copy.is_some() => 1,
                left if left > 0 && a.col == 1 => alike.min(left),
                _ => alike,
            };
            let tile = Tile {
                first,
                count,
                rows,
                cols,
                k,
                a: a.a.wrapping_add(r * a.row),
                a_row: a.row,
                a_col: a.col,
                b: self.b,
                b_row: self.b_row,
                copy: self.copy,
                ahead: self.ahead,
                c: c.wrapping_add(r * c_row),
                c_row,
            };
            // SAFETY: the caller vouches for the memory; a layout has at most the rows of the largest tile of this width.
            unsafe { tile.compute(s) };
            match self.copy.take() {
                Some(copy) => (self.b, self.b_row) = (copy.cast_const(), cols.next_multiple_of(LANES)),
                None => self.ahead = self.ahead.after(count),
            }
            (t, r) = (t + count, r + count * rows);
        }
    }
}
