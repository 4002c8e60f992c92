//! Sharpness-aware minimisation: a step is taken by the gradient at the worst weights nearby, which first order says lie
//! uphill. Around any optimizer, at twice the cost of a step. In the adaptive form the neighbourhood is measured in the size
//! of each weight, so that it does not change when layers are rescaled.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::values::Values;

/// The key `sam` of every optimizer.
pub const SAM: Key = Key::optional(
    "sam",
    Kind::Table(KEYS),
    "sharpness-aware minimisation: the step is taken by the gradient at w + e, e = rho g / (|g| + 1e-12); two passes a step \
     (Foret, Kleiner, Mobahi & Neyshabur 2021)",
);

const KEYS: &[Key] = &[
    Key::preset("rho", Kind::Number(Bounds::Above(0.0)), "0.05", "how far the weights nearby are"),
    Key::preset(
        "adaptive",
        Kind::Flag,
        "false",
        "e = rho T^2 g / (|T g| + 1e-16) with T = |w| + eta for weights and 1 for all else (Kwon, Kim, Park & Choi 2021, who \
         take rho 0.5)",
    ),
    Key::preset(
        "eta",
        Kind::Number(Bounds::AtLeast(0.0)),
        "0.01",
        "what is added to the size of a weight, where adaptive",
    ),
];

/// How far and in which measure the weights nearby are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharpness {
    /// The distance.
    pub rho: f64,
    /// What is added to the size of a weight; none where distances are plain.
    pub eta: Option<f64>,
}

impl Sharpness {
    /// What an optimizer's settings ask for.
    pub fn new(optimizer: &Values) -> Option<Self> {
        let table = optimizer.has("sam").then(|| optimizer.table("sam"))?;
        let eta = table.flag("adaptive").then(|| table.number("eta"));
        Some(Self { rho: table.number("rho"), eta })
    }
}
