//! What the machine can do at most, to hold kernels against: fused multiply-adds that wait for nothing, the same with loads
//! beside them, with those that a matrix product cannot do without, and passes over memory that compute next to nothing.
//! Each does a stated amount of work; the caller takes the time.

use crate::elementwise::{Lanes, Map};
use crate::isa::{Cpu, LANES, Op, Simd};

/// Chains of fused multiply-adds that do not depend on each other: enough for two units with a latency of five cycles where a
/// block is one register.
const MANY: usize = 12;
/// The same where a block is two registers or four: more of them and they would be spilled.
const FEW: usize = 6;

/// Links of each of so many chains in a round; where there are fewer, each has more. Counting rounds takes a turn at a unit that
/// multiplies.
const LINKS: usize = 4;

/// Floating-point operations of a round of [`fma_chains`], a fused multiply-add counted as two.
pub const FLOPS_PER_ROUND: usize = LINKS * MANY * LANES * 2;

/// The sum of all lanes of all of them.
#[inline(always)]
fn total<S: Simd>(s: S, all: impl IntoIterator<Item = S::V>) -> f32 {
    all.into_iter()
        .map(
            #[inline(always)]
            |one| s.sum(one),
        )
        .sum()
}

struct Chains {
    rounds: usize,
    factor: f32,
}

impl Chains {
    #[inline(always)]
    fn of<S: Simd, const CHAINS: usize>(&self, s: S) -> f32 {
        let (factor, term) = (s.splat(self.factor), s.splat(1.0 - self.factor));
        let mut chains = [s.zero(); CHAINS];
        for (i, chain) in chains.iter_mut().enumerate() {
            *chain = s.splat(i as f32);
        }
        for _ in 0..self.rounds {
            for _ in 0..LINKS * MANY / CHAINS {
                for chain in &mut chains {
                    *chain = s.mul_add(*chain, factor, term);
                }
            }
        }
        total(s, chains)
    }
}

impl Op for Chains {
    type Out = f32;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> f32 {
        if S::TILES.len() > 1 { self.of::<S, MANY>(s) } else { self.of::<S, FEW>(s) }
    }
}

/// Does `rounds` times [`FLOPS_PER_ROUND`] operations at the rate of the fused multiply-adds of this instruction set: `x =
/// factor x + (1 - factor)` over and over, on several `x` at once. What comes back is to be used, so that nothing is left out.
pub fn fma_chains(cpu: Cpu, rounds: usize, factor: f32) -> f32 {
    cpu.run(Chains { rounds, factor })
}

/// Multiply-adds that count as one round of the loop in [`loading_chains`].
const ROUND: usize = LINKS * MANY;

struct Loading<'a, const EVERY: usize> {
    rounds: usize,
    x: &'a [f32],
    term: f32,
}

impl<const EVERY: usize> Loading<'_, EVERY> {
    #[inline(always)]
    fn of<S: Simd, const CHAINS: usize>(&self, s: S) -> f32 {
        let (blocks, _) = self.x.as_chunks::<LANES>();
        let (mut factor, term) = (s.zero(), s.splat(self.term));
        let mut chains = [s.zero(); CHAINS];
        for _ in 0..self.rounds {
            for group in blocks.chunks_exact(ROUND / EVERY) {
                for link in 0..ROUND / CHAINS {
                    for (i, chain) in chains.iter_mut().enumerate() {
                        if i % EVERY == 0 {
                            factor = s.load(&group[(link * CHAINS + i) / EVERY]);
                        }
                        *chain = s.mul_add(*chain, factor, term);
                    }
                }
            }
        }
        total(s, chains)
    }
}

impl<const EVERY: usize> Op for Loading<'_, EVERY> {
    type Out = f32;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> f32 {
        if S::TILES.len() > 1 { self.of::<S, MANY>(s) } else { self.of::<S, FEW>(s) }
    }
}

/// How often [`loading_chains`] can load: once in so many multiply-adds.
pub const LOADS: [usize; 4] = [6, 3, 2, 1];

/// As [`fma_chains`], `x = factor x + term`, but every so many multiply-adds, one of [`LOADS`], the next sixteen factors are
/// loaded. It goes `rounds` times over `factors`, [`flops_loading`] operations each.
pub fn loading_chains(cpu: Cpu, every: usize, rounds: usize, factors: &[f32], term: f32) -> f32 {
    let x = factors;
    match every {
        1 => cpu.run(Loading::<1> { rounds, x, term }),
        2 => cpu.run(Loading::<2> { rounds, x, term }),
        3 => cpu.run(Loading::<3> { rounds, x, term }),
        6 => cpu.run(Loading::<6> { rounds, x, term }),
        _ => panic!("no chains with a load for every {every} multiply-adds"),
    }
}

