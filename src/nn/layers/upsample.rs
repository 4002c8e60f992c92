//! `upsample`: every number of a signal or image becomes a stretch or a block of equal numbers, which undoes the size of a
//! pooling: the way back up in a decoder. The gradient of a number is the sum over its block, line by line in order.

use crate::base::key::Key;
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass};
use crate::nn::place::Placing;

use super::window::{self, SIZES};
use super::{PlaceLayer, dense};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "upsample",
            aliases: &["upsampling1d", "upsampling2d"],
            summary: "every number of a signal or image so many times along each axis",
            formula: "y[c, i, j] = x[c, floor(i / factor), floor(j / factor)]",
            source: "PyTorch, torch.nn.Upsample(scale_factor, mode = \"nearest\"); Keras, UpSampling2D",
            keys: vec![
                Key::required("factor", SIZES, "how many times: a number for all axes, or one for each")
                    .or(&["scale_factor", "size"]),
            ],
            example: "{ type = \"upsample\", factor = 2 }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let dims = if placing.shape().0.len() == 2 { 1 } else { 2 };
    let (channels, extents) = window::planes(chosen, dims, placing)?;
    let factors = window::sizes(chosen, "factor", dims, placing)?;
    let outputs: Option<Vec<usize>> = extents.iter().zip(&factors).map(|(x, factor)| x.checked_mul(*factor)).collect();
    let shape = outputs.map(|outputs| [&[channels], outputs.as_slice()].concat());
    let width = |shape: &[usize]| shape.iter().try_fold(1_usize, |all, extent| all.checked_mul(*extent));
    let Some(shape) = shape.filter(|shape| width(shape).is_some_and(|width| width <= dense::MOST_WEIGHTS)) else {
        let (from, most) = (placing.shape().width(), dense::MOST_WEIGHTS);
        let message = format!("{from} numbers so many times are more than {most} numbers a row");
        placing.misfit(chosen.values.place("factor"), message, "give the layer a smaller `factor`");
        return None;
    };
    let ([.., width], [.., across]) = (extents.as_slice(), factors.as_slice()) else {
        unreachable!("planes have one axis or two")
    };
    let down = if dims == 1 { 1 } else { factors[0] };
    placing.push(Box::new(Upsample { down, width: *width, across: *across }), Shape(shape));
    Some(())
}

/// Lines of `width` numbers; how many the planes have, and how many planes there are, makes no difference.
#[derive(Debug)]
struct Upsample {
    /// How often a line stands below itself.
    down: usize,
    width: usize,
    /// How often a number stands beside itself.
    across: usize,
}

impl Upsample {
    /// Numbers that a line becomes.
    fn made(&self) -> usize {
        self.down * self.width * self.across
    }
}

impl Layer for Upsample {
    fn forward(&self, _pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        for (line, made) in x.chunks_exact(self.width).zip(y.chunks_exact_mut(self.made())) {
            let (first, below) = made.split_at_mut(self.width * self.across);
            for (x, to) in line.iter().zip(first.chunks_exact_mut(self.across)) {
                to.fill(*x);
            }
            below.chunks_exact_mut(first.len()).for_each(|copy| copy.copy_from_slice(first));
        }
    }

    fn backward(&self, _pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        for (line, made) in dx.chunks_exact_mut(self.width).zip(io.dy.chunks_exact(self.made())) {
            line.fill(0.0);
            for copy in made.chunks_exact(self.width * self.across) {
                for (dx, block) in line.iter_mut().zip(copy.chunks_exact(self.across)) {
                    *dx = block.iter().fold(*dx, |sum, dy| sum + dy);
                }
            }
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let wide = self.width * self.across;
        let lines = x.len() / self.width * self.down;
        let at = |line: usize, column: usize| x[line / self.down * self.width + column / self.across];
        (0..lines * wide).map(|i| at(i / wide, i % wide)).collect()
    }
}
