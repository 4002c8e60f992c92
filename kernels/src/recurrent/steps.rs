//! The steps that rows take: some have fewer than others, and may read them from the last to the first.

use super::Columns;
use crate::elementwise::{load, store};
use crate::isa::{Cpu, LANES, Op, Simd};

/// The steps that rows take, `B` rows of `T` steps.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// `B`
    pub rows: usize,
    /// `T`, of the longest row.
    pub count: usize,
    /// Whether rows are read from their last step to their first.
    pub reverse: bool,
    /// Steps that each row has, `(B)`; empty where all have all. What follows them is padding.
    pub lengths: &'a [u32],
}

impl Steps<'_> {
    /// Which of its steps a row takes as its `step`-th, as a place in `(B, T)`; as an error, where a short row waits, the
    /// place of padding instead.
    #[inline(always)]
    pub fn place(self, row: usize, step: usize) -> Result<usize, usize> {
        let length = if self.lengths.is_empty() { self.count } else { self.lengths[row] as usize };
        match step < length {
            true if self.reverse => Ok(row * self.count + length - 1 - step),
            true => Ok(row * self.count + step),
            false => Err(row * self.count + step),
        }
    }
}

/// Fewer numbers are copied one by one.
const FEW: usize = 4;

struct Give<'a> {
    steps: Steps<'a>,
    step: usize,
    x: &'a [f32],
    features: usize,
    given: Columns<&'a mut [f32]>,
}

/// Copies so many numbers as there are.
#[inline(always)]
pub(super) fn copy<S: Simd>(s: S, from: &[f32], to: &mut [f32]) {
    for at in (0..from.len()).step_by(LANES) {
        let end = from.len().min(at + LANES);
        store(s, load(s, from, at, end), to, at, end);
    }
}

impl Op for Give<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Give { steps, step, x, features, mut given } = self;
        for row in 0..steps.rows {
            let given = given.row(row, features);
            match steps.place(row, step) {
                // a part of a block that is stored is in the way of what is read next
                Ok(at) if features < FEW => {
                    let x = &x[at * features..][..features];
                    given.iter_mut().zip(x).for_each(
                        #[inline(always)]
                        |(given, x)| *given = *x,
                    );
                }
                Ok(at) => copy(s, &x[at * features..][..features], given),
                Err(_) => given.fill(0.0),
            }
        }
    }
}

/// Puts the inputs of the `step`-th step, of `x` `(B, T, features)`, down in the rows of `given`; zero for a row that waits.
pub fn give(cpu: Cpu, steps: Steps<'_>, step: usize, x: &[f32], features: usize, given: Columns<&mut [f32]>) {
    cpu.run(Give { steps, step, x, features, given });
}
