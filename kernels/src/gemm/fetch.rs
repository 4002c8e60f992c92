//! What a product brings into the cache beside computing: tiles ask for a cache line every few steps of `k`, which costs them
//! next to nothing, and what comes next has arrived when it is its turn. It says nothing about any value.

use crate::isa::LANES;

/// What a tile asks for: a cache line for every `k` that is a multiple of `every`, a power of two, each `row` values after
/// the one before.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub from: *const f32,
    pub row: usize,
    pub every: usize,
}

impl Ahead {
    /// Nothing but what is there anyway.
    #[inline(always)]
    fn nothing(at: *const f32) -> Self {
        Ahead { from: at, row: 0, every: 1 << 20 }
    }
}

/// The panel of B that comes next: so many rows of so many blocks.
#[derive(Clone, Copy)]
pub(super) struct Next {
    pub from: *const f32,
    pub row: usize,
    pub rows: usize,
    pub blocks: usize,
}

impl Next {
    /// There is none.
    #[inline(always)]
    pub(super) fn none() -> Self {
        Next { from: std::ptr::null(), row: 0, rows: 0, blocks: 0 }
    }

    /// The share of the tile `t` of `tiles`, of which the first has none; every block is divided between as many.
    #[inline(always)]
    pub(super) fn share(self, t: usize, tiles: usize) -> Ahead {
        if self.rows == 0 {
            return Ahead::nothing(self.from);
        }
        let parts = 1 << ((tiles - 1) / self.blocks.max(1)).max(1).ilog2();
        let (block, part) = (t.wrapping_sub(1) / parts, t.wrapping_sub(1) % parts);
        if block >= self.blocks {
            return Ahead::nothing(self.from);
        }
        let from = self.from.wrapping_add(block * LANES + part * self.rows.div_ceil(parts) * self.row);
        Ahead { from, row: self.row, every: parts }
    }
}
