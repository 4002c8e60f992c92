//! Which weights of a trial are kept as files: the `[checkpoint]` section. What is asked for belongs to a trial's hash, so
//! that a trial that is done has its files.

use crate::base::key::{Key, Kind};
use crate::base::values::{Value, Values};

/// The keys of `[checkpoint]`.
pub static KEYS: &[Key] = &[Key::preset(
    "save",
    Kind::List {
        of: &Kind::Word(&[
            ("init", "those that training started from"),
            ("best", "those of the best evaluation, as early stopping chooses it"),
            ("last", "those after the last step"),
        ]),
        least: 0,
    },
    "[]",
    "weights to keep, in `checkpoints/TRIAL/` of the results, as safetensors with PyTorch's names and layouts",
)];

/// Weights worth keeping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Those that training started from.
    Init,
    /// Those of the best evaluation.
    Best,
    /// Those after the last step.
    Last,
}

impl Moment {
    /// What a file calls it, and what its own file is called.
    pub fn name(self) -> &'static str {
        match self {
            Moment::Init => "init",
            Moment::Best => "best",
            Moment::Last => "last",
        }
    }
}

/// What a `[checkpoint]` section asks for.
pub fn wanted(section: &Values) -> Vec<Moment> {
    let asked = |moment: &Moment| {
        let name = Value::Text(moment.name().to_owned());
        section.list("save").iter().any(|item| item.value == name)
    };
    [Moment::Init, Moment::Best, Moment::Last].into_iter().filter(asked).collect()
}
