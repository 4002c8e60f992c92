//! Probes: measures taken on a network at some step, in evaluation mode, without touching it. Some look at the outputs
//! for one part of the data (loss, accuracy) and give a column for each part; some look at the parameters.

use std::sync::LazyLock;

use kernels::isa::Cpu;
use kernels::loss::Targets;

use crate::base::key::Key;
use crate::base::registry::Registry;
use crate::base::shape::Target;
use crate::base::values::{Chosen, Values};
use crate::learn::objective::Objective;
use crate::nn::network::Network;

mod accuracy;
mod loss;
mod mirror;
mod weight_norm;

/// A network's outputs for all rows of one part of the data.
pub struct Outputs<'a> {
    /// The instruction set.
    pub cpu: Cpu,
    /// What is minimised.
    pub objective: &'a Objective,
    /// `(rows, objective.width())`
    pub z: &'a [f32],
    /// The targets of the rows, in the objective's form.
    pub targets: Targets<'a>,
}

/// A network with its parameters.
pub struct Weights<'a> {
    /// The placed network.
    pub network: &'a Network,
    /// Its flat buffer.
    pub params: &'a [f32],
}

/// A measure of outputs: one number for each part of the data.
pub trait OfOutputs: Send + Sync {
    /// Why it cannot be taken on data with this target, if it cannot.
    fn misfit(&self, target: Target) -> Option<String> {
        let _ = target;
        None
    }
    /// The number.
    fn measure(&self, outputs: &Outputs<'_>) -> f64;
}

/// A measure of parameters: named numbers.
pub trait OfWeights: Send + Sync {
    /// Why it cannot be taken on this network, if it cannot.
    fn misfit(&self, network: &Network) -> Option<String> {
        let _ = network;
        None
    }
    /// The columns it gives.
    fn columns(&self) -> &'static [&'static str];
    /// Their numbers.
    fn measure(&self, weights: &Weights<'_>) -> Vec<f64>;
}

/// A measure of either kind.
pub enum Probe {
    /// One column for each part of the data: `train_loss`, `test_loss`.
    Outputs(&'static str, Box<dyn OfOutputs>),
    /// Columns of its own.
    Weights(Box<dyn OfWeights>),
}

type Build = fn(&Values) -> Probe;

/// Every probe there is.
pub static PROBES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "metric",
    entries: vec![loss::entry(), accuracy::entry(), weight_norm::entry(), mirror::entry()],
});

/// The probe that was chosen.
pub fn build(chosen: &Chosen) -> Probe {
    PROBES.build(chosen.name)(&chosen.values)
}

/// The probes of an experiment that names none: the loss, and the accuracy where there are classes.
pub fn usual(target: Target) -> Vec<Probe> {
    let classes = matches!(target, Target::Classes(_));
    let names = if classes { &["loss", "accuracy"][..] } else { &["loss"] };
    let empty = Values { place: Default::default(), items: Vec::new() };
    names.iter().map(|name| PROBES.build(name)(&empty)).collect()
}

/// A probe has no settings of its own yet; one that does declares them here as others do.
const NO_KEYS: Vec<Key> = Vec::new();
