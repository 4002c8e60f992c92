//! How a network learns: what is minimised ([`objective`]), how a step is taken ([`optimizer`]), how large it is
//! ([`schedule`]), and for how long ([`training`]).

pub mod objective;
pub mod optimizer;
pub mod schedule;
pub mod training;
