//! Layers in a row: the whole network is one, and so is the body of a residual block. A chain lays out the memory that a
//! pass needs: first what forward makes, layer by layer (output, then what the layer keeps), then the gradients of the
//! outputs, each from the beginning of a cache line.
//!
//! ```text
//! | y0 | kept0 | y1 | kept1 | ... | dy0 | dy1 | ... |      each block (B, width)
//! ```
//!
//! Rows lie one after the other where they come in and go out; in between they may lie in lanes. An activation whose slope
//! can be told from its output takes the place of the output before it, and its gradient that of the other: half the memory
//! stays in the cache that is twice as near.

use std::ops::Range;

use kernels::activation::Activation;
use kernels::elementwise;
use kernels::isa::Cpu;
use kernels::spatial::{Pool, padded};

use super::divided::{Divisible, Portion, Threads};
use super::layer::{Draws, Io, Layer, Layout, Pass, Trace, Traces};
use super::turn::Turn;

/// How much there is to multiply in a row, in multiply-adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// In the forward pass, and again for the gradients of the weights, or of what else stands in their place.
    pub forward: usize,
    /// For the gradients of the inputs, and of what lies between them and the output.
    pub backward: usize,
    /// How many of these are spared where nobody needs the gradient of the very first inputs.
    pub spared: usize,
}

impl Work {
    /// Of products of the input with weights, and nothing else.
    pub fn products(forward: usize) -> Self {
        Self { forward, backward: forward, spared: forward }
    }

    /// This and so many times another.
    pub fn and(self, times: usize, other: Self) -> Self {
        Self {
            forward: self.forward + times * other.forward,
            backward: self.backward + times * other.backward,
            spared: self.spared + times * other.spared,
        }
    }

    /// Of a training step.
    pub fn step(self) -> usize {
        2 * self.forward + self.backward - self.spared
    }
}

/// A layer, and how its output lies.
#[derive(Debug)]
struct Link {
    layer: Box<dyn Layer>,
    /// The activation that is done in the place of its output.
    then: Option<Box<dyn Layer>>,
    width: usize,
    /// Whether in lanes.
    lanes: bool,
    /// Whether the layer multiplies matrices, or holds layers that do.
    multiplies: bool,
}

impl Link {
    /// Rows that take memory.
    fn rows(&self, rows: usize) -> usize {
        if self.lanes { padded(rows) } else { rows }
    }

    /// Floats of its output.
    fn made(&self, rows: usize) -> usize {
        self.rows(rows) * self.width
    }

    /// The same, up to where the next begin: at a cache line, if the first does.
    fn output(&self, rows: usize) -> usize {
        padded(self.made(rows))
    }

    /// Floats that the layer keeps.
    fn own(&self, rows: usize) -> usize {
        self.layer.kept_of(self.rows(rows))
    }

    /// What is done in the place of its output.
    fn function(&self) -> Option<&dyn Activation> {
        self.then.as_ref().and_then(|then| then.in_place())
    }

    /// What becomes of the gradient `dy` of its output before the layer gets it: it goes back through the activation in the
    /// output's place, and before it is multiplied what is [`NEGLIGIBLE`](kernels::isa::NEGLIGIBLE) becomes zero.
    fn back(&self, cpu: Cpu, y: &[f32], dy: &mut [f32]) {
        match self.function() {
            Some(function) => function.backward_in_place(cpu, y, dy),
            None if self.multiplies => elementwise::settle(cpu, dy),
            None => {}
        }
    }

    /// How threads divide the layer between them, if they can.
    fn divisible(&self) -> Option<&dyn Divisible> {
        self.layer.divisible().filter(|_| !self.lanes)
    }

    /// Both, up to where the next begin.
    fn forward(&self, rows: usize) -> usize {
        self.output(rows) + padded(self.own(rows))
    }
}

