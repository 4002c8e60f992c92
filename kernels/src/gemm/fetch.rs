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
        let parts = 1 << ((tiles - 1) / self.blocks.max(1)).max(1).ilog2();
        let (block, part) = (t.wrapping_sub(1) / parts, t.wrapping_sub(1) % parts);
        if block >= self.blocks {
            return Ahead::nothing(self.from);
        }
        let from = self.from.wrapping_add(block * LANES + part * self.rows.div_ceil(parts) * self.row);
        Ahead { from, row: self.row, every: parts }
    }
}

/// The most stretches that are wished for at a time.
const MOST: usize = 64;

/// Stretches of memory that somebody will read or write after the next product.
pub(super) struct Wishes {
    /// Addresses and numbers of cache lines; those before `first` were asked for.
    stretches: Vec<(usize, usize)>,
    first: usize,
    /// Lines that each tile asks for.
    each: usize,
}

impl Wishes {
    pub(super) fn none() -> Self {
        Wishes { stretches: Vec::with_capacity(MOST), first: 0, each: 0 }
    }

    pub(super) fn set<'a>(&mut self, of: impl Iterator<Item = &'a [f32]>) {
        (self.first, self.each) = (0, 0);
        self.stretches.clear();
        let of = of.filter(|stretch| !stretch.is_empty()).take(MOST);
        self.stretches.extend(of.map(|stretch| (stretch.as_ptr().addr(), stretch.len().div_ceil(LANES))));
    }

    /// Divides what is left between so many tiles.
    #[inline(always)]
    pub(super) fn divide(&mut self, tiles: usize) {
        let left: usize = self.stretches[self.first..].iter().map(|(_, lines)| lines).sum();
        self.each = left.div_ceil(tiles.max(1));
    }

    /// The share of a tile with so much of `k`; none when all are taken.
    #[inline(always)]
    pub(super) fn share(&mut self, k: usize) -> Option<Ahead> {
        let (at, lines) = self.stretches.get_mut(self.first)?;
        let every = 1 << (k / self.each.max(1)).max(1).ilog2();
        let from = std::ptr::without_provenance(*at);
        let taken = k.div_ceil(every).min(*lines);
        (*at, *lines) = (*at + taken * LANES * size_of::<f32>(), *lines - taken);
        if *lines == 0 {
            self.first += 1;
        }
        Some(Ahead { from, row: LANES, every })
    }

    /// So many lines in a row, or fewer, for a tile that asks for one at a time; none when all are taken.
    #[inline(always)]
    pub(super) fn lines(&mut self, most: usize) -> Option<*const f32> {
        let (at, lines) = self.stretches.get_mut(self.first)?;
        let from = std::ptr::without_provenance(*at);
        let taken = most.clamp(1, *lines);
        (*at, *lines) = (*at + taken * LANES * size_of::<f32>(), *lines - taken);
        if *lines == 0 {
            self.first += 1;
        }
        Some(from)
    }
}
