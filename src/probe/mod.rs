//! Probes: measures taken on a network at some step, in evaluation mode, without touching it. Some look at the outputs
//! for one part of the data (loss, accuracy) and give a column for each part; some look at the state of the trial: its
//! parameters, its last gradient, what its steps said.

use std::sync::LazyLock;

use serde_json::json;

use kernels::isa::Cpu;
use kernels::loss::Targets;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry, Registry};
use crate::base::shape::Target;
use crate::base::values::{Chosen, Values};
use crate::learn::objective::{Form, Objective};
use crate::learn::stopping::Better;
use crate::nn::network::Network;
use crate::nn::params::{Role, Slot};

mod classes;
mod numbers;
mod tensors;

mod accuracy;
mod auroc;
mod balanced_accuracy;
mod bits;
mod distance_from_init;
mod error;
mod grad_norm;
mod input_share;
mod log_loss;
mod loss;
mod macro_f1;
mod mae;
mod mirror;
mod perplexity;
mod r2;
mod rmse;
mod running_loss;
mod top_k;
mod weight_norm;
mod within;

/// A network's outputs for all rows of one part of the data. Of rows with a target for each step, every step that counts is a
/// row here.
#[derive(Clone, Copy)]
pub struct Outputs<'a> {
    /// The instruction set.
    pub cpu: Cpu,
    /// What is minimised.
    pub objective: &'a Objective,
    /// `(rows, objective.width())`
    pub z: &'a [f32],
    /// The targets of the rows, in the objective's form.
    pub targets: Targets<'a>,
    /// What a difference of 1 between two targets that are numbers is in the units of the data's source.
    pub unit: f64,
}

impl Outputs<'_> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.z.len() / self.objective.width()
    }
}

/// Where a trial stands.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// The placed network.
    pub network: &'a Network,
    /// Its flat buffer.
    pub params: &'a [f32],
    /// What training started from; empty when no probe of the trial asks for it.
    pub start: &'a [f32],
    /// The gradient of the last step's batch, as the optimizer had it; none before the first step, and empty when no
    /// probe of the trial asks for it.
    pub grads: Option<&'a [f32]>,
    /// The mean of the batches' losses since the last evaluation; not a number when no step was taken.
    pub running_loss: f64,
}

/// What a probe looks at beside the parameters: a trial keeps it only for those that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// What training started from.
    Start,
    /// The gradient of the last step.
    Gradient,
}

/// A measure of outputs: one number for each part of the data.
pub trait OfOutputs: Send + Sync {
    /// Why it cannot be taken on data with this target, if it cannot.
    fn misfit(&self, target: Target) -> Option<String> {
        let _ = target;
        None
    }
    /// The number; not a number where it is not defined.
    fn measure(&self, outputs: &Outputs<'_>) -> f64;
}

/// A measure of the trial's state: named numbers.
pub trait OfState: Send + Sync {
    /// Why it cannot be taken on this network, if it cannot.
    fn misfit(&self, network: &Network) -> Option<String> {
        let _ = network;
        None
    }
    /// What it looks at beside the parameters.
    fn wants(&self) -> Wants {
        Wants::Nothing
    }
    /// The columns it gives.
    fn columns(&self, network: &Network) -> Vec<String>;
    /// Their numbers; not numbers where they are not defined, such as the gradient before the first step.
    fn measure(&self, state: &State<'_>) -> Vec<f64>;
}

/// A measure of either kind.
pub enum Probe {
    /// One column for each part of the data, by the name that follows the part's: `train_loss`, `test_loss`.
    Outputs(String, Box<dyn OfOutputs>),
    /// Columns of its own, and what stands before their names.
    State(String, Box<dyn OfState>),
}

impl Probe {
    /// Why it cannot be taken here, if it cannot.
    pub fn misfit(&self, target: Target, network: &Network) -> Option<String> {
        match self {
            Probe::Outputs(_, probe) => probe.misfit(target),
            Probe::State(_, probe) => probe.misfit(network),
        }
    }

