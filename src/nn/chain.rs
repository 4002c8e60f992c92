//! Layers in a row: the whole network is one, and so is the body of a residual block. A chain lays out the memory that a
//! pass needs, per row of the batch: first what forward makes, layer by layer (output, then what the layer keeps), then
//! the gradients of the outputs.
//!
//! ```text
//! | y0 | kept0 | y1 | kept1 | ... | dy0 | dy1 | ... |      each block (B, width)
//! ```

use std::ops::Range;

use super::layer::{Draws, Io, Layer, Pass, Trace, Traces};

/// How much there is to multiply in a row, in multiply-adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// In the forward pass, and again for the gradients of the weights and for those of the inputs.
    pub forward: usize,
    /// How many of the last are spared where nobody needs the gradient of the very first inputs.
    pub spared: usize,
}

/// A layer and where its numbers lie, in floats per row.
#[derive(Debug)]
struct Link {
    layer: Box<dyn Layer>,
    width: usize,
    /// Start of `y`; what the layer keeps follows it.
    y: usize,
    /// Start of `dy`, counted from the end of the forward part.
    dy: usize,
}

/// Layers in a row.
#[derive(Debug, Default)]
pub struct Chain {
    links: Vec<Link>,
    /// Floats per row of the forward part.
    made: usize,
    /// Floats per row of the backward part.
    slopes: usize,
    work: Work,
    /// How many layers there are before the first that learns.
    idle: usize,
}

impl Chain {
    /// Adds a layer that gives `width` numbers per row and multiplies so much; `learns` says that it has parameters, or
    /// holds layers that have.
    pub fn push(&mut self, layer: Box<dyn Layer>, width: usize, work: Work, learns: bool) {
        self.work.forward += work.forward;
        if self.idle == self.links.len() {
            self.work.spared += work.spared;
            self.idle += usize::from(!learns);
        }
        let (y, dy) = (self.made, self.slopes);
        self.made += width + layer.kept();
        self.slopes += width;
        self.links.push(Link { layer, width, y, dy });
    }

    /// Floats per row that a forward and backward pass needs.
    pub fn kept(&self) -> usize {
        self.made + self.slopes
    }

    /// Floats of working memory that its layers take at most: see [`Layer::room`].
    pub fn room(&self) -> usize {
        self.links.iter().map(|link| link.layer.room()).max().unwrap_or(0)
    }

    /// The fewest rows of a batch, where one of its layers couples them: see [`Layer::coupled`].
    pub fn coupled(&self) -> Option<usize> {
        self.links.iter().filter_map(|link| link.layer.coupled()).max()
    }

    /// How much its layers multiply.
    pub fn work(&self) -> Work {
        self.work
    }

    /// The chain's output, `(B, out)`, after [`Chain::forward`].
    pub fn output<'a>(&self, kept: &'a [f32]) -> &'a [f32] {
        let rows = self.rows(kept);
        let last = self.last();
        &kept[rows * last.y..][..rows * last.width]
    }

    /// The output, and the place for the gradient of it that [`Chain::backward`] starts from.
    pub fn output_and_slope<'a>(&self, kept: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        let rows = self.rows(kept);
        let last = self.last();
        let (made, slopes) = kept.split_at_mut(rows * self.made);
        (&made[rows * last.y..][..rows * last.width], &mut slopes[rows * last.dy..][..rows * last.width])
    }

    /// The forward pass; `kept` has room for exactly the rows of `x`.
    pub fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &mut [f32]) {
        let rows = self.rows(kept);
        let made = &mut kept[..rows * self.made];
        for (i, link) in self.links.iter().enumerate() {
            let (before, rest) = made.split_at_mut(rows * link.y);
            let x = self.input(i, x, before, rows);
            let (y, rest) = rest.split_at_mut(rows * link.width);
            let own = &mut rest[..rows * link.layer.kept()];
            link.layer.forward(pass, params, x, y, own);
        }
    }

    /// The backward pass from the gradient of the output; `dx` is empty when nobody needs it.
    pub fn backward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], kept: &mut [f32], dx: &mut [f32]) {
        let rows = self.rows(kept);
        let (made, slopes) = kept.split_at_mut(rows * self.made);
        let wanted = !dx.is_empty();
        for (i, link) in self.links.iter().enumerate().rev() {
            if i < self.idle && !wanted {
                return;
            }
            let (before, rest) = made.split_at_mut(rows * (link.y + link.width));
            let own = &mut rest[..rows * link.layer.kept()];
            let (earlier, dy) = slopes.split_at_mut(rows * link.dy);
            let io =
                Io { x: self.input(i, x, before, rows), y: &before[rows * link.y..], dy: &dy[..rows * link.width] };
            let previous = i.checked_sub(1).map(|p| &self.links[p]);
            let dx = match previous {
                Some(_) if i == self.idle && !wanted => &mut [],
                Some(p) => &mut earlier[rows * p.dy..],
                None => &mut *dx,
            };
            link.layer.backward(pass, params, io, dx, own);
        }
    }

    /// The gradients of the parameters in `part`: see [`Layer::gradients`]. The trace's `dy` is not read, because the
    /// gradient of a chain's output lies in what it keeps.
    pub fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        for (i, link) in self.links.iter().enumerate() {
            let of = |shard: usize| {
                let whole = (traces.of)(shard);
                let rows = self.rows(whole.kept);
                let (made, slopes) = whole.kept.split_at(rows * self.made);
                Trace {
                    x: self.input(i, whole.x, made, rows),
                    dy: &slopes[rows * link.dy..][..rows * link.width],
                    kept: &made[rows * (link.y + link.width)..][..rows * link.layer.kept()],
                }
            };
            link.layer.gradients(pass, part, &Traces { count: traces.count, of: &of }, grads);
        }
    }

    /// The chain's function for the rows of a batch in f64.
    pub fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        self.links.iter().fold(x.to_vec(), |x, link| link.layer.reference_rows(params, &x, draws))
    }

    fn input<'a>(&self, i: usize, x: &'a [f32], made: &'a [f32], rows: usize) -> &'a [f32] {
        match i.checked_sub(1).map(|p| &self.links[p]) {
            Some(previous) => &made[rows * previous.y..][..rows * previous.width],
            None => x,
        }
    }

    fn last(&self) -> &Link {
        self.links.last().expect("a placed chain has at least one layer")
    }

    fn rows(&self, kept: &[f32]) -> usize {
        let rows = kept.len() / self.kept();
        assert_eq!(kept.len(), rows * self.kept(), "a chain of {} floats per row was given other memory", self.kept());
        rows
    }
}
