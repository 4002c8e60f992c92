//! `per_step`: layers that see one step of a sequence at a time, with the same parameters at every step: the steps of all
//! rows are rows to them. A `dense` in it is PyTorch's `Linear` on a sequence.

use std::ops::Range;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::Chosen;
use crate::nn::chain::Chain;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::place::Placing;

use super::{LAYER, PlaceLayer, batch_norm};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "per_step",
            aliases: &["time_distributed"],
            summary: "layers that are applied to every step of a sequence alike",
            formula: "y[t] = g(x[t])",
            source: "the alias is Keras'; PyTorch's Linear does it unasked",
            keys: vec![Key::required("layers", Kind::List { of: &LAYER, least: 1 }, "g, from first to last")],
            example: "{ type = \"per_step\", layers = [{ type = \"dense\", units = 4, activation = \"tanh\" }] }"
                .into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let shape = placing.shape().clone();
    let [steps, inner @ ..] = shape.0.as_slice() else { unreachable!("a shape has an extent") };
    if inner.is_empty() {
        super::no_sequence(chosen, placing);
        return None;
    }
    let (body, out) = placing.nested_on("body", chosen.values.list("layers"), &Shape(inner.to_vec()), *steps)?;
    if body.coupled().is_some() && placing.padded() == Some(*steps) {
        batch_norm::padded(chosen.place, placing);
        return None;
    }
    let shape = [&[*steps], out.0.as_slice()].concat();
    placing.push(Box::new(PerStep { body, steps: *steps }), Shape(shape));
    Some(())
}

#[derive(Debug)]
struct PerStep {
    body: Chain,
    steps: usize,
}

impl PerStep {
    /// Does something with the steps of the pass as its rows. What is drawn at random is so for each.
    fn within<T>(&self, pass: &mut Pass<'_>, work: impl FnOnce(&mut Pass<'_>) -> T) -> T {
        let draws = pass.draws.map(|draws| self.draws(draws));
        work(&mut Pass { cpu: pass.cpu, scratch: pass.scratch, draws, lengths: &[] })
    }

    fn draws(&self, draws: Draws) -> Draws {
        Draws { row: draws.row * self.steps, ..draws }
    }
}

impl Layer for PerStep {
    fn kept_of(&self, rows: usize) -> usize {
        self.body.kept(rows * self.steps)
    }

    fn block(&self) -> usize {
        self.body.block()
    }

    fn room(&self) -> usize {
        self.body.room()
    }

    fn coupled(&self) -> Option<usize> {
        self.body.coupled().map(|least| least.div_ceil(self.steps))
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        self.within(pass, |pass| self.body.forward(pass, params, x, kept));
        y.copy_from_slice(self.body.output(self.body.rows(x), kept));
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        self.body.output_and_slope(self.body.rows(io.x), kept).1.copy_from_slice(io.dy);
        self.within(pass, |pass| self.body.backward(pass, params, io.x, kept, dx));
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        self.body.gradients(pass, part, traces, grads);
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let steps: Vec<Vec<f64>> = x.iter().flat_map(|x| x.chunks(x.len() / self.steps)).map(<[f64]>::to_vec).collect();
        let all = self.body.reference_rows(params, &steps, draws.map(|draws| self.draws(draws)));
        all.chunks(self.steps).map(<[Vec<f64>]>::concat).collect()
    }
}
