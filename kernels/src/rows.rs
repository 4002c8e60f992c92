//! Rows of a batch, copied together from wherever they lie. The next one is fetched while one is copied: rows of data are in no
//! cache, and memory answers many questions at a time as soon as one.

use crate::isa::{Cpu, LANES, Op, Simd};

/// Rows that are fetched before they are copied.
const AHEAD: usize = 2;

struct Gather<'a> {
    from: &'a [f32],
    width: usize,
    rows: &'a [u32],
    to: &'a mut [f32],
}

impl Op for Gather<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Gather { from, width, rows, to } = self;
        let source = |row: u32| &from[row as usize * width..][..width];
        for row in &rows[..AHEAD.min(rows.len())] {
            for block in source(*row).chunks(LANES) {
                s.prefetch_near(block.as_ptr());
            }
        }
        for ((place, row), to) in rows.iter().enumerate().zip(to.chunks_exact_mut(width)) {
            let this = source(*row);
            let ahead = source(rows[(place + AHEAD).min(rows.len() - 1)]);
            let ((blocks, rest), (to, last)) = (this.as_chunks(), to.as_chunks_mut());
            for ((block, to), ahead) in blocks.iter().zip(to).zip(ahead.chunks(LANES)) {
                s.prefetch_near(ahead.as_ptr());
                s.store(s.load(block), to);
            }
            last.copy_from_slice(rest);
        }
    }
}

/// `to`, `(B, width)`, becomes these B rows of `from`, `(N, width)`.
pub fn gather(cpu: Cpu, from: &[f32], width: usize, rows: &[u32], to: &mut [f32]) {
    assert_eq!(to.len(), rows.len() * width, "gather: values, for {} rows of {width}", rows.len());
    if width > 0 {
        cpu.run(Gather { from, width, rows, to });
    }
}
