//! The micro-kernel: a tile of C in registers, along all of a block of `k`. It is written once; the instruction set
//! decides through [`Simd::ROWS`] and [`Simd::BLOCKS`] how large the largest tile is, and smaller ones serve the edges.
//!
//! ```text
//!                      B  (k, 16 BLOCKS), a row is loaded, at the right edge through a mask
//!                      | | | | | | | |
//!   A  (ROWS, k)  ---  C (ROWS, 16 BLOCKS), in registers
//!   one element   ---
//!   at a time,    ---
//!   to all lanes
//! ```

use crate::isa::{LANES, Op, Simd};

/// What the chains of a tile start from.
#[derive(Clone, Copy)]
pub(super) enum First {
    Zero,
    /// The tile's columns of the bias.
    Bias(*const f32),
    /// What C holds.
    Keep,
}

/// Where a tile lies: C `(rows, cols)`, A `(rows, k)` with any strides, B `(k, cols)` with its columns side by side.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub first: First,
    pub rows: usize,
    pub cols: usize,
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_col: usize,
    pub b: *const f32,
    pub b_row: usize,
    /// Whether the rows of B are whole blocks of sixteen, beyond `cols` where need be.
    pub b_whole: bool,
    pub c: *mut f32,
    pub c_row: usize,
}

impl Tile {
    /// Computes the tile.
    ///
    /// # Safety
    /// - `1 <= rows <= S::ROWS` and `1 <= cols <= 16 S::BLOCKS`.
    /// - A, B and the bias are valid for reading at the places said, with `b_whole` up to whole blocks of columns.
    /// - C is valid for reading and writing at the places said, and overlaps none of them.
    #[inline(always)]
    pub(super) unsafe fn compute<S: Simd>(self, s: S) {
        debug_assert!((1..=S::ROWS).contains(&self.rows) && (1..=S::BLOCKS * LANES).contains(&self.cols));
        let whole = self.b_whole || self.cols.is_multiple_of(LANES);
        match (self.cols.div_ceil(LANES), whole) {
            (1, true) => self.with_rows::<S, 1, true>(s),
            (1, false) => self.with_rows::<S, 1, false>(s),
            (_, true) => self.with_rows::<S, 2, true>(s),
            (_, false) => self.with_rows::<S, 2, false>(s),
        }
    }

    #[inline(always)]
    fn with_rows<S: Simd, const BLOCKS: usize, const WHOLE: bool>(self, s: S) {
        match self.rows {
            1 => s.call(Kernel::<1, BLOCKS, WHOLE>(self)),
            2 => s.call(Kernel::<2, BLOCKS, WHOLE>(self)),
            3 => s.call(Kernel::<3, BLOCKS, WHOLE>(self)),
            4 => s.call(Kernel::<4, BLOCKS, WHOLE>(self)),
            5 => s.call(Kernel::<5, BLOCKS, WHOLE>(self)),
            6 => s.call(Kernel::<6, BLOCKS, WHOLE>(self)),
            7 => s.call(Kernel::<7, BLOCKS, WHOLE>(self)),
            8 => s.call(Kernel::<8, BLOCKS, WHOLE>(self)),
            9 => s.call(Kernel::<9, BLOCKS, WHOLE>(self)),
            10 => s.call(Kernel::<10, BLOCKS, WHOLE>(self)),
            11 => s.call(Kernel::<11, BLOCKS, WHOLE>(self)),
            _ => s.call(Kernel::<12, BLOCKS, WHOLE>(self)),
        }
    }
}

/// A tile of `ROWS` rows and `BLOCKS` blocks of columns; `WHOLE`: all loads of B are of whole blocks. Made by
/// [`Tile::compute`] alone, whose caller vouches for the addresses.
struct Kernel<const ROWS: usize, const BLOCKS: usize, const WHOLE: bool>(Tile);

#[expect(clippy::needless_range_loop, reason = "constant loops over two indices are what is unrolled into registers")]
impl<const ROWS: usize, const BLOCKS: usize, const WHOLE: bool> Op for Kernel<ROWS, BLOCKS, WHOLE> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let t = self.0;
        let last = t.cols - (BLOCKS - 1) * LANES;
        let mut acc = [[s.zero(); BLOCKS]; ROWS];
        match t.first {
            First::Zero => {}
            First::Bias(bias) => {
                for j in 0..BLOCKS {
                    let n = if j + 1 < BLOCKS { LANES } else { last };
                    // SAFETY: the bias is valid for the columns of the tile, see `Tile::compute`.
                    let v = unsafe { s.load_ptr_part(bias.add(j * LANES), n) };
                    for row in &mut acc {
                        row[j] = v;
                    }
                }
            }
            First::Keep => {
                for i in 0..ROWS {
                    for j in 0..BLOCKS {
                        let n = if j + 1 < BLOCKS { LANES } else { last };
                        // SAFETY: C is valid for the rows and columns of the tile, see `Tile::compute`.
                        acc[i][j] = unsafe { s.load_ptr_part(t.c.add(i * t.c_row + j * LANES), n) };
                    }
                }
            }
        }
        let (mut a, mut b) = (t.a, t.b);
        for _ in 0..t.k {
            let mut row = [s.zero(); BLOCKS];
            for j in 0..BLOCKS {
                // SAFETY: B is valid for `k` rows and the columns of the tile, in whole blocks if `WHOLE`.
                row[j] = unsafe {
                    if WHOLE || j + 1 < BLOCKS {
                        s.load_ptr(b.add(j * LANES))
                    } else {
                        s.load_ptr_part(b.add(j * LANES), last)
                    }
                };
            }
            for i in 0..ROWS {
                // SAFETY: A is valid for the rows of the tile and `k` columns.
                let x = s.splat(unsafe { *a.add(i * t.a_row) });
                for j in 0..BLOCKS {
                    acc[i][j] = s.mul_add(x, row[j], acc[i][j]);
                }
            }
            // Past the last column and row these point outside, but nothing reads there.
            a = a.wrapping_add(t.a_col);
            b = b.wrapping_add(t.b_row);
        }
        for i in 0..ROWS {
            for j in 0..BLOCKS {
                let to = t.c.wrapping_add(i * t.c_row + j * LANES);
                // SAFETY: C is valid for the rows and columns of the tile, see `Tile::compute`.
                unsafe {
                    if j + 1 < BLOCKS || last == LANES {
                        s.store_ptr(acc[i][j], to);
                    } else {
                        s.store_ptr_part(acc[i][j], to, last);
                    }
                }
            }
        }
    }
}
