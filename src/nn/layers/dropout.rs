//! `dropout`: in training every number of a row is zero with probability `rate`, and the others are scaled up so that the
//! mean stays; in evaluation the layer does nothing. As the first layer it drops inputs. What is dropped is a function of
//! the seed, the layer, the step, the row's place in the batch and the number's place in the row, so it does not depend on
//! threads, and no evaluation or other layer moves it. It is drawn again in the backward pass instead of being kept.

use kernels::isa::Cpu;
use kernels::member::Bounds;
use kernels::random::{self, Draw};

use crate::base::key::{Key, Kind};
use crate::base::random::Purpose;
use crate::base::registry::{About, Entry};
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::PlaceLayer;

pub(super) fn entry() -> Entry<PlaceLayer> {
    let rate = Kind::Number(Bounds::Below(0.0, 1.0));
    Entry {
        about: About {
            name: "dropout",
            aliases: &[],
            summary: "zeros at random places while training, nothing while evaluating",
            formula: "y = x m / (1 - rate), m = 0 with probability rate, else 1",
            source: "Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014",
            keys: vec![Key::preset("rate", rate, "0.5", "the probability of a zero").or(&["p"])],
            example: "{ type = \"dropout\", rate = 0.2 }".into(),
        },
        build: |chosen, placing| {
            push(chosen.values.number("rate"), placing);
            Some(())
        },
    }
}

/// Adds dropout to the chain.
pub(super) fn push(rate: f64, placing: &mut Placing<'_>) {
    let (shape, number) = (placing.shape().clone(), placing.drawing());
    placing.push(Box::new(Dropout { rate: (rate as f32).min(LARGEST), number, width: shape.width() }), shape);
}

/// The last number below one.
pub(super) const LARGEST: f32 = 1.0 - f32::EPSILON / 2.0;

#[derive(Debug)]
struct Dropout {
    rate: f32,
    number: u64,
    width: usize,
}

impl Dropout {
    /// Drops the same numbers of `from` in forward and backward.
    fn drop(&self, cpu: Cpu, draws: Option<Draws>, from: &[f32], to: &mut [f32]) {
        let Some(Draws { seeds, step, row }) = draws else {
            return to.copy_from_slice(from);
        };
        let key = seeds.stream(Purpose::Dropout, &[self.number, step]).key();
        random::dropout(cpu, Draw { key, rate: self.rate, row: row as u32 }, self.width, from, to);
    }
}

impl Layer for Dropout {
    fn forward(&self, pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        self.drop(pass.cpu, pass.draws, x, y);
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            self.drop(pass.cpu, pass.draws, io.dy, dx);
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        if draws.is_none() {
            return x.to_vec();
        }
        let (ones, mut left) = (vec![1.0; x.len()], vec![0.0; x.len()]);
        self.drop(Cpu::best(), draws, &ones, &mut left);
        let of = |(x, left): (&f64, &f32)| if *left == 0.0 { 0.0 } else { x / (1.0 - f64::from(self.rate)) };
        x.iter().zip(&left).map(of).collect()
    }
}
