//! A pass in which threads divide every layer between them: each computes some of the columns of what the layer makes, for
//! all rows of the batch, or some of the rows where there are few columns, and they meet after each layer. A thread then
//! reads the weights of its own columns only, for many rows. Where each has rows of its own instead, all of them read all
//! weights, many of which another thread has just written. What a number is computed from, and in which order, is the same.

use std::ops::Range;

use kernels::gemm::MatMut;
use kernels::isa::LANES;

use super::layer::Pass;

/// A portion of a matrix `(B, width)`.
pub struct Portion<'a> {
    /// Which of its rows.
    pub rows: Range<usize>,
    /// Which of its columns.
    pub columns: Range<usize>,
    /// Their values.
    pub values: MatMut<'a>,
    /// Columns of the matrix.
    width: usize,
}

/// What a thread does with its portion.
pub type Job<'j> = dyn Fn(&mut Pass<'_>, Portion<'_>) + Sync + 'j;

/// All threads: they divide a matrix, do the job, and have met when this returns.
pub type Threads<'t> = dyn FnMut(Portion<'_>, &Job<'_>) + 't;

/// Columns that a portion has at least: as many as a tile of a product, and several cache lines, so that threads do not often
/// write beside each other.
const COLUMNS: usize = 64;

impl<'a> Portion<'a> {
    /// All of the matrix with so many rows.
    pub fn all(values: &'a mut [f32], rows: usize) -> Self {
        let width = values.len().checked_div(rows).unwrap_or(0);
        Self { rows: 0..rows, columns: 0..width, values: MatMut::new(values, rows, width), width }
    }

    /// Divides it into the first `part` of `of` equal parts and the rest: between columns where there are enough, else between
    /// rows.
    pub fn divide(self, part: usize, of: usize) -> (Self, Self) {
        let Self { rows, columns, values, width } = self;
        if columns.len() < 2 * COLUMNS {
            return Self { rows, columns, values, width }.divide_rows(part, of);
        }
        let cut = (columns.len() * part / of).next_multiple_of(LANES).clamp(COLUMNS, columns.len() - COLUMNS);
        let (left, right) = values.split_cols(cut);
        let at = columns.start + cut;
        let left = Self { rows: rows.clone(), columns: columns.start..at, values: left, width };
        (left, Self { rows, columns: at..columns.end, values: right, width })
    }

    /// The same, between rows.
    pub fn divide_rows(self, part: usize, of: usize) -> (Self, Self) {
        let Self { rows, columns, values, width } = self;
        let cut = rows.len() * part / of;
        let (above, below) = values.split_rows(cut);
        let at = rows.start + cut;
        let above = Self { rows: rows.start..at, columns: columns.clone(), values: above, width };
        (above, Self { rows: at..rows.end, columns, values: below, width })
    }

    /// The same, for a while.
    pub fn again(&mut self) -> Portion<'_> {
        let Self { rows, columns, values, width } = self;
        Portion { rows: rows.clone(), columns: columns.clone(), values: values.again(), width: *width }
    }

    /// Its values, with those of another matrix of the same shape at the same places: row by row, or at once where it has
    /// whole rows.
    pub fn with(&mut self, other: &[f32], f: impl Fn(&[f32], &mut [f32])) {
        if self.columns.len() == self.width
            && let Some(all) = self.values.whole()
        {
            return f(&other[self.rows.start * self.width..self.rows.end * self.width], all);
        }
        for (i, row) in self.rows.clone().enumerate() {
            f(&other[row * self.width..][self.columns.clone()], self.values.row(i));
        }
    }

    /// Its values, row by row or at once.
    pub fn each(&mut self, f: impl Fn(&mut [f32])) {
        if let Some(all) = self.values.whole() {
            return f(all);
        }
        for i in 0..self.values.rows() {
            f(self.values.row(i));
        }
    }
}

/// A layer that can be divided. It keeps nothing, draws nothing, and does the same for rows of any length.
pub trait Divisible: Sync {
    /// A portion of y = f(x), where `x` is `(B, in)` and y `(B, out)`.
    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: Portion<'_>);

    /// A portion of dx = dy · ∂y/∂x, where `dy` is `(B, out)` and dx `(B, in)`.
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], dy: &[f32], dx: Portion<'_>);
}
