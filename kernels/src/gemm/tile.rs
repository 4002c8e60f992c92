//! The micro-kernel: a tile of C in registers, along all of a block of `k`. It is written once; the instruction set
//! decides through [`Simd::TILES`] how large the largest tile of a width is, and smaller ones serve the edges.
//!
//! ```text
//!                      B  (k, 16 BLOCKS), a row is loaded, at the right edge through a mask
//!                      | | | | | | | |
//!   A  (ROWS, k)  ---  C (ROWS, 16 BLOCKS), in registers
//!   one element   ---
//!   at a time,    ---
//!   to all lanes
//! ```

use std::hint::black_box;
use std::ptr::null_mut;

use super::fetch::Ahead;
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
    /// Where B is copied to on the way, in rows of whole blocks of sixteen that begin at a cache line; without it the rows of
    /// B are whole blocks themselves, beyond `cols` where need be.
    pub copy: Option<*mut f32>,
    pub ahead: Ahead,
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
        let blocks = self.cols.div_ceil(LANES);
        debug_assert!((1..=S::TILES.len()).contains(&blocks) && (1..=S::TILES[blocks - 1]).contains(&self.rows));
        match (blocks, self.copy.is_some()) {
            (1, false) => self.with_rows::<S, 1, false>(s),
            (1, true) => self.with_rows::<S, 1, true>(s),
            (2, false) => self.with_rows::<S, 2, false>(s),
            (2, true) => self.with_rows::<S, 2, true>(s),
            (3, false) => self.with_rows::<S, 3, false>(s),
            (3, true) => self.with_rows::<S, 3, true>(s),
            (_, false) => self.with_rows::<S, 4, false>(s),
            (_, true) => self.with_rows::<S, 4, true>(s),
        }
    }

    #[inline(always)]
    fn with_rows<S: Simd, const BLOCKS: usize, const COPY: bool>(self, s: S) {
        match self.rows {
            1 => s.call(Kernel::<1, BLOCKS, COPY>(self)),
            2 => s.call(Kernel::<2, BLOCKS, COPY>(self)),
            3 => s.call(Kernel::<3, BLOCKS, COPY>(self)),
            4 => s.call(Kernel::<4, BLOCKS, COPY>(self)),
            5 => s.call(Kernel::<5, BLOCKS, COPY>(self)),
            6 => s.call(Kernel::<6, BLOCKS, COPY>(self)),
            7 => s.call(Kernel::<7, BLOCKS, COPY>(self)),
            8 => s.call(Kernel::<8, BLOCKS, COPY>(self)),
            9 => s.call(Kernel::<9, BLOCKS, COPY>(self)),
            10 => s.call(Kernel::<10, BLOCKS, COPY>(self)),
            11 => s.call(Kernel::<11, BLOCKS, COPY>(self)),
            _ => s.call(Kernel::<12, BLOCKS, COPY>(self)),
        }
    }
}

/// A tile of `ROWS` rows and `BLOCKS` blocks of columns; with `COPY` it copies B on the way, else all loads of B are of whole
/// blocks. Made by [`Tile::compute`] alone, whose caller vouches for the addresses.
struct Kernel<const ROWS: usize, const BLOCKS: usize, const COPY: bool>(Tile);

/// The piece of C of a tile: where it lies, what its chains start from, and how many columns its last block has.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    pub first: First,
    pub c: *mut f32,
    pub c_row: usize,
    pub last: usize,
}

#[expect(clippy::needless_range_loop, reason = "as below")]
impl Piece {
    /// What the chains start from.
    ///
    /// # Safety
    /// - C, and the bias where there is one, are valid for reading the columns of `BLOCKS` blocks, and C for `ROWS` rows.
    #[inline(always)]
    pub(super) unsafe fn start<S: Simd, const ROWS: usize, const BLOCKS: usize>(&self, s: S) -> [[S::V; BLOCKS]; ROWS] {
        let mut acc = [[s.zero(); BLOCKS]; ROWS];
        match self.first {
            First::Zero => {}
            First::Bias(bias) => {
                for j in 0..BLOCKS {
                    let n = if j + 1 < BLOCKS { LANES } else { self.last };
                    // SAFETY: the caller vouches for the bias.
                    let v = unsafe { s.load_ptr_part(bias.add(j * LANES), n) };
                    for row in &mut acc {
                        row[j] = v;
                    }
                }
            }
            First::Keep => {
                for i in 0..ROWS {
                    for j in 0..BLOCKS {
                        let n = if j + 1 < BLOCKS { LANES } else { self.last };
                        // SAFETY: the caller vouches for C.
                        acc[i][j] = unsafe { s.load_ptr_part(self.c.add(i * self.c_row + j * LANES), n) };
                    }
                }
            }
        }
        acc
    }