    /// The names of its numbers: `train_loss`, `test_loss`; `weight_norm`.
    pub fn columns(&self, parts: &[&'static str], network: &Network) -> Vec<String> {
        match self {
            Probe::Outputs(name, _) => parts.iter().map(|part| format!("{part}_{name}")).collect(),
            Probe::State(prefix, probe) => {
                probe.columns(network).iter().map(|column| format!("{prefix}{column}")).collect()
            }
        }
    }

    /// Whether it looks at this beside the parameters.
    pub fn wants(&self, what: Wants) -> bool {
        matches!(self, Probe::State(_, probe) if probe.wants() == what)
    }
}

/// How a probe is made, and which of two of its numbers is the better one, where one is.
#[derive(Clone, Copy)]
pub struct Build {
    better: Option<Better>,
    make: fn(&Values) -> Probe,
}

impl Build {
    /// A measure of outputs whose columns have the name of the probe.
    fn outputs(better: Better, make: fn(&Values) -> Probe) -> Self {
        Self { better: Some(better), make }
    }

    /// A measure of the state, of which no value is better than another.
    fn state(make: fn(&Values) -> Probe) -> Self {
        Self { better: None, make }
    }
}

/// What every probe takes.
pub static COMMON: &[Key] = &[Key::optional(
    "name",
    Kind::Text,
    "a word before the measure's name in its columns, to tell two of the same metric apart: `train_NAME_loss`",
)
.ruled("word", || json!({ "pattern": "^[A-Za-z0-9_]+$" }))];

/// Every probe there is.
pub static PROBES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "metric",
    entries: vec![
        loss::entry(),
        running_loss::entry(),
        accuracy::entry(),
        error::entry(),
        top_k::entry(),
        balanced_accuracy::entry(),
        macro_f1::entry(),
        auroc::entry(),
        log_loss::entry(),
        perplexity::entry(),
        bits::entry(),
        rmse::entry(),
        mae::entry(),
        r2::entry(),
        within::entry(),
        weight_norm::entry(),
        distance_from_init::entry(),
        grad_norm::entry(),
        input_share::entry(),
        mirror::entry(),
    ],
});

/// The word that a chosen metric puts before its columns, if it does.
pub fn prefix(chosen: &Chosen) -> Option<&str> {
    chosen.values.has("name").then(|| chosen.values.text("name"))
}

/// The probe that was chosen.
pub fn build(chosen: &Chosen) -> Probe {
    let prefix = prefix(chosen).map_or_else(String::new, |word| format!("{word}_"));
    match (PROBES.build(chosen.name).make)(&chosen.values) {
        Probe::Outputs(name, probe) => Probe::Outputs(prefix + &name, probe),
        Probe::State(_, probe) => Probe::State(prefix, probe),
    }
}

/// The probes of an experiment that names none: the loss, measured and as training met it, and the accuracy where there
/// are classes.
pub fn usual(target: Target) -> Vec<Probe> {
    let classes = matches!(target, Target::Classes(_));
    let names = if classes { &["loss", "accuracy", "running_loss"][..] } else { &["loss", "running_loss"] };
    let none = Values { place: Default::default(), items: Vec::new() };
    names.iter().map(|name| (PROBES.build(name).make)(&none)).collect()
}

/// Which of two values of a column or of a trial's number is the better one, told by the metric whose name it ends with:
/// `best_test_top_5_accuracy` is an accuracy. Nothing is told of norms, steps and gaps.
pub fn better(column: &str) -> Option<Better> {
    let named = |name: &str| column.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('_'));
    let found = PROBES.entries.iter().filter(|e| named(e.about.name)).max_by_key(|e| e.about.name.len());
    found.and_then(|e| e.build.better).filter(|_| !column.starts_with("gap_"))
}

/// The settings of a probe that has none of its own.
const NO_KEYS: Vec<Key> = Vec::new();

/// The first matrix of a network that multiplies its inputs, `(in, out)`, if it begins with one.
fn first_weight(network: &Network) -> Option<&Slot> {
    let first = network.slots().iter().find(|slot| slot.role == Role::Weight);
    first.filter(|slot| slot.extents.len() == 2 && slot.extents[0] == network.input().width())
}

#[cfg(test)]
mod tests;
