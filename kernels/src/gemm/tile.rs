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

use super::fetch::Ahead;
use crate::isa::{LANES, Op, Simd, hidden};

/// What the chains of a tile start from.
#[derive(Clone, Copy)]
pub(super) enum First {
    Zero,
    /// The tile's columns of the bias.
    Bias(*const f32),
    /// What C holds.
    Keep,
}

/// Where a tile lies: C `(rows, cols)`, A `(rows, k)`, whose rows lie in one piece or its columns do, B `(k, cols)` with its
/// columns side by side. Several tiles of one height that lie below each other are computed in one call: with a small `k`
/// the way there takes as long.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub first: First,
    /// How many there are.
    pub count: usize,
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
    /// Computes the tiles. There is one such function for all products, which are many times as large with a copy of it each.
    ///
    /// # Safety
    /// - `1 <= rows <= S::ROWS` and `1 <= cols <= 16 S::BLOCKS`.
    /// - A, B and the bias are valid for reading at the places said, B in whole blocks of columns unless it is copied.
    /// - `a_col` is one, or `a_row` is, or there is a single row.
    /// - C is valid for reading and writing at the places said, and overlaps none of them.
    #[inline(never)]
    pub(super) unsafe fn compute<S: Simd>(&self, s: S) {
        let blocks = self.cols.div_ceil(LANES);
        debug_assert!((1..=S::TILES.len()).contains(&blocks) && (1..=S::TILES[blocks - 1]).contains(&self.rows));
        match blocks {
            1 => self.with_blocks::<S, 1>(s),
            2 => self.with_blocks::<S, 2>(s),
            3 => self.with_blocks::<S, 3>(s),
            _ => self.with_blocks::<S, 4>(s),
        }
    }

    #[inline(always)]
    fn with_blocks<S: Simd, const BLOCKS: usize>(&self, s: S) {
        match (self.copy, self.a_col) {
            (Some(_), _) => self.with_rows::<S, BLOCKS, COPY>(s),
            (None, 1) if self.ahead.left > 0 => self.with_rows::<S, BLOCKS, FETCH>(s),
            (None, 1) => self.with_rows::<S, BLOCKS, ALONG>(s),
            (None, _) => self.with_rows::<S, BLOCKS, DOWN>(s),
        }
    }

    #[inline(always)]
    fn with_rows<S: Simd, const BLOCKS: usize, const FORM: u8>(&self, s: S) {
        match self.rows {
            1 => s.call(Kernel::<1, BLOCKS, FORM>(self)),
            2 => s.call(Kernel::<2, BLOCKS, FORM>(self)),
            3 => s.call(Kernel::<3, BLOCKS, FORM>(self)),
            4 => s.call(Kernel::<4, BLOCKS, FORM>(self)),
            5 => s.call(Kernel::<5, BLOCKS, FORM>(self)),
            6 => s.call(Kernel::<6, BLOCKS, FORM>(self)),
            7 => s.call(Kernel::<7, BLOCKS, FORM>(self)),
            8 => s.call(Kernel::<8, BLOCKS, FORM>(self)),
            9 => s.call(Kernel::<9, BLOCKS, FORM>(self)),
            10 => s.call(Kernel::<10, BLOCKS, FORM>(self)),
            11 => s.call(Kernel::<11, BLOCKS, FORM>(self)),
            _ => s.call(Kernel::<12, BLOCKS, FORM>(self)),
        }
    }
}

/// How a tile goes along `k`: step by step, copying B on the way.
const COPY: u8 = 0;
/// Where the values of a row of A lie side by side.
const ALONG: u8 = 1;
/// The same, fetching what comes next. Each of these is a function of its own: two loops in one, and the compiler moves half
/// of the registers about in one of them.
const FETCH: u8 = 2;
/// Where the values of a column of A lie side by side.
const DOWN: u8 = 3;

/// Steps in a round of the loop, where B is not copied: additions and the jump take their turn at the units that multiply,
/// and a loop with half as many looks twice as far ahead for what comes from the second-level cache.
const STEPS: usize = 2;

/// A tile of `ROWS` rows and `BLOCKS` blocks of columns that goes along `k` as `FORM` says; all loads of B are of whole blocks
/// unless it copies. Made by [`Tile::compute`] alone, whose caller vouches for the addresses.
struct Kernel<'t, const ROWS: usize, const BLOCKS: usize, const FORM: u8>(&'t Tile);

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

impl<const ROWS: usize, const BLOCKS: usize, const FORM: u8> Op for Kernel<'_, ROWS, BLOCKS, FORM> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        if BLOCKS > S::TILES.len() || ROWS > S::TILES[BLOCKS - 1] {
            unreachable!("this instruction set has no tile of {ROWS} rows and {BLOCKS} blocks");
        }
        let mut t = *self.0;
        for _ in 0..t.count {
            Kernel::<ROWS, BLOCKS, FORM>(&t).one(s);
            (t.a, t.c) = (t.a.wrapping_add(ROWS * t.a_row), t.c.wrapping_add(ROWS * t.c_row));
            t.ahead = t.ahead.after(1);
        }
    }
}

