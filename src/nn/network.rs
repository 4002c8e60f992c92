//! A network: its chain of layers, its slots, and how its parameters start. It is made from the `[network]` section and
//! the shape of the data, holds no numbers, and is shared by all threads that train it.

use std::ops::Range;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::Result;
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Values};

use super::chain::{Chain, at_once};
use super::divided::Threads;
use super::init::{self, INITIALISER};
use super::layer::{Draws, Pass, Traces};
use super::layers::LAYER;
use super::params::{Slot, Slots};
use super::place::{self, Input, Placed};
use super::weights;

/// The keys of `[network]`.
pub static KEYS: &[Key] = &[
    Key::required(
        "layers",
        Kind::List { of: &LAYER, least: 1 },
        "the layers from input to output: `runner list layer`",
    ),
    Key::optional(
        "from",
        Kind::Text,
        "a safetensors file that the parameters start from, instead of `init`: a checkpoint of a trial, or what PyTorch \
         saved under the same names; relative to the experiment file or to a data folder",
    ),
    Key::preset("init", INITIALISER, "\"pytorch\"", "what the parameters start from: `runner list initialiser`"),
];

/// A placed network.
#[derive(Debug)]
pub struct Network {
    chain: Chain,
    slots: Slots,
    init: Chosen,
    /// What the parameters start from instead; empty where `init` says it.
    start: Vec<f32>,
    input: Shape,
    output: Shape,
    story: String,
}

impl Network {
    /// Places the network of a `[network]` section on such rows. What does not fit is reported.
    pub fn place(section: &Values, input: Input<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut slots = Slots::default();
        let placed = place::chain(section.list("layers"), input, &mut slots, diagnostics)?;
        slots.mark_ends();
        let init = section.member("init").clone();
        let Placed { chain, shape: output, story } = placed;
        Some(Self { chain, slots, init, start: Vec::new(), input: input.shape.clone(), output, story })
    }

    /// The network trained by such an optimizer: where its initialiser is half of a parametrization, the learning rates of
    /// its slots are multiplied by the other half; see [`init::Initialiser::rate`].
    #[must_use]
    pub fn trained_by(mut self, scale_free: bool) -> Self {
        for slot in self.slots.list_mut() {
            slot.care.lr *= init::rate(&self.init, slot, scale_free);
        }
        self
    }

    /// Lets the parameters start from those in a file. Errors: as for [`weights::from_bytes`].
    pub fn start_from(&mut self, bytes: &[u8]) -> Result<()> {
        self.start = weights::from_bytes(self.slots.list(), bytes)?;
        Ok(())
    }

    /// The shape of a row of input.
    pub fn input(&self) -> &Shape {
        &self.input
    }

    /// The shape of a row of output.
    pub fn output(&self) -> &Shape {
        &self.output
    }

    /// How the shape of a row of output comes about: `40 -> dense -> 50 -> dense -> 10`.
    pub fn story(&self) -> &str {
        &self.story
    }

    /// The tensors in order.
    pub fn slots(&self) -> &[Slot] {
        self.slots.list()
    }

    /// Floats of its buffer: what it learns and what is measured along the way.
    pub fn parameters(&self) -> usize {
        self.slots.length()
    }

    /// How many numbers it learns.
    pub fn learned(&self) -> usize {
        self.slots.list().iter().filter(|slot| slot.is_learned()).map(Slot::len).sum()
    }

    /// Boundaries that divide the parameters into `parts`: see [`Slots::cuts`].
    pub fn cuts(&self, parts: usize) -> Vec<usize> {
        self.slots.cuts(parts)
    }

    /// Boundaries of the blocks of parameters between such cuts: see [`Slots::blocks`].
    pub fn blocks(&self, cuts: &[usize]) -> Vec<usize> {
        self.slots.blocks(cuts)
    }

    /// Floats that a pass over so many rows needs as working memory; more rows never need fewer.
    pub fn kept(&self, rows: usize) -> usize {
        self.chain.kept(rows)
    }

