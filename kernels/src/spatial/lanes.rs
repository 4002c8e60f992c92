//! Rows of a batch side by side in lanes, and back: squares of sixteen numbers of sixteen rows, transposed.

use crate::isa::{LANES, Simd};

/// Brings at most sixteen rows of `x` `(rows, width)` together: `block[16 i + r] = x[r][i]`, zero where there is no row.
#[inline(always)]
pub(super) fn spread<S: Simd>(s: S, x: &[f32], width: usize, block: &mut [f32]) {
    let rows = x.len() / width;
    assert!(rows <= LANES && block.len() >= width * LANES, "{rows} rows, {} floats of room", block.len());
    for at in (0..width).step_by(LANES) {
        let mut square = [s.zero(); LANES];
        let count = LANES.min(width - at);
        for (row, v) in x.chunks_exact(width).zip(&mut square) {
            *v = match row[at..].first_chunk() {
                Some(whole) => s.load(whole),
                None => s.load_part(&row[at..]),
            };
        }
        let (to, _) = block[at * LANES..].as_chunks_mut();
        for (v, to) in s.transpose(square).into_iter().zip(&mut to[..count]) {
            s.store(v, to);
        }
    }
}

/// The other way, for numbers `at..` of rows of `width`: `y[r][at + i] = block[16 i + r]`.
#[inline(always)]
pub(super) fn collect<S: Simd>(s: S, block: &[f32], y: &mut [f32], width: usize, at: usize) {
    let (from, _) = block.as_chunks();
    assert!(at + from.len() <= width, "{} numbers of a row of {width} from {at}", from.len());
    for (i, blocks) in from.chunks(LANES).enumerate() {
        let mut square = [s.zero(); LANES];
        for (v, block) in square.iter_mut().zip(blocks) {
            *v = s.load(block);
        }
        let square = s.transpose(square);
        let at = at + i * LANES;
        for (row, v) in y.chunks_exact_mut(width).zip(square) {
            let to = &mut row[at..at + blocks.len()];
            match to.first_chunk_mut() {
                Some(whole) => s.store(v, whole),
                None => s.store_part(v, to),
            }
        }
    }
}
