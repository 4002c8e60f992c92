//! The run: experiment -> trials -> workers -> log -> report. The only module that knows everything, and the only one
//! that spawns threads.

pub mod environment;
pub mod experiment;
pub mod forecast;
mod preview;
pub mod resolved;
mod sets;
pub mod stored;
pub mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernels::isa::Cpu;

use crate::base::error::{Error, Result};
use crate::base::values::Value;
use crate::base::{files, hash};
use crate::data;
use crate::report::Report;
use crate::report::frame::{Cell, Frame, Trial};
use crate::report::words;
use crate::store::{self, Log, Session};
use crate::trial::record::{Names, Record, Status};
use crate::trial::sections::member;

use experiment::{Experiment, Setting, data_key};

/// The version of the arithmetic. It is part of every trial's hash, so results of another arithmetic are never mixed.
const NUMERICS: u32 = 3;

/// How an experiment is run. Nothing here changes a bit of the results, except the engine, which is part of the hash.
pub struct Options {
    /// The instruction set and engine.
    pub cpu: Cpu,
    /// Trials at a time; the machine's cores when not given.
    pub jobs: Option<usize>,
    /// Threads per trial; what is left of the cores when not given.
    pub threads: Option<usize>,
    /// The results root.
    pub out: PathBuf,
    /// Which share of the trials, from 1, of how many.
    pub shard: Option<(usize, usize)>,
    /// Whether to train everything again.
    pub fresh: bool,
    /// Set from outside to end the run early.
    pub stop: Arc<AtomicBool>,
}

/// Somebody who follows a run.
pub trait Observer: Sync {
    /// The run begins: trials in all, of them done before, and to be trained now.
    fn begin(&self, all: usize, done: usize, now: usize);
    /// A worker begins a trial.
    fn started(&self, worker: usize, labels: &[(String, String)], seed: u64);
    /// A worker's trial was measured.
    fn evaluated(&self, worker: usize, step: u64, steps: u64, columns: &[String], values: &[f64]);
    /// A worker's trial ended.
    fn finished(&self, worker: usize, record: &Record);
    /// The run ended.
    fn end(&self);
}

/// A trial that is planned: its cell, its seed, its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Index into the space's cells.
    pub cell: usize,
    /// The seed.
    pub seed: u64,
    /// The hash.
    pub id: String,
}

/// What a run came to.
pub struct Finished {
    /// Where the results are.
    pub folder: PathBuf,
    /// The results.
    pub frame: Frame,
    /// The sentences on how they were made, and the command.
    pub words: Words,
    /// Trials that could not be trained, with why.
    pub failed: Vec<(String, String)>,
    /// Whether it was ended early.
    pub interrupted: bool,
}

/// What a report says beside the numbers.
pub struct Words {
    methods: String,
    command: String,
    digests: Vec<(String, String)>,
}

impl Words {
    /// The words for an experiment's results.
    pub fn new(experiment: &Experiment, frame: &Frame, digests: &BTreeMap<String, String>) -> Self {
        let name = |cell: usize| {
            let setting = experiment.setting(cell);
            let digest = digests.get(&digest_key(&data_key(setting.data())))?;
            Some((setting.data().name.to_owned(), digest.clone()))
        };
        let mut named: Vec<_> = (0..experiment.space.cells.len()).filter_map(name).collect();
        named.sort();
        named.dedup();
        Self { methods: methods(experiment, frame), command: command(experiment), digests: named }
    }

    /// The report of the results.
    pub fn report<'a>(&'a self, experiment: &'a Experiment, frame: &'a Frame) -> Report<'a> {
        let (figures, expectations) = (&experiment.figures, &experiment.expectations);
        let (methods, command, digests) = (&self.methods, &self.command, &self.digests);
        Report { frame, figures, style: &experiment.style, expectations, methods, command, digests }
    }
}

/// The results folder of an experiment.
pub fn folder(experiment: &Experiment, out: &Path) -> PathBuf {
    out.join(&experiment.name)
}

