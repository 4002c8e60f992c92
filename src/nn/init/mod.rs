//! The initialisers by name: the values a network starts from. Every slot draws from a stream of its own, so a network
//! with one layer more starts the others alike.

use std::sync::LazyLock;

use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::{Chosen, Values};
use kernels::member::Bounds;

use super::params::{Memory, Remembered, Role, Slot};

mod constant;
mod glorot;
mod he;
mod identity;
mod lecun;
mod mup;
mod normal;
mod ntk;
mod orthogonal;
mod pytorch;
mod sparse;
mod truncated_normal;
mod uniform;

/// Draws the initial values of slots.
pub trait Initialiser: Send + Sync {
    /// Fills a slot of weights.
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]);

    /// Fills a slot of vectors that are looked up.
    fn embedding(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        self.weights(slot, stream, out);
    }

    /// Fills a slot of biases.
    fn biases(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let _ = (slot, stream);
        out.fill(0.0);
    }

    /// What the learning rate of a slot is multiplied by, for an initialiser that is half of a parametrization; `scale_free`
    /// says that the optimizer does not feel the size of a gradient.
    fn rate(&self, slot: &Slot, scale_free: bool) -> f64 {
        let _ = (slot, scale_free);
        1.0
    }
}

type Build = fn(&Values) -> Box<dyn Initialiser>;

/// Every initialiser there is.
pub static INITIALISERS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "initialiser",
    entries: vec![
        pytorch::entry(),
        glorot::uniform(),
        glorot::normal(),
        he::uniform(),
        he::normal(),
        lecun::uniform(),
        lecun::normal(),
        orthogonal::entry(),
        uniform::entry(),
        normal::entry(),
        truncated_normal::entry(),
        sparse::entry(),
        constant::zeros(),
        constant::ones(),
        constant::constant(),
        identity::entry(),
        ntk::entry(),
        mup::entry(),
    ],
});

/// What every initialiser takes.
pub static COMMON: &[Key] = &[
    Key::preset(
        "gain",
        Kind::Number(Bounds::Any),
        "1.0",
        "multiplies every initial parameter, biases included (α of lazy and rich training)",
    ),
    Key::optional(
        "bias",
        Kind::Number(Bounds::Any),
        "what every bias starts from, before `gain`, instead of the initialiser's own rule",
    ),
];

/// An initialiser with what every one takes.
pub const INITIALISER: Kind = Kind::Member { registry: || &*INITIALISERS, common: COMMON };

/// The initial parameters of a network with these slots: `params` is the whole flat buffer, `usual` the initialiser of
/// the layers that do not say their own.
pub fn initialise(usual: &Chosen, slots: &[Slot], seeds: Seeds, params: &mut [f32]) {
    for (index, slot) in slots.iter().enumerate() {
        let (chosen, initialiser) = of(slot, usual);
        let (out, mut stream) = (&mut params[slot.range()], seeds.stream(Purpose::Init, &[index as u64]));
        match slot.role {
            Role::Factor(start) => {
                out.fill(start);
                continue;
            }
            Role::Weight => initialiser.weights(slot, &mut stream, out),
            Role::Embedding => initialiser.embedding(slot, &mut stream, out),
            Role::Bias if chosen.values.has("bias") => out.fill(chosen.values.number("bias") as f32),
            Role::Bias => initialiser.biases(slot, &mut stream, out),
        }
        let gain = chosen.values.number("gain") as f32;
        out.iter_mut().for_each(|w| *w *= gain);
        if let Some(memory) = &slot.memory {
            remember(memory, &mut stream, out);
        }
    }
}

/// The biases of the gates that a memory is about; the others stay as they are.
fn remember(memory: &Memory, stream: &mut Stream, out: &mut [f32]) {
    for unit in 0..memory.units {
        let bias = match memory.bias {
            Remembered::Number(bias) => bias,
            Remembered::Chrono(steps) => libm::log(1.0 + stream.unit() * steps.saturating_sub(2) as f64) as f32,
        };
        out[memory.gate * memory.units + unit] = bias;
        if let Some(opposite) = memory.opposite {
            out[opposite * memory.units + unit] = -bias;
        }
    }
}

/// What the learning rate of a slot is multiplied by: see [`Initialiser::rate`].
pub fn rate(usual: &Chosen, slot: &Slot, scale_free: bool) -> f64 {
    match slot.role {
        Role::Factor(_) => 1.0,
        Role::Weight | Role::Embedding | Role::Bias => of(slot, usual).1.rate(slot, scale_free),
    }
}

fn of<'a>(slot: &'a Slot, usual: &'a Chosen) -> (&'a Chosen, Box<dyn Initialiser>) {
    let chosen = slot.care.init.as_ref().unwrap_or(usual);
    (chosen, INITIALISERS.build(chosen.name)(&chosen.values))
}

/// Weights of a standard deviation that depends on the fans: what Glorot, He and LeCun share.
struct Scaled {
    deviation: fn(&Slot) -> f64,
    normal: bool,
}

impl Initialiser for Scaled {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let deviation = (self.deviation)(slot);
        let bound = libm::sqrt(3.0) * deviation;
        for w in out {
            *w = if self.normal { (stream.normal() * deviation) as f32 } else { stream.symmetric(bound) as f32 };
        }
    }
}
