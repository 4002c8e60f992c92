//! `spatial_dropout`: dropout of whole channels. Neighbours of an image tell nearly the same, so that single numbers that are
//! dropped are missed by nobody; a channel that is dropped is. What is dropped is a function of the seed, the layer, the
//! step, the row's place in the batch and the channel, as in `dropout`.

use kernels::isa::Cpu;
use kernels::member::Bounds;
use kernels::random::{self, Draw};

use crate::base::key::{Key, Kind};
use crate::base::random::Purpose;
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::extent::{self, EXTENT};
use super::{PlaceLayer, dropout};

pub(super) fn entry() -> Entry<PlaceLayer> {
    let rate = Kind::Number(Bounds::Below(0.0, 1.0));
    Entry {
        about: About {
            name: "spatial_dropout",
            aliases: &["dropout1d", "dropout2d", "spatial_dropout1d", "spatial_dropout2d"],
            summary: "whole channels of zeros while training, nothing while evaluating",
            formula: "y[c, ..] = x[c, ..] m[c] / (1 - rate), m[c] = 0 with probability rate, else 1",
            source: "Tompson, Goroshin, Jain, LeCun & Bregler 2015; PyTorch's Dropout1d and Dropout2d",
            keys: vec![
                Key::preset("rate", rate, "0.5", "the probability that a channel is dropped").or(&["p"]),
                Key::preset(
                    "extent",
                    EXTENT,
                    "0",
                    "which extent of a row counts the channels: 0 of an image or signal, -1 for the features of a sequence",
                )
                .or(&["axis"]),
            ],
            example: "{ type = \"spatial_dropout\", rate = 0.2 }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let values = &chosen.values;
    let shape = placing.shape().clone();
    if shape.0.len() == 1 {
        let message = format!("`spatial_dropout` drops whole channels, and rows of {shape} have none");
        placing.misfit(chosen.place, message, "`dropout` drops single numbers");
        return None;
    }
    let extent = extent::at(values.whole("extent"), values.place("extent"), &shape, placing)?;
    let (channels, inner) = (shape.0[extent], shape.0[extent + 1..].iter().product());
    let rate = (values.number("rate") as f32).min(dropout::LARGEST);
    let layer =
        SpatialDropout { rate, number: placing.drawing(), ones: vec![1.0; channels], width: shape.width(), inner };
    placing.push(Box::new(layer), shape);
    Some(())
}

#[derive(Debug)]
struct SpatialDropout {
    rate: f32,
    number: u64,
    /// One for each channel.
    ones: Vec<f32>,
    width: usize,
    /// Numbers of a channel that stand side by side.
    inner: usize,
}

impl SpatialDropout {
    /// The factor of every channel of every row: zero, or what keeps the mean.
    fn draw(&self, cpu: Cpu, Draws { seeds, step, row }: Draws, factors: &mut [f32]) {
        let key = seeds.stream(Purpose::Dropout, &[self.number, step]).key();
        for (at, factors) in factors.chunks_exact_mut(self.ones.len()).enumerate() {
            let draw = Draw { key, rate: self.rate, row: (row + at) as u32 };
            random::dropout(cpu, draw, self.ones.len(), &self.ones, factors);
        }
    }

    fn multiply(&self, factors: &[f32], from: &[f32], to: &mut [f32]) {
        let rows = from.chunks_exact(self.width).zip(to.chunks_exact_mut(self.width));
        for ((from, to), factors) in rows.zip(factors.chunks_exact(self.ones.len())) {
            let stretches = from.chunks_exact(self.inner).zip(to.chunks_exact_mut(self.inner));
            for ((from, to), factor) in stretches.zip(factors.iter().cycle()) {
                // what is dropped is zero, also of what is no number
                let times = |x: &f32| if *factor == 0.0 { 0.0 } else { x * factor };
                to.iter_mut().zip(from).for_each(|(to, x)| *to = times(x));
            }
        }
    }
}

impl Layer for SpatialDropout {
    fn kept(&self) -> usize {
        self.ones.len()
    }

    fn forward(&self, pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        match pass.draws {
            Some(draws) => {
                self.draw(pass.cpu, draws, kept);
                self.multiply(kept, x, y);
            }
            None => y.copy_from_slice(x),
        }
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        match pass.draws {
            _ if dx.is_empty() => {}
            Some(_) => self.multiply(kept, io.dy, dx),
            None => dx.copy_from_slice(io.dy),
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        let Some(draws) = draws else { return x.to_vec() };
        let mut factors = vec![0.0; self.ones.len()];
        self.draw(Cpu::best(), draws, &mut factors);
        let factor = |i: usize| match factors[i / self.inner % factors.len()] {
            0.0 => 0.0,
            _ => 1.0 / (1.0 - f64::from(self.rate)),
        };
        x.iter().enumerate().map(|(i, x)| x * factor(i)).collect()
    }
}
