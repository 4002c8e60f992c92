//! Rows with their labels.

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
}

/// What is to be predicted, for every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// One of `count` classes.
    Classes {
        /// The class of each row, below `count`.
        of: Vec<u32>,
        /// How many classes there are.
        count: usize,
    },
    /// Numbers.
    Values {
        /// `(rows, width)`.
        of: Vec<f32>,
        /// Numbers per row.
        width: usize,
    },
}

impl Dataset {
    /// Rows that are no series.
    pub fn new(shape: Shape, x: Vec<f32>, labels: Labels) -> Self {
        Self { shape, x, labels, series: false }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match &self.labels {
            Labels::Classes { of, .. } => of.len(),
            Labels::Values { of, width } => of.len() / width,
        }
    }

    /// The rows at these positions, in this order.
    pub fn pick(&self, rows: &[usize]) -> Dataset {
        let width = self.shape.width();
        let x = rows.iter().flat_map(|r| &self.x[r * width..(r + 1) * width]).copied().collect();
        let labels = match &self.labels {
            Labels::Classes { of, count } => {
                Labels::Classes { of: rows.iter().map(|r| of[*r]).collect(), count: *count }
            }
            Labels::Values { of, width } => {
                let of = rows.iter().flat_map(|r| &of[r * width..(r + 1) * width]).copied().collect();
                Labels::Values { of, width: *width }
            }
        };
        Dataset { shape: self.shape.clone(), x, labels, series: self.series }
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

    /// What they predict.
    pub fn target(&self) -> Target {
        match self {
            Labels::Classes { count, .. } => Target::Classes(*count),
            Labels::Values { width, .. } => Target::Values(*width),
        }
    }
}