    /// Writes the chains, now complete.
    ///
    /// # Safety
    /// - C is valid for writing `ROWS` rows and the columns of `BLOCKS` blocks.
    #[inline(always)]
    pub(super) unsafe fn finish<S: Simd, const ROWS: usize, const BLOCKS: usize>(
        &self,
        s: S,
        acc: [[S::V; BLOCKS]; ROWS],
    ) {
        for i in 0..ROWS {
            for j in 0..BLOCKS {
                let to = self.c.wrapping_add(i * self.c_row + j * LANES);
                // SAFETY: the caller vouches for C.
                unsafe {
                    if j + 1 < BLOCKS || self.last == LANES {
                        s.store_ptr(acc[i][j], to);
                    } else {
                        s.store_ptr_part(acc[i][j], to, self.last);
                    }
                }
            }
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "constant loops over two indices are what is unrolled into registers")]
impl<const ROWS: usize, const BLOCKS: usize, const COPY: bool> Op for Kernel<ROWS, BLOCKS, COPY> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        if BLOCKS > S::TILES.len() || ROWS > S::TILES[BLOCKS - 1] {
            unreachable!("this instruction set has no tile of {ROWS} rows and {BLOCKS} blocks");
        }
        let t = self.0;
        let last = t.cols - (BLOCKS - 1) * LANES;
        let piece = Piece { first: t.first, c: t.c, c_row: t.c_row, last };
        // SAFETY: C and the bias are valid for the tile, see `Tile::compute`.
        let mut acc: [[S::V; BLOCKS]; ROWS] = unsafe { piece.start(s) };
        // Pointers to every third row of A whose relation is hidden: the compiler would go from one to the next by an addition
        // each, a chain as long as that of the products.
        let mut a: [*const f32; 4] = std::array::from_fn(
            #[inline(always)]
            |i| if 3 * i < ROWS { black_box(t.a.wrapping_add(3 * i * t.a_row)) } else { t.a },
        );
        let (mut b, mut ahead, mut copy) = (t.b, t.ahead.from, t.copy.unwrap_or(null_mut()));
        for p in 0..t.k {
            let mut row = [s.zero(); BLOCKS];
            for j in 0..BLOCKS {
                // SAFETY: B is valid for `k` rows and the columns of the tile, in whole blocks unless `COPY`; the copy has room.
                row[j] = unsafe {
                    if COPY {
                        let v = if j + 1 < BLOCKS || last == LANES {
                            s.load_ptr(b.add(j * LANES))
                        } else {
                            s.load_ptr_part(b.add(j * LANES), last)
                        };
                        s.store_ptr(v, copy.add(j * LANES));
                        v
                    } else {
                        s.load_ptr(b.add(j * LANES))
                    }
                };
            }
            if p & (t.ahead.every - 1) == 0 {
                s.prefetch(ahead);
                ahead = ahead.wrapping_add(t.ahead.row);
            }
            for i in 0..ROWS {
                // SAFETY: A is valid for the rows of the tile and `k` columns.
                let x = s.splat(unsafe { *a[i / 3].add(i % 3 * t.a_row) });
                for j in 0..BLOCKS {
                    acc[i][j] = s.mul_add(x, row[j], acc[i][j]);
                }
            }
            // Past the last column and row these point outside, but nothing reads there.
            for a in &mut a {
                *a = a.wrapping_add(t.a_col);
            }
            b = b.wrapping_add(t.b_row);
            if COPY {
                copy = copy.wrapping_add(BLOCKS * LANES);
            }
        }
        // SAFETY: as above.
        unsafe { piece.finish(s, acc) };
    }
}
