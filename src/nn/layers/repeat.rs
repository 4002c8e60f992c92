//! `repeat`: the same list of layers several times, one after the other, each time with parameters of its own: depth as a
//! number that a file can vary.

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::{Chosen, Item};
use crate::nn::chain::Chain;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::{LAYER, PlaceLayer};

/// More layers than anybody trains, and few enough to be planned in no time.
const MOST: i64 = 4096;

pub(super) fn entry() -> Entry<PlaceLayer> {
    let times = Kind::Whole { least: 1, most: MOST };
    Entry {
        about: About {
            name: "repeat",
            aliases: &[],
            summary: "layers several times, each time with parameters of their own",
            formula: "y = g_n(... g_2(g_1(x)))",
            source: "",
            keys: vec![
                Key::required("times", times, "n, how often"),
                Key::required("layers", Kind::List { of: &LAYER, least: 1 }, "g, from first to last"),
            ],
            example:
                "{ type = \"repeat\", times = 3, layers = [{ type = \"dense\", units = 5, activation = \"tanh\" }] }"
                    .into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let (layers, times) = (chosen.values.list("layers"), chosen.values.count("times"));
    let all: Vec<Item> = std::iter::repeat_n(layers, times).flatten().cloned().collect();
    let (body, shape) = placing.nested("body", &all)?;
    placing.push(Box::new(Repeat { body }), shape);
    Some(())
}

#[derive(Debug)]
struct Repeat {
    body: Chain,
}

impl Layer for Repeat {
    fn body(&self) -> Option<&Chain> {
        Some(&self.body)
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        self.body.forward(pass, params, x, kept);
        y.copy_from_slice(self.body.output(self.body.rows(x), kept));
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        self.body.output_and_slope(self.body.rows(io.x), kept).1.copy_from_slice(io.dy);
        self.body.backward(pass, params, io.x, kept, dx);
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        self.body.reference_rows(params, x, draws)
    }
}