/// All trials with their hashes, cell by cell. `digests` are those of the data settings.
pub fn trials(experiment: &Experiment, engine: &str, digests: &BTreeMap<String, String>) -> Vec<Planned> {
    let mut planned = Vec::with_capacity(experiment.trials());
    for cell in 0..experiment.space.cells.len() {
        let setting = experiment.setting(cell);
        let digest = digests.get(&digest_key(&data_key(setting.data()))).map_or("", String::as_str);
        let start = setting.start().and_then(|path| digests.get(&start_key(path))).map_or("", String::as_str);
        let identity = format!("{NUMERICS}\n{engine}\n{}\n{digest}{start}\n", setting.values.to_node().to_toml());
        for &seed in &experiment.space.seeds {
            planned.push(Planned { cell, seed, id: hash::digest(format!("{identity}{seed}").as_bytes()) });
        }
    }
    planned
}

/// The digests of the files behind every data setting of the experiment, and of those that parameters start from; settings
/// without files have none. Errors: files
/// that cannot be read, or hold something else than the experiment says.
pub fn digests(experiment: &Experiment) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for cell in 0..experiment.space.cells.len() {
        let setting = experiment.setting(cell);
        let text = data_key(setting.data());
        if seen.insert(text.clone())
            && let Some(digest) = data::digest(setting.data(), &experiment.folders)?
        {
            found.insert(digest_key(&text), as_before(experiment, digest_key(&text), "data", &text, digest)?);
        }
        if let Some(path) = setting.start().filter(|path| !found.contains_key(&start_key(path))) {
            let digest = hash::digest_files(&[experiment.folders.file(path)?])?;
            found.insert(start_key(path), as_before(experiment, start_key(path), "file", path, digest)?);
        }
    }
    Ok(found)
}

/// The digest, if it is the one that the experiment says, where it says one.
fn as_before(experiment: &Experiment, key: String, what: &str, name: &str, digest: String) -> Result<String> {
    match experiment.digests.get(&key).filter(|wanted| **wanted != digest) {
        Some(wanted) => {
            let message = format!("the {what} `{name}` has digest {digest}, but the experiment was made with {wanted}");
            Err(Error::new(message).hint("use the same files, or take the entry out of `[digests]`"))
        }
        None => Ok(digest),
    }
}

/// The name among the digests of a file that parameters start from.
fn start_key(path: &str) -> String {
    digest_key(&format!("network.from {path}"))
}

/// A data setting's name among the digests: short, because the setting itself is long.
fn digest_key(text: &str) -> String {
    hash::digest(text.as_bytes())
}

/// Which of the trials have a record, and what is in the log of others.
pub fn done(folder: &Path, planned: &[Planned]) -> Result<BTreeSet<String>> {
    let wanted: BTreeSet<&str> = planned.iter().map(|p| p.id.as_str()).collect();
    let mut done = BTreeSet::new();
    if store::exists(folder) {
        store::read(folder, |record| {
            let finished = !matches!(record.status, Status::Failed { .. });
            if finished && wanted.contains(record.trial.as_str()) {
                done.insert(record.trial);
            }
        })?;
    }
    Ok(done)
}

/// Runs an experiment: trains what is not done yet, then writes the report.
pub fn run(experiment: &Experiment, options: &Options, observer: &dyn Observer) -> Result<Finished> {
    let folder = folder(experiment, &options.out);
    let digests = digests(experiment)?;
    let engine = options.cpu.multiplier().to_string();
    let planned = trials(experiment, &engine, &digests);
    let mut log = Log::open(&folder, &experiment.name, options.fresh)?;
    log.begin_session(&Session {
        file: experiment.file.clone(),
        sets: experiment.sets.clone(),
        engine: engine.clone(),
    })?;
    {
        let _alone = store::hold(&folder)?;
        files::write(&folder.join("experiment.toml"), experiment.text.as_bytes())?;
        files::write(&folder.join("resolved.toml"), resolved::text(experiment, &digests).as_bytes())?;
    }
    let done = done(&folder, &planned)?;
    let before = planned.iter().filter(|p| done.contains(&p.id)).count();
    let mine = |index: usize| options.shard.is_none_or(|(share, of)| index % of == share - 1);
    // two settings that come to the same are one trial
    let mut taken = done;
    let todo = planned.iter().enumerate().filter(|(i, p)| mine(*i) && taken.insert(p.id.clone()));
    let todo: Vec<&Planned> = todo.map(|(_, p)| p).collect();
    observer.begin(planned.len(), before, todo.len());
    let trained = workers::train_all(experiment, options, &todo, log, observer);
    observer.end();
    let failed = trained?;
    let _alone = store::hold(&folder)?;
    let frame = frame(experiment, &planned, &folder)?;
    let words = Words::new(experiment, &frame, &digests);
    words.report(experiment, &frame).write(&folder)?;
    environment::write(&folder, options)?;
    // a signal that comes after the last trial interrupts nothing
    let trained: BTreeSet<&str> = frame.trials.iter().filter(|t| t.record.is_some()).map(|t| t.id.as_str()).collect();
    let left = todo.iter().any(|p| !trained.contains(p.id.as_str()));
    let interrupted = left && options.stop.load(Ordering::Relaxed);
    Ok(Finished { folder, frame, words, failed, interrupted })
}

