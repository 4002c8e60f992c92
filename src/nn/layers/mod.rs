//! The layers by name. A member is one file: its keys, how it is placed, and its pair of functions.

use std::sync::LazyLock;

use crate::base::registry::Registry;
use crate::base::values::Chosen;

use super::place::Placing;

mod activation;
mod dense;
mod residual;

/// What places a layer: checks the shape it is given, takes its slots, adds itself to the chain. Nothing is returned
/// when it does not fit, which it has reported.
pub type PlaceLayer = fn(&Chosen, &mut Placing<'_>) -> Option<()>;

/// Every layer there is.
pub static LAYERS: LazyLock<Registry<PlaceLayer>> =
    LazyLock::new(|| Registry { kind: "layer", entries: vec![dense::entry(), activation::entry(), residual::entry()] });
