//! What is decided before a product is computed, from its shapes and strides. Nothing here can show in the result.

use super::Mat;
use super::pack::{DEPTH, rows_at_once};
use super::product::panel_width;
use crate::isa::{Cpu, LANES, Op, Simd};

/// The order in which a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// C as it stands, from A and B as they lie.
    Direct,
    /// `Cᵀ = Bᵀ Aᵀ`, with the lanes along the rows of C, and turned into C on the way out. The other choices are about that
    /// product then.
    Turned,
    /// C in stretches, from all panels of B that are packed.
    Panels,
    /// C in blocks, from A and B that are packed.
    Blocks,
    /// A single column of C, the lanes along the rows of A, if its rows or columns lie in one piece; else as `Direct`.
    Column,
}

/// How a product is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The order.
    pub order: Order,
    /// Whether A is copied together; in `Blocks` it is, and where neither its rows nor its columns lie in one piece.
    pub pack_a: bool,
    /// Whether B is copied together where its columns lie side by side; in `Panels` and `Blocks` it is, and where they are no whole blocks of
    /// sixteen.
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
/// Values of a panel of B that stay in the first-level cache: 32 KB.
const PANEL: usize = 8 * 1024;
/// Rows of A whose part of `k` stays in the second-level cache.
const HEIGHT: usize = 512;
/// From so many rows and columns on, and half as many steps of `k`, packing costs less than it gains, unless A and B are better
/// left in place: see [`NEAR`] and [`FAR`].
const LARGE: usize = 128;
/// Values that stay in the second-level cache: 1 MB.
const NEAR: usize = 256 * 1024;
/// Values of B up to which copying it panel by panel, for all rows of A and the whole of `k`, costs less than packing both:
/// 4 MB.
const FAR: usize = 1024 * 1024;
/// Rows for which all panels of a `B` that is far are packed at once.
const MANY: usize = 512;
/// Rows from which on a panel is used so often that it may leave the first-level cache: C is read and written less often then.
const TALL: usize = 256;
/// Values of B that are read as they lie, for each tile anew, and the whole of `k` at once: 512 KB.
const AS_IT_LIES: usize = 128 * 1024;
/// Columns of B from which on its rows meet in the first-level cache too soon.
const BROAD: usize = 128;
/// A stride whose multiples all fall into one set of the first-level cache, in floats.
const ALIAS: usize = 1024;
/// The most rows of a tile that are such a stride apart: as many lines as the smallest of these caches keep in a set. With
/// twelve, each step of `k` reads a line from the second-level cache: 58 instead of 73 GFLOP/s in 128x1024x10 on a Zen 4, 109
/// instead of 116 in 128x1024x32 (a throwaway, plans in turn).
const WAYS: usize = 8;

impl Plan {
    /// The plan that is followed where none is given.
    pub fn chosen(cpu: Cpu, a: Mat<'_>, b: Mat<'_>) -> Plan {
        cpu.run(Choice { a, b })
    }

    /// The plan for a product on an instruction set.
    #[inline(always)]
    pub(super) fn of<S: Simd>(a: Mat<'_>, b: Mat<'_>) -> Plan {
        let (m, n) = (a.rows, b.cols);
        let wide = S::TILES.len() > 1;
        // twice as many where a product of a copied value takes half as long
        let large = if wide { 2 * LARGE } else { LARGE };
        // A is better left in place, unless tiles down its columns would come to a C that is far, in no good order; narrow tiles
        // read more of B, which is to be nearer then, or turned ahead.
        let along = a.col_stride == 1;
        let near = if wide {
            if along { a.cols * n <= FAR } else { a.cols * n < NEAR && m * n <= NEAR }
        } else {
            along && (b.col_stride != 1 || a.cols * n <= NEAR / 4)
        };
        let order = if column(a, b) {
            Order::Column
        } else if wide && along && m >= MANY && a.cols.min(n) >= large && a.cols * n >= FAR / 2 {
            Order::Panels
        } else if m.min(n) >= large && a.cols >= large / 2 && !near {
            Order::Blocks
        } else if cost(b.t(), a.t()) + m * n * TURNING < cost(a, b) {
            Order::Turned
        } else {
            Order::Direct
        };
        let (a, b) = if order == Order::Turned { (b.t(), a.t()) } else { (a, b) };
        let width = panel_width::<S>(b.cols);
        let (down, small) = (a.col_stride != 1, b.rows * b.cols <= AS_IT_LIES);
        // a division takes as long as a small tile
        let whole = small
            || matches!(order, Order::Blocks | Order::Panels)
            || wide && !down && a.rows >= TALL
            || a.cols * width <= PANEL;
        Plan {
            order,
            pack_a: a.row_stride == 1 && a.col_stride.is_multiple_of(ALIAS),
            // down the columns of A there are many tiles, and narrow ones are many anyway: a panel of theirs that is small stays in
            // the first-level cache if its rows do not meet there
            pack_b: !small || (down || !wide) && b.cols > BROAD,
            rows: if a.row_stride.is_multiple_of(ALIAS) { WAYS } else { usize::MAX },
            depth: if whole { usize::MAX } else { PANEL / width },
            height: HEIGHT,
        }
    }

    /// The plan with what the buffers can hold.
    #[inline(always)]
    pub(super) fn within(self, a: Mat<'_>, most: usize) -> Plan {
        // tiles go along rows or down columns that lie in one piece
        let scattered = a.row_stride != 1 && a.col_stride != 1 && a.rows > 1 && a.cols > 1;
        let pack_a = self.pack_a || scattered;
        let rows = self.rows.clamp(1, most);
        let depth = self.depth.clamp(1, DEPTH);
        let most = if pack_a { rows_at_once(depth.min(a.cols)) } else { usize::MAX };
        let height = self.height.clamp(1, most.min(a.rows.max(1)));
        Plan { pack_a, rows, depth, height, ..self }
    }
}

struct Choice<'a> {
    a: Mat<'a>,
    b: Mat<'a>,
}

impl Op for Choice<'_> {
    type Out = Plan;

    #[inline(always)]
    fn eval<S: Simd>(self, _: S) -> Plan {
        Plan::of::<S>(self.a, self.b)
    }
}

/// Whether a product is so small and simple that no plan but one comes into question: as it stands, a single panel of whole
/// blocks, everything in place. Without a plan it takes about 90 cycles less (32x32x32 on a Zen 4, a throwaway).
#[inline(always)]
pub(super) fn at_once<S: Simd>(a: Mat<'_>, b: Mat<'_>) -> bool {
    let in_place = b.col_stride == 1 && (a.col_stride == 1 || a.row_stride == 1 && !a.col_stride.is_multiple_of(ALIAS));
    in_place
        && !a.row_stride.is_multiple_of(ALIAS)
        && b.cols.is_multiple_of(LANES)
        && b.cols <= S::TILES.len() * LANES
        && b.rows * b.cols <= PANEL
        && (4..=HEIGHT).contains(&a.rows)
}

/// Whether [`Order::Column`] can be followed.
#[inline(always)]
pub(super) fn column(a: Mat<'_>, b: Mat<'_>) -> bool {
    b.cols == 1 && (a.col_stride == 1 || a.row_stride == 1)
}

/// What a product costs that is computed as it stands, in sixteenths of a fused multiply-add of a block.
#[inline(always)]
fn cost(a: Mat<'_>, b: Mat<'_>) -> usize {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    // few rows are few chains, which wait for their sums
    let products = m.max(4) * k * n.next_multiple_of(LANES);
    products + if b.col_stride == 1 { 0 } else { k * n * TURNING }
}
