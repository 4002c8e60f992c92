//! `dense`: every output is a weighted sum of all inputs, y = x W + b, with `x` `(B, in)`, `W` `(in, out)`, `b` `(out)`.
//! The sum starts at the bias and is one chain of fused multiply-adds over the inputs in order. A row of any shape is
//! taken as one vector. Tied to an earlier layer, W is the transpose of that one's weights: a decoder that goes the way of
//! its encoder back, an output that knows the symbols by the vectors they came in by.

use std::ops::Range;

use kernels::gemm::{Mat, Start, gemm_into};

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::Chosen;
use crate::nn::activation::ACTIVATIONS;
use crate::nn::divided::{Divisible, Portion};
use crate::nn::gradients;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::{PlaceLayer, activation};

pub(super) fn entry() -> Entry<PlaceLayer> {
    let function = Kind::Member { registry: || &*ACTIVATIONS, common: &[] };
    Entry {
        about: About {
            name: "dense",
            aliases: &["linear", "fully_connected"],
            summary: "every output a weighted sum of all inputs, then an activation",
            formula: "y = f(x W + b)",
            source: "the name is Keras'; PyTorch's is Linear",
            keys: vec![
                Key::required("units", Kind::COUNT, "numbers it gives per row").or(&["out_features"]),
                Key::preset("bias", Kind::Flag, "true", "whether b is there").or(&["use_bias"]),
                Key::optional(
                    "tied",
                    Kind::Text,
                    "the earlier `dense` or `embedding`, by its place in the network as for `share`, whose weights turned over \
                     are W; b is the layer's own (Press & Wolf 2017)",
                )
                .or(&["tied_to"]),
                Key::preset("activation", function, "\"identity\"", "f: `runner list activation`"),
            ],
            example: "{ type = \"dense\", units = 10, activation = \"tanh\" }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let (inputs, units) = (placing.shape().width(), chosen.values.count("units"));
    if inputs.checked_mul(units).is_none_or(|n| n > MOST_WEIGHTS) {
        let message = format!("{inputs} inputs x {units} units is more than {MOST_WEIGHTS} weights");
        placing.misfit(chosen.values.place("units"), message, "give the layer fewer units");
        return None;
    }
    let fan = (inputs, units);
    let tied = chosen.values.has("tied");
    let weight = match tied {
        true => placing.turned(chosen.values.text("tied"), chosen.values.place("tied"), [units, inputs])?,
        false => placing.slot("weight", Role::Weight, &[inputs, units], fan),
    };
    let bias = chosen.values.flag("bias").then(|| placing.slot("bias", Role::Bias, &[units], fan));
    placing.push(Box::new(Dense { inputs, units, weight, tied, bias }), Shape::flat(units));
    let function = chosen.values.member("activation");
    if function.name != "identity" {
        activation::push(function, placing);
    }
    Some(())
}

/// 16 GiB of weights, gradients and memory: beyond it a slip of the pen is likelier than a wish.
pub(super) const MOST_WEIGHTS: usize = 1 << 30;

#[derive(Debug)]
struct Dense {
    inputs: usize,
    units: usize,
    weight: Slot,
    /// Whether the slot holds Wᵀ, `(out, in)`.
    tied: bool,
    bias: Option<Slot>,
}

impl Divisible for Dense {
    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: Portion<'_>) {
        let Portion { rows, columns: units, values: y, .. } = y;
        let x = Mat::new(&x[rows.start * self.inputs..rows.end * self.inputs], rows.len(), self.inputs);
        let slot = &params[self.weight.range()];
        let weight = if self.tied {
            Mat::new(&slot[units.start * self.inputs..units.end * self.inputs], units.len(), self.inputs).t()
        } else {
            Mat::strided(&slot[units.start..], self.inputs, units.len(), self.units, 1)
        };
        let start = self.bias.as_ref().map_or(Start::Zero, |b| Start::Bias(&params[b.range()][units]));
        gemm_into(pass.cpu, start, x, weight, y, pass.scratch);
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], dy: &[f32], dx: Portion<'_>) {
        let Portion { rows, columns: inputs, values: dx, .. } = dx;
        let dy = Mat::new(&dy[rows.start * self.units..rows.end * self.units], rows.len(), self.units);
        let slot = &params[self.weight.range()];
        let turned = if self.tied {
            Mat::strided(&slot[inputs.start..], self.units, inputs.len(), self.inputs, 1)
        } else {
            Mat::new(&slot[inputs.start * self.units..inputs.end * self.units], inputs.len(), self.units).t()
        };
        gemm_into(pass.cpu, Start::Zero, dy, turned, dx, pass.scratch);
    }
}

impl Layer for Dense {
    fn divisible(&self) -> Option<&dyn Divisible> {
        Some(self)
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        let rows = y.len() / self.units;
        Divisible::forward(self, pass, params, x, Portion::all(y, rows));
    }

    /// dx = dy Wᵀ
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            let rows = io.dy.len() / self.units;
            Divisible::backward(self, pass, params, io.dy, Portion::all(dx, rows));
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let of = |shard: usize| {
            let trace = (traces.of)(shard);
            (trace.x, trace.dy)
        };
        // of what is tied, dWᵀ = dyᵀ x
        let turned = |shard: usize| {
            let (x, dy) = of(shard);
            if self.tied { (dy, x) } else { (x, dy) }
        };
        gradients::weight(pass, &self.weight, part, traces.count, &turned, grads);
        if let Some(bias) = &self.bias {
            gradients::bias(pass, bias, part, 0..traces.count, &|shard| of(shard).1, grads);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let weight = &params[self.weight.range()];
        let at = |i: usize, j: usize| if self.tied { j * self.inputs + i } else { i * self.units + j };
        let unit = |j: usize| {
            let bias = self.bias.as_ref().map_or(0.0, |b| params[b.offset + j]);
            bias + x.iter().enumerate().map(|(i, x)| x * weight[at(i, j)]).sum::<f64>()
        };
        (0..self.units).map(unit).collect()
    }
}
