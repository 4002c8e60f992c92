//! What a product brings into the cache beside computing: tiles ask for a cache line in every step of `k`, and what comes
//! next has arrived when it is its turn. It says nothing about any value.

use crate::isa::LANES;

/// What tiles ask for: the panel of B that comes next, row by row, two cache lines every other step of `k`. What lies side
/// by side is asked for together: then the machine goes on by itself, with what the panels after that need.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub from: *const f32,
    /// From two lines to the next two, and from those to the next.
    pub hops: [usize; 2],
    /// What a tile asks for in all.
    tile: usize,
    /// Tiles that have not asked.
    pub left: usize,
}

impl Ahead {
    /// Nothing.
    #[inline(always)]
    pub(super) fn nothing() -> Self {
        Ahead { from: std::ptr::null(), hops: [0; 2], tile: 0, left: 0 }
    }

    /// So many rows, `row` apart, of so many blocks of sixteen.
    #[inline(always)]
    pub(super) fn of(from: *const f32, row: usize, rows: usize, blocks: usize) -> Self {
        let pair = 2 * LANES;
        if blocks <= 2 {
            return Ahead { from, hops: [row; 2], tile: rows / 2 * row, left: 2 };
        }
        Ahead { from, hops: [pair, row.wrapping_sub(pair)], tile: rows / 4 * row, left: 4 }
    }

    /// What is left when so many tiles have asked.
    #[inline(always)]
    pub(super) fn after(self, tiles: usize) -> Self {
        Ahead { from: self.from.wrapping_add(tiles * self.tile), left: self.left.saturating_sub(tiles), ..self }
    }
}
