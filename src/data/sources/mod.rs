//! The sources by name.

use std::sync::LazyLock;

use crate::base::diagnostics::Diagnostics;
use crate::base::registry::Registry;
use crate::base::values::Chosen;

use super::source::Source;

mod generated;
mod hold_out;
mod idx;
mod npy;
mod packed;
mod sheet;
mod symbols;

mod adding;
mod blobs;
mod cifar10;
mod circles;
mod copy;
mod csv;
mod fashion_mnist;
mod friedman;
mod mnist;
mod mnist1d;
mod modular;
mod moons;
mod npz;
mod parity;
mod regression;
mod series;
mod sinusoids;
mod spirals;
mod table;
mod teacher;
mod temporal_order;
mod text;

/// What makes a source from its settings; what is wrong with them is reported.
pub type Build = fn(&Chosen, &mut Diagnostics) -> Option<Box<dyn Source>>;

/// Every source there is: generated, published, read from any file, written in the experiment.
pub static SOURCES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "data",
    entries: vec![
        mnist1d::entry(),
        parity::entry(),
        modular::entry(),
        spirals::entry(),
        moons::entry(),
        circles::entry(),
        blobs::entry(),
        regression::entry(),
        teacher::entry(),
        sinusoids::entry(),
        friedman::entry(),
        adding::entry(),
        temporal_order::entry(),
        copy::entry(),
        mnist::entry(),
        fashion_mnist::entry(),
        cifar10::entry(),
        csv::entry(),
        series::entry(),
        text::entry(),
        npz::entry(),
        table::entry(),
    ],
});
