//! Inputs cut, put in another order or replaced, the same way in every part: the corruptions of Zhang et al. 2017, and
//! the permutation that takes a convolution's neighbourhoods away.

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::shape::Shape;
use crate::base::values::{Value, Values};
use crate::data::Outline;
use crate::data::dataset::Dataset;

use super::scaling::Affine;
use super::{Prepared, Step, changeable};

pub(super) const CROP: Key = Key::optional(
    "crop",
    Kind::COUNT,
    "keep the middle of every image, so many pixels high and wide; where that is uneven, the pixel more goes above and \
     to the left",
);

pub(super) const PERMUTE: Key = Key::preset(
    "permute",
    Kind::Either(&[Kind::Flag, Kind::Whole { least: 0, most: i64::MAX }]),
    "false",
    "put the numbers of every row into another order, the same one for all rows and parts: drawn by the stream (seed, \
     data), or, when an integer is given, by that seed for all trials",
);

pub(super) const CORRUPTION: Key = Key::preset(
    "corruption",
    Kind::Word(&[
        ("none", "as the source has them"),
        ("shuffled", "the numbers of every row in an order of its own"),
        ("random", "independent normal draws with the mean and deviation of all training inputs"),
    ]),
    "\"none\"",
    "what stands in the place of a row's inputs, in all parts, by the stream (seed, data) (Zhang et al. 2017)",
);

/// The streams of purpose `data` that sources leave to these steps: a source's own begin with 0.
const PERMUTATION: u64 = 1;
const CORRUPTED: u64 = 2;

/// The middle of images.
pub(super) struct Crop;

impl Step for Crop {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        if !values.has("crop") {
            return Some(());
        }
        let (size, place) = (values.count("crop"), values.place("crop"));
        let [.., height, width] = outline.shape.0[..] else {
            let message = format!("`crop` needs images, but a row has the shape {}", outline.shape);
            diagnostics.error(place, message, "");
            return None;
        };
        if size > height.min(width) {
            diagnostics.error(place, format!("`crop` takes {size} pixels of images of {height} x {width}"), "");
            return None;
        }
        changeable(values, "crop", outline, diagnostics)?;
        outline.shape = cropped(&outline.shape, size);
        Some(())
    }

    fn apply(&self, values: &Values, parts: Prepared, _seeds: Seeds) -> Prepared {
        if !values.has("crop") {
            return parts;
        }
        let size = values.count("crop");
        parts.each(|_, data| {
            let [.., height, width] = data.shape.0[..] else { unreachable!("the outline was found to have images") };
            let (top, left) = ((height - size).div_ceil(2), (width - size).div_ceil(2));
            let planes = data.x.chunks_exact(height * width);
            let rows = planes.flat_map(|plane| plane.chunks_exact(width).skip(top).take(size));
            data.x = rows.flat_map(|row| &row[left..left + size]).copied().collect();
            data.shape = cropped(&data.shape, size);
        })
    }
}

fn cropped(shape: &Shape, size: usize) -> Shape {
    let kept = shape.0.len() - 2;
    Shape(shape.0[..kept].iter().copied().chain([size, size]).collect())
}

/// One order of the inputs for all rows.
pub(super) struct Permutation;

impl Step for Permutation {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        match values.value("permute") {
            Value::Flag(false) => Some(()),
            _ => changeable(values, "permute", outline, diagnostics),
        }
    }

    fn is_random(&self, values: &Values) -> bool {
        *values.value("permute") == Value::Flag(true)
    }

    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared {
        let mut stream = match values.value("permute") {
            Value::Flag(false) => return parts,
            Value::Whole(seed) => Stream::new(*seed as u64, Purpose::Data.name(), &[PERMUTATION]),
            _ => seeds.stream(Purpose::Data, &[PERMUTATION]),
        };
        let mut order: Vec<usize> = (0..parts.train.shape.width()).collect();
        stream.shuffle(&mut order);
        parts.each(|_, data| data.x = rows(data).flat_map(|row| order.iter().map(|from| row[*from])).collect())
    }
}

fn rows(data: &Dataset) -> std::slice::ChunksExact<'_, f32> {
    data.x.chunks_exact(data.shape.width())
}

/// Inputs without what they meant.
pub(super) struct Corruption;

impl Step for Corruption {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        if !self.is_random(values) { Some(()) } else { changeable(values, "corruption", outline, diagnostics) }
    }

    fn is_random(&self, values: &Values) -> bool {
        values.text("corruption") != "none"
    }

    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared {
        let stream = |part| seeds.stream(Purpose::Data, &[CORRUPTED, part]);
        match values.text("corruption") {
            "shuffled" => parts.each(|part, data| {
                let (mut stream, width) = (stream(part), data.shape.width());
                data.x.chunks_exact_mut(width).for_each(|row| stream.shuffle(row));
            }),
            "random" => {
                let Affine { shift, size } = Affine::standard(&parts.train.x, 1);
                parts.each(|part, data| {
                    let mut stream = stream(part);
                    data.x.iter_mut().for_each(|x| *x = (shift[0] + size[0] * stream.normal()) as f32);
                })
            }
            _ => parts,
        }
    }
}
