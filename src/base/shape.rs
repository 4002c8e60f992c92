//! The shape of one row: what a data set gives and what flows between layers. The number of rows is never part of it.

use std::fmt;

/// The extents of a row: `40` numbers, or `1 x 28 x 28`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// A row of `width` numbers.
    pub fn flat(width: usize) -> Self {
        Self(vec![width])
    }

    /// How many numbers a row has.
    pub fn width(&self) -> usize {
        self.0.iter().product()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&extents.join(" x "))
    }
}

/// What is to be predicted for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One of so many classes.
    Classes(usize),
    /// So many numbers.
    Values(usize),
}
