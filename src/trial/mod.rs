//! A trial: one setting of an experiment with one seed, from its plan to its record.
//!
//! In reading order: the sections that describe a trial ([`sections`]) and the values that are derived from others
//! ([`derived`]), what is checked and placed before anything is trained ([`plan`]) and when it is measured ([`looks`]), the
//! rows of a batch ([`rows`]), the two phases of a training step over the threads of a team ([`team`], [`crew`]) and the
//! first of them where they divide the layers between them ([`divided`]), the half of a step that comes before them where
//! flat valleys are looked for ([`climb`]), steps that search along lines ([`search`]), and what they do to the parameters
//! ([`update`]), measuring ([`evaluate`]), the averages that are measured instead ([`average`]), what is reached without
//! looking at the inputs ([`baseline`]), which weights are kept ([`checkpoint`]), the loop ([`train`]), and what is left of
//! it all ([`summary`], [`record`]).

pub mod derived;
pub mod sections;

pub mod looks;
pub mod plan;

pub mod climb;
mod crew;
pub mod divided;
pub mod rows;
pub mod search;
pub mod team;
pub mod update;

pub mod average;
pub mod baseline;
pub mod checkpoint;
pub mod evaluate;
pub mod train;

pub mod record;
pub mod summary;

#[cfg(test)]
mod tests;
