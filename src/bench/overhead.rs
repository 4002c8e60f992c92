//! What a trial costs beside its training: trials of one step of the smallest network through the whole machinery, log and
//! report included, one after the other.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::base::error::{Error, Result};
use crate::run::{self, Observer, Options};
use crate::trial::record::Record;

use super::Setup;
use super::case::{Case, Repeat, Unit};
use super::workloads::overhead;

/// Trials of a sample.
const TRIALS: usize = 1000;
const QUICK_TRIALS: usize = 200;

pub(super) fn cases(setup: &Setup) -> Result<Vec<Case>> {
    let trials = if setup.quick { QUICK_TRIALS } else { TRIALS };
    let (experiment, cpu) = (overhead(trials)?, setup.cpu);
    let sample = move |_| {
        let out = tempfile::tempdir().map_err(|e| Error::new(format!("cannot create a temporary folder: {e}")))?;
        let options = Options {
            cpu,
            jobs: Some(1),
            threads: Some(1),
            out: out.path().to_owned(),
            shard: None,
            fresh: false,
            stop: Arc::new(AtomicBool::new(false)),
        };
        let begun = Instant::now();
        run::run(&experiment, &options, &Nobody)?;
        Ok(begun.elapsed().as_secs_f64())
    };
    let case = Case::of("one-step trials", cpu.isa(), Unit::UsPerTrial, trials as f64, || ());
    let size = format!("{trials} trials, log and report included, 1 job");
    Ok(vec![Case { repeat: Repeat::Once, size, sample: Box::new(sample), ..case }])
}

struct Nobody;

impl Observer for Nobody {
    fn begin(&self, _all: usize, _done: usize, _now: usize) {}
    fn started(&self, _worker: usize, _labels: &[(String, String)], _seed: u64) {}
    fn evaluated(&self, _worker: usize, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}
    fn finished(&self, _worker: usize, _record: &Record) {}
    fn end(&self) {}
}
