//! Test rows taken from a file that does not set any apart: a number of them or a share, drawn or the last ones.

use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::key::Key;
use crate::base::random::{Seeds, Stream};
use crate::base::values::{Value, Values};
use crate::data::dataset::Dataset;
use crate::data::prepare::chronological;
use crate::data::share;
use crate::data::source::Parts;

use super::generated::{SEED, Seed};

/// The key `split_seed`.
pub(super) const SPLIT_SEED: Key = Key::preset(
    "split_seed",
    SEED,
    "0",
    "of the test rows where `split` is random: an integer, and trials share them, or `\"trial\"`, and every trial draws \
     its own from its seed",
);

/// Which rows are tested on.
pub(super) struct HoldOut {
    test: Value,
    chronological: bool,
    /// Whether it is right to hold nothing out, because folds are dealt later.
    folds: bool,
    seed: Seed,
}

impl HoldOut {
    /// With the settings `test`, which is `usual` when it is not given, `split`, which is `"chronological"` when it is not
    /// given and the rows are `last`, and `split_seed`. With `folds`, which make test rows themselves, none is the usual
    /// number.
    pub fn new(values: &Values, usual: f64, last: bool) -> Self {
        let folds = values.has("folds");
        let test = match values.value("test") {
            Value::Absent if folds => Value::Whole(0),
            Value::Absent => Value::Number(usual),
            given => given.clone(),
        };
        Self { test, chronological: chronological(values, last), folds, seed: Seed::new(values, "split_seed") }
    }

    /// Whether every trial draws its own test rows.
    pub fn follows_trial(&self) -> bool {
        !self.chronological && self.seed.follows_trial()
    }

    /// How many of the file's rows are tested on. Errors: none of them, or none that are left to train on.
    pub fn count(&self, rows: usize, path: &Path) -> Result<usize> {
        count(&self.test, rows, if self.folds { 0 } else { 1 }, path)
    }

    /// All rows of a file as training and test rows, both in the order in which they are stored.
    pub fn parts(&self, all: &Dataset, seeds: Seeds, path: &Path) -> Result<Parts> {
        let test = self.count(all.rows(), path)?;
        let mut order: Vec<usize> = (0..all.rows()).collect();
        if !self.chronological {
            Stream::new(self.seed.of(seeds), "test", &[]).shuffle(&mut order);
        }
        let (train, test) = order.split_at_mut(all.rows() - test);
        train.sort_unstable();
        test.sort_unstable();
        Ok(Parts { train: all.pick(train), test: all.pick(test) })
    }
}

/// How many rows `test` takes of a file's. Errors: fewer than `least`, or none that are left to train on.
pub(super) fn count(test: &Value, rows: usize, least: usize, path: &Path) -> Result<usize> {
    let count = share::of(test, rows);
    if (least..rows).contains(&count) {
        return Ok(count);
    }
    let message = format!("`test` takes {count} of the {rows} rows of `{}`", path.display());
    Err(Error::new(message).hint("take at least one row, and leave at least one to train on"))
}