    /// At multiples of how many rows a batch may be divided between threads.
    pub fn block(&self) -> usize {
        self.chain.block()
    }

    /// Where the rows of a batch depend on each other in training, so that one thread must have them all: the fewest that
    /// there must be.
    pub fn coupled(&self) -> Option<usize> {
        self.chain.coupled()
    }

    /// Floats of working memory that a thread's packing buffers must have room for beside.
    pub fn room(&self) -> usize {
        self.chain.room()
    }

    /// Whether a pass can be repeated piece by piece: see [`Layer::repeats`](super::layer::Layer::repeats).
    pub fn repeats(&self) -> bool {
        self.chain.repeats()
    }

    /// Floating-point operations of the matrix products of a training step per row, a multiply-add counted as two: forward,
    /// the gradients of the weights, and those of the inputs but for the very first. What is done element by element is not
    /// counted.
    pub fn operations(&self) -> usize {
        2 * self.chain.work().step()
    }

    /// The parameters that training with these seeds starts from.
    pub fn initialise(&self, seeds: Seeds, params: &mut [f32]) {
        match self.start.as_slice() {
            [] => init::initialise(&self.init, self.slots.list(), seeds, params),
            start => params.copy_from_slice(start),
        }
    }

    /// The forward pass over the rows of `x`, `(B, in)`; `kept` is exactly `self.kept(B)` long. The output is
    /// returned, `(B, out)`.
    pub fn forward<'a>(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &'a mut [f32]) -> &'a [f32] {
        self.forward_by(pass, params, x, kept, &mut at_once)
    }

    /// The forward pass in pieces, see [`Chain::forward_by`].
    pub fn forward_by<'a>(
        &self,
        pass: &mut Pass<'_>,
        params: &[f32],
        x: &[f32],
        kept: &'a mut [f32],
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) -> &'a [f32] {
        self.chain.forward_by(pass, params, x, kept, each);
        self.chain.output(self.chain.rows(x), kept)
    }

    /// After a forward pass over so many rows: the output, and where the gradient of the loss by it is to be written.
    pub fn output_and_slope<'a>(&self, rows: usize, kept: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        self.chain.output_and_slope(rows, kept)
    }

    /// The backward pass from that gradient, through the activations only.
    pub fn backward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &mut [f32]) {
        self.backward_by(pass, params, x, kept, &mut at_once);
    }

    /// The backward pass in pieces, see [`Chain::forward_by`].
    pub fn backward_by(
        &self,
        pass: &mut Pass<'_>,
        params: &[f32],
        x: &[f32],
        kept: &mut [f32],
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) {
        self.chain.backward_by(pass, params, x, (kept, &mut []), each);
    }

    /// Whether threads can divide its layers between them: see [`super::divided`].
    pub fn is_divisible(&self) -> bool {
        self.chain.is_divisible()
    }

    /// [`Network::forward`] by threads that divide every layer between them; `x` is `(B, in)`, and `kept` exactly
    /// `self.kept(B)` long.
    pub fn forward_divided(&self, threads: &mut Threads<'_>, params: &[f32], x: &[f32], kept: &mut [f32]) {
        self.chain.forward_divided(threads, params, x, kept);
    }

    /// [`Network::backward`] by such threads, after that over so many rows.
    pub fn backward_divided(&self, threads: &mut Threads<'_>, params: &[f32], rows: usize, kept: &mut [f32]) {
        self.chain.backward_divided(threads, params, rows, kept);
    }

    /// The gradients of the parameters in `part` of the flat buffer, over all shards of a batch.
    pub fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        self.chain.gradients(pass, part, traces, grads);
    }

    /// The network's function for the rows of a batch in f64, see
    /// [`Layer::reference_rows`](super::layer::Layer::reference_rows).
    pub fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        self.chain.reference_rows(params, x, draws)
    }
}
