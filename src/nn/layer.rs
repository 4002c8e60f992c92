//! What a layer is: a pair of functions over slices. It was told its widths and slots when it was placed and owns no
//! numbers; what forward must leave for backward it keeps in a stretch of memory that its owner provides.

use std::fmt::Debug;
use std::ops::Range;

use kernels::activation::Activation;
use kernels::gemm::Scratch;
use kernels::isa::Cpu;
use kernels::spatial::Pool;

use crate::base::random::Seeds;

use super::chain::{Chain, Work};
use super::divided::Divisible;

/// What a pass over a network carries along.
pub struct Pass<'a> {
    /// The instruction set and engine.
    pub cpu: Cpu,
    /// The packing buffers of this thread.
    pub scratch: &'a mut Scratch,
    /// What a layer that draws random numbers needs to draw them: there in training, absent in evaluation.
    pub draws: Option<Draws>,
    /// How many steps each row of the pass has where rows are sequences, `(B)`; what follows them in a row is padding, of which
    /// nothing that counts may depend, and whose gradient is zero. Empty where all rows have all steps.
    pub lengths: &'a [u32],
}

/// What the random numbers of a training step are a function of, beside the layer and the element.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    /// The trial's seeds.
    pub seeds: Seeds,
    /// The step, from 1.
    pub step: u64,
    /// Which row of the batch is the first of the pass.
    pub row: usize,
}

/// How the rows of a batch lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One after the other: `(B, width)`.
    Rows,
    /// Side by side, sixteen at a time: `(B / 16, width, 16)`, where what fills the last block up is no row; see
    /// [`kernels::spatial::spread`].
    Lanes,
    /// As they come: the layer does the same to every number.
    Either,
}

/// What forward and backward left behind for the rows of one shard of a batch.
#[derive(Clone, Copy)]
pub struct Trace<'a> {
    /// B, without what fills the last block of sixteen.
    pub rows: usize,
    /// The layer's input, `(B, in)`.
    pub x: &'a [f32],
    /// The gradient of its output, `(B, out)`.
    pub dy: &'a [f32],
    /// What it kept, `(B, kept)`.
    pub kept: &'a [f32],
}

/// The traces of all shards of a batch, in the order of their rows.
pub struct Traces<'a, 'f> {
    /// How many shards there are.
    pub count: usize,
    /// The trace of one of them.
    pub of: &'f dyn Fn(usize) -> Trace<'a>,
}

/// A placed layer. `B`, the number of rows, is the length of `y` divided by the output width; it differs from call to
/// call. `params` is always the flat buffer of the whole network.
pub trait Layer: Send + Sync + Debug {
    /// How the rows of its input and output lie, and of what it keeps; in lanes, `B` is a multiple of sixteen.
    fn layout(&self) -> Layout {
        Layout::Rows
    }

    /// The layers that it holds, where they get its rows as they are: what they keep, need and gather, it does.
    fn body(&self) -> Option<&Chain> {
        None
    }

    /// Floats per row that forward keeps for backward, beside the input and the output.
    fn kept(&self) -> usize {
        0
    }

    /// The same of so many rows, where a layer holds layers.
    fn kept_of(&self, rows: usize) -> usize {
        self.body().map_or(rows * self.kept(), |body| body.kept(rows))
    }

    /// Its sums over the rows of a batch take so many at a time: a batch is divided at their multiples only.
    fn block(&self) -> usize {
        self.body().map_or(1, Chain::block)
    }

    /// What does its work in place of its input, if it can: every number becomes another one, from which its slope is known.
    fn in_place(&self) -> Option<&dyn Activation> {
        None
    }

    /// Whether backward reads the output ([`Io::y`]): nothing may take its place then.
    fn reads_output(&self) -> bool {
        false
    }

    /// How threads divide it between them, if they can.
    fn divisible(&self) -> Option<&dyn Divisible> {
        None
    }

    /// Takes over the pooling that would follow it, and says whether it does both at once from now on.
    fn absorb(&mut self, pool: &Pool) -> bool {
        let _ = pool;
        false
    }

    /// Whether forward and backward can be repeated to be timed, with what they leave behind: not where backward puts other
    /// numbers in the place of what forward kept.
    fn repeats(&self) -> bool {
        self.body().is_none_or(Chain::repeats)
    }

    /// Floats of working memory ([`Scratch::room`]) that one of its functions takes at most.
    fn room(&self) -> usize {
        self.body().map_or(0, Chain::room)
    }

    /// What its own products multiply; without an answer the input once by each of its weights. A layer that uses a weight
    /// more than once in a row, or has products of other things, says so here. Layers inside of it are counted where they
    /// are placed.
    fn work(&self) -> Option<Work> {
        None
    }

    /// Where the result of a row depends on the others of its batch in training, so that a batch must not be divided: the
    /// fewest rows that it can be.
    fn coupled(&self) -> Option<usize> {
        self.body().and_then(Chain::coupled)
    }

    /// y = f(x): `x` is `(B, in)`, `y` is `(B, out)`.
    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]);

    /// dx = dy · ∂y/∂x; `dx` is empty when nobody needs it.
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]);

    /// Writes ∂L/∂θ for the parameters that lie in `part` of the flat buffer into `grads`, the same stretch of the
    /// gradient buffer; where an earlier layer has a slot too, adds it ([`Slot::carries_on`](super::params::Slot::carries_on)).
    /// The sum over a batch is one chain over its rows in order, whatever the shards.
    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        if let Some(body) = self.body() {
            body.gradients(pass, part, traces, grads);
        }
    }

    /// f for one row in f64, written as the formula is: what the gradient tests differentiate. With `draws`, of row
    /// `draws.row` in training, what is drawn being the same as in [`Layer::forward`].
    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64>;

    /// The same for a batch, of whose rows `draws.row` is the first: what couples rows, or holds layers that may, says it
    /// here.
    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let draws = |row: usize| draws.map(|draws| Draws { row: draws.row + row, ..draws });
        x.iter().enumerate().map(|(row, x)| self.reference(params, x, draws(row))).collect()
    }
}

/// What backward is given of the forward pass.
#[derive(Clone, Copy)]
pub struct Io<'a> {
    /// The input, `(B, in)`.
    pub x: &'a [f32],
    /// The output, `(B, out)`, or what was made of it in its place: see [`Layer::reads_output`].
    pub y: &'a [f32],
    /// The gradient of the output, `(B, out)`.
    pub dy: &'a [f32],
}
