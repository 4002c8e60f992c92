//! `shift`: an image moved by a few pixels in each direction, a signal by a few numbers. A `crop` of the image's
//! own size with a rim of zeros does the same.

use super::*;

const FILL: Kind = Kind::Either(&[
    Kind::Number(kernels::member::Bounds::Any),
    Kind::Word(&[("edge", "the nearest pixel of the image")]),
]);

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "shift",
        aliases: &["translate"],
        summary: "an image or signal moved by up to so many pixels along each axis",
        formula: "x'[i, j] = x[i + a, j + b], a and b uniform integers from -pixels to pixels; a = 0 for rows of one axis",
        source: "Krizhevsky, Sutskever & Hinton 2012; torchvision RandomCrop(size, padding) of the image's own size",
        keys: vec![
            Key::preset("pixels", Kind::Whole { least: 1, most: 1 << 20 }, "4", "how far at most").or(&["padding"]),
            Key::preset("fill", FILL, "0.0", "what comes in over the edge: a number, or `\"edge\"`"),
        ],
        example: "{ type = \"shift\", pixels = 2 }".into(),
    };
    let build: Build = |values| {
        let fill = match values.value("fill") {
            Value::Number(fill) => Some(*fill as f32),
            _ => None,
        };
        Box::new(Shift { pixels: values.count("pixels"), fill })
    };
    Entry { about, build }
}

#[derive(Debug)]
struct Shift {
    pixels: usize,
    /// None for the nearest pixel.
    fill: Option<f32>,
}

impl Augmentation for Shift {
    fn apply(&self, stream: &mut Stream, Planes { height, width, .. }: Planes, from: &[f32], to: &mut [f32]) {
        let mut draw = || stream.below(2 * self.pixels as u64 + 1) as i64 - self.pixels as i64;
        let (down, right) = (if height > 1 { draw() } else { 0 }, draw());
        let inside = |at: i64, size: usize| usize::try_from(at).ok().filter(|at| *at < size);
        let nearest = |at: i64, size: usize| at.clamp(0, size as i64 - 1) as usize;
        for (to, from) in to.chunks_exact_mut(height * width).zip(from.chunks_exact(height * width)) {
            for (at, x) in to.iter_mut().enumerate() {
                let (i, j) = ((at / width) as i64 + down, (at % width) as i64 + right);
                *x = match (self.fill, inside(i, height).zip(inside(j, width))) {
                    (_, Some((i, j))) => from[i * width + j],
                    (Some(fill), None) => fill,
                    (None, None) => from[nearest(i, height) * width + nearest(j, width)],
                };
            }
        }
    }
}
