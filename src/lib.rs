//! stub, to become the architecture

pub mod base;

pub mod data;

pub mod nn;

pub mod learn;

pub mod sweep;

pub mod probe;

pub mod trial;

pub mod report;
