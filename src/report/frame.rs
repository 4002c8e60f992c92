//! The records of an experiment arranged by setting and seed: what every table, plot and expectation is computed from.

use crate::trial::record::Record;

/// A swept key.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Its key path, `optimizer.lr`.
    pub path: String,
    /// Its values in the order of the file.
    pub values: Vec<AxisValue>,
    /// Whether the values were given as a logarithmic range.
    pub log: bool,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisValue {
    /// How it is written in tables and legends.
    pub label: String,
    /// The number it is, if it is one.
    pub number: Option<f64>,
}

/// A setting: a position on every axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The index of its value on each axis, in the order of [`Frame::axes`].
    pub at: Vec<usize>,
}

/// A planned trial, with its record when it has been trained.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Index into [`Frame::cells`].
    pub cell: usize,
    /// The seed.
    pub seed: u64,
    /// The trial's hash.
    pub id: String,
    /// Its outcome; none while it is pending.
    pub record: Option<Record>,
}

/// An experiment's results.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The experiment's name.
    pub name: String,
    /// The comment the file opens with: the question and what would answer it. May be empty.
    pub question: String,
    /// What is swept, in the order of the file; empty when nothing is.
    pub axes: Vec<Axis>,
    /// The settings in order; one without axes when nothing is swept.
    pub cells: Vec<Cell>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Every trial of every cell, cell by cell, seeds in order within each.
    pub trials: Vec<Trial>,
}
