//! What every source can be asked for, one step after the other. Each step is one member of [`STEPS`], in this order:
//!
//! 1. `folds`: the training rows are dealt into folds; one is tested on, the others are trained on ([`rows`])
//! 2. `validation`: rows held out of those that are left to train on ([`rows`])
//! 3. `subset`: fewer rows to train on, with the same validation and test rows ([`rows`])
//! 4. `label_noise`: wrong labels among the rows to train on ([`labels`])
//! 5. missing inputs, where a source leaves them open, become means ([`scaling`])
//! 6. `crop`: the middle of every image ([`inputs`])
//! 7. `permute`: the inputs in another order, the same for every row ([`inputs`])
//! 8. `corruption`: every row shuffled in its own way, or replaced by noise ([`inputs`])
//! 9. `scale`: by a factor, or to the interval from 0 to 1 ([`scaling`])
//! 10. `standardize`: to mean 0 and deviation 1 ([`scaling`])
//!
//! Steps 1 to 3 decide which rows are trained on; whatever is fitted afterwards, a mean or a range, is fitted on these
//! rows alone and applied to all parts. Steps 4 to 10 touch values, never the number or order of rows. What a step needs
//! of chance comes from the trial's streams `split`, `label_noise` and `data`.

mod inputs;
mod labels;
mod rows;
mod scaling;

use std::sync::Arc;

use kernels::memory::into_large_pages;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::Key;
use crate::base::random::Seeds;
use crate::base::values::{Chosen, Values};

use super::Outline;
use super::augment::AUGMENT;
use super::dataset::Dataset;
use super::source::{Contents, Parts};

pub use rows::chronological;

/// What every source takes, in the order in which it is done.
pub static COMMON: &[Key] = &[
    rows::FOLDS,
    rows::FOLD,
    rows::REPEAT,
    rows::VALIDATION,
    rows::SPLIT,
    rows::SUBSET,
    labels::NOISE,
    inputs::CROP,
    inputs::PERMUTE,
    inputs::CORRUPTION,
    scaling::SCALE,
    scaling::STANDARDIZE,
    AUGMENT,
];

/// The steps in order.
static STEPS: &[&dyn Step] = &[
    &rows::Folds,
    &rows::Validation,
    &rows::Subset,
    &labels::Noise,
    &scaling::Gaps,
    &inputs::Crop,
    &inputs::Permutation,
    &inputs::Corruption,
    &scaling::Scale,
    &scaling::Standardize,
];

/// Something that is done to the parts when it is asked for; else it leaves them as they are.
trait Step: Sync {
    /// What the step makes of the outline. What cannot be is reported, and gives none.
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        let _ = (values, outline, diagnostics);
        Some(())
    }

    /// Whether it is asked for and draws from the trial's streams.
    fn is_random(&self, values: &Values) -> bool {
        let _ = values;
        false
    }

    /// The parts after it. The outline was found to be right.
    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared;
}

/// The parts of the data that a trial sees.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Rows to train on.
    pub train: Arc<Dataset>,
    /// Rows to choose by, if any are held out.
    pub validation: Option<Arc<Dataset>>,
    /// Rows to report on.
    pub test: Arc<Dataset>,
}

impl Prepared {
    /// The parts in the order they are measured.
    pub fn parts(&self) -> Vec<Arc<Dataset>> {
        [Some(&self.train), self.validation.as_ref(), Some(&self.test)].into_iter().flatten().cloned().collect()
    }

    /// Every part changed in the same way; `change` is told the number of the part: 0 train, 1 validation, 2 test.
    fn each(self, change: impl Fn(u64, &mut Dataset)) -> Self {
        let changed = |part: u64, data: Arc<Dataset>| {
            let mut data = Arc::unwrap_or_clone(data);
            change(part, &mut data);
            Arc::new(data)
        };
        Self {
            train: changed(0, self.train),
            validation: self.validation.map(|data| changed(1, data)),
            test: changed(2, self.test),
        }
    }
}

/// What is left for training, validation and test of a source's contents. What cannot be is reported.
pub fn outline(chosen: &Chosen, contents: Contents, diagnostics: &mut Diagnostics) -> Option<Outline> {
    let Contents { shape, target, train, test, series, steps, padded, symbols } = contents;
    let mut outline = Outline { shape, target, train, validation: 0, test, series, steps, padded, symbols };
    let done = STEPS.iter().map(|step| step.outline(&chosen.values, &mut outline, diagnostics));
    // every step is looked at, also after one with a mistake
    let done: Vec<Option<()>> = done.collect();
    done.into_iter().collect::<Option<()>>().map(|()| outline)
}

/// Whether the parts depend on the trial's seeds.
pub fn needs_seed(values: &Values) -> bool {
    STEPS.iter().any(|step| step.is_random(values))
}

/// Whether the numbers of a row can be changed: not where they name symbols, nor where some of them are padding, which is
/// zeros. What cannot be is reported under the `key` that asks for it.
fn changeable(values: &Values, key: &str, outline: &Outline, diagnostics: &mut Diagnostics) -> Option<()> {
    let why = match outline {
        Outline { symbols: Some(count), .. } => format!("they are the numbers of {count} symbols"),
        Outline { padded: true, .. } => "rows of different lengths are filled up with zeros".to_owned(),
        _ => return Some(()),
    };
    let message = format!("`{key}` cannot change the inputs of this data: {why}");
    diagnostics.error(values.place(key), message, "");
    None
}

/// The parts for a trial with these seeds; rows that nothing is done to are shared, not copied.
pub fn prepare(loaded: &Loaded, values: &Values, seeds: Seeds) -> Prepared {
    let parts = Prepared { train: loaded.train.clone(), validation: None, test: loaded.test.clone() };
    let prepared = STEPS.iter().fold(parts, |parts, step| step.apply(values, parts, seeds));
    // rows are picked at random, and small pages would make each of them a search for its address
    prepared.parts().iter().for_each(|part| into_large_pages(&part.x));
    prepared
}

/// A source's rows, ready to be shared.
#[derive(Debug)]
pub struct Loaded {
    /// Rows to train on.
    pub train: Arc<Dataset>,
    /// Rows to test on.
    pub test: Arc<Dataset>,
}

impl From<Parts> for Loaded {
    fn from(parts: Parts) -> Self {
        Self { train: Arc::new(parts.train), test: Arc::new(parts.test) }
    }
}
