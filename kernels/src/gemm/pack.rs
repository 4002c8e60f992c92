//! What is copied together before it is multiplied, where reading it in place would cost more than the copy.
//!
//! ```text
//!   B: a panel of columns, k by k, in whole blocks of sixteen    A: its rows, or its columns where those lie in one piece,
//!                                                                nearer to each other
//!   b00 b01 ... b0w         b00 b01 ... b0w   0   0
//!   b10 b11 ... b1w    ->   b10 b11 ... b1w   0   0              a00 a01 ... | ...         a00 a01 ... |
//!   ...                     ...                                  a10 a11 ... | ...    ->   a10 a11 ... |
//! ```

use super::Mat;
use super::large;
use super::panels;
use super::stream::A_ROW;
use super::turn::Turn;
use crate::isa::{LANES, Simd};
use crate::memory::{Floats, Line};

/// The most of `k` that is packed at once.
pub(super) const DEPTH: usize = 1024;
/// Columns of the widest panel of B.
pub(super) const WIDTH: usize = 4 * LANES;
/// Values of the largest block of B.
const AREA_OF_B: usize = (panels::COLS + WIDTH) * DEPTH;
const _: () = assert!(AREA_OF_B >= (large::COLS + WIDTH) * large::DEPTH);
/// Values of A that are packed at once: half of such a cache.
const AREA_OF_A: usize = 128 * 1024;
/// Rows of A that are packed have this many values more, so that they do not meet in the caches.
const GAP: usize = LANES;
/// Rows of a turned product that are computed before they are turned: a multiple of every height of a tile.
pub(super) const STRIP: usize = 48;

/// The memory of what is packed.
pub(super) struct Buffers {
    pub panels_of_b: Floats,
    pub rows_of_a: Floats,
    pub strip: Floats,
}

impl Buffers {
    pub(super) fn new() -> Self {
        Buffers {
            panels_of_b: Floats::zeros(AREA_OF_B),
            rows_of_a: Floats::zeros(AREA_OF_A),
            strip: Floats::zeros(STRIP * WIDTH),
        }
    }
}

/// The values of packed lines.
#[inline(always)]
fn values(lines: &mut [Line]) -> &mut [f32] {
    // SAFETY: a line is its sixteen values, without padding.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LANES) }
}

/// How many rows of A, of which so many of `k` are meant, are packed at once.
#[inline(always)]
pub(super) fn rows_at_once(depth: usize) -> usize {
    AREA_OF_A / (depth + LANES + GAP) - LANES - GAP
}

/// Packs `b` `(depth, cols)` in rows of whole blocks.
#[inline(always)]
pub(super) fn pack_panel<S: Simd>(s: S, b: Mat<'_>, packed: &mut [Line]) {
    let to = &mut packed[..b.rows * b.cols.div_ceil(LANES)];
    if b.row_stride == 1 {
        turn_panel(s, b, to);
    } else {
        copy_panel(s, b, to);
    }
}

/// Rows of B that are fetched ahead of being packed.
const ROWS_AHEAD: usize = 4;

/// Packs `b` `(depth, cols)` as panels of `width` columns one after the other, the last one of what is left, each in rows of
/// whole blocks.
#[inline(always)]
pub(super) fn pack_panels<S: Simd>(s: S, b: Mat<'_>, width: usize, packed: &mut [Line]) {
    let panel = b.rows * width / LANES;
    if b.col_stride != 1 {
        for (x, j) in (0..b.cols).step_by(width).enumerate() {
            pack_panel(s, b.part(0, j, b.rows, width.min(b.cols - j)), &mut packed[x * panel..]);
        }
        return;
    }
    for p in 0..b.rows {
        let row = &b.data[p * b.row_stride..][..b.cols];
        for j in (0..b.cols).step_by(LANES) {
            s.prefetch(row.as_ptr().wrapping_add(ROWS_AHEAD * b.row_stride + j));
        }
        for (x, from) in row.chunks(width).enumerate() {
            let blocks = from.len().div_ceil(LANES);
            let to = &mut packed[x * panel + p * blocks..][..blocks];
            copy(s, from, values(to));
        }
    }
}

