//! How the memory of a level is divided, and where in it the numbers of a step lie.

use std::ops::Range;

use kernels::gemm::Mat;
use kernels::recurrent::Columns;

/// The memory of one direction: what the kernels call so.
pub(super) struct Memories<X> {
    /// For every row and step, as the next three.
    pub given: X,
    pub gates: X,
    pub kept: X,
    pub split: X,
    /// The state, or its gradient, `(B, H)`.
    pub h: X,
    pub c: X,
    /// What a step is made of, `(B, gates H)`, as the next.
    pub p: X,
    pub r: X,
    /// The gradient of what came in at a step, `(B, F)`.
    pub dx: X,
}

impl<X> Memories<X> {
    /// From stretches in this order, of the sizes that the level knows.
    pub fn of([given, gates, kept, split, h, c, p, r, dx]: [X; 9]) -> Self {
        Self { given, gates, kept, split, h, c, p, r, dx }
    }
}

/// How far what is kept of a row lies from what is kept of the next row and of the next step.
#[derive(Clone, Copy)]
pub(super) struct Lie {
    pub row: usize,
    pub step: usize,
}

impl Lie {
    /// What a step has of something of which every row and step has so much.
    pub fn step(self, of: &mut [f32], step: usize, size: usize) -> Columns<&mut [f32]> {
        Columns { of: &mut of[step * self.step * size..], width: self.row * size, first: 0 }
    }

    pub fn seen(self, of: &[f32], step: usize, size: usize) -> Columns<&[f32]> {
        Columns { of: &of[step * self.step * size..], width: self.row * size, first: 0 }
    }

    /// The same as a matrix of some of its columns.
    pub fn mat(self, of: &[f32], (rows, step, size): (usize, usize, usize), first: usize, count: usize) -> Mat<'_> {
        Mat::strided(&of[step * self.step * size + first..], rows, count, self.row * size, 1)
    }
}

/// Rows of so many numbers.
pub(super) fn stretch<'a>(of: &'a [f32], rows: &Range<usize>, width: usize) -> &'a [f32] {
    &of[rows.start * width..rows.end * width]
}
