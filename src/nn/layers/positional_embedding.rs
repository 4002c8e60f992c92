//! `positional_embedding`: a vector added to every step of a sequence that tells its place, learned or made of sine waves.
//! Attention sees no order without it.

use std::ops::Range;

use kernels::{elementwise, reduce};

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::PlaceLayer;

const KIND: Kind = Kind::Word(&[
    ("learned", "a parameter for every step and feature"),
    ("sinusoidal", "p[t][2i] = sin(t / 10000^(2i/F)), p[t][2i + 1] = cos(t / 10000^(2i/F)) (Vaswani et al. 2017)"),
]);

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "positional_embedding",
            aliases: &["position_embedding", "positional_encoding"],
            summary: "a vector added to every step that tells its place",
            formula: "y[t] = x[t] + p[t]",
            source: "Gehring et al. 2017 (learned); Vaswani et al. 2017 (sinusoidal)",
            keys: vec![Key::preset("kind", KIND, "\"learned\"", "what p is")],
            example: "\"positional_embedding\"".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let (steps, features) = super::sequence(chosen, placing)?;
    let places = match chosen.values.text("kind") {
        "learned" => {
            let slot = placing.slot("weight", Role::Embedding, &[steps, features], (steps, features));
            Places::Learned(Box::new(slot))
        }
        _ => Places::Fixed((0..steps).flat_map(|t| (0..features).map(move |i| wave(t, i, features))).collect()),
    };
    let shape = placing.shape().clone();
    placing.push(Box::new(Positions { places, width: steps * features }), shape);
    Some(())
}

fn wave(t: usize, i: usize, features: usize) -> f32 {
    let angle = t as f64 / libm::pow(10_000.0, (i / 2 * 2) as f64 / features as f64);
    (if i.is_multiple_of(2) { libm::sin(angle) } else { libm::cos(angle) }) as f32
}

#[derive(Debug)]
enum Places {
    Learned(Box<Slot>),
    Fixed(Vec<f32>),
}

#[derive(Debug)]
struct Positions {
    places: Places,
    width: usize,
}

impl Layer for Positions {
    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        let places = match &self.places {
            Places::Learned(slot) => &params[slot.range()],
            Places::Fixed(places) => places,
        };
        for (x, y) in x.chunks_exact(self.width).zip(y.chunks_exact_mut(self.width)) {
            elementwise::add(pass.cpu, x, places, y);
        }
    }

    fn backward(&self, _pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            dx.copy_from_slice(io.dy);
        }
    }

    /// dp = the sum of dy over the rows of the batch.
    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let Places::Learned(slot) = &self.places else { return };
        let Some((steps, within)) = slot.rows_within(part) else { return };
        let columns = steps.start * slot.row()..steps.end * slot.row();
        for shard in 0..traces.count {
            let (dy, out) = ((traces.of)(shard).dy, &mut grads[within.clone()]);
            reduce::column_sums(pass.cpu, dy, self.width, columns.clone(), slot.carries_on(shard), out);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let place = |i: usize| match &self.places {
            Places::Learned(slot) => params[slot.offset + i],
            Places::Fixed(places) => f64::from(places[i]),
        };
        x.iter().enumerate().map(|(i, x)| x + place(i)).collect()
    }
}
