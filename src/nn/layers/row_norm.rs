//! `layer_norm` and `rms_norm`: every row by itself, or every step of a sequence, brought to one size, then multiplied and
//! moved by learned numbers. Training and evaluation are alike.

use std::ops::Range;

use kernels::member::Bounds;
use kernels::norm::Rows;
use kernels::reduce;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::PlaceLayer;

const OVER: Kind = Kind::Word(&[
    ("last", "the last extent of a row: all of it where it is flat, the features of every step of a sequence"),
    ("all", "all of a row, whatever its shape: an image"),
]);

fn over() -> Key {
    Key::preset("over", OVER, "\"last\"", "what is normalised together; PyTorch's `normalized_shape`")
}

pub(super) fn layer_norm() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "layer_norm",
            aliases: &["layer_normalization"],
            summary: "each row at mean zero and variance one",
            formula: "y = γ (x - mean(x)) / √(var(x) + eps) + β",
            source: "Ba, Kiros & Hinton 2016; names and defaults are PyTorch's",
            keys: vec![
                over(),
                Key::preset("eps", Kind::Number(Bounds::Above(0.0)), "1e-5", "added to the variance").or(&["epsilon"]),
                Key::preset("elementwise_affine", Kind::Flag, "true", "whether γ and β are there and learned"),
                Key::preset("bias", Kind::Flag, "true", "whether β is there"),
            ],
            example: "\"layer_norm\"".into(),
        },
        build: |chosen, placing| place(chosen, true, placing),
    }
}

pub(super) fn rms_norm() -> Entry<PlaceLayer> {
    let eps = "added to the mean square; the default is the distance of 1 to the next `f32`";
    Entry {
        about: About {
            name: "rms_norm",
            aliases: &["rms_normalization"],
            summary: "each row divided by the root of its mean square",
            formula: "y = γ x / √(mean(x²) + eps)",
            source: "Zhang & Sennrich 2019; names and defaults are PyTorch's",
            keys: vec![
                over(),
                Key::preset("eps", Kind::Number(Bounds::Above(0.0)), "1.1920928955078125e-7", eps).or(&["epsilon"]),
                Key::preset("elementwise_affine", Kind::Flag, "true", "whether γ is there and learned"),
            ],
            example: "\"rms_norm\"".into(),
        },
        build: |chosen, placing| place(chosen, false, placing),
    }
}

fn place(chosen: &Chosen, centred: bool, placing: &mut Placing<'_>) -> Option<()> {
    let (values, shape) = (&chosen.values, placing.shape().clone());
    let width = match values.text("over") {
        "all" => shape.width(),
        _ => *shape.0.last().expect("a shape has an extent"),
    };
    let affine = values.flag("elementwise_affine");
    let weight = affine.then(|| placing.slot("weight", Role::Factor(1.0), &[width], (1, 1)));
    let bias =
        (centred && affine && values.flag("bias")).then(|| placing.slot("bias", Role::Offset(0.0), &[width], (1, 1)));
    let rows = Rows { width, centred, eps: values.number("eps") as f32 };
    placing.push(Box::new(RowNorm { rows, per_row: shape.width() / width, weight, bias }), shape);
    Some(())
}

#[derive(Debug)]
struct RowNorm {
    rows: Rows,
    /// How many stretches of a row are normalised.
    per_row: usize,
    weight: Option<Slot>,
    bias: Option<Slot>,
}

impl Layer for RowNorm {
    fn kept(&self) -> usize {
        2 * self.per_row
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let [weight, bias] = [&self.weight, &self.bias].map(|slot| slot.as_ref().map(|slot| &params[slot.range()]));
        self.rows.forward(pass.cpu, (weight, bias), x, y, kept);
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        if !dx.is_empty() {
            let weight = self.weight.as_ref().map(|slot| &params[slot.range()]);
            self.rows.backward(pass.cpu, weight, kept, (io.x, io.dy), dx);
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        if let Some(slot) = &self.weight
            && let Some((columns, within)) = slot.rows_within(part)
        {
            for shard in 0..traces.count {
                let (trace, keep) = ((traces.of)(shard), slot.carries_on(shard));
                let (rows, out) = ((trace.x, trace.dy), &mut grads[within.clone()]);
                self.rows.factor_gradient(pass.cpu, columns.clone(), trace.kept, rows, keep, out);
            }
        }
        if let Some(slot) = &self.bias
            && let Some((columns, within)) = slot.rows_within(part)
        {
            for shard in 0..traces.count {
                let (dy, out) = ((traces.of)(shard).dy, &mut grads[within.clone()]);
                reduce::column_sums(pass.cpu, dy, self.rows.width, columns.clone(), slot.carries_on(shard), out);
            }
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let Rows { width, centred, eps } = self.rows;
        let stretch = |x: &[f64]| {
            let mean = if centred { x.iter().sum::<f64>() / width as f64 } else { 0.0 };
            let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / width as f64;
            let normal = |(i, x): (usize, &f64)| {
                let of =
                    |slot: &Option<Slot>, otherwise| slot.as_ref().map_or(otherwise, |slot| params[slot.offset + i]);
                of(&self.weight, 1.0) * (x - mean) / libm::sqrt(variance + f64::from(eps)) + of(&self.bias, 0.0)
            };
            x.iter().enumerate().map(normal).collect::<Vec<_>>()
        };
        x.chunks_exact(width).flat_map(stretch).collect()
    }
}
