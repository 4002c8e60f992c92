//! The sections of an experiment file that describe a trial. A trial's hash covers their resolved values, its seed and
//! its data, and nothing else: neither the name of the experiment nor what is plotted of it.

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::node::Node;
use crate::base::read;
use crate::base::values::{Item, Value, Values};
use crate::data;
use crate::learn::{objective, optimizer, schedule, training};
use crate::nn::network;
use crate::probe::PROBES;

/// The keys of `[eval]`.
pub static EVAL: &[Key] = &[
    Key::preset(
        "every",
        Kind::Length,
        "{ epochs = 1 }",
        "how often train, validation and test are measured, all on the same weights; before the first step and after \
         the last in any case",
    ),
    Key::optional(
        "metrics",
        Kind::List { of: &Kind::Member { registry: || &*PROBES, common: &[] }, least: 1 },
        "what is measured: `runner list metric`; the loss, and the accuracy where there are classes, when not given",
    ),
];

/// The sections, in the order of the documentation.
pub static SECTIONS: &[Key] = &[
    Key::required(
        "data",
        Kind::Member { registry: || &*data::SOURCES, common: data::COMMON },
        "where the rows come from: `runner list data`",
    ),
    Key::required("network", Kind::Table(network::KEYS), "the layers and what they start from"),
    Key::required(
        "loss",
        Kind::Member { registry: || &*objective::LOSSES, common: objective::COMMON },
        "what is minimised: `runner list loss`",
    ),
    Key::required(
        "optimizer",
        Kind::Member { registry: || &*optimizer::OPTIMIZERS, common: &[] },
        "how a step is taken: `runner list optimizer`",
    ),
    Key::preset(
        "schedule",
        Kind::Member { registry: || &*schedule::SCHEDULES, common: schedule::COMMON },
        "\"constant\"",
        "how the learning rate goes over the run: `runner list schedule`",
    )
    .or(&["lr_schedule"]),
    Key::required("train", Kind::Table(training::KEYS), "how long, on how many rows at a time, in which order"),
    Key::preset("eval", Kind::Table(EVAL), "{}", "when and what is measured"),
];

/// Reads the sections of a trial from a whole file's tree; the other keys of the tree belong to others. Mistakes of all
/// sections are reported, and a section that is right is returned although its neighbour is not.
pub fn read(root: &Node, diagnostics: &mut Diagnostics) -> Vec<(&'static str, Option<Item>)> {
    let one = |key: &Key, diagnostics: &mut Diagnostics| {
        let only: Vec<_> = root
            .entries()
            .iter()
            .filter(|e| e.key == key.name || key.aliases.contains(&e.key.as_str()))
            .cloned()
            .collect();
        let node = Node { place: root.place, data: crate::base::node::Data::Table(only) };
        let read = read::table(&node, std::slice::from_ref(key), "the experiment", diagnostics)?;
        read.items.into_iter().next().map(|(_, item)| item)
    };
    SECTIONS.iter().map(|key| (key.name, one(key, diagnostics))).collect()
}

/// All sections, when every one of them is right.
pub fn complete(read: Vec<(&'static str, Option<Item>)>, root: &Node) -> Option<Values> {
    let items = read.into_iter().map(|(name, item)| Some((name, item?))).collect::<Option<Vec<_>>>()?;
    Some(Values { place: root.place, items })
}

/// The section as a member, if it could be read.
pub fn find<'a>(read: &'a [(&'static str, Option<Item>)], name: &str) -> Option<&'a Value> {
    read.iter().find(|(n, _)| *n == name).and_then(|(_, item)| item.as_ref()).map(|item| &item.value)
}
