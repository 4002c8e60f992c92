//! Data sets: where rows come from and what is done to them before a network sees one.

use crate::base::shape::Shape;

/// Rows with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// The shape of a row's input.
    pub shape: Shape,
    /// The inputs, `(rows, shape.width())`.
    pub x: Vec<f32>,
    /// What is to be predicted.
    pub labels: Labels,
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
