//! What the runner costs around the training itself: checking a file, the overhead of a trial, from one-step trials of the
//! smallest network through the whole machinery, log and report included, and the memory of trials that are finished.
//!
//! `cargo bench --bench runs`

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernels::Cpu;
use runner::base::diagnostics::Diagnostics;
use runner::data::Folders;
use runner::run::experiment::{Depth, Experiment};
use runner::run::{self, Observer, Options};
use runner::trial::record::Record;

struct Nobody;

impl Observer for Nobody {
    fn begin(&self, _all: usize, _done: usize, _now: usize) {}
    fn started(&self, _worker: usize, _labels: &[(String, String)], _seed: u64) {}
    fn evaluated(&self, _worker: usize, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}
    fn finished(&self, _worker: usize, _record: &Record) {}
    fn end(&self) {}
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str, sets: &[String]) -> Experiment {
    let mut diagnostics = Diagnostics::new();
    let read = Experiment::read(&path(file), sets, &Folders::default(), Depth::Whole, &mut diagnostics);
    read.expect("the file is there").unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

/// So many trials of one step each, one after the other, in a folder that is thrown away.
fn run(trials: usize, observer: &dyn Observer) {
    let experiment = read("benches/workloads/overhead.toml", &[format!("seeds={trials}")]);
    let out = tempfile::tempdir().expect("a folder for results");
    let options = Options {
        cpu: Cpu::best(),
        jobs: Some(1),
        threads: Some(1),
        out: out.path().to_owned(),
        shard: None,
        fresh: false,
        stop: Arc::new(AtomicBool::new(false)),
    };
    run::run(&experiment, &options, observer).expect("it runs");
}

fn check(c: &mut Criterion) {
    c.bench_function("check lr_sweep", |b| b.iter(|| read("experiments/lr_sweep.toml", &[])));
    let mut process = Command::new(env!("CARGO_BIN_EXE_runner"));
    process.arg("check").arg(path("experiments/lr_sweep.toml"));
    c.bench_function("check lr_sweep, the whole process", |b| {
        b.iter(|| assert!(process.output().expect("it starts").status.success()));
    });
}

fn overhead(c: &mut Criterion) {
    const TRIALS: usize = 1000;
    let mut group = c.benchmark_group("overhead");
    group.sample_size(10).throughput(Throughput::Elements(TRIALS as u64));
    group.bench_function("one-step trials, 1 job", |b| b.iter(|| run(TRIALS, &Nobody)));
    group.finish();
}

/// Looks at the memory of the process after some of the trials.
#[derive(Default)]
struct Memory {
    finished: AtomicUsize,
}

impl Observer for Memory {
    fn begin(&self, _all: usize, _done: usize, _now: usize) {}
    fn started(&self, _worker: usize, _labels: &[(String, String)], _seed: u64) {}
    fn evaluated(&self, _worker: usize, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}
    fn finished(&self, _worker: usize, _record: &Record) {
        let finished = self.finished.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(finished, 100 | 1_000 | 10_000) {
            println!("memory after {finished} trials: {}", memory("VmRSS"));
        }
    }
    fn end(&self) {}
}

/// A line of what Linux tells of this process.
fn memory(key: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.map_or_else(|| "unknown here".to_owned(), |line| line.trim().to_owned())
}

/// Memory must not grow while trials finish. The report at the end reads all their records, about 1.5 KB of each here.
fn growth(_: &mut Criterion) {
    run(10_000, &Memory::default());
    println!("memory at its highest, with the report of 10000 trials: {}", memory("VmHWM"));
}

criterion_group!(benches, growth, check, overhead);
criterion_main!(benches);
