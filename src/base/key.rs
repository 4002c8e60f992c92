//! A key of the experiment file, described once: its name, what it takes, its default, what it means. From these tables
//! come the reading of a file with its messages ([`super::read`]), `runner explain`, the JSON Schema and the fully
//! resolved copy of an experiment, so none of them can say something else than the others.

use kernels::member::Bounds;
use serde_json::Value as Json;

use super::registry::Members;

/// What a key takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// An integer from `least` to `most`.
    Whole {
        /// The smallest one allowed.
        least: i64,
        /// The largest one allowed.
        most: i64,
    },
    /// A finite number; an integer is accepted.
    Number(Bounds),
    /// An array of finite numbers, of exactly `count` where one is given.
    Numbers {
        /// How many there must be.
        count: Option<usize>,
        /// What each must obey.
        bounds: Bounds,
    },
    /// Any string.
    Text,
    /// One of a few words, each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    /// A stretch of training: `{ steps = n }`, `{ epochs = x }` or `{ fraction = x }` of the run; a bare integer is steps.
    Length,
    /// When to look at a run: a length between looks, `{ log = n }` looks at growing distances, or an array of steps.
    Times,
    /// A member of a registry, as `"name"` or `{ type = "name", ... }`, with keys that every member of it takes.
    Member {
        /// The registry.
        registry: fn() -> &'static dyn Members,
        /// Keys beside the member's own.
        common: &'static [Key],
    },
    /// An array of at least `least` values.
    List {
        /// What each is.
        of: &'static Kind,
        /// How many there must be.
        least: usize,
    },
    /// A table with its own keys.
    Table(&'static [Key]),
    /// A table with keys of the user's choice.
    Map(&'static Kind),
    /// The first of these whose TOML type fits.
    Either(&'static [Kind]),
    /// Any value, read by the module that owns the key.
    Raw,
}

/// What stands when the key is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The key must be written.
    Required,
    /// Nothing stands; the summary says what that means.
    Absent,
    /// This TOML value.
    Toml(&'static str),
}

/// A key and everything that is said about it.
#[derive(Clone, Copy)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// Other spellings that are understood (and reported as such).
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: Kind,
    /// What stands when it is not written.
    pub preset: Preset,
    /// What it means, with its unit and equation.
    pub summary: &'static str,
    /// What its owner asks of it beyond its kind.
    pub rule: Option<Rule>,
}

/// What the owner of a key checks after reading, as far as a JSON Schema can say it.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name among the definitions of the schema.
    pub name: &'static str,
    /// The JSON Schema of it.
    pub schema: fn() -> Json,
}

impl Key {
    /// A key that must be written.
    pub const fn required(name: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self { name, aliases: &[], kind, preset: Preset::Required, summary, rule: None }
    }

    /// A key that may be left out, with nothing in its place.
    pub const fn optional(name: &'static str, kind: Kind, summary: &'static str) -> Self {
        Self { name, aliases: &[], kind, preset: Preset::Absent, summary, rule: None }
    }

    /// A key with a default, written as TOML.
    pub const fn preset(name: &'static str, kind: Kind, default: &'static str, summary: &'static str) -> Self {
        Self { name, aliases: &[], kind, preset: Preset::Toml(default), summary, rule: None }
    }

    /// Its name, then its other spellings.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [self.name].into_iter().chain(self.aliases.iter().copied())
    }

    /// The same key with other spellings.
    #[must_use]
    pub const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same key with a rule, for the schema.
    #[must_use]
    pub const fn ruled(self, name: &'static str, schema: fn() -> Json) -> Self {
        Self { rule: Some(Rule { name, schema }), ..self }
    }
}

impl Kind {
    /// A count: an integer of at least one.
    pub const COUNT: Kind = Kind::Whole { least: 1, most: 1 << 40 };

    /// What the kind is called in a message: "a number above 0".
    pub fn describe(&self) -> String {
        match self {
            Kind::Flag => "`true` or `false`".into(),
            Kind::Whole { least, most: i64::MAX } if *least == i64::MIN => "an integer".into(),
            Kind::Whole { least, most } if *most >= 1 << 40 => format!("an integer of at least {least}"),
            Kind::Whole { least, most } => format!("an integer from {least} to {most}"),
            Kind::Number(bounds) => format!("a number{}", describe_bounds(*bounds)),
            Kind::Numbers { count: Some(count), bounds } => {
                format!("an array of {count} numbers{}", describe_bounds(*bounds))
            }
            Kind::Numbers { count: None, bounds } => format!("an array of numbers{}", describe_bounds(*bounds)),
            Kind::Text => "a string".into(),
            Kind::Word(words) => {
                format!("one of {}", words.iter().map(|(w, _)| format!("`\"{w}\"`")).collect::<Vec<_>>().join(", "))
            }
            Kind::Length => "`{ steps = n }`, `{ epochs = x }` or `{ fraction = x }`".into(),
            Kind::Times => {
                "`{ steps = n }`, `{ epochs = x }`, `{ fraction = x }`, `{ log = n }` or an array of steps".into()
            }
            Kind::Member { registry, .. } => format!("the name of {} or `{{ type = ... }}`", one(registry().kind())),
            Kind::List { of, .. } => format!("an array, each element {}", of.describe()),
            Kind::Table(_) | Kind::Map(_) => "a table".into(),
            Kind::Either(kinds) => kinds.iter().map(Kind::describe).collect::<Vec<_>>().join(", or "),
            Kind::Raw => "a value".into(),
        }
    }
}

/// The bounds as they end a sentence: " above 0", or nothing.
pub fn describe_bounds(bounds: Bounds) -> String {
    match bounds {
        Bounds::Any => String::new(),
        Bounds::AtLeast(a) => format!(" of at least {a}"),
        Bounds::Above(a) => format!(" above {a}"),
        Bounds::Within(a, b) => format!(" from {a} to {b}"),
        Bounds::Below(a, b) => format!(" from {a} to below {b}"),
    }
}

/// A stretch of training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Optimizer steps.
    Steps(u64),
    /// Passes over the training rows.
    Epochs(f64),
    /// A share of the whole run.
    Fraction(f64),
}

impl Length {
    /// The stretch in steps, rounded to the nearest, for a run of `total` steps with `per_epoch` steps an epoch.
    pub fn steps(self, total: u64, per_epoch: u64) -> u64 {
        match self {
            Length::Steps(n) => n,
            Length::Epochs(x) => (x * per_epoch as f64 + 0.5) as u64,
            Length::Fraction(x) => (x * total as f64 + 0.5) as u64,
        }
    }
}

/// When a run is looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Times {
    /// After every such stretch.
    Every(Length),
    /// So many times, each step the same multiple of the one before.
    Log(u64),
    /// After these steps, in rising order.
    At(Vec<u64>),
}

impl Times {
    /// The most looks of [`Times::Log`].
    pub const MOST: i64 = 10_000;
}

/// A word with the article before it: `a loss`, `an optimizer`.
pub fn one(word: &str) -> String {
    format!("{} {word}", if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" })
}
