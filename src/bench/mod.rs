//! `runner bench`: how fast this machine is, and how near the kernels and the training come to it, as a report that can be
//! repeated and held against an earlier one. Every round measures everything once, in turn, so that what disturbs the
//! machine for a while disturbs all measures alike; what is reported are medians over the rounds.
//!
//! In reading order: what is measured ([`case`], and the groups [`limits`], [`gemm`], [`elementwise`], [`workloads`], [`overhead`]),
//! what repeated measurements tell ([`statistics`]), where they were made ([`machine`]), what is kept of them ([`results`]),
//! two of those held against each other ([`comparison`]), and what a person sees: [`tables`], [`figures`], [`report`].

pub mod case;

mod elementwise;
mod gemm;
mod limits;
mod overhead;
pub mod workloads;

pub mod statistics;

pub mod machine;
pub mod results;

pub mod comparison;

mod figures;
pub mod report;
mod tables;

use std::rc::Rc;
use std::time::{Duration, Instant};

use kernels::Cpu;

use crate::base::error::Result;
use crate::run::experiment::Experiment;

use case::Case;
use machine::{Machine, Meter};
use results::{Head, Results, Sampled};

/// What the cases of a group depend on.
pub struct Setup {
    /// The instruction sets that kernels are measured on, the best first.
    pub cpus: Vec<Cpu>,
    /// The one that networks are trained on.
    pub cpu: Cpu,
    /// Trials at a time, where it was said.
    pub jobs: Option<usize>,
    /// Threads of a trial, where it was said.
    pub threads: Option<usize>,
    /// Cores of the machine.
    pub cores: usize,
    /// Whether to leave out what takes long.
    pub quick: bool,
    /// What is trained instead of the program's own workloads.
    pub experiments: Rc<Vec<Experiment>>,
}

impl Setup {
    /// All instruction sets, or the one that was asked for.
    pub fn new(only: Option<Cpu>) -> Self {
        let cpus = only.map_or_else(Cpu::all, |cpu| vec![cpu]);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cpu: cpus[0], cpus, jobs: None, threads: None, cores, quick: false, experiments: Rc::default() }
    }
}

/// Measures that belong together.
pub struct Group {
    /// As `--only` names it.
    pub name: &'static str,
    /// What it measures.
    pub summary: &'static str,
    /// Its cases. Errors: what cannot be made ready here.
    pub cases: fn(&Setup) -> Result<Vec<Case>>,
}

/// All groups, in the order they are measured.
pub static GROUPS: &[Group] = &[
    Group { name: "limits", summary: "fused multiply-adds, memory bandwidth, clock", cases: limits::cases },
    Group { name: "gemm", summary: "matrix products", cases: gemm::cases },
    Group { name: "activations", summary: "activations and their gradients", cases: elementwise::activations },
    Group { name: "losses", summary: "losses with their gradients", cases: elementwise::losses },
    Group { name: "optimizers", summary: "steps of optimizers", cases: elementwise::optimizers },
    Group { name: "cells", summary: "steps of recurrent units, forward and back", cases: elementwise::cells },
    Group { name: "workloads", summary: "training, whole", cases: workloads::cases },
    Group { name: "overhead", summary: "a trial beside its training", cases: overhead::cases },
];

/// The group that user's own files are measured in.
pub const WORKLOADS: &str = "workloads";

/// What is to be measured.
pub struct Options {
    /// On what.
    pub setup: Setup,
    /// The groups; all when empty.
    pub only: Vec<String>,
    /// Samples of every measure; the usual number when not given.
    pub rounds: Option<usize>,
    /// What was typed.
    pub command: String,
}

/// Rounds: so many that the interval leaves the slowest and the fastest out, or just holds the median with 95 %.
const ROUNDS: usize = 9;
const QUICK_ROUNDS: usize = 6;
/// How long a sample takes at least, for the clock and for what happens now and then.
const SAMPLE: Duration = Duration::from_millis(8);
const QUICK_SAMPLE: Duration = Duration::from_millis(2);
/// How long a case runs before a sample: the clock follows what is computed, and the case before has left it somewhere else.
const WARM: Duration = Duration::from_millis(4);
const QUICK_WARM: Duration = Duration::from_millis(1);

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// How many measures there are.
    pub measures: usize,
    /// Rounds done, and all of them.
    pub round: (usize, usize),
    /// How long the rest takes, about.
    pub left: Duration,
}

/// Measures. `progress` is told before the first round and after every one. Errors: what cannot be measured here.
pub fn run(options: &Options, progress: &dyn Fn(Progress)) -> Result<Results> {
    let setup = &options.setup;
    let (machine, meter) = (Machine::new(), Meter::start());
    let rounds = options.rounds.unwrap_or(if setup.quick { QUICK_ROUNDS } else { ROUNDS });
    let least = if setup.quick { QUICK_SAMPLE } else { SAMPLE }.as_secs_f64();
    let warm = if setup.quick { QUICK_WARM } else { WARM };
    let mut sampled = Vec::new();
    for (group, case) in cases(options)? {
        sampled.push(Sampled { group, case, repetitions: 1, seconds: Vec::with_capacity(rounds) });
    }
    for one in &mut sampled {
        one.repetitions = one.case.repetitions(least)?;
    }
    let measures = sampled.len();
    // what is known before the first round; training takes its own time to try
    let tell = |done: usize, left: Duration| progress(Progress { measures, round: (done, rounds), left });
    tell(0, Duration::ZERO);
    let begun = Instant::now();
    for round in 1..=rounds {
        for one in &mut sampled {
            let turn = Instant::now();
            while one.repetitions > 1 && turn.elapsed() < warm {
                one.case.take(1)?;
            }
            one.seconds.push(one.case.take(one.repetitions)?);
        }
        tell(round, begun.elapsed().mul_f64((rounds - round) as f64 / round as f64));
    }
    let head = Head { command: options.command.clone(), rounds, quick: setup.quick, machine, load: meter.stop() };
    Ok(Results::new(&sampled, head))
}

/// The cases of the groups that are wanted; the peaks are there for every one, because shares are of them.
fn cases(options: &Options) -> Result<Vec<(&'static str, Case)>> {
    let wanted = |group: &&Group| options.only.is_empty() || options.only.iter().any(|name| name == group.name);
    let mut cases = Vec::new();
    for group in GROUPS {
        let made = match group.name {
            _ if wanted(&group) => (group.cases)(&options.setup)?,
            "limits" => limits::peaks(&options.setup),
            _ => Vec::new(),
        };
        cases.extend(made.into_iter().map(|case| (group.name, case)));
    }
    Ok(cases)
}

/// Numbers between -1 and 1 to compute with.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 + 11) % 101) as f32 / 50.5 - 1.0).collect()
}
