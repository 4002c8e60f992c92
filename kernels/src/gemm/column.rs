//! A product with a single column, as the last layer of a network for regression has it: the lanes lie along the rows of A,
//! which are turned in registers on the way, sixteen by sixteen, where they do not lie so already.

use super::{Mat, Start};
use crate::isa::{LANES, Op, Simd};

/// Rows at a time where they lie side by side: as many chains as hide the time that a sum takes.
const TALL: usize = 4 * LANES;

/// A product to compute, its shapes checked, where B and C have one column, and A its rows or its columns contiguous.
pub(super) struct Column<'a> {
    pub start: Start<'a>,
    pub a: Mat<'a>,
    pub b: Mat<'a>,
    pub c: &'a mut [f32],
}

impl Op for Column<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Column { start, a, b, c } = self;
        if a.col_stride == 1 {
            for (i, c) in c.chunks_mut(LANES).enumerate() {
                let a = a.part(i * LANES, 0, c.len(), a.cols);
                s.store_part(across(s, first(s, start, c), a, b), c);
            }
            return;
        }
        let whole = a.rows / TALL * TALL;
        let (tall, rest) = c.split_at_mut(whole);
        for (i, c) in tall.chunks_exact_mut(TALL).enumerate() {
            let mut sums = [s.zero(); TALL / LANES];
            for (sum, c) in sums.iter_mut().zip(c.chunks_exact(LANES)) {
                *sum = first(s, start, c);
            }
            along(s, &mut sums, a.part(i * TALL, 0, TALL, a.cols), b);
            for (sum, c) in sums.into_iter().zip(c.chunks_exact_mut(LANES)) {
                s.store_part(sum, c);
            }
        }
        for (i, c) in rest.chunks_mut(LANES).enumerate() {
            let mut sum = [first(s, start, c)];
            along(s, &mut sum, a.part(whole + i * LANES, 0, c.len(), a.cols), b);
            s.store_part(sum[0], c);
        }
    }
}

/// What the chains of at most sixteen rows of C start from.
#[inline(always)]
fn first<S: Simd>(s: S, start: Start<'_>, c: &[f32]) -> S::V {
    match start {
        Start::Zero => s.zero(),
        Start::Bias(bias) => s.splat(bias[0]),
        Start::Keep => s.load_part(c),
    }
}

/// At most sixteen rows of A, each contiguous.
#[inline(always)]
fn across<S: Simd>(s: S, mut sum: S::V, a: Mat<'_>, b: Mat<'_>) -> S::V {
    for p in (0..a.cols).step_by(LANES) {
        let depth = LANES.min(a.cols - p);
        let mut square = [s.zero(); LANES];
        for (i, v) in square.iter_mut().enumerate() {
            if i < a.rows {
                let row = &a.data[i * a.row_stride + p..];
                *v = if depth == LANES {
                    s.load(row.first_chunk().expect("a whole block"))
                } else {
                    s.load_part(&row[..depth])
                };
            }
        }
        for (q, v) in s.transpose(square).into_iter().enumerate() {
            if q < depth {
                sum = s.mul_add(v, s.splat(b.data[(p + q) * b.row_stride]), sum);
            }
        }
    }
    sum
}

/// Rows of A that lie side by side in its columns; the last block of them may be ragged.
#[inline(always)]
fn along<S: Simd, const N: usize>(s: S, sums: &mut [S::V; N], a: Mat<'_>, b: Mat<'_>) {
    for p in 0..a.cols {
        let column = &a.data[p * a.col_stride..][..a.rows];
        let x = s.splat(b.data[p * b.row_stride]);
        for (sum, column) in sums.iter_mut().zip(column.chunks(LANES)) {
            let v = match column.first_chunk() {
                Some(block) => s.load(block),
                None => s.load_part(column),
            };
            *sum = s.mul_add(v, x, *sum);
        }
    }
}