/// The records of the planned trials, arranged. Of several records of a trial the first that finished counts.
pub fn frame(experiment: &Experiment, planned: &[Planned], folder: &Path) -> Result<Frame> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    planned.iter().enumerate().for_each(|(i, p)| places.entry(&p.id).or_default().push(i));
    let mut records: Vec<Option<Record>> = vec![None; planned.len()];
    if store::exists(folder) {
        let mut names = Names::default();
        store::read(folder, |mut record| {
            names.share(&mut record);
            for &at in places.get(record.trial.as_str()).into_iter().flatten() {
                let settled = matches!(&records[at], Some(r) if !matches!(r.status, Status::Failed { .. }));
                if !settled {
                    records[at] = Some(record.clone());
                }
            }
        })?;
    }
    let trial =
        |(p, record): (&Planned, Option<Record>)| Trial { cell: p.cell, seed: p.seed, id: p.id.clone(), record };
    let mut frame = Frame {
        name: experiment.name.clone(),
        question: experiment.question.clone(),
        axes: experiment.axes(),
        cells: experiment.space.cells.iter().map(|at| Cell { at: at.clone() }).collect(),
        seeds: experiment.space.seeds.clone(),
        trials: planned.iter().zip(records).map(trial).collect(),
        previews: Vec::new(),
    };
    frame.previews = preview::previews(experiment, &frame);
    Ok(frame)
}

/// The command that makes the results again, as it is on every machine.
fn command(experiment: &Experiment) -> String {
    let sets: String = experiment.sets.iter().map(|set| format!(" --set '{set}'")).collect();
    format!("runner {}{sets}", experiment.file)
}

/// The sentence that a paper's methods section wants, about the first setting.
fn methods(experiment: &Experiment, frame: &Frame) -> String {
    let setting = experiment.setting(0);
    let seeds = experiment.space.seeds.len();
    let name = |section| member(&setting.read, section).map_or("", |chosen| chosen.name);
    let first = frame.trials.iter().filter(|t| t.cell == 0).find_map(|t| t.record.as_ref());
    let sizes = first.map_or_else(String::new, |record| {
        format!(" ({} training rows, {} parameters, {} steps)", record.train_rows, record.parameters, record.steps)
    });
    let several = if experiment.space.cells.len() > 1 { "in the first setting " } else { "" };
    let swept: Vec<String> = experiment.space.axes.iter().map(|a| format!("`{}`", a.path)).collect();
    let own = own_of_a_seed(&setting);
    let swept = if swept.is_empty() { String::new() } else { format!(" Varied: {}.", swept.join(", ")) };
    format!(
        "Trained {several}on data `{}` with loss `{}`, optimizer `{}` and schedule `{}`{sizes}, with {seeds} seed{} per \
         setting, {own}. Losses and accuracies are measured in evaluation \
         mode over all rows of a part, train and test on the same weights.{swept}",
        name("data"),
        name("loss"),
        name("optimizer"),
        name("schedule"),
        if seeds == 1 { "" } else { "s" },
    )
}

/// What one seed does not share with another, in the words of the methods sentence.
fn own_of_a_seed(setting: &Setting) -> String {
    let pinned = setting.values.table("pin");
    let pinned: Vec<String> =
        pinned.items.iter().filter(|(key, _)| pinned.has(key)).map(|(key, _)| format!("`{key}`")).collect();
    if !pinned.is_empty() {
        return format!("each with random streams of its own but for those that are pinned, {}", pinned.join(", "));
    }
    let train = setting.values.table("train");
    let mut own = vec!["initial weights".to_owned()];
    if setting.data().values.items.iter().any(|(key, item)| *key == "seed" && item.value == Value::Text("trial".into()))
    {
        own.insert(0, "rows".into());
    }
    // a full batch has no order
    if train.text("order") == "shuffled" && *train.value("batch_size") != Value::Text("full".into()) {
        own.push("order of rows".into());
    }
    format!("each with its own {}", words::list(&own))
}
