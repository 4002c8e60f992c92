//! Rows changed at random each time they are trained on, as an image stays what it shows when it is moved a little. What is
//! drawn is a function of the seed, the step and the row's place in the batch, so it depends neither on threads nor on what
//! else a trial draws; rows that are measured are never changed.
//!
//! A member is one file and one entry in [`AUGMENTATIONS`]; a file lists those it wants under `data.augment`, and they are
//! done in that order, after everything that is done to all parts.

use std::fmt::Debug;
use std::sync::LazyLock;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::registry::{About, Entry, Registry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value, Values};

use super::Outline;

mod flip;
mod noise;
mod shift;

/// The key `augment`.
pub const AUGMENT: Key = Key::preset(
    "augment",
    Kind::List { of: &Kind::Member { registry: || &*AUGMENTATIONS, common: &[] }, least: 0 },
    "[]",
    "what is done to a row at random each time it is trained on, in this order, by the stream (seed, augment, step, row); \
     never to a row that is measured: `runner list augmentation`",
);

/// What makes an augmentation from its settings.
pub type Build = fn(&Values) -> Box<dyn Augmentation>;

/// Every augmentation there is.
pub static AUGMENTATIONS: LazyLock<Registry<Build>> =
    LazyLock::new(|| Registry { kind: "augmentation", entries: vec![shift::entry(), flip::entry(), noise::entry()] });

/// Something that is done to a row.
pub trait Augmentation: Send + Sync + Debug {
    /// Changes a row in place; `spare` is as long as the row.
    fn apply(&self, stream: &mut Stream, planes: Planes, row: &mut [f32], spare: &mut [f32]);
}

/// How the numbers of a row lie: planes of lines. An image has a plane for each channel; a row of numbers in a line by is one
/// plane of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planes {
    /// Lines of a plane.
    pub height: usize,
    /// Numbers of a line.
    pub width: usize,
}

impl Planes {
    fn of(shape: &Shape) -> Self {
        match shape.0[..] {
            [.., height, width] => Self { height, width },
            _ => Self { height: 1, width: shape.width() },
        }
    }
}

/// What is done to rows of one shape.
#[derive(Debug)]
pub struct Augment {
    list: Vec<Box<dyn Augmentation>>,
    planes: Planes,
    width: usize,
}

impl Augment {
    /// What a `[data]` section asks for on rows of this shape, if anything.
    pub fn new(section: &Chosen, shape: &Shape) -> Option<Self> {
        let list: Vec<_> = chosen(section).map(|chosen| AUGMENTATIONS.build(chosen.name)(&chosen.values)).collect();
        (!list.is_empty()).then(|| Self { list, planes: Planes::of(shape), width: shape.width() })
    }

    /// Changes the rows of `x`, `(B, in)`, the first of which has the place `first` in the batch of this step; `spare` is as
    /// long as a row.
    pub fn rows(&self, seeds: Seeds, step: u64, first: usize, x: &mut [f32], spare: &mut [f32]) {
        for (i, row) in x.chunks_exact_mut(self.width).enumerate() {
            let mut stream = seeds.stream(Purpose::Augment, &[step, (first + i) as u64]);
            self.list.iter().for_each(|one| one.apply(&mut stream, self.planes, row, spare));
        }
    }
}

fn chosen(section: &Chosen) -> impl Iterator<Item = &Chosen> {
    section.values.list("augment").iter().map(|item| match &item.value {
        Value::Member(chosen) => chosen,
        other => unreachable!("augmentations are members: {other:?}"),
    })
}

/// Reports what cannot be done to rows like these.
pub fn check(section: &Chosen, outline: &Outline, diagnostics: &mut Diagnostics) -> Option<()> {
    let why = match outline {
        Outline { symbols: Some(count), .. } => format!("its inputs are the numbers of {count} symbols"),
        Outline { padded: true, .. } => "its rows have different lengths".to_owned(),
        Outline { series: true, .. } => "its rows are stretches of a series".to_owned(),
        Outline { steps, .. } if *steps > 1 => "its rows have a target for each step".to_owned(),
        _ => return Some(()),
    };
    let Some(first) = chosen(section).next() else { return Some(()) };
    diagnostics.error(first.place, format!("`{}` has no meaning for this data: {why}", first.name), "");
    None
}
