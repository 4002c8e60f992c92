//! `parallel`: several lists of layers that get the same rows, their results side by side or summed. A branch without layers
//! gives what it gets, so `residual` is the sum of an empty branch and another, and `concat` the two side by side; they are
//! written so often that they have names of their own.

use std::ops::Range;

use kernels::elementwise;

use crate::base::diagnostics::Place;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Item, Value};
use crate::nn::chain::Chain;
use crate::nn::layer::{Draws, Io, Layer, Pass, Trace, Traces};
use crate::nn::place::Placing;

use super::extent::{self, EXTENT};
use super::{LAYER, PlaceLayer};

const JOIN: Kind = Kind::Word(&[
    ("concat", "side by side along `extent`: y = [g1(x), g2(x), ...]"),
    ("add", "y = g1(x) + g2(x) + ..., where all give rows of one shape"),
]);

pub(super) fn entry() -> Entry<PlaceLayer> {
    const BRANCH: Kind = Kind::List { of: &LAYER, least: 0 };
    Entry {
        about: About {
            name: "parallel",
            aliases: &["branches", "inception"],
            summary: "branches of layers on the same rows, then side by side or summed",
            formula: "y = [g1(x), g2(x), ...] or y = g1(x) + g2(x) + ...",
            source: "Szegedy et al. 2015 (side by side); Xie, Girshick, Dollar, Tu & He 2017 (summed)",
            keys: vec![
                Key::required(
                    "branches",
                    Kind::List { of: &BRANCH, least: 1 },
                    "g1, g2, ..., each a list of layers from first to last; an empty one gives what it gets",
                ),
                Key::preset("join", JOIN, "\"concat\"", "how the results become one row").or(&["merge"]),
                Key::preset(
                    "extent",
                    EXTENT,
                    "0",
                    "along which extent results stand side by side: 0 for channels of images, -1 for features of sequences",
                )
                .or(&["axis", "dim"]),
            ],
            example: "{ type = \"parallel\", branches = [[], [{ type = \"dense\", units = 4, activation = \"tanh\" }]], \
                      extent = -1 }"
                .into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let inputs = placing.shape().width();
    let (mut branches, mut shapes) = (Vec::new(), Vec::new());
    for (i, item) in chosen.values.list("branches").iter().enumerate() {
        let Value::List(layers) = &item.value else { unreachable!("a branch is a list") };
        let (body, shape) = branch(i, layers, placing)?;
        branches.push(Branch { body, block: shape.width() });
        shapes.push((shape, item.place));
    }
    let adds = chosen.values.text("join") == "add";
    let (shape, outer) = if adds { summed(&shapes, placing)? } else { beside(chosen, &shapes, placing)? };
    branches.iter_mut().for_each(|branch| branch.block /= outer);
    placing.push(Box::new(Parallel { branches, adds, inputs, width: shape.width() }), shape);
    Some(())
}

/// The layers of a branch, if it has any, and the shape of its results.
fn branch(i: usize, layers: &[Item], placing: &mut Placing<'_>) -> Option<(Option<Chain>, Shape)> {
    if layers.is_empty() {
        return Some((None, placing.shape().clone()));
    }
    let (body, shape) = placing.nested(&format!("branches.{i}"), layers)?;
    Some((Some(body), shape))
}

/// The shape of a sum.
fn summed(shapes: &[(Shape, Place)], placing: &mut Placing<'_>) -> Option<(Shape, usize)> {
    let first = &shapes[0].0;
    for (i, (shape, place)) in shapes.iter().enumerate() {
        if shape != first {
            let message = format!("branch {i} of `parallel` gives rows of {shape}, but branch 0 rows of {first}");
            placing.misfit(*place, message, format!("what is summed has one shape: let its last layer give {first}"));
            return None;
        }
    }
    Some((first.clone(), 1))
}

/// The shape of results side by side, and how many stretches of each there are in a row.
fn beside(chosen: &Chosen, shapes: &[(Shape, Place)], placing: &mut Placing<'_>) -> Option<(Shape, usize)> {
    let mut all = shapes[0].0.clone();
    let at = extent::at(chosen.values.whole("extent"), chosen.values.place("extent"), &all, placing)?;
    let others = |shape: &Shape| {
        let mut rest = shape.0.clone();
        (at < rest.len()).then(|| rest.remove(at)).map(|own| (own, rest))
    };
    let (_, wanted) = others(&all)?;
    for (i, (shape, place)) in shapes.iter().enumerate().skip(1) {
        match others(shape).filter(|(_, rest)| *rest == wanted) {
            Some((own, _)) => all.0[at] += own,
            None => {
                let first = &shapes[0].0;
                let message = format!("branch {i} of `parallel` gives rows of {shape}, but branch 0 rows of {first}");
                let hint = format!("side by side along extent {at} they must be equal along all others");
                placing.misfit(*place, message, hint);
                return None;
            }
        }
    }
    let outer = all.0[..at].iter().product();
    Some((all, outer))
}

#[derive(Debug)]
struct Branch {
    /// None for what gives what it gets.
    body: Option<Chain>,
    /// Numbers of its results that stand side by side.
    block: usize,
}

impl Branch {
    /// Floats that it keeps of so many rows.
    fn kept(&self, rows: usize) -> usize {
        self.body.as_ref().map_or(0, |body| body.kept(rows))
    }

    /// What it made of `x`.
    fn output<'a>(&'a self, x: &'a [f32], own: &'a [f32], rows: usize) -> &'a [f32] {
        self.body.as_ref().map_or(x, |body| body.output(rows, own))
    }
}

