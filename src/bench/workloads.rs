//! Training, as `runner` does it: the workloads that are part of the program, or a person's own experiment files. A workload
//! that is long is cut to a length that depends on nothing but the file, so that its work is the same on every machine; of a
//! wide sweep trials are taken at equal distances. Data are made ready beforehand.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use kernels::{Cpu, Scratch};

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::base::key::Times;
use crate::data::{self, Cache, Dataset, Folders};
use crate::report::words::count;
use crate::run::experiment::{Depth, Experiment, outline};
use crate::run::workers::in_turn;
use crate::trial::looks::Looks;
use crate::trial::plan::Plan;
use crate::trial::record::{Record, Status};
use crate::trial::train::{Identity, Means, Watch, pieces, train};

use super::Setup;
use super::case::{Case, Flops, Repeat, Unit};

/// The files of `benches/workloads` as the build found them: name and text.
static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/workloads.rs"));
/// The one that is no training but everything around it.
const OVERHEAD: &str = "overhead.toml";

/// What one sample of a workload costs, in floating-point operations: about a second on two cores of today.
const BUDGET: f64 = 1.5e11;
const QUICK_BUDGET: f64 = 1e10;
/// What a number that a pass writes, and a parameter that a step updates, cost beside the products, in the same unit.
const PER_NUMBER: f64 = 20.0;
/// Trials of a sweep, at most, and steps of a trial, at least.
const MOST_TRIALS: usize = 64;
const FEWEST_STEPS: u64 = 10;
/// Bytes of all data sets together, from which no further one is made.
const MOST_DATA: usize = 1 << 30;

/// Samples over the time of the training steps alone.
pub const STEPS: &str = "training steps";
/// Samples over the time from beginning to end, where the workload was not cut: else it would be the evaluations' time.
pub const WHOLE: &str = "whole trials";

/// The same if training consisted of its pieces alone, each in the nearest cache, divided between the workers without loss.
pub const PIECES: &str = "pieces alone";

/// The experiments that are part of the program, in the order of their names.
pub fn embedded() -> Result<Vec<Experiment>> {
    EMBEDDED.iter().filter(|(file, _)| *file != OVERHEAD).map(|(file, text)| read(file, text, &[])).collect()
}

/// The experiment of one-step trials, with so many of them.
pub fn overhead(trials: usize) -> Result<Experiment> {
    let (file, text) = EMBEDDED.iter().find(|(file, _)| *file == OVERHEAD).expect("benches/workloads holds it");
    read(file, text, &[format!("seeds={trials}")])
}

fn read(file: &str, text: &str, sets: &[String]) -> Result<Experiment> {
    let folder = tempfile::tempdir().map_err(|e| Error::new(format!("cannot create a temporary folder: {e}")))?;
    let path = folder.path().join(file);
    std::fs::write(&path, text).map_err(|e| Error::file("write", &path, &e))?;
    let mut diagnostics = Diagnostics::new();
    let read = Experiment::read(&path, sets, &Folders::default(), Depth::Whole, &mut diagnostics)?;
    read.ok_or_else(|| Error::new(format!("a workload of the program is wrong:\n{}", diagnostics.render(false))))
}

