//! Between layers that work on rows of a batch and those that work on sixteen at a time, side by side: rows are brought
//! together, or go apart again. Placing puts these layers where they are needed; no file names them.

use kernels::spatial::{collect, spread};

use super::layer::{Draws, Io, Layer, Layout, Pass};

/// The same numbers in another layout.
#[derive(Debug)]
pub struct Turn {
    /// Numbers of a row.
    pub width: usize,
    /// What comes out.
    pub to: Layout,
}

impl Layer for Turn {
    fn forward(&self, pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        match self.to {
            Layout::Lanes => spread(pass.cpu, x, self.width, y),
            _ => collect(pass.cpu, x, self.width, y),
        }
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        match self.to {
            _ if dx.is_empty() => {}
            Layout::Lanes => collect(pass.cpu, io.dy, self.width, dx),
            _ => spread(pass.cpu, io.dy, self.width, dx),
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        x.to_vec()
    }
}