#[inline(always)]
fn copy_panel<S: Simd>(s: S, b: Mat<'_>, panel: &mut [Line]) {
    for (p, row) in panel.chunks_exact_mut(b.cols.div_ceil(LANES)).enumerate() {
        for (i, Line(to)) in row.iter_mut().enumerate() {
            let cols = LANES.min(b.cols - i * LANES);
            let from = &b.data[p * b.row_stride + i * LANES * b.col_stride..];
            if b.col_stride != 1 {
                *to = std::array::from_fn(
                    #[inline(always)]
                    |j| if j < cols { from[j * b.col_stride] } else { 0.0 },
                );
            } else if cols == LANES {
                s.store(s.load(from.first_chunk().expect("a whole block of columns")), to);
            } else {
                s.store(s.load_part(&from[..cols]), to);
            }
        }
    }
}

/// The same where the columns are contiguous.
#[inline(always)]
fn turn_panel<S: Simd>(s: S, b: Mat<'_>, panel: &mut [Line]) {
    let (from, from_row, to_row) = (b.data.as_ptr(), b.col_stride, b.cols.next_multiple_of(LANES));
    assert_eq!(panel.len() * LANES, b.rows * to_row, "lines of a panel");
    let to = values(panel).as_mut_ptr();
    let turn = Turn { from, from_row, rows: b.cols, cols: b.rows, to, to_row, whole: true };
    // SAFETY: the columns of `b` lie within it, and the panel has as many rows of whole blocks, by the assertion.
    unsafe { turn.compute(s) };
}

/// Where the tiles find the rows of A.
#[derive(Clone, Copy)]
pub(super) struct RowsOfA {
    pub a: *const f32,
    /// From one row to the next.
    pub row: usize,
    /// From one `k` to the next.
    pub col: usize,
}

impl RowsOfA {
    /// A as it lies.
    #[inline(always)]
    pub(super) fn in_place(a: Mat<'_>) -> Self {
        let col = if a.cols == 1 { 1 } else { a.col_stride };
        RowsOfA { a: a.data.as_ptr(), row: a.row_stride, col }
    }
}

/// Packs `a` `(rows, depth)`: its rows, or its columns where those lie in one piece.
#[inline(always)]
pub(super) fn pack_rows<S: Simd>(s: S, a: Mat<'_>, packed: &mut [f32]) -> RowsOfA {
    let down = a.row_stride == 1;
    let a = if down { a.t() } else { a };
    let stride = a.cols.next_multiple_of(LANES) + GAP;
    copy_rows(s, a, packed, stride);
    let (row, col) = if down { (1, stride) } else { (stride, 1) };
    RowsOfA { a: packed.as_ptr(), row, col }
}

/// Packs `a` `(rows, depth)` row by row, the rows [`A_ROW`] apart.
#[inline(always)]
pub(super) fn pack_stretch<S: Simd>(s: S, a: Mat<'_>, packed: &mut [f32]) {
    assert!(packed.len() >= a.rows * A_ROW && a.cols <= A_ROW, "room for packed rows");
    if a.row_stride == 1 {
        let turn = Turn {
            from: a.data.as_ptr(),
            from_row: a.col_stride,
            rows: a.cols,
            cols: a.rows,
            to: packed.as_mut_ptr(),
            to_row: A_ROW,
            whole: false,
        };
        // SAFETY: the columns of `a` lie within it, and there is room for its rows, by the assertion.
        unsafe { turn.compute(s) };
        return;
    }
    copy_rows(s, a, packed, A_ROW);
}

/// Copies the rows of `a` to `to`, `row` values apart.
#[inline(always)]
fn copy_rows<S: Simd>(s: S, a: Mat<'_>, to: &mut [f32], row: usize) {
    for (i, to) in to.chunks_exact_mut(row).enumerate().take(a.rows) {
        // without a `k` there is nothing behind the first row
        let Some(from) = a.data.get(i * a.row_stride..) else { return };
        if a.col_stride == 1 {
            copy(s, &from[..a.cols], to);
        } else {
            for (p, x) in to.iter_mut().enumerate().take(a.cols) {
                *x = from[p * a.col_stride];
            }
        }
    }
}

/// Copies `from` to the beginning of `to`, which has room for whole blocks.
#[inline(always)]
fn copy<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    let (blocks, rest) = from.as_chunks();
    let (to, _) = to.as_chunks_mut();
    for (to, from) in to.iter_mut().zip(blocks) {
        s.store(s.load(from), to);
    }
    if !rest.is_empty() {
        s.store(s.load_part(rest), &mut to[blocks.len()]);
    }
}