pub(super) fn cases(setup: &Setup) -> Result<Vec<Case>> {
    let experiments = if setup.experiments.is_empty() { &Rc::new(embedded()?) } else { &setup.experiments };
    let both = experiments.iter().map(|experiment| Workload::new(experiment, setup)?.cases());
    Ok(both.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// A trial that is ready.
struct Trial {
    /// Index into the workload's plans.
    plan: usize,
    seed: u64,
    parts: Vec<Arc<Dataset>>,
}

/// Trials that are measured together.
struct Workload {
    name: String,
    cpu: Cpu,
    jobs: usize,
    threads: usize,
    plans: Vec<Plan>,
    trials: Vec<Trial>,
    size: String,
    /// Whether trials or steps were left out.
    cut: bool,
}

/// What a run of all trials came to.
struct Ran {
    records: Vec<Record>,
    /// Of the worker that was longest in training steps.
    steps: f64,
    /// From beginning to end.
    whole: f64,
}

impl Workload {
    /// Plans the trials and makes their data ready. Errors: data that cannot be read.
    fn new(experiment: &Experiment, setup: &Setup) -> Result<Self> {
        let seeds = experiment.space.seeds.len();
        let all = experiment.trials();
        let wanted = spread(all, MOST_TRIALS);
        let (mut plans, mut cells): (Vec<Plan>, BTreeMap<usize, usize>) = (Vec::new(), BTreeMap::new());
        let (mut trials, mut known, cache) = (Vec::new(), BTreeMap::new(), Cache::new(MOST_TRIALS));
        let mut sets: Vec<Arc<Dataset>> = Vec::new();
        for index in wanted {
            let (cell, seed) = (index / seeds, experiment.space.seeds[index % seeds]);
            let setting = experiment.setting(cell);
            let known = outline(setting.data(), &experiment.folders, &mut known, &mut Diagnostics::new());
            let place = match cells.get(&cell) {
                Some(place) => *place,
                None => {
                    let plan = known.and_then(|known| experiment.plan(&setting, &known));
                    let changed = || Error::new("the data files have changed since the experiment was checked");
                    plans.push(plan.ok_or_else(changed)?);
                    cells.insert(cell, plans.len() - 1);
                    plans.len() - 1
                }
            };
            let seeds = plans[place].seeds(seed);
            let parts = data::prepared(setting.data(), &experiment.folders, seeds, &cache)?.parts();
            let fresh = parts.iter().filter(|part| !sets.iter().any(|set| Arc::ptr_eq(set, part)));
            sets.extend(fresh.cloned().collect::<Vec<_>>());
            trials.push(Trial { plan: place, seed, parts });
            if sets.iter().map(|set| 4 * set.x.len()).sum::<usize>() > MOST_DATA {
                break;
            }
        }
        let jobs = setup.jobs.unwrap_or(setup.cores).clamp(1, trials.len());
        let threads = setup.threads.unwrap_or((setup.cores / jobs).max(1));
        let (name, cpu) = (experiment.name.clone(), setup.cpu);
        let mut workload = Self { name, cpu, jobs, threads, plans, trials, size: String::new(), cut: false };
        workload.cut(if setup.quick { QUICK_BUDGET } else { BUDGET }, all);
        Ok(workload)
    }

    /// Leaves so much of the trials as the budget allows.
    fn cut(&mut self, budget: f64, all: usize) {
        let cost = |trial: &Trial| cost_of_step(&self.plans[trial.plan], &trial.parts[0]);
        let mean = self.trials.iter().map(cost).sum::<f64>() / self.trials.len() as f64;
        let longest = self.plans.iter().map(|plan| plan.run.steps).max().unwrap_or(0);
        let afforded = |trials: usize| ((budget / mean) as u64 / trials as u64).max(1);
        if afforded(self.trials.len()) < FEWEST_STEPS {
            // fewer trials, as many for every worker
            let fewer = (budget / mean) as usize / FEWEST_STEPS as usize;
            let kept = spread(self.trials.len(), fewer.next_multiple_of(self.jobs).max(self.jobs));
            let mut index = 0..;
            self.trials.retain(|_| index.next().is_some_and(|i| kept.contains(&i)));
        }
        let steps = afforded(self.trials.len());
        for plan in &mut self.plans {
            plan.run.steps = plan.run.steps.min(steps);
            // measured at both ends only
            plan.looks = Looks::new(&Times::At(Vec::new()), plan.run);
        }
        let part = |now: usize, whole: usize| if now < whole { format!("{now} of {whole}") } else { whole.to_string() };
        let workers = if self.threads > 1 { count(self.threads, "thread") } else { count(self.jobs, "job") };
        let trials = if all == 1 { String::new() } else { format!("{} trials x ", part(self.trials.len(), all)) };
        self.size = format!("{trials}{} steps, {workers}", part(steps.min(longest) as usize, longest as usize));
        self.cut = steps < longest || self.trials.len() < all;
    }

    /// Runs all trials. Errors: threads that cannot be started.
    fn run(&self) -> Result<Ran> {
        let done = Mutex::new(Vec::new());
        let begun = Instant::now();
        in_turn(self.jobs, self.threads, self.trials.len(), &|worker, index, scratches| {
            let record = self.trial(index, scratches);
            done.lock().expect("nobody panics with it").push((index, worker, record));
            ControlFlow::Continue(())
        })?;
        let whole = begun.elapsed().as_secs_f64();
        let mut done = done.into_inner().expect("nobody panics with it");
        done.sort_by_key(|(index, ..)| *index);
        let mut busy = vec![0.0; self.jobs];
        done.iter().for_each(|(_, worker, record)| busy[*worker] += record.train_seconds);
        let steps = busy.into_iter().fold(0.0, f64::max);
        Ok(Ran { records: done.into_iter().map(|(.., record)| record).collect(), steps, whole })
    }

    fn trial(&self, index: usize, scratches: &mut [Scratch]) -> Record {
        let trial = &self.trials[index];
        let who = Identity { trial: index.to_string(), axes: Vec::new(), seed: trial.seed };
        let means = Means { cpu: self.cpu, parts: &trial.parts, watch: &Nobody };
        train(&self.plans[trial.plan], who, &means, scratches).expect("nobody stops it")
    }

    /// What is measured: the training steps alone, and all of it. Errors: threads that cannot be started, trials that
    /// have no step.
    fn cases(self) -> Result<Vec<Case>> {
        let first = self.run()?.records;
        let samples: u64 = first.iter().map(|record| record.samples).sum();
        if samples == 0 {
            return Err(Error::new(format!("no trial of `{}` comes to a training step", self.name)));
        }
        let operations = |(trial, record): (&Trial, &Record)| {
            record.samples as f64 * self.plans[trial.plan].network.operations() as f64
        };
        let count = self.trials.iter().zip(&first).map(operations).sum();
        let (isa, cores) = (self.cpu.isa().to_string(), self.jobs * self.threads);
        let flops = Some(Flops { count, isa, cores, bytes: None }).filter(|flops| flops.count > 0.0);
        let diverged = first.iter().filter(|record| matches!(record.status, Status::Diverged { .. })).count();
        let size = if diverged > 0 { format!("{}, {diverged} diverged", self.size) } else { self.size.clone() };
        let (name, cut, whole) = (self.name.clone(), self.cut, Rc::new(Cell::new(0.0)));
        let (seen, workload, mut scratch) = (whole.clone(), Rc::new(self), Scratch::new());
        let alone = workload.pieces(&mut scratch).is_some();
        let of_pieces = workload.clone();
        let alone = alone.then_some(move |_| Ok(of_pieces.pieces(&mut scratch).unwrap_or_default()));
        let sample = move |_| {
            let ran = workload.run()?;
            // a trial is a pure function of its settings and its seed
            let same = ran.records.iter().zip(&first).all(|(now, then)| now.weights_digest == then.weights_digest);
            assert!(same, "`{}` has other weights when it is trained again", workload.name);
            whole.set(ran.whole);
            Ok(ran.steps)
        };
        let case = |with: &str| {
            let case = Case::of(&name, with, Unit::Samples, samples as f64, || ());
            Case { repeat: Repeat::Once, size: size.clone(), ..case }
        };
        let steps = Case { flops, sample: Box::new(sample), ..case(STEPS) };
        let whole = (!cut).then(|| Case { sample: Box::new(move |_| Ok(seen.get())), ..case(WHOLE) });
        let alone = alone.map(|sample| Case { sample: Box::new(sample), ..case(PIECES) });
        Ok(std::iter::once(steps).chain(alone).chain(whole).collect())
    }

    /// Seconds that all steps of all trials would take on all workers, were they the pieces of a step alone.
    fn pieces(&self, scratch: &mut Scratch) -> Option<f64> {
        let mut steps: BTreeMap<usize, Option<f64>> = BTreeMap::new();
        let of_trial = |trial: &Trial| {
            let plan = &self.plans[trial.plan];
            let step = steps.entry(trial.plan).or_insert_with(|| pieces(plan, self.cpu, &trial.parts[0], scratch));
            step.map(|seconds| seconds * plan.run.steps as f64)
        };
        let seconds: Option<f64> = self.trials.iter().map(of_trial).sum();
        seconds.map(|seconds| seconds / (self.jobs * self.threads) as f64)
    }
}

/// What a training step costs, about, in floating-point operations.
fn cost_of_step(plan: &Plan, train: &Dataset) -> f64 {
    let rows = plan.batch_rows(train.rows());
    let numbers = plan.network.kept(rows) + plan.network.parameters();
    rows as f64 * plan.network.operations() as f64 + PER_NUMBER * numbers as f64
}

/// At most `most` of the numbers from 0 to `all` - 1, at equal distances.
fn spread(all: usize, most: usize) -> Vec<usize> {
    let taken = all.min(most);
    (0..taken).map(|i| i * all / taken).collect()
}

struct Nobody;

impl Watch for Nobody {
    fn evaluated(&self, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}

    fn stop(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_lies_at_equal_distances() {
        assert_eq!(spread(3, 64), [0, 1, 2]);
        assert_eq!(spread(130, 4), [0, 32, 65, 97]);
    }

    #[test]
    fn every_workload_is_an_experiment() {
        let names: Vec<String> = embedded().unwrap().into_iter().map(|e| e.name).collect();
        for name in ["mlp", "mlpbig", "sweep", "tiny"] {
            assert!(names.iter().any(|n| n == name), "{names:?}");
        }
        assert_eq!(overhead(3).unwrap().trials(), 3);
    }
}
