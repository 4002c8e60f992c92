//! `flatten`: rows of any shape as vectors. `dense` takes rows of any shape too, so it is only said for the reader, and for
//! files that were written for PyTorch or Keras.

use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::nn::layer::{Draws, Io, Layer, Layout, Pass};

use super::PlaceLayer;

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "flatten",
            aliases: &[],
            summary: "rows of any shape as vectors",
            formula: "y = x",
            source: "",
            keys: vec![],
            example: "\"flatten\"".into(),
        },
        build: |_, placing| {
            let width = placing.shape().width();
            placing.push(Box::new(Same), Shape::flat(width));
            Some(())
        },
    }
}

/// The same numbers; the shape around them is another.
#[derive(Debug)]
pub(super) struct Same;

impl Layer for Same {
    fn layout(&self) -> Layout {
        Layout::Either
    }

    fn forward(&self, _pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        y.copy_from_slice(x);
    }

    fn backward(&self, _pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            dx.copy_from_slice(io.dy);
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        x.to_vec()
    }
}
