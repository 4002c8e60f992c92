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
    weight_of_columns(pass, slot, 0..slot.extents[0], part, 0..shards, of, grads);
}

/// The same for some of the shards, with rows of `x` of `columns.end` numbers, of which those from `columns.start` on are meant.
pub fn weight_of_columns<'a>(
    pass: &mut Pass<'_>,
    slot: &Slot,
    columns: Range<usize>,
    part: &Range<usize>,
    shards: Range<usize>,
    of: &dyn Fn(usize) -> (&'a [f32], &'a [f32]),
    grads: &mut [f32],
) {
    let Some((rows, within)) = slot.rows_within(part) else { return };
    let rows = columns.start + rows.start..columns.start + rows.end;
    for shard in shards {
        product(pass, slot, (&rows, columns.end), shard, of(shard), &mut grads[within.clone()]);
    }
}

/// The share of a shard in the gradient by some rows of a slot: `x` is `(N, width)`, where those rows are columns.
fn product(
    pass: &mut Pass<'_>,
    slot: &Slot,
    (rows, width): (&Range<usize>, usize),
    shard: usize,
    (x, dy): (&[f32], &[f32]),
    grads: &mut [f32],
) {
    let count = dy.len() / slot.row();
    if count == 0 {
        return;
    }
    let start = if slot.carries_on(shard) { Start::Keep } else { Start::Zero };
    let x = Mat::strided(&x[rows.start..], count, rows.len(), width, 1);
    gemm(pass.cpu, start, x.t(), Mat::new(dy, count, slot.row()), grads, pass.scratch);
}

/// db = the column sums of `dy` `(N, out)` of these shards, for a slot `(out)`: what of it lies in `part`.
pub fn bias<'a>(
    pass: &mut Pass<'_>,
    slot: &Slot,
    part: &Range<usize>,
    shards: Range<usize>,
    dy: &dyn Fn(usize) -> &'a [f32],
    grads: &mut [f32],
) {
    let Some((columns, within)) = slot.rows_within(part) else { return };
    for shard in shards {
        let (keep, out) = (slot.carries_on(shard), &mut grads[within.clone()]);
        reduce::column_sums(pass.cpu, dy(shard), slot.len(), columns.clone(), keep, out);
    }
}
