//! The rows of one part of the data as a network takes them: inputs, and targets in the form the loss wants.

use std::ops::Range;
use std::sync::Arc;

use kernels::loss::Targets;

use crate::data::{Dataset, Labels};
use crate::learn::objective::Form;

/// One part of the data.
pub struct Part {
    data: Arc<Dataset>,
    /// Targets that are numbers, `(rows, width)`; empty when the loss takes classes.
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

    /// The inputs of some rows, `(B, in)`.
    pub fn x(&self, rows: &Range<usize>) -> &[f32] {
        &self.data.x[rows.start * self.inputs()..rows.end * self.inputs()]
    }

    /// The class of a row; 0 where targets are numbers.
    pub fn class(&self, row: usize) -> u32 {
        match &self.data.labels {
            Labels::Classes { of, .. } => of[row],
            Labels::Values { .. } => 0,
        }
    }

    /// The targets of some rows.
    pub fn targets(&self, rows: &Range<usize>) -> Targets<'_> {
        match &self.data.labels {
            Labels::Classes { of, .. } if self.width == 0 => Targets::Classes(&of[rows.clone()]),
            _ => Targets::Values(&self.values[rows.start * self.width..rows.end * self.width]),
        }
    }
}

/// Room for rows that do not lie side by side.
#[derive(Default)]
pub struct Gathered {
    x: Vec<f32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Gathered {
    /// Room for `rows` rows of a part.
    pub fn new(part: &Part, rows: usize) -> Self {
        let classes = if part.width == 0 { rows } else { 0 };
        Self { x: vec![0.0; rows * part.inputs()], classes: vec![0; classes], values: vec![0.0; rows * part.width] }
    }

    /// Copies the rows at `indices` side by side.
    pub fn fill(&mut self, part: &Part, indices: &[u32]) {
        let inputs = part.inputs();
        for (to, index) in self.x.chunks_exact_mut(inputs).zip(indices) {
            to.copy_from_slice(&part.data.x[*index as usize * inputs..][..inputs]);
        }
        match &part.data.labels {
            Labels::Classes { of, .. } if part.width == 0 => {
                self.classes.iter_mut().zip(indices).for_each(|(to, index)| *to = of[*index as usize]);
            }
            _ => {
                for (to, index) in self.values.chunks_exact_mut(part.width).zip(indices) {
                    to.copy_from_slice(&part.values[*index as usize * part.width..][..part.width]);
                }
            }
        }
    }

    /// The inputs of the first `rows` rows.
    pub fn x(&self, rows: usize, inputs: usize) -> &[f32] {
        &self.x[..rows * inputs]
    }

    /// Their targets.
    pub fn targets(&self, rows: usize, part: &Part) -> Targets<'_> {
        if part.width == 0 {
            Targets::Classes(&self.classes[..rows])
        } else {
            Targets::Values(&self.values[..rows * part.width])
        }
    }
}
