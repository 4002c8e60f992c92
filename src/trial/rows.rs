//! The rows of one part of the data as a network takes them: inputs, and targets in the form the loss wants. A row has one
//! target, or one for each of its steps; where rows have different lengths, the targets of their padding do not count. A
//! step takes some of them, its batch.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use kernels::isa::Cpu;
use kernels::loss::Targets;
use kernels::{Floats, rows};

use crate::data::augment::Augment;
use crate::data::{Dataset, Labels};
use crate::learn::objective::{Answers, Form};

/// The rows of a step.
#[derive(Clone, Copy)]
pub enum Batch<'a> {
    /// Rows that lie side by side, the first and the one past the last.
    Stretch(usize, usize),
    /// Rows by their indices.
    Picked(&'a [u32]),
}

impl<'a> Batch<'a> {
    /// How many rows.
    pub fn rows(&self) -> usize {
        match self {
            Batch::Stretch(start, end) => end - start,
            Batch::Picked(rows) => rows.len(),
        }
    }

    /// What it has at some of its places.
    pub(super) fn part(&self, places: &Range<usize>) -> Batch<'a> {
        match *self {
            Batch::Stretch(start, _) => Batch::Stretch(start + places.start, start + places.end),
            Batch::Picked(rows) => Batch::Picked(&rows[places.clone()]),
        }
    }

    /// Which row of the training part the batch has at a place.
    pub(super) fn row(&self, place: usize) -> usize {
        match self {
            Batch::Stretch(start, _) => start + place,
            Batch::Picked(rows) => rows[place] as usize,
        }
    }
}

/// One part of the data.
pub struct Part {
    data: Arc<Dataset>,
    /// Targets that are numbers, `(rows, steps, width)`; empty when the loss takes classes.
    values: Vec<f32>,
    /// Numbers per target; 0 when the loss takes classes.
    width: usize,
}

impl Part {
    /// The part with its targets in the form `form`.
    pub fn new(data: Arc<Dataset>, form: Form) -> Self {
        let (values, width) = match (form, &data.labels) {
            (Form::Class, Labels::Classes { .. }) => (Vec::new(), 0),
            (Form::Binary, Labels::Classes { of, .. }) => (of.iter().map(|c| *c as f32).collect(), 1),
            (Form::OneHot(n), Labels::Classes { of, .. }) => {
                let hot = |c: u32| (0..n).map(move |k| f32::from(u8::from(k == c as usize)));
                (of.iter().copied().flat_map(hot).collect(), n)
            }
            (Form::Values(width), Labels::Values { of, .. }) => (of.clone(), width),
            (form, _) => unreachable!("the plan gave {form:?} to data of another kind"),
        };
        Self { data, values, width }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.data.x.len() / self.inputs()
    }

    /// Numbers per row of input.
    pub fn inputs(&self) -> usize {
        self.data.shape.width()
    }

    /// What a difference of 1 between two targets is in the units of the source.
    pub fn unit(&self) -> f64 {
        self.data.unit
    }

    /// Targets per row, those of its padding included.
    pub fn steps(&self) -> usize {
        self.data.steps
    }

    /// The inputs of some rows, `(B, in)`.
    pub fn x(&self, rows: &Range<usize>) -> &[f32] {
        &self.data.x[rows.start * self.inputs()..rows.end * self.inputs()]
    }

    /// Copies the inputs of a batch side by side to `to`, `(B, in)`.
    pub fn gather(&self, cpu: Cpu, batch: Batch<'_>, to: &mut [f32]) {
        match batch {
            Batch::Stretch(start, end) => to.copy_from_slice(self.x(&(start..end))),
            Batch::Picked(rows) => rows::gather(cpu, &self.data.x, self.inputs(), rows, to),
        }
    }

    /// How many steps each of some rows has, `(B)`; empty where all have all.
    pub fn lengths(&self, rows: &Range<usize>) -> &[u32] {
        self.data.lengths.get(rows.clone()).unwrap_or_default()
    }

    /// How many targets of a row count.
    pub fn counted(&self, row: usize) -> usize {
        self.data.counted(row)
    }

    /// The classes of a row's targets that count; none where targets are numbers.
    pub fn classes(&self, row: usize) -> &[u32] {
        match &self.data.labels {
            Labels::Classes { of, .. } => &of[row * self.steps()..][..self.counted(row)],
            Labels::Values { .. } => &[],
        }
    }

