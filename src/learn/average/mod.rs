//! Averages of weights: what is measured and kept is the mean of the weights of many steps, which lies nearer to the middle
//! of a flat valley than any of them; the steps themselves are taken from the weights as they are. PyTorch's equations
//! (`torch.optim.swa_utils.AveragedModel`): the first weights are copied, and each that follow draw the mean their way.

use std::sync::LazyLock;

use kernels::member::Bounds;

use crate::base::key::{Key, Kind, Length};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::{Chosen, Values};

mod ema;
mod swa;

/// The key `average`.
pub const AVERAGE: Key = Key::optional(
    "average",
    Kind::Member { registry: || &*AVERAGES, common: &[] },
    "measure and keep an average of the weights of many steps: `runner list average`; before its start the weights themselves. \
     What batch normalisation knows of its inputs is not made anew for the averaged weights, as it is by PyTorch's `update_bn`",
);

/// What makes an average from its settings.
pub type Build = fn(&Values) -> Box<dyn Average>;

/// Every average there is.
pub static AVERAGES: LazyLock<Registry<Build>> =
    LazyLock::new(|| Registry { kind: "average", entries: vec![ema::entry(), swa::entry()] });

/// How weights are averaged.
pub trait Average: Send + Sync {
    /// The share of new weights in the mean, when `count` weights, at least one, are in it already:
    /// `mean += share (weights - mean)`.
    fn share(&self, count: u64) -> f64;
}

/// A chosen average, and when weights are taken into it.
pub struct Averaging {
    /// How.
    pub average: Box<dyn Average>,
    /// No weights before this are in it.
    pub start: Length,
    /// How far apart they are.
    pub every: Length,
}

impl Averaging {
    /// As a `[train]` section says.
    pub fn new(chosen: &Chosen) -> Self {
        let values = &chosen.values;
        let average = AVERAGES.build(chosen.name)(values);
        Self { average, start: values.length("start"), every: values.length("every") }
    }
}

/// The keys that every average has, with its own defaults.
fn times(start: &'static str, every: &'static str) -> [Key; 2] {
    [
        Key::preset("start", Kind::Length, start, "how long nothing is averaged"),
        Key::preset(
            "every",
            Kind::Length,
            every,
            "after which stretches, from there on, weights are taken into the mean",
        ),
    ]
}
