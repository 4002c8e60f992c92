//! The optimizers by name: the kernels' own list, with the settings they declare. The first setting of each is its
//! learning rate, which the schedule multiplies.

use std::sync::LazyLock;

use kernels::optimizer::{self, Optimizer};

use crate::base::registry::Registry;
use crate::base::values::Chosen;

type Build = fn(&[f64]) -> Box<dyn Optimizer>;

/// Every optimizer there is.
pub static OPTIMIZERS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry::of_kernels("optimizer", optimizer::ALL));

/// The chosen optimizer with its settings.
pub fn build(chosen: &Chosen) -> Box<dyn Optimizer> {
    let entry = OPTIMIZERS.entry(chosen.name);
    (entry.build)(&chosen.values.kernel_numbers(&entry.about.keys))
}

/// Its learning rate before the schedule.
pub fn rate(chosen: &Chosen) -> f64 {
    chosen.values.number("lr")
}
