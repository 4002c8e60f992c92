//! What every other module stands on, in reading order: the error a person can act on ([`error`]), the file a value came
//! from and the messages that point into it ([`diagnostics`], [`node`]), the tables of keys a section may hold and the
//! values read against them ([`key`], [`read`], [`values`]), arithmetic in strings ([`expression`]), the registries of members ([`registry`]), the JSON Schema
//! made from both ([`schema`]), and the three pure services: [`shape`], named random streams ([`random`]) and [`hash`].
//!
//! Nothing here knows what a network, a data set or a sweep is.

pub mod error;

pub mod diagnostics;
pub mod node;

pub mod expression;
pub mod key;
pub mod read;
pub mod registry;
pub mod values;

pub mod schema;

pub mod files;
pub mod hash;
pub mod random;
pub mod shape;
