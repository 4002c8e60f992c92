//! `batch_norm`: every channel brought to mean zero and variance one over the rows of the batch and the places of the
//! channel, then multiplied and moved by learned numbers; in evaluation by running averages of the training batches'
//! moments (Ioffe & Szegedy 2015). The first extent of a row is its channels; of rows without more, every number is one. As in PyTorch the
//! variance that is divided by is that of the batch, and the one that is averaged is the unbiased estimate, and a batch of
//! one number per channel has none to give.
//!
//! The averages are slots of their own, with PyTorch's count of the batches beside them: what stands in their gradient is
//! the batch's moment, and their update is `p += momentum (g - p)`. The rows of a batch depend on each other here, so one thread takes all of them.

use std::ops::Range;

use kernels::member::Bounds;
use kernels::norm::{Affine, Channels};

use crate::base::diagnostics::Place;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::PlaceLayer;

pub(super) fn entry() -> Entry<PlaceLayer> {
    let momentum = "how much of the running averages a batch replaces";
    Entry {
        about: About {
            name: "batch_norm",
            aliases: &["batch_norm1d", "batch_norm2d", "batch_normalization"],
            summary: "each channel at mean zero and variance one over the batch",
            formula: "y = γ (x - E[x]) / √(Var[x] + eps) + β, the moments over the batch; in evaluation their running averages",
            source: "Ioffe & Szegedy 2015; names and defaults are PyTorch's",
            keys: vec![
                Key::preset("eps", Kind::Number(Bounds::Above(0.0)), "1e-5", "added to the variance").or(&["epsilon"]),
                Key::preset("momentum", Kind::Number(Bounds::Within(0.0, 1.0)), "0.1", momentum),
                Key::preset("affine", Kind::Flag, "true", "whether γ and β are there and learned"),
            ],
            example: "\"batch_norm\"".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let (values, shape) = (&chosen.values, placing.shape().clone());
    let channels = shape.0[0];
    if placing.padded() == Some(channels) {
        padded(chosen.place, placing);
        return None;
    }
    let of = Channels { channels, places: shape.width() / channels };
    let learned = values.flag("affine").then(|| {
        let weight = placing.slot("weight", Role::Factor(1.0), &[channels], (1, 1));
        (weight, placing.slot("bias", Role::Offset(0.0), &[channels], (1, 1)))
    });
    let momentum = values.number("momentum") as f32;
    let mean = placing.slot("running_mean", Role::Statistic { start: 0.0, momentum }, &[channels], (1, 1));
    let variance = placing.slot("running_var", Role::Statistic { start: 1.0, momentum }, &[channels], (1, 1));
    placing.slot("num_batches_tracked", Role::Count, &[1], (1, 1));
    placing.push(Box::new(BatchNorm { of, eps: values.number("eps") as f32, learned, mean, variance }), shape);
    Some(())
}

/// Reports that it gets steps that only fill rows up.
pub(super) fn padded(place: Place, placing: &mut Placing<'_>) {
    let message = "`batch_norm` would count what fills up rows of different lengths";
    placing.misfit(place, message, "`layer_norm` looks at every row, or step, by itself");
}

#[derive(Debug)]
struct BatchNorm {
    of: Channels,
    eps: f32,
    /// γ and β.
    learned: Option<(Slot, Slot)>,
    mean: Slot,
    variance: Slot,
}

/// What forward and backward leave in the first floats that are kept, each `(channels)`: the moments in use, what the
/// differences from the mean are multiplied by, what is added, the slopes of γ and β, and what the moments take from the
/// slopes of the differences.
const KEPT: usize = 7;

impl BatchNorm {
    fn parts<'k>(&self, kept: &'k mut [f32]) -> [&'k mut [f32]; KEPT] {
        let mut rest = kept;
        std::array::from_fn(|_| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(self.of.channels);
            rest = after;
            part
        })
    }

    /// Numbers of a channel in a batch of so many.
    fn count(&self, all: usize) -> f32 {
        (all / self.of.channels) as f32
    }
}

impl Layer for BatchNorm {
    fn kept(&self) -> usize {
        KEPT * self.of.channels
    }

    /// A single number has no variance.
    fn coupled(&self) -> Option<usize> {
        Some(if self.of.places > 1 { 1 } else { 2 })
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let [mean, variance, factor, offset, ..] = self.parts(kept);
        if pass.draws.is_some() {
            self.of.moments(pass.cpu, x, mean, variance);
        } else {
            mean.copy_from_slice(&params[self.mean.range()]);
            variance.copy_from_slice(&params[self.variance.range()]);
        }
        factor.iter_mut().zip(&*variance).for_each(|(factor, variance)| *factor = 1.0 / (variance + self.eps).sqrt());
        offset.fill(0.0);
        if let Some((weight, bias)) = &self.learned {
            factor.iter_mut().zip(&params[weight.range()]).for_each(|(factor, weight)| *factor *= weight);
            offset.copy_from_slice(&params[bias.range()]);
        }
        self.of.normalise(pass.cpu, Affine { mean, factor, offset }, x, y);
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let [mean, variance, factor, offset, along, total, pull] = self.parts(kept);
        self.of.slopes(pass.cpu, (io.x, io.dy), mean, along, total);
        if !dx.is_empty() {
            // the offset has done its work: its place holds what the moments add to the slopes
            let (count, batch) = (self.count(dx.len()), pass.draws.is_some());
            let share = |sum: f32| if batch { sum / count } else { 0.0 };
            offset.iter_mut().zip(&*total).for_each(|(offset, total)| *offset = share(*total));
            let both = along.iter().zip(&*variance);
            pull.iter_mut().zip(both).for_each(|(pull, (along, var))| *pull = share(*along) / (var + self.eps));
            self.of.unnormalise(pass.cpu, Affine { mean, factor, offset }, pull, (io.x, io.dy), dx);
        }
        along.iter_mut().zip(&*variance).for_each(|(along, variance)| *along /= (variance + self.eps).sqrt());
    }

    fn gradients(&self, _pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let trace = (traces.of)(0);
        let kept = |place: usize| &trace.kept[place * self.of.channels..][..self.of.channels];
        let count = self.count(trace.dy.len());
        let unbiased = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
        let learned = self.learned.iter().flat_map(|(weight, bias)| [(weight, 4, 1.0), (bias, 5, 1.0)]);
        for (slot, place, factor) in learned.chain([(&self.mean, 0, 1.0), (&self.variance, 1, unbiased)]) {
            if let Some((channels, within)) = slot.rows_within(part) {
                let from = &kept(place)[channels];
                grads[within].iter_mut().zip(from).for_each(|(grad, from)| *grad = factor * from);
            }
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let Channels { channels, places } = self.of;
        let mut y = x.to_vec();
        for c in 0..channels {
            let at = c * places..(c + 1) * places;
            let (mut mean, mut variance) = (params[self.mean.offset + c], params[self.variance.offset + c]);
            if draws.is_some() {
                let count = (x.len() * places) as f64;
                mean = x.iter().flat_map(|x| &x[at.clone()]).sum::<f64>() / count;
                variance = x.iter().flat_map(|x| &x[at.clone()]).map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
            }
            let (weight, bias) =
                self.learned.as_ref().map_or((1.0, 0.0), |(w, b)| (params[w.offset + c], params[b.offset + c]));
            let normal = |x: f64| weight * (x - mean) / libm::sqrt(variance + f64::from(self.eps)) + bias;
            y.iter_mut().flat_map(|y| &mut y[at.clone()]).for_each(|y| *y = normal(*y));
        }
        y
    }
}
