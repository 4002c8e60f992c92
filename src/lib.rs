//! stub, to become the architecture
#![forbid(unsafe_code)]

pub mod base;

pub mod data;

pub mod nn;

pub mod learn;

pub mod sweep;

pub mod probe;

pub mod trial;

pub mod store;

pub mod report;

pub mod run;

pub mod cli;
