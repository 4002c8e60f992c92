//! Rows with their labels. A row has one target, or, where it is a sequence, perhaps one for each of its steps. Sequences of
//! different lengths are rows of one shape, filled up with zeros behind their last step.

use crate::base::shape::{Shape, Target};

/// Rows with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The shape of a row's input.
    pub shape: Shape,
    /// The inputs, `(rows, shape.width())`.
    pub x: Vec<f32>,
    /// What is to be predicted.
    pub labels: Labels,
    /// Whether the rows are stretches of a series, oldest number first, and the target is a later number of it.
    pub series: bool,
    /// What a difference of 1 between two targets is in the units of the source: not 1 where a series was scaled.
    pub unit: f64,
    /// Targets of a row: 1, or one for each of so many steps.
    pub steps: usize,
    /// Steps that each row has; what follows them is padding, and so are its targets where it has one for each step. Empty
    /// where no row is padded.
    pub lengths: Vec<u32>,
}

/// What is to be predicted, for every row, or for every step of every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// One of `count` classes.
    Classes {
        /// The class of each, below `count`.
        of: Vec<u32>,
        /// How many classes there are.
        count: usize,
    },
    /// Numbers.
    Values {
        /// `(rows, width)`, or `(rows, steps, width)`.
        of: Vec<f32>,
        /// Numbers of each.
        width: usize,
    },
}

impl Dataset {
    /// Rows that are no series, with one target each.
    pub fn new(shape: Shape, x: Vec<f32>, labels: Labels) -> Self {
        Self { shape, x, labels, series: false, unit: 1.0, steps: 1, lengths: Vec::new() }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.labels.count() / self.steps
    }

    /// How many targets of a row count: all but those of its padding.
    pub fn counted(&self, row: usize) -> usize {
        if self.steps == 1 { 1 } else { self.lengths.get(row).map_or(self.steps, |length| *length as usize) }
    }

    /// The targets that count, row after row.
    pub fn counted_labels(&self) -> Labels {
        let steps = |row: usize| row * self.steps..row * self.steps + self.counted(row);
        self.labels.pick((0..self.rows()).flat_map(steps))
    }

    /// The rows at these positions, in this order.
    pub fn pick(&self, rows: &[usize]) -> Dataset {
        let width = self.shape.width();
        let x = rows.iter().flat_map(|r| &self.x[r * width..(r + 1) * width]).copied().collect();
        let labels = self.labels.pick(rows.iter().flat_map(|r| r * self.steps..(r + 1) * self.steps));
        let lengths =
            if self.lengths.is_empty() { Vec::new() } else { rows.iter().map(|r| self.lengths[*r]).collect() };
        let (series, unit, steps) = (self.series, self.unit, self.steps);
        Dataset { shape: self.shape.clone(), x, labels, series, unit, steps, lengths }
    }
}

impl Labels {
    /// The same labels, as classes of as many as the target has.
    #[must_use]
    pub fn among(self, target: Target) -> Self {
        match (self, target) {
            (Labels::Classes { of, .. }, Target::Classes(count)) => Labels::Classes { of, count },
            (labels, _) => labels,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Labels::Classes { of, .. } => of.len(),
            Labels::Values { of, width } => of.len() / width,
        }
    }

    /// Those at these positions, in this order.
    #[must_use]
    pub fn pick(&self, places: impl Iterator<Item = usize>) -> Self {
        match self {
            Labels::Classes { of, count } => Labels::Classes { of: places.map(|i| of[i]).collect(), count: *count },
            Labels::Values { of, width } => {
                let of = places.flat_map(|i| &of[i * width..(i + 1) * width]).copied().collect();
                Labels::Values { of, width: *width }
            }
        }
    }

    /// What they predict.
    pub fn target(&self) -> Target {
        match self {
            Labels::Classes { count, .. } => Target::Classes(*count),
            Labels::Values { width, .. } => Target::Values(*width),
        }
    }
}
