//! What the weights of a layer must obey after every update: the vector of incoming weights of each unit is brought to an
//! allowed length, its direction stays. The rule is an entry of the registry: from a length to a factor.
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

mod max_norm;
mod unit_norm;

/// Added to a length that something is divided by, as in PyTorch's `renorm` and in Keras.
const EPSILON: f64 = 1e-7;

/// A rule for the lengths of vectors.
pub trait Constraint: Send + Sync {
    /// What a vector of this length is multiplied by.
    fn factor(&self, length: f64) -> f64;
}

type Build = fn(&Values) -> Box<dyn Constraint>;

/// Every constraint there is.
pub static CONSTRAINTS: LazyLock<Registry<Build>> =
    LazyLock::new(|| Registry { kind: "constraint", entries: vec![max_norm::entry(), unit_norm::entry()] });

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

    /// Brings the weights of the slot to the lengths that are allowed. The square of a length is one chain over the rows in
    /// order.
    pub fn hold(&self, cpu: Cpu, weights: &mut [f32], scratch: &mut Scratch) {
        let factors = scratch.room(self.units());
        reduce::column_dots(cpu, (weights, weights), factors.len(), 0..factors.len(), false, factors);
        for factor in &mut *factors {
            *factor = self.rule.factor(libm::sqrt(f64::from(*factor))) as f32;
        }
        for row in weights.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(&*factors).for_each(|(weight, factor)| *weight *= factor);
        }
    }

    fn units(&self) -> usize {
        *self.slot.extents.last().expect("weights have extents")
    }
}