/// Floating-point operations of a round of [`loading_chains`] over so many factors.
pub fn flops_loading(every: usize, factors: usize) -> usize {
    factors / LANES / (ROUND / every) * ROUND * LANES * 2
}

/// Steps of `k` in a round of [`tile`].
const DEPTH: usize = 64;

/// The loop of a matrix product without everything around it.
struct TileLoop<'a> {
    rounds: usize,
    a: &'a [f32],
    b: &'a [f32],
}

impl TileLoop<'_> {
    #[inline(always)]
    fn of<S: Simd, const ROWS: usize, const BLOCKS: usize>(&self, s: S) -> f32 {
        let mut acc = [[s.zero(); BLOCKS]; ROWS];
        let (a, b) = (&self.a[..DEPTH * ROWS], &self.b[..DEPTH * BLOCKS * LANES]);
        for _ in 0..self.rounds {
            // two steps at a time, as products take them
            for (a, b) in a.chunks_exact(2 * ROWS).zip(b.chunks_exact(2 * BLOCKS * LANES)) {
                for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<LANES>().0.chunks_exact(BLOCKS)) {
                    let row: [S::V; BLOCKS] = std::array::from_fn(
                        #[inline(always)]
                        |j| s.load(&b[j]),
                    );
                    for (a, acc) in a.iter().zip(&mut acc) {
                        let a = s.splat(*a);
                        for (b, acc) in row.iter().zip(acc) {
                            *acc = s.mul_add(a, *b, *acc);
                        }
                    }
                }
            }
        }
        total(s, acc.into_iter().flatten())
    }
}

impl Op for TileLoop<'_> {
    type Out = f32;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> f32 {
        match (S::TILES.len(), S::TILES[S::TILES.len() - 1]) {
            (4, 6) => self.of::<S, 6, 4>(s),
            (1, 6) => self.of::<S, 6, 1>(s),
            (1, 4) => self.of::<S, 4, 1>(s),
            tile => unreachable!("the tile {tile:?} has no loop of its own"),
        }
    }
}

/// Floating-point operations of a round of [`tile`] on an instruction set.
pub fn flops_of_tile(cpu: Cpu) -> usize {
    struct Flops;
    impl Op for Flops {
        type Out = usize;

        #[inline(always)]
        fn eval<S: Simd>(self, _: S) -> usize {
            let blocks = S::TILES.len();
            2 * DEPTH * S::TILES[blocks - 1] * blocks * LANES
        }
    }
    cpu.run(Flops)
}

/// Multiplies `rounds` times a tile of A by one of B as wide as the registers have room for, [`flops_of_tile`] each: every
/// step loads what it multiplies from the first-level cache, as every matrix product has to, and nothing else. `a` and `b`
/// are at least 4,096 values. What comes back is to be used.
pub fn tile(cpu: Cpu, rounds: usize, a: &[f32], b: &[f32]) -> f32 {
    assert!(a.len() >= 4096 && b.len() >= 4096, "operands of a tile");
    cpu.run(TileLoop { rounds, a, b })
}

struct Read<'a>(&'a [f32]);

impl Read<'_> {
    #[inline(always)]
    fn of<S: Simd, const CHAINS: usize>(&self, s: S) -> f32 {
        let mut sums = [s.zero(); CHAINS];
        let (blocks, end) = self.0.as_chunks::<LANES>();
        let groups = blocks.chunks_exact(CHAINS);
        let rest = groups.remainder();
        for group in groups {
            for (sum, block) in sums.iter_mut().zip(group) {
                *sum = s.add(*sum, s.load(block));
            }
        }
        for (sum, block) in sums.iter_mut().zip(rest) {
            *sum = s.add(*sum, s.load(block));
        }
        let all = sums.into_iter().fold(
            s.load_part(end),
            #[inline(always)]
            |all, sum| s.add(all, sum),
        );
        s.sum(all)
    }
}

impl Op for Read<'_> {
    type Out = f32;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> f32 {
        if S::TILES.len() > 1 { self.of::<S, MANY>(s) } else { self.of::<S, FEW>(s) }
    }
}

/// Reads `x` once, 4 bytes an element. What comes back, a sum, is to be used.
pub fn read(cpu: Cpu, x: &[f32]) -> f32 {
    cpu.run(Read(x))
}

struct Triad(f32);

impl Lanes<2> for Triad {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [x, y]: [S::V; 2]) -> S::V {
        s.mul_add(s.splat(self.0), y, x)
    }
}

/// `out = x + a y`, the third kernel of STREAM (McCalpin 1995): 12 bytes an element, and 4 more where the cache fetches
/// what is going to be overwritten; all of one length.
pub fn triad(cpu: Cpu, x: &[f32], a: f32, y: &[f32], out: &mut [f32]) {
    cpu.run(Map { f: Triad(a), x: [x, y], out });
}
