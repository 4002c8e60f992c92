//! `permute`: the numbers of a row in another order, the same for every row and every trial: what is left of a task when
//! neighbours are no longer neighbours.

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::PlaceLayer;

pub(super) fn entry() -> Entry<PlaceLayer> {
    let seed = Kind::Whole { least: 0, most: i64::MAX };
    Entry {
        about: About {
            name: "permute",
            aliases: &["permutation"],
            summary: "the numbers of a row in another order, drawn once",
            formula: "y[i] = x[order[i]]",
            source: "",
            keys: vec![Key::preset("seed", seed, "0", "which order: its own seed, not the trial's")],
            example: "{ type = \"permute\", seed = 1 }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let shape = placing.shape().clone();
    let mut order: Vec<usize> = (0..shape.width()).collect();
    Stream::new(chosen.values.whole("seed").unsigned_abs(), "permute", &[]).shuffle(&mut order);
    placing.push(Box::new(Permute { order }), shape);
    Some(())
}

/// The numbers of a row in another order.
#[derive(Debug)]
pub(super) struct Permute {
    /// The number of x that is the first of y, the second, ...
    pub order: Vec<usize>,
}

impl Layer for Permute {
    fn forward(&self, _pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        let width = self.order.len();
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
            self.order.iter().zip(y).for_each(|(from, y)| *y = x[*from]);
        }
    }

    fn backward(&self, _pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        let width = self.order.len();
        for (dy, dx) in io.dy.chunks_exact(width).zip(dx.chunks_exact_mut(width)) {
            self.order.iter().zip(dy).for_each(|(from, dy)| dx[*from] = *dy);
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        self.order.iter().map(|from| x[*from]).collect()
    }
}
