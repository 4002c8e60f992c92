//! The micro-kernel of large products: as in `tile`, with A and B packed so that every address is a constant away from two
//! pointers, and B on its way from the second-level cache.

use super::large::DEPTH;
use super::tile::Piece;
use crate::isa::{LANES, Op, Simd};

/// From a row of packed A to the next, in values: an odd number of cache lines, so that they do not meet in the caches.
pub(super) const A_ROW: usize = DEPTH + LANES;
/// Steps of `k` in one round of the loop.
pub(super) const UNROLL: usize = 4;

/// A tile of C `(rows, cols)` from packed A `(rows, k)`, its rows [`A_ROW`] apart, and packed B `(k, cols)` in rows of whole
/// blocks.
#[derive(Clone, Copy)]
pub(super) struct Streamed {
    pub piece: Piece,
    pub rows: usize,
    pub blocks: usize,
    pub k: usize,
    pub a: *const f32,
    pub b: *const f32,
    /// Cache lines to be fetched meanwhile, so many values apart, one in every round.
    pub ahead: (*const f32, usize),
    /// The tile of C that comes next and holds what its chains start from.
    pub then: Option<*const f32>,
}

impl Streamed {
    /// Computes the tile.
    ///
    /// # Safety
    /// - `1 <= blocks <= 3`, and `rows` and `blocks` are those of a tile of the instruction set.
    /// - A, B and the piece are valid for the rows, columns and `k` said.
    #[inline(always)]
    pub(super) unsafe fn compute<S: Simd>(self, s: S) {
        match self.blocks {
            1 => self.with_rows::<S, 1>(s),
            2 => self.with_rows::<S, 2>(s),
            _ => self.with_rows::<S, 3>(s),
        }
    }

    #[inline(always)]
    fn with_rows<S: Simd, const BLOCKS: usize>(self, s: S) {
        match self.rows {
            1 => s.call(Kernel::<1, BLOCKS>(self)),
            2 => s.call(Kernel::<2, BLOCKS>(self)),
            3 => s.call(Kernel::<3, BLOCKS>(self)),
            4 => s.call(Kernel::<4, BLOCKS>(self)),
            5 => s.call(Kernel::<5, BLOCKS>(self)),
            6 => s.call(Kernel::<6, BLOCKS>(self)),
            7 => s.call(Kernel::<7, BLOCKS>(self)),
            _ => s.call(Kernel::<8, BLOCKS>(self)),
        }
    }
}

/// Made by [`Streamed::compute`] alone, whose caller vouches for the addresses.
struct Kernel<const ROWS: usize, const BLOCKS: usize>(Streamed);

impl<const ROWS: usize, const BLOCKS: usize> Op for Kernel<ROWS, BLOCKS> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        if BLOCKS > S::TILES.len() || ROWS > S::TILES[BLOCKS - 1] {
            unreachable!("this instruction set has no tile of {ROWS} rows and {BLOCKS} blocks");
        }
        let t = self.0;
        // SAFETY: the piece is valid, see `Streamed::compute`.
        let mut acc: [[S::V; BLOCKS]; ROWS] = unsafe { t.piece.start(s) };
        if let Some(then) = t.then {
            for i in 0..ROWS {
                for j in 0..BLOCKS {
                    s.prefetch_near(then.wrapping_add(i * t.piece.c_row + j * LANES));
                }
            }
        }
        let (mut a, mut b, mut ahead) = (t.a, t.b, t.ahead.0);
        for _ in 0..t.k / UNROLL {
            for p in 0..UNROLL {
                // SAFETY: A and B are valid for `k` steps.
                unsafe { step::<S, ROWS, BLOCKS>(s, &mut acc, a.add(p), b.add(p * BLOCKS * LANES)) };
            }
            s.prefetch(ahead);
            ahead = ahead.wrapping_add(t.ahead.1);
            a = a.wrapping_add(UNROLL);
            b = b.wrapping_add(UNROLL * BLOCKS * LANES);
        }
        for _ in 0..t.k % UNROLL {
            // SAFETY: as above.
            unsafe { step::<S, ROWS, BLOCKS>(s, &mut acc, a, b) };
            a = a.wrapping_add(1);
            b = b.wrapping_add(BLOCKS * LANES);
        }
        // SAFETY: as above.
        unsafe { t.piece.finish(s, acc) };
    }
}

/// One step of `k`.
///
/// # Safety
/// - `a` is valid for `ROWS` rows, `b` for `BLOCKS` blocks.
#[inline(always)]
unsafe fn step<S: Simd, const ROWS: usize, const BLOCKS: usize>(
    s: S,
    acc: &mut [[S::V; BLOCKS]; ROWS],
    a: *const f32,
    b: *const f32,
) {
    let mut row = [s.zero(); BLOCKS];
    for (j, v) in row.iter_mut().enumerate() {
        // SAFETY: the caller vouches for it.
        *v = unsafe { s.load_ptr(b.add(j * LANES)) };
    }
    for (i, acc) in acc.iter_mut().enumerate() {
        // SAFETY: the caller vouches for it.
        let x = s.splat(unsafe { *a.add(i * A_ROW) });
        for (acc, v) in acc.iter_mut().zip(row) {
            *acc = s.mul_add(x, v, *acc);
        }
    }
}
