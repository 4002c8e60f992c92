//! The activations by name: the kernels' own list, with the settings they declare.

use std::sync::LazyLock;

use kernels::activation::{self, Activation};

use crate::base::registry::Registry;
use crate::base::values::Chosen;

type Build = fn(&[f64]) -> Box<dyn Activation>;

/// Every activation there is.
pub static ACTIVATIONS: LazyLock<Registry<Build>> =
    LazyLock::new(|| Registry::of_kernels("activation", activation::ALL));

/// The chosen activation with its settings.
pub fn build(chosen: &Chosen) -> Box<dyn Activation> {
    let entry = ACTIVATIONS.entry(chosen.name);
    (entry.build)(&chosen.values.kernel_numbers(&entry.about.keys))
}