    /// What some rows are held against.
    pub fn answers(&self, rows: &Range<usize>) -> Answers<'_> {
        let at = rows.start * self.steps()..rows.end * self.steps();
        let targets = match &self.data.labels {
            Labels::Classes { of, .. } if self.width == 0 => Targets::Classes(&of[at]),
            _ => Targets::Values(&self.values[at.start * self.width..at.end * self.width]),
        };
        Answers { targets, lengths: self.lengths(rows) }
    }

    /// The network's outputs for all rows, `(rows, steps, width)`, with their targets, both without those that do not count.
    pub fn judged<'a>(&'a self, z: &'a [f32]) -> Judged<'a> {
        let all = self.answers(&(0..self.rows()));
        let targets = match all.targets {
            Targets::Classes(classes) => Kept::Classes(self.kept(classes)),
            Targets::Values(values) => Kept::Values(self.kept(values)),
        };
        Judged { z: self.kept(z), targets }
    }

    /// Of as many numbers for each target of the part those of targets that count.
    fn kept<'a, T: Copy>(&self, all: &'a [T]) -> Cow<'a, [T]> {
        if self.data.lengths.is_empty() || self.steps() == 1 {
            return Cow::Borrowed(all);
        }
        let per_row = all.len() / self.rows();
        let of = |(row, all): (usize, &'a [T])| &all[..self.counted(row) * (per_row / self.steps())];
        Cow::Owned(all.chunks_exact(per_row).enumerate().flat_map(of).copied().collect())
    }
}

/// Outputs and the targets that they are held against.
pub struct Judged<'a> {
    /// The outputs, `(targets, width)`.
    pub z: Cow<'a, [f32]>,
    targets: Kept<'a>,
}

enum Kept<'a> {
    Classes(Cow<'a, [u32]>),
    Values(Cow<'a, [f32]>),
}

impl Judged<'_> {
    /// Their targets.
    pub fn targets(&self) -> Targets<'_> {
        match &self.targets {
            Kept::Classes(classes) => Targets::Classes(classes),
            Kept::Values(values) => Targets::Values(values),
        }
    }
}

/// Room for rows that do not lie side by side.
#[derive(Default)]
pub struct Gathered {
    x: Floats,
    classes: Vec<u32>,
    values: Vec<f32>,
    lengths: Vec<u32>,
    /// What changing a row takes beside.
    spare: Vec<f32>,
}

impl Gathered {
    /// Room for `rows` rows of a part, and for what is made of them.
    pub fn new(part: &Part, augment: Option<&Augment>, rows: usize) -> Self {
        let targets = rows * part.steps();
        Self {
            x: Floats::zeros(rows * augment.map_or(part.inputs(), Augment::room)),
            classes: vec![0; if part.width == 0 { targets } else { 0 }],
            values: vec![0.0; targets * part.width],
            lengths: vec![0; if part.data.lengths.is_empty() { 0 } else { rows }],
            spare: vec![0.0; augment.map_or(0, Augment::spare)],
        }
    }

    /// Copies the rows of a batch side by side.
    pub fn fill(&mut self, cpu: Cpu, part: &Part, batch: Batch<'_>) {
        part.gather(cpu, batch, self.x_mut(batch.rows(), part.inputs()));
        self.fill_answers(part, batch);
    }

    /// The same for what the rows are held against, and their lengths.
    pub fn fill_answers(&mut self, part: &Part, batch: Batch<'_>) {
        match &part.data.labels {
            Labels::Classes { of, .. } if part.width == 0 => copy(of, part.steps(), batch, &mut self.classes),
            _ => copy(&part.values, part.steps() * part.width, batch, &mut self.values),
        }
        if !part.data.lengths.is_empty() {
            copy(&part.data.lengths, 1, batch, &mut self.lengths);
        }
    }

    /// Room for the inputs of the first `rows` rows.
    pub fn x_mut(&mut self, rows: usize, inputs: usize) -> &mut [f32] {
        &mut self.x[..rows * inputs]
    }

    /// The inputs to be changed, with all the room there is for them, and what that takes beside.
    pub fn change(&mut self) -> (&mut [f32], &mut [f32]) {
        (&mut self.x, &mut self.spare)
    }

    /// The inputs of the first `rows` rows.
    pub fn x(&self, rows: usize, inputs: usize) -> &[f32] {
        &self.x[..rows * inputs]
    }

    /// What the first `rows` rows are held against.
    pub fn answers(&self, rows: usize, part: &Part) -> Answers<'_> {
        let targets = rows * part.steps();
        let targets = match part.width {
            0 => Targets::Classes(&self.classes[..targets]),
            width => Targets::Values(&self.values[..targets * width]),
        };
        Answers { targets, lengths: self.lengths.get(..rows).unwrap_or_default() }
    }
}

/// Copies the rows of a batch, of `width` numbers each, side by side to the beginning of `to`.
fn copy<T: Copy>(from: &[T], width: usize, batch: Batch<'_>, to: &mut [T]) {
    match batch {
        Batch::Stretch(start, end) => {
            to[..(end - start) * width].copy_from_slice(&from[start * width..end * width]);
        }
        Batch::Picked(rows) if width == 1 => to.iter_mut().zip(rows).for_each(|(to, row)| *to = from[*row as usize]),
        Batch::Picked(rows) => {
            for (to, row) in to.chunks_exact_mut(width).zip(rows) {
                to.copy_from_slice(&from[*row as usize * width..][..width]);
            }
        }
    }
}
