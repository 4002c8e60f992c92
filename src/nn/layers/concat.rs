//! `concat`: layers with a way around them that ends beside them, y = [x, g(x)]: what follows sees both. With one hidden
//! unit as the body this is the network that Rumelhart, Hinton and Williams gave to XOR.

use kernels::elementwise;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::Chosen;
use crate::nn::chain::Chain;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::{LAYER, PlaceLayer};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "concat",
            aliases: &["concatenate", "skip_concat"],
            summary: "layers with a way around them, both side by side",
            formula: "y = [x, g(x)]",
            source: "Huang, Liu, van der Maaten & Weinberger 2017",
            keys: vec![Key::required("layers", Kind::List { of: &LAYER, least: 1 }, "g, from first to last")],
            example: "{ type = \"concat\", layers = [{ type = \"dense\", units = 4, activation = \"sigmoid\" }] }"
                .into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let inputs = placing.shape().width();
    let (body, out) = placing.nested("body", chosen.values.list("layers"))?;
    let made = out.width();
    placing.push(Box::new(Concat { body, inputs, made }), Shape::flat(inputs + made));
    Some(())
}

#[derive(Debug)]
struct Concat {
    body: Chain,
    /// Numbers of a row of x, and of g(x).
    inputs: usize,
    made: usize,
}

impl Layer for Concat {
    fn body(&self) -> Option<&Chain> {
        Some(&self.body)
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        self.body.forward(pass, params, x, kept);
        let both = x.chunks_exact(self.inputs).zip(self.body.output(self.body.rows(x), kept).chunks_exact(self.made));
        for (y, (x, g)) in y.chunks_exact_mut(self.inputs + self.made).zip(both) {
            y[..self.inputs].copy_from_slice(x);
            y[self.inputs..].copy_from_slice(g);
        }
    }

    /// dx = dy[..in] + dy[in..] · ∂g/∂x
    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let slopes = || io.dy.chunks_exact(self.inputs + self.made);
        for (g, dy) in
            self.body.output_and_slope(self.body.rows(io.x), kept).1.chunks_exact_mut(self.made).zip(slopes())
        {
            g.copy_from_slice(&dy[self.inputs..]);
        }
        self.body.backward(pass, params, io.x, kept, dx);
        for (dx, dy) in dx.chunks_exact_mut(self.inputs).zip(slopes()) {
            elementwise::add_to(pass.cpu, &dy[..self.inputs], dx);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], draws: Option<Draws>) -> Vec<f64> {
        self.reference_rows(params, &[x.to_vec()], draws).concat()
    }

    fn reference_rows(&self, params: &[f64], x: &[Vec<f64>], draws: Option<Draws>) -> Vec<Vec<f64>> {
        let both = |(g, x): (Vec<f64>, &Vec<f64>)| [x.as_slice(), &g].concat();
        self.body.reference_rows(params, x, draws).into_iter().zip(x).map(both).collect()
    }
}
