//! What was measured, as `report.json` keeps it: every sample, what is estimated from them, and under which circumstances.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Result};
use crate::report::words::list;

use super::case::{Case, Unit};
use super::limits::{CLOCK, TILE, peak_name};
use super::machine::{Load, Machine};
use super::statistics::{Estimate, difference_of_halves, noise};

/// The version of `report.json`.
const VERSION: u32 = 1;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The version of this format.
    pub runner_bench: u32,
    /// What was typed.
    pub command: String,
    /// Samples of every measure, each in a round of its own.
    pub rounds: usize,
    /// Whether little time was to be taken.
    pub quick: bool,
    /// The machine and the program.
    pub machine: Machine,
    /// How busy it was.
    pub load: Load,
    /// By how much measures of a group differ when they are taken twice, as a share.
    pub noise: Vec<(String, f64)>,
    /// All measures.
    pub measures: Vec<Measure>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its group: `gemm`.
    pub group: String,
    /// What was done.
    pub name: String,
    /// By whom.
    pub with: String,
    /// What the estimate is in.
    pub unit: Unit,
    /// The median over the rounds.
    pub estimate: Estimate,
    /// The difference between the halves of its rounds.
    pub difference: Option<f64>,
    /// Its speed as a share of the peak of its instruction set and cores.
    pub share_of_peak: Option<f64>,
    /// Floating-point operations a second, in 10^9, where they are counted.
    pub gflops: Option<f64>,
    /// Floating-point operations for a byte that has to be moved.
    pub intensity: Option<f64>,
    /// How much a repetition does, in what the unit counts.
    pub work: f64,
    /// Its size in words.
    pub size: String,
    /// Repetitions of a sample.
    pub repetitions: u64,
    /// Seconds of every sample.
    pub seconds: Vec<f64>,
}

impl Measure {
    /// Whether the other is the same measure.
    pub fn is(&self, other: &Self) -> bool {
        (&self.group, &self.name, &self.with, self.unit) == (&other.group, &other.name, &other.with, other.unit)
    }
}

/// A case with its samples.
pub(super) struct Sampled {
    pub group: &'static str,
    pub case: Case,
    pub repetitions: u64,
    pub seconds: Vec<f64>,
}

impl Results {
    /// Of these samples.
    pub(super) fn new(sampled: &[Sampled], head: Head) -> Self {
        let mut measures: Vec<Measure> = sampled.iter().map(measure).collect();
        let peaks = measures.clone();
        for (measure, sampled) in measures.iter_mut().zip(sampled).filter(|(m, _)| m.group != "limits") {
            let Some(flops) = &sampled.case.flops else { continue };
            // beyond the cores that were tried every core has the peak of one
            let (peak, cores) = match peak(&peaks, &flops.isa, flops.cores) {
                Some(peak) => (Some(peak), 1),
                None => (peak(&peaks, &flops.isa, 1), flops.cores),
            };
            measure.share_of_peak = measure.gflops.zip(peak).map(|(gflops, peak)| gflops / (peak * cores as f64));
        }
        let mut groups: Vec<&str> = sampled.iter().map(|s| s.group).collect();
        groups.dedup();
        let of = |group: &str| -> Vec<f64> {
            measures.iter().filter(|m| m.group == group).filter_map(|m| m.difference).collect()
        };
        let noise = groups.iter().map(|group| ((*group).to_owned(), noise(&of(group)))).collect();
        let Head { command, rounds, quick, machine, load } = head;
        Self { runner_bench: VERSION, command, rounds, quick, machine, load, noise, measures }
    }

    /// The measures of a group.
    pub fn group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Measure> {
        self.measures.iter().filter(move |m| m.group == group)
    }

    /// The noise of a group; 0 where there is none of it.
    pub fn noise_of(&self, group: &str) -> f64 {
        self.noise.iter().find(|(name, _)| name == group).map_or(0.0, |(_, noise)| *noise)
    }

    /// What the loop of a matrix product reaches on an instruction set with its operands in the first-level cache, in 10^9
    /// operations a second.
    pub fn tile(&self, isa: &str) -> Option<f64> {
        self.measures.iter().find(|m| m.group == "limits" && m.name == TILE && m.with == isa).map(|m| m.estimate.median)
    }

