//! stub, to become the architecture

pub mod base;

pub mod data;

pub mod trial;

pub mod report;
