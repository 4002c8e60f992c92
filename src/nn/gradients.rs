//! The gradients of what layers have in common: a matrix that rows are multiplied by, and a vector that is added. Shard by
//! shard the chain over the rows of a batch is carried on in the gradient itself, so shards do not show.

use std::ops::Range;

use kernels::gemm::{Mat, Start, gemm};
use kernels::reduce;

use super::layer::Pass;
use super::params::Slot;

/// dW = xᵀ dy for `x` `(N, in)`, `dy` `(N, out)` of each of the shards and a slot `(in, out)`: what of it lies in `part`.
pub fn weight<'a>(
    pass: &mut Pass<'_>,
    slot: &Slot,
    part: &Range<usize>,
    shards: usize,
    of: &dyn Fn(usize) -> (&'a [f32], &'a [f32]),
    grads: &mut [f32],
) {
    let Some((rows, within)) = slot.rows_within(part) else { return };
    let (inputs, units) = (slot.extents[0], slot.row());
    for shard in 0..shards {
        let (x, dy) = of(shard);
        let count = dy.len() / units;
        if count == 0 {
            continue;
        }
        let start = if slot.carries_on(shard) { Start::Keep } else { Start::Zero };
        let x = Mat::strided(&x[rows.start..], count, rows.len(), inputs, 1);
        gemm(pass.cpu, start, x.t(), Mat::new(dy, count, units), &mut grads[within.clone()], pass.scratch);
    }
}

/// db = the column sums of `dy` `(N, out)`, for a slot `(out)`: what of it lies in `part`.
pub fn bias<'a>(
    pass: &mut Pass<'_>,
    slot: &Slot,
    part: &Range<usize>,
    shards: usize,
    dy: &dyn Fn(usize) -> &'a [f32],
    grads: &mut [f32],
) {
    let Some((columns, within)) = slot.rows_within(part) else { return };
    for shard in 0..shards {
        let (keep, out) = (slot.carries_on(shard), &mut grads[within.clone()]);
        reduce::column_sums(pass.cpu, dy(shard), slot.len(), columns.clone(), keep, out);
    }
}
