//! What the runner costs around the training itself: checking a file, and the overhead of a trial, from one-step trials
//! of the smallest network through the whole machinery, log and report included.
//!
//! `cargo bench --bench runs`

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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

fn read(file: &str, sets: &[String]) -> Experiment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut diagnostics = Diagnostics::new();
    let read = Experiment::read(&path, sets, &Folders::default(), Depth::Whole, &mut diagnostics);
    read.expect("the file is there").unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

fn check(c: &mut Criterion) {
    c.bench_function("check lr_sweep", |b| b.iter(|| read("experiments/lr_sweep.toml", &[])));
}

fn overhead(c: &mut Criterion) {
    const TRIALS: u64 = 1000;
    let experiment = read("benches/workloads/overhead.toml", &[format!("seeds={TRIALS}")]);
    let mut group = c.benchmark_group("overhead");
    group.sample_size(10).throughput(Throughput::Elements(TRIALS));
    group.bench_function("one-step trials, 1 job", |b| {
        b.iter(|| {
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
            run::run(&experiment, &options, &Nobody).expect("it runs")
        });
    });
    group.finish();
}

criterion_group!(benches, check, overhead);
criterion_main!(benches);