#[derive(Debug)]
struct Parallel {
    branches: Vec<Branch>,
    adds: bool,
    inputs: usize,
    width: usize,
}

impl Parallel {
    /// Where the stretches of each branch stand in a group of those of all.
    fn stretches(&self) -> impl Iterator<Item = (&Branch, Range<usize>)> {
        let mut end = 0;
        self.branches.iter().map(move |branch| {
            end += branch.block;
            (branch, end - branch.block..end)
        })
    }

    /// Where the memory of a branch is in that of the layer.
    fn own(&self, branch: usize, rows: usize) -> Range<usize> {
        let begin: usize = self.branches[..branch].iter().map(|branch| branch.kept(rows)).sum();
        begin..begin + self.branches[branch].kept(rows)
    }

    /// Numbers of a group.
    fn group(&self) -> usize {
        self.branches.iter().map(|branch| branch.block).sum()
    }

    fn bodies(&self) -> impl Iterator<Item = &Chain> {
        self.branches.iter().filter_map(|branch| branch.body.as_ref())
    }

    /// The gradient of what a branch gave, which stands at `at` of every group of `dy`.
    fn slope(&self, at: Range<usize>, dy: &[f32], to: &mut [f32]) {
        if self.adds {
            return to.copy_from_slice(dy);
        }
        for (to, dy) in to.chunks_exact_mut(at.len()).zip(dy.chunks_exact(self.group())) {
            to.copy_from_slice(&dy[at.clone()]);
        }
    }
}

impl Layer for Parallel {
    fn kept_of(&self, rows: usize) -> usize {
        // the gradients of the second branch by the inputs stand there until they are added
        let spare = if self.branches.len() > 1 { rows * self.inputs } else { 0 };
        self.branches.iter().map(|branch| branch.kept(rows)).sum::<usize>() + spare
    }

    fn block(&self) -> usize {
        self.bodies().map(Chain::block).max().unwrap_or(1)
    }

    fn repeats(&self) -> bool {
        self.bodies().all(Chain::repeats)
    }

    fn room(&self) -> usize {
        self.bodies().map(Chain::room).max().unwrap_or(0)
    }

    fn coupled(&self) -> Option<usize> {
        self.bodies().filter_map(Chain::coupled).max()
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let rows = y.len() / self.width;
        for (i, (branch, at)) in self.stretches().enumerate() {
            if let Some(body) = &branch.body {
                body.forward(pass, params, x, &mut kept[self.own(i, rows)]);
            }
            let made = branch.output(x, &kept[self.own(i, rows)], rows);
            match (self.adds, i) {
                (true, 0) => y.copy_from_slice(made),
                (true, _) => elementwise::add_to(pass.cpu, made, y),
                (false, _) => {
                    for (made, y) in made.chunks_exact(at.len()).zip(y.chunks_exact_mut(self.group())) {
                        y[at.clone()].copy_from_slice(made);
                    }
                }
            }
        }
    }

    /// dx = the sum over the branches, in their order.
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let rows = io.dy.len() / self.width;
        let (kept, spare) = kept.split_at_mut(self.branches.iter().map(|branch| branch.kept(rows)).sum());
        for (i, (branch, at)) in self.stretches().enumerate() {
            let to = match (dx.is_empty(), i) {
                (true, _) => &mut [],
                (false, 0) => &mut *dx,
                (false, _) => &mut *spare,
            };
            match &branch.body {
                Some(body) => {
                    let own = &mut kept[self.own(i, rows)];
                    self.slope(at, io.dy, body.output_and_slope(rows, own).1);
                    body.backward(pass, params, io.x, own, to);
                }
                None if to.is_empty() => {}
                None => self.slope(at, io.dy, to),
            }
            if i > 0 && !dx.is_empty() {
                elementwise::add_to(pass.cpu, spare, dx);
            }
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        for (i, branch) in self.branches.iter().enumerate() {
            let Some(body) = &branch.body else { continue };
            let of = |shard: usize| {
                let whole = (traces.of)(shard);
                let rows = whole.x.len() / self.inputs;
                Trace { kept: &whole.kept[self.own(i, rows)], ..whole }
            };
            body.gradients(pass, part, &Traces { count: traces.count, of: &of }, grads);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let made: Vec<(usize, Vec<Vec<f64>>)> = self
            .branches
            .iter()
            .map(|branch| {
                let rows = branch.body.as_ref().map(|body| body.reference_rows(params, x, draws));
                (branch.block, rows.unwrap_or_else(|| x.to_vec()))
            })
            .collect();
        let row = |row: usize| -> Vec<f64> {
            if self.adds {
                return (0..self.width).map(|i| made.iter().map(|(_, rows)| rows[row][i]).sum()).collect();
            }
            let groups = 0..self.width / self.group();
            let stretch = |g: usize| made.iter().flat_map(move |(block, rows)| &rows[row][g * block..][..*block]);
            groups.flat_map(stretch).copied().collect()
        };
        (0..x.len()).map(row).collect()
    }
}
