//! The strategies by name: which combinations of the axes' values are tried. A strategy sees dimensions, each an axis or
//! several that go together, and says for every setting which row of each dimension it takes.

mod drawn;
pub mod grid;
mod list;
mod random;
mod sobol;
mod zip;

use std::sync::LazyLock;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::registry::Registry;
use crate::base::values::Chosen;

use super::axes::Dimension;

/// Chooses the settings of a sweep.
pub trait Strategy {
    /// Whether it draws from ranges that have no `count`.
    fn draws(&self) -> bool {
        false
    }

    /// Dimensions that stand in its own settings. What is wrong with them is reported.
    fn own(&self, _diagnostics: &mut Diagnostics) -> Option<Vec<Dimension>> {
        Some(Vec::new())
    }

    /// Why these dimensions are none for it, with the place and what to do; asked before they are counted.
    fn misfit(&self, _dimensions: &[Dimension]) -> Option<(Place, String, String)> {
        None
    }

    /// How many settings there will be at the most; none when the number is beyond counting. Asked before any is made.
    fn count(&self, dimensions: &[Dimension]) -> Option<u64>;

    /// The settings in order: for each the row of every dimension. A range without `count` gets the values that were
    /// drawn from it, rising.
    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>>;
}

type Build = fn(&Chosen) -> Box<dyn Strategy>;

/// Every strategy there is.
pub static STRATEGIES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "strategy",
    entries: vec![grid::entry(), zip::entry(), list::entry(), random::entry(), sobol::entry()],
});
