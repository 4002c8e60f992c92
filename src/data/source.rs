//! What a source of data is: it can say what it has without loading it, load it, and name the files behind it.

use std::path::PathBuf;

use crate::base::error::Result;
use crate::base::random::Seeds;
use crate::base::shape::{Shape, Target};

use super::dataset::Dataset;
use super::folders::Folders;

/// What a source has.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// The shape of a row.
    pub shape: Shape,
    /// What is predicted.
    pub target: Target,
    /// Training rows.
    pub train: usize,
    /// Test rows.
    pub test: usize,
    /// Whether the rows are stretches of a series, as for [`Dataset::series`].
    pub series: bool,
    /// Targets of a row, as for [`Dataset::steps`].
    pub steps: usize,
    /// Whether rows are filled up to the shape, as told by [`Dataset::lengths`].
    pub padded: bool,
    /// Where the inputs are the numbers of symbols: how many symbols there are.
    pub symbols: Option<usize>,
}

impl Contents {
    /// What is in rows that are no series, with one target each.
    pub fn new(shape: Shape, target: Target, train: usize, test: usize) -> Self {
        Self { shape, target, train, test, series: false, steps: 1, padded: false, symbols: None }
    }
}

/// A source's rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Rows to train on.
    pub train: Dataset,
    /// Rows to test on.
    pub test: Dataset,
}

/// A source of data with its settings.
pub trait Source: Send + Sync {
    /// What it has; reads headers at the most. Errors: files that are missing or hold something else.
    fn outline(&self, folders: &Folders) -> Result<Contents>;
    /// Its rows for a trial with these seeds. Errors: as for the outline, and files that are cut short.
    fn load(&self, folders: &Folders, seeds: Seeds) -> Result<Parts>;
    /// Whether its rows depend on the trial's seeds.
    fn follows_trial(&self) -> bool {
        false
    }
    /// The files behind it, in a fixed order: what a digest covers. Errors: files that are missing.
    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        let _ = folders;
        Ok(Vec::new())
    }
}
