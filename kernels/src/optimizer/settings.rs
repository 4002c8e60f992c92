//! Settings that several optimizers have, described once.

use crate::member::{Bounds, Form, Setting};

/// What is said of a weight decay that is added to the gradient.
pub(super) const COUPLED: &str = "coupled: added to the gradient, times the parameter";

/// What is said of a weight decay that is not.
pub(super) const DECOUPLED: &str = "decoupled: the parameter shrinks by lr times this";

/// The learning rate, every optimizer's first setting.
pub(super) const fn lr(default: Option<&'static [f64]>) -> Setting {
    Setting {
        name: "lr",
        aliases: &["learning_rate"],
        form: Form::Number,
        default,
        bounds: Bounds::Above(0.0),
        summary: "learning rate",
    }
}

/// A number from 0 on.
pub(super) const fn number(
    name: &'static str,
    aliases: &'static [&'static str],
    default: &'static [f64],
    summary: &'static str,
) -> Setting {
    Setting { name, aliases, form: Form::Number, default: Some(default), bounds: Bounds::AtLeast(0.0), summary }
}

/// The share of something that stays from step to step: from 0 to below 1.
pub(super) const fn share(
    name: &'static str,
    aliases: &'static [&'static str],
    default: &'static [f64],
    summary: &'static str,
) -> Setting {
    Setting { name, aliases, form: Form::Number, default: Some(default), bounds: Bounds::Below(0.0, 1.0), summary }
}

/// How much of the last direction stays.
pub(super) const fn momentum(default: &'static [f64]) -> Setting {
    share("momentum", &[], default, "how much of the last direction stays")
}

/// The shares of the mean gradient and of its mean square that stay.
pub(super) const fn betas(default: &'static [f64], summary: &'static str) -> Setting {
    let bounds = Bounds::Below(0.0, 1.0);
    Setting { name: "betas", aliases: &[], form: Form::Pair, default: Some(default), bounds, summary }
}

/// What is said of Adam's `betas`.
pub(super) const BETAS: &str = "how much of the mean gradient and of its mean square stays";

/// What keeps a denominator from zero.
pub(super) const fn eps(default: &'static [f64], summary: &'static str) -> Setting {
    number("eps", &["epsilon"], default, summary)
}

/// What is said of Adam's `eps`.
pub(super) const EPS: &str = "added to the root of the mean square";

/// How fast parameters shrink.
pub(super) const fn weight_decay(default: &'static [f64], summary: &'static str) -> Setting {
    number("weight_decay", &[], default, summary)
}

/// Something that is off unless asked for.
pub(super) const fn flag(name: &'static str, aliases: &'static [&'static str], summary: &'static str) -> Setting {
    let bounds = Bounds::Within(0.0, 1.0);
    Setting { name, aliases, form: Form::Flag, default: Some(&[0.0]), bounds, summary }
}

/// Whether Adam divides by the largest mean square so far.
pub(super) const AMSGRAD: Setting = flag("amsgrad", &[], "divide by the root of the largest mean square so far");

/// Whether the decay is taken off the parameter instead of added to the gradient.
pub(super) const DECOUPLE: Setting =
    flag("decoupled_weight_decay", &["decoupled"], "the parameter shrinks by lr weight_decay, the gradient stays");