impl<const ROWS: usize, const BLOCKS: usize, const FORM: u8> Kernel<'_, ROWS, BLOCKS, FORM> {
    /// The first of the tiles.
    #[inline(always)]
    fn one<S: Simd>(self, s: S) {
        let t = self.0;
        let piece = Piece { first: t.first, c: t.c, c_row: t.c_row, last: t.cols - (BLOCKS - 1) * LANES };
        // SAFETY: C and the bias are valid for the tile, see `Tile::compute`.
        let mut acc: [[S::V; BLOCKS]; ROWS] = unsafe { piece.start(s) };
        match t.copy {
            Some(copy) if FORM == COPY => self.copying(s, &mut acc, copy),
            _ => self.in_rounds(s, &mut acc),
        }
        // SAFETY: as above.
        unsafe { piece.finish(s, acc) };
    }

    /// Pointers to every third row of A, each of which goes its own way: the compiler would keep one for each row, more than
    /// there are registers, or go from one to the next by an addition each, a chain as long as that of the products. Down the
    /// columns one is enough.
    #[inline(always)]
    fn rows_of_a(&self) -> [*const f32; 4] {
        let t = self.0;
        std::array::from_fn(
            #[inline(always)]
            |i| if Self::has(i) { hidden(t.a.wrapping_add(3 * i * t.a_row)) } else { t.a },
        )
    }

    /// Whether there is such a pointer.
    #[inline(always)]
    fn has(i: usize) -> bool {
        if FORM == DOWN { i == 0 } else { 3 * i < ROWS }
    }

    /// The pointers so many values further. Past the last column and row they point outside, but nothing reads there.
    #[inline(always)]
    fn advance(a: &mut [*const f32; 4], by: usize) {
        for (i, a) in a.iter_mut().enumerate() {
            if Self::has(i) {
                *a = hidden(a.wrapping_add(by));
            }
        }
    }

    /// One step of `k` with a row of B, `p` steps after where the pointers are; copying, they are there.
    ///
    /// # Safety
    /// - A is valid for the rows of the tile at that step.
    #[inline(always)]
    unsafe fn step<S: Simd>(
        &self,
        s: S,
        acc: &mut [[S::V; BLOCKS]; ROWS],
        (a, p): (&[*const f32; 4], usize),
        row: [S::V; BLOCKS],
    ) {
        let t = self.0;
        for (i, acc) in acc.iter_mut().enumerate() {
            // SAFETY: the caller vouches for it.
            let x = s.splat(unsafe {
                if FORM == DOWN { *a[0].add(p * t.a_col + i) } else { *a[i / 3].add(i % 3 * t.a_row + p) }
            });
            for (acc, v) in acc.iter_mut().zip(row) {
                *acc = s.mul_add(x, v, *acc);
            }
        }
    }

    /// So many steps, with B as it lies.
    ///
    /// # Safety
    /// - A is valid for the rows of the tile and as many steps, B for as many rows of whole blocks.
    #[inline(always)]
    unsafe fn steps<S: Simd, const STEPS: usize>(
        &self,
        s: S,
        acc: &mut [[S::V; BLOCKS]; ROWS],
        a: &[*const f32; 4],
        b: *const f32,
    ) {
        for p in 0..STEPS {
            let mut row = [s.zero(); BLOCKS];
            for (j, v) in row.iter_mut().enumerate() {
                // SAFETY: the caller vouches for it.
                *v = unsafe { s.load_ptr(b.add(p * self.0.b_row + j * LANES)) };
            }
            // SAFETY: as above.
            unsafe { self.step(s, acc, (a, p), row) };
        }
    }

    /// All of `k`, several steps in a round.
    #[inline(always)]
    fn in_rounds<S: Simd>(&self, s: S, acc: &mut [[S::V; BLOCKS]; ROWS]) {
        let t = self.0;
        let (mut a, mut b) = (self.rows_of_a(), t.b);
        let (mut ahead, [mut hop, mut then]) = (t.ahead.from, t.ahead.hops);
        for _ in 0..t.k / STEPS {
            // SAFETY: A is valid for the rows of the tile and `k` columns, B for `k` rows of whole blocks.
            unsafe { self.steps::<S, STEPS>(s, acc, &a, b) };
            if FORM == FETCH {
                s.prefetch(ahead);
                s.prefetch(ahead.wrapping_add(LANES));
                ahead = ahead.wrapping_add(hop);
                (hop, then) = (then, hop);
            }
            Self::advance(&mut a, if FORM == DOWN { STEPS * t.a_col } else { STEPS });
            b = hidden(b.wrapping_add(STEPS * t.b_row));
        }
        for _ in 0..t.k % STEPS {
            // SAFETY: as above.
            unsafe { self.steps::<S, 1>(s, acc, &a, b) };
            Self::advance(&mut a, if FORM == DOWN { t.a_col } else { 1 });
            b = b.wrapping_add(t.b_row);
        }
    }

    /// With a copy of B, of which the last block may be a part of one.
    #[inline(always)]
    fn copying<S: Simd>(&self, s: S, acc: &mut [[S::V; BLOCKS]; ROWS], mut copy: *mut f32) {
        let t = self.0;
        let last = t.cols - (BLOCKS - 1) * LANES;
        let (mut a, mut b) = (self.rows_of_a(), t.b);
        for _ in 0..t.k {
            let mut row = [s.zero(); BLOCKS];
            for (j, v) in row.iter_mut().enumerate() {
                // SAFETY: B is valid for `k` rows and the columns of the tile; the copy has room for whole blocks.
                unsafe {
                    *v = if j + 1 < BLOCKS || last == LANES {
                        s.load_ptr(b.add(j * LANES))
                    } else {
                        s.load_ptr_part(b.add(j * LANES), last)
                    };
                    s.store_ptr(*v, copy.add(j * LANES));
                }
            }
            // SAFETY: as in `in_rounds`.
            unsafe { self.step(s, acc, (&a, 0), row) };
            Self::advance(&mut a, t.a_col);
            b = b.wrapping_add(t.b_row);
            copy = copy.wrapping_add(BLOCKS * LANES);
        }
    }
}
