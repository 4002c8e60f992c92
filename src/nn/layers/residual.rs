//! `residual`: layers with a way around them, y = x + g(x). The body must give rows of the shape it gets.

use kernels::elementwise;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::chain::Chain;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::{LAYER, PlaceLayer};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "residual",
            aliases: &["residual_block"],
            summary: "layers with a way around them",
            formula: "y = x + g(x)",
            source: "He, Zhang, Ren & Sun 2016",
            keys: vec![Key::required("layers", Kind::List { of: &LAYER, least: 1 }, "g, from first to last")],
            example: "{ type = \"residual\", layers = [{ type = \"activation\", function = \"tanh\" }] }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let shape = placing.shape().clone();
    let (body, out) = placing.nested("body", chosen.values.list("layers"))?;
    if out != shape {
        let message = format!("the body of `residual` gives rows of {out}, but what it is added to has {shape}");
        let hint = format!("let the last layer of the body give {shape}");
        placing.misfit(chosen.values.place("layers"), message, hint);
        return None;
    }
    placing.push(Box::new(Residual { body }), shape);
    Some(())
}

#[derive(Debug)]
struct Residual {
    body: Chain,
}

impl Layer for Residual {
    fn body(&self) -> Option<&Chain> {
        Some(&self.body)
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        self.body.forward(pass, params, x, kept);
        elementwise::add(pass.cpu, x, self.body.output(self.body.rows(x), kept), y);
    }

    /// dx = dy + dy · ∂g/∂x
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        self.body.output_and_slope(self.body.rows(io.x), kept).1.copy_from_slice(io.dy);
        self.body.backward(pass, params, io.x, kept, dx);
        if !dx.is_empty() {
            elementwise::add_to(pass.cpu, io.dy, dx);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let sum = |(g, x): (Vec<f64>, &Vec<f64>)| x.iter().zip(g).map(|(x, g)| x + g).collect();
        self.body.reference_rows(params, x, draws).into_iter().zip(x).map(sum).collect()
    }
}
