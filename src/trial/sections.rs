//! The sections of an experiment file that describe a trial. A trial's hash covers their resolved values, its seed and
//! its data, and nothing else: neither the name of the experiment nor what is plotted of it.

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Node};
use crate::base::random::Purpose;
use crate::base::read;
use crate::base::schema::one_of;
use crate::base::values::{Chosen, Item, Value, Values};
use crate::data;
use crate::learn::{objective, optimizer, schedule, training};
use crate::nn::network;
use crate::probe::{self, PROBES};

use super::checkpoint;
use super::derived::Tree;

/// The keys of `[eval]`.
pub static EVAL: &[Key] = &[
    Key::preset(
        "every",
        Kind::Times,
        "{ epochs = 1 }",
        "when train, validation and test are measured, all on the same weights: every so often, after certain steps, or \
         `{ log = n }` times, after the steps T^(i / (n - 1)) of T for i = 0 to n - 1, rounded; before the first step and \
         after the last in any case",
    )
    .or(&["at"]),
    Key::optional(
        "metrics",
        Kind::List { of: &Kind::Member { registry: || &*PROBES, common: probe::COMMON }, least: 1 },
        "what is measured: `runner list metric`; the loss, and the accuracy where there are classes, when not given",
    ),
];

/// The keys of `[pin]`: a seed for every purpose that can be held.
pub static PIN: [Key; Purpose::ALL.len()] = {
    let seed = Kind::Whole { least: 0, most: i64::MAX };
    let mut keys = [Key::optional("", seed, ""); Purpose::ALL.len()];
    let mut i = 0;
    while i < keys.len() {
        let (purpose, decides) = Purpose::ALL[i];
        keys[i] = Key::optional(purpose.name(), seed, decides);
        i += 1;
    }
    keys
};

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
        Kind::Member { registry: || &*optimizer::OPTIMIZERS, common: optimizer::COMMON },
        "how a step is taken: `runner list optimizer`",
    ),
    Key::preset(
        "schedule",
        Kind::Member { registry: || &*schedule::SCHEDULES, common: schedule::COMMON },
        "\"constant\"",
        "how the learning rate goes over the run: `runner list schedule`",
    )
    .or(&["lr_schedule"]),
    Key::required("train", Kind::Table(training::KEYS), "how long, on how many rows at a time, in which order")
        .ruled("length", || one_of(["steps", "epochs"])),
    Key::preset("eval", Kind::Table(EVAL), "{}", "when and what is measured"),
    Key::preset("checkpoint", Kind::Table(checkpoint::KEYS), "{}", "which weights are kept as files"),
    Key::preset(
        "pin",
        Kind::Table(&PIN),
        "{}",
        "random streams that are held at a seed of their own while `seeds` varies the others; swept, they are varied one \
         by one: `\"pin.init\" = [0, 1, 2]`",
    ),
];

/// The sections as they were read, some of them perhaps missing.
pub type Read = Vec<(&'static str, Option<Item>)>;

/// Reads the sections of a trial from a whole file's tree, derived values worked out; the other keys of the tree belong to others.
pub fn read(root: &Node, diagnostics: &mut Diagnostics) -> Read {
    let tree = Tree::new(root);
    let read = read_keys(&tree.root, SECTIONS, diagnostics);
    tree.report(diagnostics);
    read
}

/// Reads some keys of a whole file's tree. Mistakes of all of them are reported, and one that is right is returned
/// although its neighbour is not.
pub fn read_keys(root: &Node, keys: &[Key], diagnostics: &mut Diagnostics) -> Read {
    let one = |key: &Key, diagnostics: &mut Diagnostics| {
        let only = root.entries().iter().filter(|e| key.names().any(|name| e.key == name)).cloned().collect();
        let node = Node { place: root.place, data: Data::Table(only) };
        let read = read::table(&node, std::slice::from_ref(key), "the experiment", diagnostics)?;
        read.items.into_iter().next().map(|(_, item)| item)
    };
    keys.iter().map(|key| (key.name, one(key, diagnostics))).collect()
}

/// All sections, when every one of them is right.
pub fn complete(read: Read, root: &Node) -> Option<Values> {
    let items = read.into_iter().map(|(name, item)| Some((name, item?))).collect::<Option<Vec<_>>>()?;
    Some(Values { place: root.place, items })
}

/// A section, if it could be read.
pub fn find<'a>(read: &'a Read, name: &str) -> Option<&'a Item> {
    read.iter().find(|(n, _)| *n == name).and_then(|(_, item)| item.as_ref())
}

/// A section that is a table, if it could be read.
pub fn table<'a>(read: &'a Read, name: &str) -> Option<&'a Values> {
    match &find(read, name)?.value {
        Value::Table(values) => Some(values),
        other => unreachable!("`{name}` is a table: {other:?}"),
    }
}

/// A section that is a member of a registry, if it could be read.
pub fn member<'a>(read: &'a Read, name: &str) -> Option<&'a Chosen> {
    match &find(read, name)?.value {
        Value::Member(chosen) => Some(chosen),
        other => unreachable!("`{name}` is a member: {other:?}"),
    }
}
