//! Named random streams. A stream is a pure function of (seed, purpose, indices): the order of an epoch, the first
//! weights of a slot, the noise on the labels. Nothing that one of them draws moves another, so adding a dropout layer
//! changes nobody's initial weights and looking at the test set changes nothing at all.
//!
//! The generator is ChaCha with 8 rounds, keyed by a hash of the name; the draws use integer arithmetic and `libm`, so
//! they are the same on every platform. `rand_distr`'s own normal distribution is not used: its tails call whatever
//! mathematics the build has linked.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Open01, StandardUniform, Uniform};

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of a purpose: `Stream::new(seed, "init", &[slot])`.
    pub fn new(seed: u64, purpose: &str, indices: &[u64]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("runner random stream 1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&(purpose.len() as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        for index in indices {
            hasher.update(&index.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A uniform draw from [0, 1).
    pub fn unit(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// A uniform draw from [-bound, bound).
    pub fn symmetric(&mut self, bound: f64) -> f64 {
        (2.0 * self.unit() - 1.0) * bound
    }

    /// A uniform integer from 0 to `below` - 1.
    pub fn below(&mut self, below: u64) -> u64 {
        Uniform::new(0, below).expect("the caller gives at least 1").sample(&mut self.0)
    }

    /// A draw from the standard normal distribution (Box & Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let (u, v): (f64, f64) = (Open01.sample(&mut self.0), StandardUniform.sample(&mut self.0));
        libm::sqrt(-2.0 * libm::log(u)) * libm::cos(2.0 * std::f64::consts::PI * v)
    }

    /// A key for the draws inside a kernel ([`kernels::random`]).
    pub fn key(&mut self) -> kernels::random::Key {
        StandardUniform.sample(&mut self.0)
    }

    /// Puts the items into a uniformly random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }
}

/// What random numbers are drawn for. Each has a stream of its own, so each can be held while the others vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Initial parameters, by slot.
    Init,
    /// The order of the training rows, by epoch.
    Order,
    /// What is dropped, by layer and step.
    Dropout,
    /// Which rows are held out.
    Split,
    /// Which labels are wrong.
    LabelNoise,
    /// Rows that are drawn anew for every seed.
    Data,
    /// How rows are changed when they are trained on, by step and row.
    Augment,
}

impl Purpose {
    /// All of them with what they decide; the place of a purpose here is its number.
    pub const ALL: [(Purpose, &'static str); 7] = [
        (Purpose::Init, "the initial parameters"),
        (Purpose::Order, "the order in which training rows are taken"),
        (Purpose::Dropout, "which units are dropped"),
        (Purpose::Split, "which rows are held out"),
        (Purpose::LabelNoise, "which labels are replaced, and by what"),
        (Purpose::Data, "what a data set draws anew for every seed"),
        (Purpose::Augment, "how rows are changed each time they are trained on"),
    ];

    /// Its name in a file, and in the stream's own name.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Init => "init",
            Purpose::Order => "order",
            Purpose::Dropout => "dropout",
            Purpose::Split => "split",
            Purpose::LabelNoise => "label_noise",
            Purpose::Data => "data",
            Purpose::Augment => "augment",
        }
    }

    /// Whether what a network is trained and tested on depends on it.
    fn shapes_data(self) -> bool {
        matches!(self, Purpose::Split | Purpose::LabelNoise | Purpose::Data)
    }
}

/// The seeds of a trial: its own for every purpose, but for those that are pinned to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    own: u64,
    pinned: [Option<u64>; Purpose::ALL.len()],
}

impl Seeds {
    /// One seed for everything.
    pub const fn new(own: u64) -> Self {
        Self { own, pinned: [None; Purpose::ALL.len()] }
    }

    /// The same, with a purpose held at a seed of its own.
    #[must_use]
    pub fn pin(mut self, purpose: Purpose, seed: u64) -> Self {
        self.pinned[purpose as usize] = Some(seed);
        self
    }

    /// The seed of a purpose.
    pub fn of(&self, purpose: Purpose) -> u64 {
        self.pinned[purpose as usize].unwrap_or(self.own)
    }

    /// The stream of a purpose: `seeds.stream(Purpose::Init, &[slot])`.
    pub fn stream(&self, purpose: Purpose, indices: &[u64]) -> Stream {
        Stream::new(self.of(purpose), purpose.name(), indices)
    }

    /// The seeds that decide what the data are: trials that agree in them can share it.
    pub fn of_data(&self) -> Vec<u64> {
        Purpose::ALL.iter().filter(|(purpose, _)| purpose.shapes_data()).map(|(purpose, _)| self.of(*purpose)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_differ_by_seed_purpose_and_index_and_repeat() {
        let first = |seed, purpose, indices: &[u64]| Stream::new(seed, purpose, indices).below(u64::MAX);
        let one = first(0, "init", &[0]);
        assert_eq!(one, first(0, "init", &[0]));
        for other in [first(1, "init", &[0]), first(0, "order", &[0]), first(0, "init", &[1])] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_pinned_purpose_is_held_and_the_others_follow_the_seed() {
        let first = |seeds: Seeds, purpose| seeds.stream(purpose, &[2]).below(u64::MAX);
        for (index, (purpose, _)) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, index, "the list is in the order of the type");
            let held = Seeds::new(1).pin(purpose, 7);
            for (other, _) in Purpose::ALL {
                let seed = if other == purpose { 7 } else { 1 };
                assert_eq!(first(held, other), Stream::new(seed, other.name(), &[2]).below(u64::MAX));
            }
        }
        let of_init = [Seeds::new(3), Seeds::new(3).pin(Purpose::Init, 9)].map(|s| s.of_data());
        assert_eq!(of_init[0], of_init[1]);
        assert_ne!(Seeds::new(3).pin(Purpose::Split, 9).of_data(), of_init[0]);
    }

    /// Written once and kept: other numbers here mean other initial weights in every experiment ever published with us.
    #[test]
    fn the_draws_are_what_they_always_were() {
        let mut s = Stream::new(7, "golden", &[3]);
        let seen = [s.unit(), s.normal(), s.symmetric(2.0)];
        insta::assert_debug_snapshot!(seen);
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut s = Stream::new(0, "moments", &[]);
        let draws: Vec<f64> = (0..100_000).map(|_| s.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
