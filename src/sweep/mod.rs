//! Sweeps: which values of which keys an experiment tries, and with which seeds. An axis is a key path, so every key of
//! a trial's sections can be swept without having been declared so; its values are put into a copy of the file's tree,
//! which is then read like any other.
//!
//! In reading order: the range of an axis ([`range`]), axes and what goes together ([`axes`]), what chooses among their
//! values ([`strategies`]), conditions on settings ([`condition`]), a block of a sweep ([`block`]), and the space of all
//! settings and seeds ([`space`]).

pub mod range;

pub mod axes;
pub mod strategies;

pub mod condition;

pub mod block;
pub mod space;

use serde_json::json;

use crate::base::key::{Key, Kind};

const AXES: &str = "key path = values: a list of values or whole tables (with a `label`), `{ linear = [a, b], count = n }` \
                    or `{ log = [a, b], count = n }`; `\"a, b\" = [[a1, b1], [a2, b2]]` for keys that go together";

const WHEN: &[Key] = &[
    Key::required("if", Kind::Map(&Kind::Raw), "key path = value, or a list of values: all of them must be so")
        .ruled("condition", condition::rule),
    Key::required("axes", Kind::Map(&Kind::Raw), AXES).ruled("axes", axes::rule),
];

/// The keys of a block: what is crossed, and which of it is tried.
pub static BLOCK: &[Key] = &[STRATEGY, OWN_AXES, OWN_WHEN, EXCLUDE];

/// The keys of `[sweep]`.
pub static KEYS: &[Key] = &[
    STRATEGY,
    OWN_AXES,
    OWN_WHEN,
    EXCLUDE,
    Key::optional(
        "blocks",
        Kind::List { of: &Kind::Table(BLOCK), least: 1 },
        "more sweeps, each with its own strategy and axes: the settings of all are tried, each once",
    ),
];

const STRATEGY: Key = Key::preset(
    "strategy",
    Kind::Member { registry: || &*strategies::STRATEGIES, common: &[] },
    "\"grid\"",
    "which combinations of the axes' values are tried: `runner list strategy`",
);

const OWN_AXES: Key = Key::preset("axes", Kind::Map(&Kind::Raw), "{}", AXES).ruled("axes", axes::rule);

const OWN_WHEN: Key = Key::optional(
    "when",
    Kind::List { of: &Kind::Table(WHEN), least: 1 },
    "axes that only some settings have: `{ if = { \"optimizer.type\" = \"sgd\" }, axes = { \"optimizer.momentum\" = [0.0, \
     0.9] } }`",
);

const EXCLUDE: Key = Key::optional(
    "exclude",
    Kind::List { of: &Kind::Map(&Kind::Raw), least: 1 },
    "settings that are left out: tables of key path = value, or a list of values, all of which must be so",
)
.ruled("conditions", || json!({ "items": condition::rule() }));

/// What the key `seeds` takes: how many, or which.
pub const SEEDS: Kind =
    Kind::Either(&[Kind::COUNT, Kind::List { of: &Kind::Whole { least: 0, most: i64::MAX }, least: 1 }]);

#[cfg(test)]
mod tests;