/// Layers in a row.
#[derive(Debug)]
pub struct Chain {
    links: Vec<Link>,
    /// Numbers of a row of input.
    inputs: usize,
    work: Work,
    /// How many layers there are before the first that learns.
    idle: usize,
    /// See [`Chain::block`] and [`Chain::coupled`], which are asked for at every step.
    block: usize,
    coupled: Option<usize>,
}

impl Chain {
    /// No layers yet, for rows of so many numbers.
    pub fn new(inputs: usize) -> Self {
        Self { links: Vec::new(), inputs, work: Work::default(), idle: 0, block: 1, coupled: None }
    }

    /// Adds a layer that gives `width` numbers per row and multiplies so much; `learns` says that it has parameters, or
    /// holds layers that have. Its input must lie as it reads it.
    pub fn push(&mut self, layer: Box<dyn Layer>, width: usize, work: Work, learns: bool) {
        if let Some(last) = self.links.last_mut()
            && last.then.is_none()
            && !last.layer.reads_output()
            && layer.in_place().is_some()
        {
            // which neither learns nor multiplies
            last.then = Some(layer);
            return;
        }
        let first = self.idle == self.links.len();
        self.work = self.work.and(1, if first { work } else { Work { spared: 0, ..work } });
        self.idle += usize::from(first && !learns);
        (self.block, self.coupled) = (self.block.max(layer.block()), self.coupled.max(layer.coupled()));
        let lanes = match layer.layout() {
            Layout::Rows => false,
            Layout::Lanes => true,
            Layout::Either => self.lanes(),
        };
        self.links.push(Link { layer, then: None, width, lanes, multiplies: work != Work::default() });
    }

    /// Brings the output into this layout.
    pub fn turn(&mut self, to: Layout) {
        let lanes = to == Layout::Lanes;
        if to != Layout::Either && lanes != self.lanes() {
            let width = self.width();
            self.push(Box::new(Turn { width, to }), width, Work::default(), false);
            self.links.last_mut().expect("just pushed").lanes = lanes;
        }
    }

    /// Whether the output lies in lanes.
    fn lanes(&self) -> bool {
        self.links.last().is_some_and(|link| link.lanes)
    }

    /// Numbers of a row of output.
    fn width(&self) -> usize {
        self.links.last().map_or(self.inputs, |link| link.width)
    }

    /// Lets the last layer take over the pooling that would follow it, after which it gives `width` numbers; says whether it
    /// does.
    pub fn absorb(&mut self, pool: &Pool, width: usize) -> bool {
        let Some(last) = self.links.last_mut().filter(|last| last.then.is_none()) else { return false };
        let does = last.layer.absorb(pool);
        last.width = if does { width } else { last.width };
        does
    }

    /// How many rows the input has.
    pub fn rows(&self, x: &[f32]) -> usize {
        x.len() / self.inputs
    }

    /// Floats that a forward and backward pass over so many rows needs; more rows never need fewer.
    pub fn kept(&self, rows: usize) -> usize {
        self.made(rows) + self.links.iter().map(|link| link.output(rows)).sum::<usize>()
    }

    /// Floats of the forward part.
    fn made(&self, rows: usize) -> usize {
        self.links.iter().map(|link| link.forward(rows)).sum()
    }

    /// Floats of working memory that its layers take at most: see [`Layer::room`].
    pub fn room(&self) -> usize {
        self.links.iter().map(|link| link.layer.room()).max().unwrap_or(0)
    }

    /// The fewest rows of a batch, where one of its layers couples them: see [`Layer::coupled`].
    pub fn coupled(&self) -> Option<usize> {
        self.coupled
    }

    /// At multiples of how many rows a batch may be divided: see [`Layer::block`].
    pub fn block(&self) -> usize {
        self.block
    }

    /// Whether all of its layers can be repeated: see [`Layer::repeats`].
    pub fn repeats(&self) -> bool {
        self.links.iter().all(|link| link.layer.repeats())
    }

    /// How much its layers multiply.
    pub fn work(&self) -> Work {
        self.work
    }

