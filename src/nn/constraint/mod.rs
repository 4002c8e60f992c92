//! What the weights of a layer must obey after every update: the vector of incoming weights of each unit, or a tensor as a
//! whole, is brought to an allowed length, its direction stays. The rule is an entry of the registry: from a length, and the
//! one that training started from, to a factor.
//!
//! Incoming weights are those that a unit multiplies its inputs by: a column of a matrix `(in, out)`, the window of a channel of
//! a convolution, the weights of one gate of a recurrent unit. Biases, embeddings and the factors of normalisations are free.

use std::sync::LazyLock;

use kernels::gemm::Scratch;
use kernels::isa::Cpu;
use kernels::member::Bounds;
use kernels::reduce;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry, Registry};
use crate::base::values::Values;

use super::params::{Role, Slot};

mod constant_norm;
mod max_norm;
mod unit_norm;

/// Added to a length that something is divided by, as in PyTorch's `renorm` and in Keras.
const EPSILON: f64 = 1e-7;

/// A rule for the lengths of vectors.
pub trait Constraint: Send + Sync {
    /// What a vector of this length is multiplied by; `start` is its length before the first step, 0 unless the rule
    /// [remembers](Self::remembers) it.
    fn factor(&self, length: f64, start: f64) -> f64;

    /// Whether it asks for the length before the first step.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether all weights of a tensor are one vector, and not those of each unit one of their own.
    fn whole(&self) -> bool {
        false
    }
}

type Build = fn(&Values) -> Box<dyn Constraint>;

/// Every constraint there is.
pub static CONSTRAINTS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "constraint",
    entries: vec![max_norm::entry(), unit_norm::entry(), constant_norm::entry()],
});

/// A choice of one.
pub const CONSTRAINT: Kind = Kind::Member { registry: || &*CONSTRAINTS, common: &[] };

/// A slot of weights that must obey a constraint.
pub struct Bound {
    /// The weights, `(n, units)`.
    pub slot: Slot,
    rule: Box<dyn Constraint>,
}

impl Bound {
    /// The slot, if its layer binds it.
    pub fn new(slot: &Slot) -> Option<Self> {
        let chosen = slot.care.constraint.as_ref().filter(|_| slot.role == Role::Weight && !slot.care.frozen)?;
        Some(Self { slot: slot.clone(), rule: CONSTRAINTS.build(chosen.name)(&chosen.values) })
    }

    /// Floats of working memory that [`Bound::hold`] takes.
    pub fn room(&self) -> usize {
        self.units()
    }

    /// The squared lengths that training starts from, one for each unit; none unless the rule asks for them.
    pub fn start(&self, cpu: Cpu, weights: &[f32]) -> Vec<f32> {
        if !self.rule.remembers() {
            return Vec::new();
        }
        let mut squares = vec![0.0; self.units()];
        self.squares(cpu, weights, &mut squares);
        squares
    }

    /// Brings the weights of the slot to the lengths that are allowed; `start` is what [`Bound::start`] gave.
    pub fn hold(&self, cpu: Cpu, weights: &mut [f32], start: &[f32], scratch: &mut Scratch) {
        let factors = scratch.room(self.units());
        self.squares(cpu, weights, factors);
        let length = |square: f32| libm::sqrt(f64::from(square));
        for (unit, factor) in factors.iter_mut().enumerate() {
            let start = start.get(unit).map_or(0.0, |square| length(*square));
            *factor = self.rule.factor(length(*factor), start) as f32;
        }
        for row in weights.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(&*factors).for_each(|(weight, factor)| *weight *= factor);
        }
    }

    /// The squared length of the vector that each unit's weights belong to: one chain over the rows in order, of a whole tensor
    /// then one over its units.
    fn squares(&self, cpu: Cpu, weights: &[f32], squares: &mut [f32]) {
        let units = squares.len();
        reduce::column_dots(cpu, (weights, weights), units, 0..units, false, squares);
        if self.rule.whole() {
            let sum: f64 = squares.iter().map(|square| f64::from(*square)).sum();
            squares.fill(sum as f32);
        }
    }

    fn units(&self) -> usize {
        *self.slot.extents.last().expect("weights have extents")
    }
}
