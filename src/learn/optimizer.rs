//! The optimizers by name: the kernels' own list, with the settings they declare, L-BFGS beside them, and what can be asked of
//! every one. The first setting of each is its learning rate, which the schedule multiplies.

use std::sync::LazyLock;

use kernels::member::Bounds;
use kernels::optimizer::{self, Optimizer};

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{Entry, Registry};
use crate::base::values::Chosen;

use super::lbfgs::{self, Lbfgs};
use super::sharpness::SAM;

/// What makes the rule of a step from a gradient; none for an optimizer that searches, measuring several times a step.
type Build = Option<fn(&[f64]) -> Box<dyn Optimizer>>;

/// Every optimizer there is.
pub static OPTIMIZERS: LazyLock<Registry<Build>> = LazyLock::new(|| {
    let Registry { kind, entries } = Registry::of_kernels("optimizer", optimizer::ALL);
    let rules = entries.into_iter().map(|Entry { about, build }| Entry { about, build: Some(build) });
    Registry { kind, entries: rules.chain([Entry { about: lbfgs::about(), build: None }]).collect() }
});

/// What every optimizer takes.
pub static COMMON: &[Key] = &[
    Key::optional(
        "clip_norm",
        Kind::Number(Bounds::Above(0.0)),
        "the most that the length of the whole gradient may be: g *= min(1, clip_norm / (|g| + 1e-6)), after `clip_value`",
    )
    .or(&["global_clipnorm", "max_norm"]),
    Key::optional(
        "clip_value",
        Kind::Number(Bounds::Above(0.0)),
        "the most that one component of the gradient may be in size: g = min(max(g, -clip_value), clip_value)",
    )
    .or(&["clipvalue"]),
    SAM,
    Key::preset("decay_bias", Kind::Flag, "true", "whether `weight_decay` holds for biases too, as in PyTorch"),
];

/// What stands in place of an optimizer's own settings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Instead {
    /// For its weight decay, where a layer or `decay_bias` says so.
    pub weight_decay: Option<f64>,
    /// For its momentum, where a schedule says so.
    pub momentum: Option<f64>,
}

/// The rule of the chosen optimizer with its settings, unless it searches.
pub fn build(chosen: &Chosen, instead: Instead) -> Option<Box<dyn Optimizer>> {
    let entry = OPTIMIZERS.entry(chosen.name);
    let build = entry.build?;
    let keys = &entry.about.keys;
    let mut numbers = chosen.values.kernel_numbers(keys);
    let decay = instead.weight_decay.map(|x| ("weight_decay", x));
    let momentum = momentum(chosen).zip(instead.momentum).map(|((name, _), x)| (name, x));
    for (name, x) in decay.into_iter().chain(momentum) {
        let at = keys.iter().position(|key| key.name == name).expect("the registry's test and `momentum` look for it");
        numbers[chosen.values.kernel_numbers(&keys[..at]).len()] = x;
    }
    Some(build(&numbers))
}

/// How the chosen optimizer searches, if it does.
pub fn search(chosen: &Chosen) -> Option<Lbfgs> {
    OPTIMIZERS.build(chosen.name).is_none().then(|| Lbfgs::new(&chosen.values))
}

/// Its learning rate before the schedule.
pub fn rate(chosen: &Chosen) -> f64 {
    chosen.values.number("lr")
}

/// The setting that says how much of the last direction stays, `momentum` or the first of `betas`, and what it is; none
/// where an optimizer has neither.
pub fn momentum(chosen: &Chosen) -> Option<(&'static str, f64)> {
    let has = |name: &str| OPTIMIZERS.entry(chosen.name).about.keys.iter().any(|key| key.name == name);
    if has("momentum") {
        return Some(("momentum", chosen.values.number("momentum")));
    }
    has("betas").then(|| ("betas", chosen.values.numbers("betas")[0]))
}

/// Whether an optimizer has a meaning with a loss; if not, it is reported.
pub fn fits(chosen: &Chosen, loss: &Chosen, diagnostics: &mut Diagnostics) -> bool {
    let fits = chosen.name != "perceptron" || loss.name == "perceptron";
    if !fits {
        let message = format!("the perceptron rule has no meaning with the loss `{}`", loss.name);
        let hint = "it is gradient descent on the loss `perceptron`: write `loss = \"perceptron\"`, or take `sgd`";
        diagnostics.error_with_hint(chosen.place, message, "", hint);
    }
    fits
}
