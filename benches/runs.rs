//! Whole trials under criterion: the workloads and the overhead of a trial as `runner bench` measures them, what it costs to
//! check a file, and the memory of trials that are finished.
//!
//! `cargo bench --bench runs`

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernels::Cpu;
use runner::base::diagnostics::Diagnostics;
use runner::bench::workloads::{WHOLE, overhead};
use runner::bench::{GROUPS, Setup};
use runner::data::Folders;
use runner::run::experiment::{Depth, Experiment};
use runner::run::{self, Observer, Options};
use runner::trial::record::Record;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> Experiment {
    let mut diagnostics = Diagnostics::new();
    let read = Experiment::read(&path(file), &[], &Folders::default(), Depth::Whole, &mut diagnostics);
    read.expect("the file is there").unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn check(c: &mut Criterion) {
    c.bench_function("check lr_sweep", |b| b.iter(|| read("experiments/lr_sweep.toml")));
    let mut process = Command::new(env!("CARGO_BIN_EXE_runner"));
    process.arg("check").arg(path("experiments/lr_sweep.toml"));
    c.bench_function("check lr_sweep, the whole process", |b| {
        b.iter(|| assert!(process.output().expect("it starts").status.success()));
    });
}

fn trials(c: &mut Criterion) {
    let setup = Setup::new(None);
    for group in GROUPS.iter().filter(|group| ["workloads", "overhead"].contains(&group.name)) {
        let cases = (group.cases)(&setup).expect("the workloads need no files");
        // whole trials take their time from the training steps before them
        for mut case in cases.into_iter().filter(|case| case.with != WHOLE) {
            let mut own = c.benchmark_group(group.name);
            own.sample_size(10).throughput(Throughput::Elements(case.work as u64));
            own.bench_function(case.name.clone(), |b| {
                b.iter_custom(|n| Duration::from_secs_f64(case.take(n).expect("it ran before")));
            });
            own.finish();
        }
    }
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
    let experiment = overhead(10_000).expect("it is part of the program");
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
    run::run(&experiment, &options, &Memory::default()).expect("it runs");
    println!("memory at its highest, with the report of 10000 trials: {}", memory("VmHWM"));
}

criterion_group!(benches, growth, check, trials);
criterion_main!(benches);
