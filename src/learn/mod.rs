//! How a network learns: what is minimised ([`objective`]), how a step is taken ([`optimizer`], [`sharpness`], [`lbfgs`]), how
//! large it is ([`schedule`]), which weights count ([`average`]), for how long ([`training`]), and when it ends before that
//! ([`stopping`]).

pub mod average;
pub mod lbfgs;
pub mod objective;
pub mod optimizer;
pub mod schedule;
pub mod sharpness;
pub mod stopping;
pub mod training;
