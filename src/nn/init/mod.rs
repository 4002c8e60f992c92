//! The initialisers by name: the values a network starts from. Every slot draws from a stream of its own, so a network
//! with one layer more starts the others alike.

use std::sync::LazyLock;

use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::{Chosen, Values};
use kernels::member::Bounds;

use super::params::{Role, Slot};

mod glorot;
mod he;
mod pytorch;
mod uniform;
mod zeros;

/// Draws the initial values of slots.
pub trait Initialiser: Send + Sync {
    /// Fills one slot.
    fn fill(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]);
}

type Build = fn(&Values) -> Box<dyn Initialiser>;

/// Every initialiser there is.
pub static INITIALISERS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "initialiser",
    entries: vec![pytorch::entry(), glorot::entry(), he::entry(), uniform::entry(), zeros::entry()],
});

/// What every initialiser takes.
pub static COMMON: &[Key] = &[Key::preset(
    "gain",
    Kind::Number(Bounds::Any),
    "1.0",
    "multiplies every initial parameter, biases included (α of lazy and rich training)",
)];

/// An initialiser with what every one takes.
pub const INITIALISER: Kind = Kind::Member { registry: || &*INITIALISERS, common: COMMON };

/// How the values are distributed.
const DISTRIBUTION: Kind = Kind::Word(&[
    ("uniform", "U(-a, a) with a = √3 · the standard deviation"),
    ("normal", "N(0, the standard deviation squared)"),
]);

/// The initial parameters of a network with these slots: `params` is the whole flat buffer, `usual` the initialiser of
/// the layers that do not say their own.
pub fn initialise(usual: &Chosen, slots: &[Slot], seeds: Seeds, params: &mut [f32]) {
    for (index, slot) in slots.iter().enumerate() {
        let chosen = slot.care.init.as_ref().unwrap_or(usual);
        let initialiser = INITIALISERS.build(chosen.name)(&chosen.values);
        let gain = chosen.values.number("gain") as f32;
        let out = &mut params[slot.range()];
        initialiser.fill(slot, &mut seeds.stream(Purpose::Init, &[index as u64]), out);
        out.iter_mut().for_each(|w| *w *= gain);
    }
}

/// Weights of a standard deviation that depends on the fans, biases zero: what Glorot and He share.
struct Scaled {
    deviation: fn(&Slot) -> f64,
    normal: bool,
}

impl Initialiser for Scaled {
    fn fill(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let deviation = (self.deviation)(slot);
        let bound = libm::sqrt(3.0) * deviation;
        for w in out {
            *w = match slot.role {
                Role::Bias => 0.0,
                Role::Weight if self.normal => (stream.normal() * deviation) as f32,
                Role::Weight => stream.symmetric(bound) as f32,
            };
        }
    }
}
