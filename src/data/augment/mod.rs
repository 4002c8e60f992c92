//! Rows changed at random each time they are trained on, as an image stays what it shows when it is moved a little. What is
//! drawn is a function of the seed, the step and the row's place in the batch, so it depends neither on threads nor on what
//! else a trial draws. Rows that are measured are never changed, but for the middle that is cut out of them where others are
//! cropped.
//!
//! A member is one file and one entry in [`AUGMENTATIONS`]; a file lists those it wants under `data.augment`, and they are
//! done in that order, after everything that is done to all parts.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::LazyLock;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::registry::{About, Entry, Registry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value, Values};

use super::Outline;

mod crop;
mod flip;
mod noise;
mod shift;

/// The key `augment`.
pub const AUGMENT: Key = Key::preset(
    "augment",
    Kind::List { of: &Kind::Member { registry: || &*AUGMENTATIONS, common: &[] }, least: 0 },
    "[]",
    "what is done to a row at random each time it is trained on, in this order, by the stream (seed, augment, step, row); \
     never to a row that is measured, of which `crop` takes the middle: `runner list augmentation`",
);

/// What makes an augmentation from its settings.
pub type Build = fn(&Values) -> Box<dyn Augmentation>;

/// Every augmentation there is.
pub static AUGMENTATIONS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "augmentation",
    entries: vec![shift::entry(), crop::entry(), flip::entry(), noise::entry()],
});

/// Something that is done to a row.
pub trait Augmentation: Send + Sync + Debug {
    /// How the numbers lie that it makes of such rows. Errors, as a message: it cannot be done to them.
    fn made(&self, planes: Planes) -> Result<Planes, String> {
        Ok(planes)
    }

    /// Makes a row, `to`, of another, `from`.
    fn apply(&self, stream: &mut Stream, planes: Planes, from: &[f32], to: &mut [f32]);

    /// What a row that is measured is made into, by one that gives rows another shape.
    fn still(&self, planes: Planes, from: &[f32], to: &mut [f32]) {
        let _ = planes;
        to.copy_from_slice(from);
    }
}

/// How the numbers of a row lie: planes of lines. An image has a plane for each channel; a row of numbers in a line by is one
/// plane of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planes {
    /// Lines of a plane.
    pub height: usize,
    /// Numbers of a line.
    pub width: usize,
    /// Whether rows have a single extent.
    pub line: bool,
}

impl Planes {
    fn of(shape: &Shape) -> Self {
        match shape.0[..] {
            [.., height, width] => Self { height, width, line: false },
            _ => Self { height: 1, width: shape.width(), line: true },
        }
    }

    /// The shape of rows like these that lie so now.
    fn shape(self, rows: &Shape) -> Shape {
        match rows.0[..] {
            [ref channels @ .., _, _] => Shape([channels, &[self.height, self.width]].concat()),
            _ => Shape::flat(self.width),
        }
    }
}

/// What is done to rows of one shape.
#[derive(Debug)]
pub struct Augment {
    /// Each with how the rows lie that it gets.
    list: Vec<(Box<dyn Augmentation>, Planes)>,
    /// Numbers of a row before each of them, and after the last.
    widths: Vec<usize>,
    shape: Shape,
}

impl Augment {
    /// What a `[data]` section asks for on rows of this shape, if anything.
    pub fn new(section: &Chosen, shape: &Shape) -> Option<Self> {
        let mut planes = Planes::of(shape);
        let mut augment = Self { list: Vec::new(), widths: vec![shape.width()], shape: shape.clone() };
        for chosen in chosen(section) {
            let one = build(chosen);
            let made = one.made(planes).expect("the section was checked");
            augment.list.push((one, std::mem::replace(&mut planes, made)));
            augment.shape = planes.shape(shape);
            augment.widths.push(augment.shape.width());
        }
        (!augment.list.is_empty()).then_some(augment)
    }

    /// The shape of the rows that it makes.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Floats that a row takes, before or after it.
    pub fn room(&self) -> usize {
        self.widths[0].max(self.shape.width())
    }

    /// Floats that [`Augment::rows`] needs beside.
    pub fn spare(&self) -> usize {
        2 * self.widths.iter().max().expect("there is one before the first")
    }

    /// Changes `count` rows, the first of which has the place `first` in the batch of this step. They lie side by side at the
    /// beginning of `x`, before and after, which has [room](Self::room) for as many.
    pub fn rows(&self, seeds: Seeds, step: u64, (first, count): (usize, usize), x: &mut [f32], spare: &mut [f32]) {
        let (before, after) = (self.widths[0], self.shape.width());
        for i in 0..count {
            // rows that become longer begin with the last, so that none is written over before it is read
            let row = if after > before { count - 1 - i } else { i };
            let mut stream = seeds.stream(Purpose::Augment, &[step, (first + row) as u64]);
            let apply = |one: &dyn Augmentation, planes, from: &[f32], to: &mut [f32]| {
                one.apply(&mut stream, planes, from, to);
            };
            self.row(x, (row * before, row * after), spare, apply);
        }
    }

    /// The rows of `x` as they are measured.
    pub fn still<'a>(&self, x: &'a [f32]) -> Cow<'a, [f32]> {
        if self.list.iter().all(|(one, planes)| one.made(*planes) == Ok(*planes)) {
            return Cow::Borrowed(x);
        }
        let (before, after) = (self.widths[0], self.shape.width());
        let still = |one: &dyn Augmentation, planes, from: &[f32], to: &mut [f32]| one.still(planes, from, to);
        let (mut row, mut spare) = (vec![0.0; self.room()], vec![0.0; self.spare()]);
        let mut made = Vec::with_capacity(x.len() / before * after);
        for x in x.chunks_exact(before) {
            row[..before].copy_from_slice(x);
            self.row(&mut row, (0, 0), &mut spare, still);
            made.extend_from_slice(&row[..after]);
        }
        Cow::Owned(made)
    }

    /// Does all of the list with the row that begins at one place of `x`; what is made begins at the other.
    fn row(
        &self,
        x: &mut [f32],
        (from, to): (usize, usize),
        spare: &mut [f32],
        mut each: impl FnMut(&dyn Augmentation, Planes, &[f32], &mut [f32]),
    ) {
        let (mut now, mut next) = spare.split_at_mut(spare.len() / 2);
        now[..self.widths[0]].copy_from_slice(&x[from..][..self.widths[0]]);
        for ((one, planes), widths) in self.list.iter().zip(self.widths.windows(2)) {
            each(&**one, *planes, &now[..widths[0]], &mut next[..widths[1]]);
            std::mem::swap(&mut now, &mut next);
        }
        x[to..][..self.shape.width()].copy_from_slice(&now[..self.shape.width()]);
    }
}

fn build(chosen: &Chosen) -> Box<dyn Augmentation> {
    AUGMENTATIONS.build(chosen.name)(&chosen.values)
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
        _ => return fits(section, &outline.shape, diagnostics),
    };
    let Some(first) = chosen(section).next() else { return Some(()) };
    diagnostics.error(first.place, format!("`{}` has no meaning for this data: {why}", first.name), "");
    None
}

/// Reports the first that cannot be done to rows of this shape.
fn fits(section: &Chosen, shape: &Shape, diagnostics: &mut Diagnostics) -> Option<()> {
    let mut planes = Planes::of(shape);
    for chosen in chosen(section) {
        let refuse =
            |why| diagnostics.error_with_hint(chosen.place, why, "", "choose a smaller `size`, or more `padding`");
        planes = build(chosen).made(planes).map_err(refuse).ok()?;
    }
    Some(())
}
