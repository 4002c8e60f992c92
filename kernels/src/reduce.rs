//! Sums, products and maxima over slices, rows and columns, in one order. Along a row: element `i` joins chain `i % 16`,
//! and the sixteen chains meet in the fixed tree of [`Simd::sum`]; past the end of a row the lanes stay as they were.
//! Along a column: row by row. So the result does not depend on the instruction set, nor on who computes which columns.

use std::ops::Range;

use crate::elementwise;
use crate::isa::{Cpu, LANES, Op, Simd};

/// The sixteen chains over one row of `len` numbers: `step` takes those from one place up to another, at most sixteen, into
/// the chains.
#[inline(always)]
pub(crate) fn chains<S: Simd>(s: S, len: usize, mut step: impl FnMut(S::V, usize, usize) -> S::V) -> S::V {
    let mut sum = s.zero();
    let whole = len / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        sum = step(sum, at, at + LANES);
    }
    if whole < len {
        sum = s.select(s.first(len - whole), step(sum, whole, len), sum);
    }
    sum
}

struct Dot<'a>(&'a [f32], &'a [f32]);

impl Op for Dot<'_> {
    type Out = f32;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> f32 {
        let Dot(x, y) = self;
        s.sum(chains(
            s,
            x.len(),
            #[inline(always)]
            |sum, from, to| s.mul_add(elementwise::load(s, x, from, to), elementwise::load(s, y, from, to), sum),
        ))
    }
}

/// The sum of `x[i] y[i]`: a fused multiply-add per element.
pub fn dot(cpu: Cpu, x: &[f32], y: &[f32]) -> f32 {
    assert_eq!(x.len(), y.len(), "dot: `x` and `y`");
    cpu.run(Dot(x, y))
}

/// The root of the sum of squares. Stretches of 1024 are summed in `f32`, their sums in `f64` in order, so the length of a
/// slice costs no precision.
pub fn norm(cpu: Cpu, x: &[f32]) -> f64 {
    x.chunks(1024).map(|x| f64::from(dot(cpu, x, x))).sum::<f64>().sqrt()
}

struct RowSums<'a> {
    x: &'a [f32],
    cols: usize,
    out: &'a mut [f32],
}

impl Op for RowSums<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        for (r, out) in self.out.iter_mut().enumerate() {
            let row = &self.x[r * self.cols..][..self.cols];
            *out = s.sum(chains(
                s,
                self.cols,
                #[inline(always)]
                |sum, from, to| s.add(sum, elementwise::load(s, row, from, to)),
            ));
        }
    }
}

/// The sum of a slice.
pub fn sum(cpu: Cpu, x: &[f32]) -> f32 {
    let mut out = [0.0];
    row_sums(cpu, x, x.len(), &mut out);
    out[0]
}

/// `out[r]` = the sum of row `r` of `x` `(rows, cols)`; `out` `(rows)`.
pub fn row_sums(cpu: Cpu, x: &[f32], cols: usize, out: &mut [f32]) {
    assert_eq!(x.len(), out.len() * cols, "row_sums: `x` and rows times columns");
    cpu.run(RowSums { x, cols, out });
}

/// Sums along the columns of `x`, or of its products with `y` where there is one.
struct ColumnSums<'a> {
    x: &'a [f32],
    y: Option<&'a [f32]>,
    cols: usize,
    start: usize,
    keep: bool,
    out: &'a mut [f32],
}

/// Rows that are added in one turn of the loop: the fewer instructions there are, the sooner what follows can begin, as
/// long as the chain of sums may be.
const TURN: usize = 4;

impl ColumnSums<'_> {
    /// Columns `at..at + width` of the range, `(N - 1) * 16 < width <= N * 16`, in `N` registers.
    #[inline(always)]
    fn strip<S: Simd, const N: usize>(&mut self, s: S, at: usize, width: usize) {
        let (tail, first) = (width - (N - 1) * LANES, self.start + at);
        assert!(tail <= LANES && first + width <= self.cols, "column sums: a strip of {width} at {first}");
        let part = |i: usize| if i + 1 < N { LANES } else { tail };
        let mut sums = [s.zero(); N];
        if self.keep {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = s.load_part(&self.out[at + i * LANES..][..part(i)]);
            }
        }
        let rows = self.x.len() / self.cols;
        assert!(self.y.is_none_or(|y| y.len() == self.x.len()), "column sums: `x` and `y`");
        let whole = rows / TURN * TURN;
        for r in (0..whole).step_by(TURN) {
            for i in 0..TURN {
                // SAFETY: `r + i` is a row of `x`, and of `y` where there is one; the strip lies within its columns.
                unsafe { self.row(s, &mut sums, (r + i) * self.cols + first, tail) };
            }
        }
        for r in whole..rows {
            // SAFETY: as above.
            unsafe { self.row(s, &mut sums, r * self.cols + first, tail) };
        }
        for (i, sum) in sums.into_iter().enumerate() {
            s.store_part(sum, &mut self.out[at + i * LANES..][..part(i)]);
        }
    }

    /// Adds the part of a row that begins at `place`; the last of its blocks has `tail` columns.
    ///
    /// # Safety
    /// - So many values from `place` on lie within `x`, and within `y` where there is one.
    #[inline(always)]
    unsafe fn row<S: Simd, const N: usize>(&self, s: S, sums: &mut [S::V; N], place: usize, tail: usize) {
        for (i, sum) in sums.iter_mut().enumerate() {
            let (at, part) = (place + i * LANES, if i + 1 < N { LANES } else { tail });
            // SAFETY: the caller vouches for it.
            unsafe {
                let x = s.load_ptr_part(self.x.as_ptr().add(at), part);
                *sum = match self.y {
                    Some(y) => s.mul_add(x, s.load_ptr_part(y.as_ptr().add(at), part), *sum),
                    None => s.add(*sum, x),
                };
            }
        }
    }
}

