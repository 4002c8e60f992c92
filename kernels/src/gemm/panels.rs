//! Products with many rows and a B that is far: all panels of a block of B are packed first, and used for all rows of A, which
//! are read as they lie. Each value of B is copied once for all rows, and tiles go down a panel as in `product`: a little faster
//! than copying panel by panel for every stretch of A, or packing A too as in `large`.
//!
//! ```text
//!                         B, a block of COLS columns, packed in panels
//!                         | panel | panel | panel | ...
//!   A, a stretch of   ---
//!   HEIGHT rows       ---  tile
//!                     ---  tile                        C
//!                     ---  ...
//! ```

use super::pack;
use super::plan::Plan;
use super::product::{LayoutOfRows, Panel, Product, blocks};
use crate::isa::Simd;

/// Columns of a block of B, but for what makes them whole panels.
pub(super) const COLS: usize = 1024;
/// Rows of A whose part of `k` stays in the second-level cache, beside a panel.
const HEIGHT: usize = 256;

impl Product<'_> {
    /// C in stretches, panel by panel.
    #[inline(always)]
    pub(super) fn in_panels<S: Simd>(&mut self, s: S, plan: Plan, width: usize) {
        let (m, k, n) = (self.a.rows, self.a.cols, self.b.cols);
        let step = n.div_ceil(n.div_ceil(COLS)).next_multiple_of(width);
        for j in (0..n).step_by(step) {
            let cols = step.min(n - j);
            // The chains wait in C between blocks of `k`. Without a `k` there is still the start to write.
            for (p, depth) in blocks(k, plan.depth) {
                pack::pack_panels(s, self.b.part(p, j, depth, cols), width, self.buffers.panels_of_b.lines_mut());
                for (i, rows) in blocks(m, plan.height.min(HEIGHT)) {
                    let a = self.rows_of_a(s, plan, self.a.part(i, p, rows, depth));
                    let layout = LayoutOfRows { rows, most: plan.rows };
                    for x in (0..cols).step_by(width) {
                        let b = self.buffers.panels_of_b.as_ptr().wrapping_add(x * depth);
                        let mut panel = Panel::packed(b, depth, width.min(cols - x));
                        let first = self.first(p, j + x);
                        let (c, c_row) = (self.c.at(i, j + x), self.c.row_stride);
                        // SAFETY: the parts of A, B and C are within them, whose sizes were checked when the views and the
                        // product were made; so was the bias; B was packed in whole blocks of columns. C is borrowed for
                        // writing, so nothing overlaps it.
                        unsafe { panel.tiles(s, a, layout, first, (c, c_row)) }
                    }
                }
            }
        }
    }
}
