//! A trial: one setting of an experiment with one seed, from its plan to its record.

pub mod record;
