//! The machine and the program that were measured, and how busy the machine was. What this system does not tell is left out.

use serde::{Deserialize, Serialize};

use kernels::Cpu;

use crate::base::hash;

/// Facts that a number of this report means nothing without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Its first core's caches: `32K data, 1024K, 32768K`.
    pub caches: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Instruction sets, the widest first.
    pub isas: Vec<String>,
    /// `linux x86_64`.
    pub system: String,
    /// The program's version.
    pub version: String,
    /// The commit it was built from, with `+` where files differed; empty where that is not known.
    pub commit: String,
    /// The digest of the program's file.
    pub binary: String,
    /// The compiler.
    pub rustc: String,
    /// Whether it was optimised.
    pub optimised: bool,
}

impl Machine {
    /// This one.
    pub fn new() -> Self {
        let binary = std::env::current_exe().ok().and_then(|path| hash::digest_files(&[path]).ok());
        Self {
            processor: processor().unwrap_or_else(|| "unknown".to_owned()),
            caches: caches(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            isas: Cpu::all().into_iter().map(|cpu| cpu.isa().to_string()).collect(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("RUNNER_COMMIT").to_owned(),
            binary: binary.unwrap_or_default(),
            rustc: env!("RUNNER_RUSTC").to_owned(),
            optimised: !cfg!(debug_assertions),
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The caches of the first core that hold data, as Linux tells of them.
fn caches() -> String {
    let fact = |index: usize, name: &str| {
        let path = format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{name}");
        std::fs::read_to_string(path).map(|text| text.trim().to_owned()).ok()
    };
    let cache = |index| match (fact(index, "type")?.as_str(), fact(index, "level")?, fact(index, "size")?) {
        ("Instruction", ..) => None,
        (_, level, size) => Some(format!("L{level} {size}iB")),
    };
    (0..8).filter_map(cache).collect::<Vec<_>>().join(", ")
}

/// How busy the machine was, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Load {
    /// Processes that wanted to run, the mean of the last minute, before the first measurement.
    pub before: Option<f64>,
    /// The same after the last one; the measurements themselves are in it.
    pub after: Option<f64>,
    /// The share of the machine's time that others had meanwhile, or that its host took.
    pub others: Option<f64>,
}

/// Counters at the beginning, from which the load is found at the end.
pub struct Meter {
    before: Option<f64>,
    times: Option<(f64, f64, f64)>,
}

impl Meter {
    /// Begins.
    pub fn start() -> Self {
        Self { before: load(), times: times() }
    }

    /// What is known at the end.
    pub fn stop(self) -> Load {
        let share = |(before, after): ((f64, f64, f64), (f64, f64, f64))| {
            let (all, busy, own) = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
            (all > 0.0).then(|| ((busy - own) / all).clamp(0.0, 1.0))
        };
        Load { before: self.before, after: load(), others: self.times.zip(times()).and_then(share) }
    }
}

/// The load average of the last minute.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// Ticks of all cores together, of those the busy ones, and those of this process.
fn times() -> Option<(f64, f64, f64)> {
    let text = std::fs::read_to_string("/proc/stat").ok()?;
    // user, nice, system, idle, waiting for disks, interrupts (two kinds), taken by the host
    let ticks: Vec<f64> =
        text.lines().next()?.split_whitespace().skip(1).take(8).filter_map(|t| t.parse().ok()).collect();
    let all: f64 = ticks.iter().sum();
    let idle = ticks.get(3)? + ticks.get(4)?;
    let own = std::fs::read_to_string("/proc/self/stat").ok()?;
    // the name in brackets may hold blanks; the times are the 12th and 13th number behind it
    let mut own = own.rsplit_once(')')?.1.split_whitespace().skip(11).map(|t| t.parse::<f64>().ok());
    Some((all, all - idle, own.next()?? + own.next()??))
}