impl Op for ColumnSums<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        let cols = self.out.len();
        let mut at = 0;
        while cols - at >= 4 * LANES {
            self.strip::<S, 4>(s, at, 4 * LANES);
            at += 4 * LANES;
        }
        while at < cols {
            let width = LANES.min(cols - at);
            self.strip::<S, 1>(s, at, width);
            at += width;
        }
    }
}

/// `out[j]` = the sum of column `range.start + j` of `x` `(rows, cols)`, row by row, starting from zero or, with `keep`,
/// from what `out` holds; `out` `(range.len())`.
pub fn column_sums(cpu: Cpu, x: &[f32], cols: usize, range: Range<usize>, keep: bool, out: &mut [f32]) {
    columns(cpu, (x, None), cols, range, keep, out);
}

/// `out[j]` = the sum of `x y` over column `range.start + j`, a fused multiply-add for each row; otherwise like
/// [`column_sums`]. `y` is `(rows, cols)` too.
pub fn column_dots(cpu: Cpu, (x, y): (&[f32], &[f32]), cols: usize, range: Range<usize>, keep: bool, out: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "column_dots: `x` and `y`");
    columns(cpu, (x, Some(y)), cols, range, keep, out);
}

fn columns(cpu: Cpu, (x, y): (&[f32], Option<&[f32]>), cols: usize, range: Range<usize>, keep: bool, out: &mut [f32]) {
    assert!(range.start <= range.end && range.end <= cols, "column sums: columns {range:?} of {cols}");
    assert_eq!(out.len(), range.len(), "column sums: `out` and the columns of the range");
    if cols == 0 {
        return;
    }
    assert_eq!(x.len() % cols, 0, "column sums: {} values in rows of {cols}", x.len());
    cpu.run(ColumnSums { x, y, cols, start: range.start, keep, out });
}

struct ArgmaxRows<'a> {
    x: &'a [f32],
    cols: usize,
    out: &'a mut [u32],
}

impl Op for ArgmaxRows<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        for (r, out) in self.out.iter_mut().enumerate() {
            *out = argmax(s, &self.x[r * self.cols..][..self.cols]);
        }
    }
}

/// The place of the first maximum; 0 where the row holds a NaN.
#[inline(always)]
fn argmax<S: Simd>(s: S, row: &[f32]) -> u32 {
    let (mut best, mut place) = (s.splat(f32::NEG_INFINITY), s.bits(u32::MAX));
    let mut sane = s.zero();
    let mut here = s.load(&std::array::from_fn(|i| f32::from_bits(i as u32)));
    let mut at = 0;
    while at < row.len() {
        let end = row.len().min(at + LANES);
        let x = s.load_part(&row[at..end]);
        let x = s.select(s.first(end - at), x, s.splat(f32::NEG_INFINITY));
        // The first block is taken as it is, so that a row of minus infinities has its first place too.
        let better = if at == 0 { s.first(end) } else { s.lt(best, x) };
        best = s.select(better, x, best);
        place = s.select(better, here, place);
        sane = s.select(s.eq(x, x), sane, x);
        here = s.int_add(here, s.bits(LANES as u32));
        at = end;
    }
    let (best, place, sane) = (s.lanes(best), s.lanes(place), s.lanes(sane));
    if sane.iter().any(|lane| lane.is_nan()) {
        return 0;
    }
    let mut first = 0;
    for i in 1..LANES {
        let (x, y) = (best[first], best[i]);
        if y > x || (y == x && place[i].to_bits() < place[first].to_bits()) {
            first = i;
        }
    }
    place[first].to_bits()
}

/// `out[r]` = the place of the first maximum of row `r` of `x` `(rows, cols)`, 0 where the row holds a NaN; `out`
/// `(rows)`, `cols` at least one.
pub fn argmax_rows(cpu: Cpu, x: &[f32], cols: usize, out: &mut [u32]) {
    assert!(cols > 0, "argmax_rows: a row without elements has no maximum");
    assert_eq!(x.len(), out.len() * cols, "argmax_rows: `x` and rows times columns");
    cpu.run(ArgmaxRows { x, cols, out });
}
