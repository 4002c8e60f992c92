//! Sweeps: which values of which keys an experiment tries, and with which seeds. An axis is a key path, so every key of
//! a trial's sections can be swept without having been declared so; its values are put into a copy of the file's tree,
//! which is then read like any other.

pub mod axes;
pub mod space;
pub mod strategies;

use crate::base::key::{Key, Kind};

/// The keys of `[sweep]`.
pub static KEYS: &[Key] = &[
    Key::preset(
        "strategy",
        Kind::Member { registry: || &*strategies::STRATEGIES, common: &[] },
        "\"grid\"",
        "which combinations of the axes' values are tried",
    ),
    Key::preset(
        "axes",
        Kind::Map(&Kind::Raw),
        "{}",
        "key path = values: a list of values or whole tables (with a `label`), `{ linear = [a, b], count = n }` or \
         `{ log = [a, b], count = n }`",
    ),
];

/// What the key `seeds` takes: how many, or which.
pub const SEEDS: Kind =
    Kind::Either(&[Kind::COUNT, Kind::List { of: &Kind::Whole { least: 0, most: i64::MAX }, least: 1 }]);
