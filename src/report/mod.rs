//! From records to tables, figures and verdicts. Reads stored results only, never a network.

pub mod frame;
