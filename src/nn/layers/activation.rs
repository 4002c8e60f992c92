//! `activation`: a function applied to every number, as a layer of its own. `dense` with an `activation` places one too.

use std::fmt;

use kernels::activation::Activation;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::activation::{ACTIVATIONS, build};
use crate::nn::layer::{Draws, Io, Layer, Layout, Pass};
use crate::nn::place::Placing;

use super::PlaceLayer;

pub(super) fn entry() -> Entry<PlaceLayer> {
    let function = Kind::Member { registry: || &*ACTIVATIONS, common: &[] };
    Entry {
        about: About {
            name: "activation",
            aliases: &[],
            summary: "a function applied to every number of a row",
            formula: "y = f(x)",
            source: "",
            keys: vec![Key::required("function", function, "which one: `runner list activation`")],
            example: "{ type = \"activation\", function = \"relu\" }".into(),
        },
        build: |chosen, placing| {
            push(chosen.values.member("function"), placing);
            Some(())
        },
    }
}

/// Adds the chosen activation to the chain; the identity adds nothing.
pub(super) fn push(chosen: &Chosen, placing: &mut Placing<'_>) {
    let shape = placing.shape().clone();
    placing.push(Box::new(Elementwise { name: chosen.name, function: build(chosen) }), shape);
}

struct Elementwise {
    name: &'static str,
    function: Box<dyn Activation>,
}

impl fmt::Debug for Elementwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Layer for Elementwise {
    fn layout(&self) -> Layout {
        Layout::Either
    }

    fn in_place(&self) -> Option<&dyn Activation> {
        self.function.in_place().then_some(&*self.function)
    }

    fn reads_output(&self) -> bool {
        true
    }

    fn forward(&self, pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        self.function.forward(pass.cpu, x, y);
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            self.function.backward(pass.cpu, io.x, io.y, io.dy, dx);
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        x.iter().map(|x| self.function.reference(*x)).collect()
    }
}
