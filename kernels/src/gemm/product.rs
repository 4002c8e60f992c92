//! The loops over the blocks of a product, numbered as in the papers on BLIS (Van Zee and van de Geijn 2015).

use super::pack::{Buffers, DEPTH};
use super::tile::{First, Tile};
use super::{Mat, Start};
use crate::isa::{LANES, Op, Simd};

/// A product to compute, its shapes checked.
pub(super) struct Product<'a> {
    pub start: Start<'a>,
    pub a: Mat<'a>,
    pub b: Mat<'a>,
    pub c: &'a mut [f32],
    pub buffers: &'a mut Buffers,
}

impl Op for Product<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Product { start, a, b, c, buffers } = self;
        let (m, k, n) = (a.rows, a.cols, b.cols);
        let pack = b.col_stride != 1;
        // LOOP 4: split k into blocks; the chains wait in C between them.
        let depth_max = if pack { DEPTH } else { k.max(1) };
        for p in (0..k.max(1)).step_by(depth_max) {
            let depth = depth_max.min(k - p);
            // LOOP 2: split n into panels as wide as a tile.
            for j in (0..n).step_by(S::BLOCKS * LANES) {
                let cols = (S::BLOCKS * LANES).min(n - j);
                let (panel, b_row) = if pack {
                    let (panel, width) = buffers.pack(b, p, depth, j, cols);
                    (panel.as_ptr(), width)
                } else {
                    (b.at(p, j), b.row_stride)
                };
                let first = match start {
                    _ if p > 0 => First::Keep,
                    Start::Zero => First::Zero,
                    Start::Bias(bias) => First::Bias(bias[j..j + cols].as_ptr()),
                    Start::Keep => First::Keep,
                };
                // LOOP 1: split m into tiles of nearly equal height.
                let tiles = m.div_ceil(S::ROWS);
                let mut i = 0;
                for t in 0..tiles {
                    let rows = (m - i).div_ceil(tiles - t);
                    let tile = Tile {
                        first,
                        rows,
                        cols,
                        k: depth,
                        a: a.at(i, p),
                        a_row: a.row_stride,
                        a_col: a.col_stride,
                        b: panel,
                        b_row,
                        b_whole: pack,
                        c: c[i * n + j..].as_mut_ptr(),
                        c_row: n,
                    };
                    // SAFETY: rows i.. and columns j.. are within A, B and C, whose views were checked when they were
                    // made; the bias was checked to have n values; a packed panel is filled up to whole blocks; C is
                    // borrowed for writing, so nothing overlaps it.
                    unsafe { tile.compute(s) };
                    i += rows;
                }
            }
        }
    }
}
