//! Rows of a batch, copied together from wherever they lie. The next one is fetched while one is copied: rows of data are in no
//! cache, and memory answers many questions at a time as soon as one.

use crate::isa::{Cpu, LANES, Op, Simd};

/// Rows that are fetched before they are copied.
const AHEAD: usize = 2;

struct Gather<'a> {
    from: &'a [f32],
    width: usize,
    row: &'a dyn Fn(usize) -> usize,
    to: &'a mut [f32],
}

impl Op for Gather<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Gather { from, width, row, to } = self;
        let count = to.len() / width;
        let source = |place: usize| &from[row(place) * width..][..width];
        for place in 0..AHEAD.min(count) {
            for block in source(place).chunks(LANES) {
                s.prefetch_near(block.as_ptr());
            }
        }
        for (place, to) in to.chunks_exact_mut(width).enumerate() {
            let this = source(place);
            let ahead = source((place + AHEAD).min(count - 1));
            let ((blocks, rest), (to, last)) = (this.as_chunks(), to.as_chunks_mut());
            for ((block, to), ahead) in blocks.iter().zip(to).zip(ahead.chunks(LANES)) {
                s.prefetch_near(ahead.as_ptr());
                s.store(s.load(block), to);
            }
            last.copy_from_slice(rest);
        }
    }
}

/// `to`, `(B, width)`, becomes the rows of `from`, `(N, width)`, that `row` names for each place.
pub fn gather(cpu: Cpu, from: &[f32], width: usize, row: &dyn Fn(usize) -> usize, to: &mut [f32]) {
    if width > 0 {
        cpu.run(Gather { from, width, row, to });
    }
}
