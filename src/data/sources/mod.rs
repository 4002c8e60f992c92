//! The sources by name.

use std::sync::LazyLock;

use crate::base::diagnostics::Diagnostics;
use crate::base::registry::Registry;
use crate::base::values::Chosen;

use super::source::Source;

mod csv;
mod fashion_mnist;
mod hold_out;
mod idx;
mod mnist;
mod mnist1d;
mod npy;
mod npz;
mod table;

/// What makes a source from its settings; what is wrong with them is reported.
pub type Build = fn(&Chosen, &mut Diagnostics) -> Option<Box<dyn Source>>;

/// Every source there is.
pub static SOURCES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "data",
    entries: vec![mnist1d::entry(), mnist::entry(), fashion_mnist::entry(), csv::entry(), npz::entry(), table::entry()],
});