    /// The chain's output, `(B, out)`, after [`Chain::forward`] over so many rows.
    pub fn output<'a>(&self, rows: usize, kept: &'a [f32]) -> &'a [f32] {
        let last = self.last();
        &kept[self.made(rows) - last.forward(rows)..][..last.made(rows)]
    }

    /// The output, and the place for the gradient of it that [`Chain::backward`] starts from.
    pub fn output_and_slope<'a>(&self, rows: usize, kept: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        let last = self.last();
        let (made, slopes) = kept.split_at_mut(self.made(rows));
        let (y, dy) = (made.len() - last.forward(rows), slopes.len() - last.output(rows));
        (&made[y..][..last.made(rows)], &mut slopes[dy..][..last.made(rows)])
    }

    /// The forward pass; `kept` has room for exactly the rows of `x`.
    pub fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &mut [f32]) {
        self.forward_by(pass, params, x, kept, &mut at_once);
    }

    /// The forward pass, whose pieces `each` is given to do: one for each layer and activation.
    pub fn forward_by<'a>(
        &self,
        pass: &mut Pass<'_>,
        params: &[f32],
        mut x: &'a [f32],
        kept: &'a mut [f32],
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) {
        let rows = self.rows(x);
        debug_assert_eq!(kept.len(), self.kept(rows), "a chain was given memory of another size");
        let mut rest = kept;
        for link in &self.links {
            let (y, after) = rest.split_at_mut(link.output(rows));
            let (own, after) = after.split_at_mut(padded(link.own(rows)));
            let y = &mut y[..link.made(rows)];
            each(&mut || link.layer.forward(pass, params, x, y, &mut own[..link.own(rows)]));
            if let Some(function) = link.function() {
                each(&mut || function.forward_in_place(pass.cpu, y));
            }
            x = y;
            rest = after;
        }
    }

    /// The backward pass from the gradient of the output; `dx` is empty when nobody needs it.
    pub fn backward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &mut [f32], dx: &mut [f32]) {
        self.backward_by(pass, params, x, (kept, dx), &mut at_once);
    }

    /// The backward pass, in pieces as in [`Chain::forward_by`].
    pub fn backward_by(
        &self,
        pass: &mut Pass<'_>,
        params: &[f32],
        x: &[f32],
        (kept, dx): (&mut [f32], &mut [f32]),
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) {
        let rows = self.rows(x);
        let (mut made, mut slopes) = kept.split_at_mut(self.made(rows));
        let wanted = !dx.is_empty();
        for (i, link) in self.links.iter().enumerate().rev() {
            if i < self.idle && !wanted {
                return;
            }
            let (before, own) = made.split_at_mut(made.len() - padded(link.own(rows)));
            let (before, y) = before.split_at_mut(before.len() - link.output(rows));
            let (earlier, dy) = slopes.split_at_mut(slopes.len() - link.output(rows));
            let previous = i.checked_sub(1).map(|p| &self.links[p]);
            let x = previous.map_or(x, |p| &before[before.len() - p.forward(rows)..][..p.made(rows)]);
            let (y, dy) = (&y[..link.made(rows)], &mut dy[..link.made(rows)]);
            each(&mut || link.back(pass.cpu, y, dy));
            let io = Io { x, y, dy };
            let dx: &mut [f32] = match previous {
                Some(_) if i == self.idle && !wanted => &mut [],
                Some(p) => {
                    let end = earlier.len() - p.output(rows) + p.made(rows);
                    &mut earlier[end - p.made(rows)..end]
                }
                None => &mut *dx,
            };
            each(&mut || link.layer.backward(pass, params, io, dx, &mut own[..link.own(rows)]));
            (made, slopes) = (before, earlier);
        }
    }

    /// Whether threads can divide all of its layers between them: see [`super::divided`].
    pub fn is_divisible(&self) -> bool {
        self.links.iter().all(|link| link.divisible().is_some())
    }

    /// [`Chain::forward`] by threads that divide every layer between them, `x` being `(B, in)` and `kept` for B rows.
    pub fn forward_divided<'a>(
        &self,
        threads: &mut Threads<'_>,
        params: &[f32],
        mut x: &'a [f32],
        kept: &'a mut [f32],
    ) {
        let rows = self.rows(x);
        let mut rest = kept;
        for link in &self.links {
            let (y, after) = rest.split_at_mut(link.forward(rows));
            let y = &mut y[..link.made(rows)];
            let layer = link.divisible().expect("the chain is divisible");
            threads(Portion::all(y, rows), &|pass, mut y| {
                layer.forward(pass, params, x, y.again());
                if let Some(function) = link.function() {
                    y.each(|y| function.forward_in_place(pass.cpu, y));
                }
            });
            (x, rest) = (y, after);
        }
    }

    /// [`Chain::backward`] by such threads, up to the first layer that learns. A thread that has made its portion of a gradient
    /// takes it back through the activation before it as well.
    pub fn backward_divided(&self, threads: &mut Threads<'_>, params: &[f32], rows: usize, kept: &mut [f32]) {
        let (mut made, mut slopes) = kept.split_at_mut(self.made(rows));
        let last = self.links.len() - 1;
        for (i, link) in self.links.iter().enumerate().rev() {
            let (before, y) = made.split_at_mut(made.len() - link.forward(rows));
            let (earlier, dy) = slopes.split_at_mut(slopes.len() - link.output(rows));
            let (y, dy) = (&y[..link.made(rows)], &mut dy[..link.made(rows)]);
            if i == last {
                threads(Portion::all(dy, rows), &|pass, mut dy| dy.with(y, |y, dy| link.back(pass.cpu, y, dy)));
            }
            if i <= self.idle {
                return;
            }
            let previous = &self.links[i - 1];
            let layer = link.divisible().expect("the chain is divisible");
            let x = &before[before.len() - previous.forward(rows)..][..previous.made(rows)];
            let at = earlier.len() - previous.output(rows);
            threads(Portion::all(&mut earlier[at..][..previous.made(rows)], rows), &|pass, mut dx| {
                layer.backward(pass, params, dy, dx.again());
                dx.with(x, |y, dx| previous.back(pass.cpu, y, dx));
            });
            (made, slopes) = (before, earlier);
        }
    }

    /// The gradients of the parameters in `part`: see [`Layer::gradients`]. The trace's `dy` is not read, because the
    /// gradient of a chain's output lies in what it keeps.
    pub fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        // a single shard is asked for once, not by every layer for each of its tensors
        let only = (traces.count == 1).then(|| (traces.of)(0));
        for (i, link) in self.links.iter().enumerate() {
            let here = only.map(|whole| self.trace(i, whole));
            let of = |shard: usize| here.unwrap_or_else(|| self.trace(i, (traces.of)(shard)));
            link.layer.gradients(pass, part, &Traces { count: traces.count, of: &of }, grads);
        }
    }

    /// The trace of a layer within that of the chain.
    fn trace<'a>(&self, i: usize, whole: Trace<'a>) -> Trace<'a> {
        let (rows, link) = (self.rows(whole.x), &self.links[i]);
        let (made, slopes) = whole.kept.split_at(self.made(rows));
        let (mut x, mut y, mut dy) = (whole.x, 0, 0);
        for link in &self.links[..i] {
            x = &made[y..][..link.made(rows)];
            y += link.forward(rows);
            dy += link.output(rows);
        }
        Trace { rows, x, dy: &slopes[dy..][..link.made(rows)], kept: &made[y + link.output(rows)..][..link.own(rows)] }
    }

    /// The chain's function for the rows of a batch in f64.
    pub fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let layers = self.links.iter().flat_map(|link| [&link.layer].into_iter().chain(&link.then));
        layers.fold(x.to_vec(), |x, layer| layer.reference_rows(params, &x, draws))
    }

    fn last(&self) -> &Link {
        self.links.last().expect("a placed chain has at least one layer")
    }
}

/// Does a piece of work and nothing else.
pub fn at_once(piece: &mut dyn FnMut()) {
    piece();
}
