//! Rows of a batch side by side in lanes, and back: squares of sixteen numbers of sixteen rows, transposed. Sixteen rows make a
//! block `(width, 16)`, of which each number of all of them is one lane; the last block of a batch may have fewer rows, and
//! zeros in the lanes that are left.

use crate::isa::{Cpu, LANES, Op, Simd};

/// Rows in whole blocks: so many rows take the memory of how many.
#[inline]
pub const fn padded(rows: usize) -> usize {
    rows.next_multiple_of(LANES)
}

/// Brings the rows of `x` `(B, width)` together: `blocks[b][i][r] = x[16 b + r][i]`, zero where there is no row.
pub fn spread(cpu: Cpu, x: &[f32], width: usize, blocks: &mut [f32]) {
    assert_eq!(padded(x.len() / width) * width, blocks.len(), "blocks of rows of {width}");
    cpu.run(Spread { x, width, blocks });
}

/// The other way: `y[16 b + r][i] = blocks[b][i][r]` for the rows that `y` `(B, width)` has.
pub fn collect(cpu: Cpu, blocks: &[f32], width: usize, y: &mut [f32]) {
    assert_eq!(padded(y.len() / width) * width, blocks.len(), "blocks of rows of {width}");
    cpu.run(Collect { blocks, width, y });
}

struct Spread<'a> {
    x: &'a [f32],
    width: usize,
    blocks: &'a mut [f32],
}

impl Op for Spread<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { x, width, blocks } = self;
        for (x, block) in x.chunks(LANES * width).zip(blocks.chunks_exact_mut(LANES * width)) {
            for at in (0..width).step_by(LANES) {
                let mut square = [s.zero(); LANES];
                for (row, v) in x.chunks_exact(width).zip(&mut square) {
                    *v = match row[at..].first_chunk() {
                        Some(whole) => s.load(whole),
                        None => s.load_part(&row[at..]),
                    };
                }
                let (to, _) = block[at * LANES..].as_chunks_mut();
                for (v, to) in s.transpose(square).into_iter().zip(to) {
                    s.store(v, to);
                }
            }
        }
    }
}

struct Collect<'a> {
    blocks: &'a [f32],
    width: usize,
    y: &'a mut [f32],
}

impl Op for Collect<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { blocks, width, y } = self;
        for (block, y) in blocks.chunks_exact(LANES * width).zip(y.chunks_mut(LANES * width)) {
            for at in (0..width).step_by(LANES) {
                let count = LANES.min(width - at);
                let (from, _) = block[at * LANES..][..count * LANES].as_chunks();
                let mut square = [s.zero(); LANES];
                for (v, block) in square.iter_mut().zip(from) {
                    *v = s.load(block);
                }
                for (row, v) in y.chunks_exact_mut(width).zip(s.transpose(square)) {
                    let to = &mut row[at..at + count];
                    match to.first_chunk_mut() {
                        Some(whole) => s.store(v, whole),
                        None => s.store_part(v, to),
                    }
                }
            }
        }
    }
}