    /// The peak of an instruction set on so many cores, in 10^9 operations a second.
    pub fn peak(&self, isa: &str, cores: usize) -> Option<f64> {
        peak(&self.measures, isa, cores)
    }

    /// The clock in 10^9 cycles a second.
    pub fn clock(&self) -> Option<f64> {
        self.measures.iter().find(|m| m.name == CLOCK).map(|m| m.estimate.median)
    }

    /// What a reader has to be warned of.
    pub fn warnings(&self) -> Vec<String> {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let mut warnings = Vec::new();
        if !self.machine.optimised {
            warnings.push("this is not an optimised build: `cargo build --release` makes one".to_owned());
        }
        if let Some(before) = self.load.before.filter(|load| *load > 0.25 * self.machine.cores as f64) {
            warnings.push(format!("the machine was busy before it began: {before} processes wanted to run"));
        }
        if let Some(others) = self.load.others.filter(|others| *others > 0.05) {
            warnings.push(format!("others had {} of the machine's time meanwhile", percent(others)));
        }
        let noisy = self.noise.iter().filter(|(_, noise)| *noise > 0.1);
        let noisy: Vec<String> = noisy.map(|(group, noise)| format!("`{group}` {}", percent(*noise))).collect();
        if !noisy.is_empty() {
            warnings.push(format!("repeated measurements differ by much: {}", list(&noisy)));
        }
        warnings
    }

    /// As JSON, with a line for every measure.
    pub fn json(&self) -> String {
        let line = |measure: &Measure| serde_json::to_string(measure).expect("plain data");
        let lines: Vec<String> = self.measures.iter().map(line).collect();
        let head = serde_json::to_string_pretty(&Self { measures: Vec::new(), ..self.clone() }).expect("plain data");
        let head = head.strip_suffix("[]\n}").expect("the measures come last");
        format!("{head}[\n{}\n]}}\n", lines.join(",\n"))
    }

    /// An earlier report. Errors: a file that cannot be read, or is no such report.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::file("read", path, &e))?;
        let version =
            serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|v| v.get("runner_bench")?.as_u64());
        match version {
            Some(version) if version == u64::from(VERSION) => serde_json::from_str(&text)
                .map_err(|e| Error::new(format!("`{}` is damaged: {e}", path.display())).hint(MAKE_ONE)),
            Some(version) => {
                let message =
                    format!("`{}` has version {version}, this program reads version {VERSION}", path.display());
                Err(Error::new(message).hint(MAKE_ONE))
            }
            None => Err(Error::new(format!("`{}` is no report of `runner bench`", path.display())).hint(MAKE_ONE)),
        }
    }
}

const MAKE_ONE: &str = "name a `report.json` that `runner bench` wrote, such as results/bench/report.json";

/// What is known beside the samples.
pub(super) struct Head {
    pub command: String,
    pub rounds: usize,
    pub quick: bool,
    pub machine: Machine,
    pub load: Load,
}

fn peak(measures: &[Measure], isa: &str, cores: usize) -> Option<f64> {
    let name = peak_name(cores);
    measures.iter().find(|m| m.name == name && m.with == isa).map(|m| m.estimate.median)
}

fn measure(sampled: &Sampled) -> Measure {
    let Sampled { group, case, repetitions, seconds } = sampled;
    let one: Vec<f64> = seconds.iter().map(|s| s / *repetitions as f64).collect();
    let values: Vec<f64> = one.iter().map(|s| case.unit.of(case.work, *s)).collect();
    let flops = case.flops.as_ref();
    Measure {
        group: (*group).to_owned(),
        name: case.name.clone(),
        with: case.with.clone(),
        unit: case.unit,
        estimate: Estimate::of(&values),
        difference: difference_of_halves(&values),
        share_of_peak: None,
        gflops: flops.map(|flops| 1e-9 * flops.count / Estimate::of(&one).median),
        intensity: flops.and_then(|flops| Some(flops.count / flops.bytes?)),
        work: case.work,
        size: case.size.clone(),
        repetitions: *repetitions,
        seconds: seconds.clone(),
    }
}
