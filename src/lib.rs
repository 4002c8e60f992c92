//! A declarative experiment runner for the question **why and when trained neural networks generalize**. One TOML file
//! states the question, the data, the network, the loss, the optimizer, the schedule, the sweep, the plots and the
//! published result; [`cli`] reads it, [`run`] trains every trial of it, [`report`] writes tables and figures of train
//! against test.
//!
//! # The way of an experiment
//!
//! ```text
//! file --base::node--> tree --run::experiment--> cells x seeds --trial::plan--> plans     all mistakes are found here
//!                                                                 |
//!                     run::workers: so many at a time --trial::train--> records --store--> log.jsonl
//!                                                                                             |
//!                                                     report: frame -> tables, figures, verdicts, report.html
//! ```
//!
//! A file is parsed into a tree in which every value knows its place ([`base::node`]). A sweep puts the values of its
//! axes into copies of that tree ([`sweep`]); each copy is read against tables of keys ([`base::key`], [`base::read`])
//! that belong to the folder whose section it is: [`data`], [`nn`], [`learn`], [`probe`]. So every key can be swept, and
//! a mistake in the value of an axis is shown where the value was written. What was read becomes a plan
//! ([`trial::plan`]): shapes placed, loss matched with data, steps counted. All plans are made before a second of training.
//!
//! A trial is a pure function of its resolved settings, its seed and its data, named by their hash. Its record is one
//! line of an append-only log ([`store`]); what has a record is not trained again. The report is a function of the
//! records alone.
//!
//! # Levels
//!
//! A module imports only from earlier levels, siblings never import each other; `tests/architecture.rs` holds the list.
//!
//! ```text
//! kernels < base < {data, nn, learn, sweep} < probe < trial < store < report < run < bench < cli
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | `kernels` | a crate of its own: everything that touches floats in bulk; no names from a file, no files, no clocks |
//! | [`base`] | diagnostics with places, keys, values, registries, the schema, random streams, hashes |
//! | [`data`] | sources of rows, and what is done to rows before a network sees them |
//! | [`nn`] | layers placed on shapes, parameters in one flat buffer, initial values, constraints on weights; where rows lie side by side in lanes |
//! | [`learn`] | objective, optimizer (L-BFGS among them), schedule, averages of weights, and how long to train |
//! | [`sweep`] | axes, strategies, the space of cells and seeds |
//! | [`probe`] | measures taken on a network at some step |
//! | [`trial`] | plan, training step, evaluation, record |
//! | [`store`] | the log of a results folder |
//! | [`report`] | tables, figures, expectations, `report.md` and `report.html` |
//! | [`run`] | the only module that knows everything of an experiment, and the only one that starts threads |
//! | [`bench`](mod@bench) | how fast this machine is, and how near training comes to it |
//! | [`cli`] | what a person types and is answered |
//!
//! # Invariants
//!
//! - **Same file, same bits.** Nothing that reaches a result depends on the number of jobs or threads, on the instruction
//!   set, on how often the network is looked at (but for what is asked to follow the evaluations: early stopping, a goal, the
//!   schedule `plateau`), or on being interrupted. Every sum has one order (see the arithmetic
//!   contract in `kernels`); every random number comes from a named stream of (seed, purpose, indices)
//!   ([`base::random`]); no hash map is iterated; no platform mathematics is called where bits matter; clocks and machine
//!   facts stand in `log.jsonl`, `timing.csv` and `environment.json` and nowhere else.
//! - **A training step allocates nothing**, takes no lock, prints nothing and reads no clock ([`trial::team`]).
//! - **A member of a registry is one file and one entry.** Its description makes the reading of its settings, their
//!   messages, `list`, `explain`, the JSON Schema and its tests; see CONTRIBUTING.
//! - **A user's mistake is a diagnostic** with place, found before anything runs; a failed assertion is a mistake of ours.
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

pub mod bench;

pub mod cli;
