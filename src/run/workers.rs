//! The workers: so many trials at a time, taken in order from one list. With one job and one thread nothing is spawned.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::gemm::Scratch;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::base::files;
use crate::data::{self, Cache};
use crate::nn::params::Slot;
use crate::nn::weights;
use crate::store::Log;
use crate::trial::checkpoint::Moment;
use crate::trial::record::{Record, Status};
use crate::trial::train::{Identity, Means, Watch, train};

use super::experiment::{Experiment, outline};
use super::{Observer, Options, Planned, folder};

/// What the workers of a run share.
struct Shop<'a> {
    experiment: &'a Experiment,
    options: &'a Options,
    todo: &'a [&'a Planned],
    data: Cache,
    book: Mutex<Book>,
    observer: &'a dyn Observer,
}

/// What is written down.
struct Book {
    log: Log,
    /// Trials that failed, with why.
    failed: Vec<(String, String)>,
    /// Why the log could not be written, which ends the run.
    error: Option<Error>,
}

/// Trains the trials and writes their records. Returns those that failed, with why. Errors: the log cannot be written.
pub fn train_all(
    experiment: &Experiment,
    options: &Options,
    todo: &[&Planned],
    log: Log,
    observer: &dyn Observer,
) -> Result<Vec<(String, String)>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(cores).clamp(1, todo.len().max(1));
    let threads = options.threads.unwrap_or((cores / jobs).max(1));
    let shop = Shop {
        experiment,
        options,
        todo,
        data: Cache::new(jobs),
        book: Mutex::new(Book { log, failed: Vec::new(), error: None }),
        observer,
    };
    in_turn(jobs, threads, todo.len(), &|worker, index, scratches| shop.work(worker, index, scratches))?;
    let mut book = shop.book.into_inner().expect("no worker panics with the book");
    match book.error {
        Some(error) => Err(error),
        None => book.log.sync().map(|()| book.failed),
    }
}

/// What a worker does with a number that it took, given which worker it is, the number, and the packing buffers of its
/// threads; after a break it takes no more.
pub type Work<'a> = dyn Fn(usize, usize, &mut [Scratch]) -> ControlFlow<()> + Sync + 'a;

/// Lets `jobs` workers of `threads` threads each take the numbers from 0 to `count` - 1 in order, until there is none left.
/// Errors: threads that cannot be started.
pub fn in_turn(jobs: usize, threads: usize, count: usize, work: &Work<'_>) -> Result<()> {
    let next = AtomicUsize::new(0);
    let worker = |worker: usize| {
        let own = if threads > 1 { Some(pool(threads)?) } else { None };
        let mut scratches: Vec<Scratch> = (0..threads).map(|_| Scratch::new()).collect();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(());
            }
            let flow = match &own {
                Some(own) => own.install(|| work(worker, index, &mut scratches)),
                None => work(worker, index, &mut scratches),
            };
            if flow.is_break() {
                return Ok(());
            }
        }
    };
    if jobs == 1 {
        return worker(0);
    }
    let results: Mutex<Vec<Result<()>>> = Mutex::new(Vec::new());
    pool(jobs)?.scope(|scope| {
        for number in 0..jobs {
            let (worker, results) = (&worker, &results);
            scope.spawn(move |_| {
                let result = worker(number);
                results.lock().expect("no worker panics here").push(result);
            });
        }
    });
    results.into_inner().expect("no worker panics here").into_iter().collect()
}

fn pool(threads: usize) -> Result<ThreadPool> {
    let built = ThreadPoolBuilder::new().num_threads(threads).build();
    built.map_err(|e| Error::new(format!("cannot start {threads} threads: {e}")).hint("use fewer with `--jobs`"))
}

impl Shop<'_> {
    fn stopped(&self) -> bool {
        self.options.stop.load(Ordering::Relaxed)
    }

    /// Trains a trial of the list and writes its record.
    fn work(&self, worker: usize, index: usize, scratches: &mut [Scratch]) -> ControlFlow<()> {
        if self.stopped() {
            return ControlFlow::Break(());
        }
        let Some(record) = self.trial(worker, self.todo[index], scratches) else { return ControlFlow::Break(()) };
        self.observer.finished(worker, &record);
        if self.keep(&record) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Writes the record. A log that cannot be written ends the run: training what cannot be kept is of no use.
    fn keep(&self, record: &Record) -> bool {
        let mut book = self.book.lock().expect("no worker panics with the book");
        if let Status::Failed { message } = &record.status {
            book.failed.push((record.trial.clone(), message.clone()));
        }
        if book.error.is_none() {
            book.error = book.log.append(record).err();
        }
        book.error.is_none()
    }

    /// Trains a trial. A panic in it is our mistake, and it fails alone.
    fn trial(&self, worker: usize, planned: &Planned, scratches: &mut [Scratch]) -> Option<Record> {
        let axes = self.experiment.labels(planned.cell);
        self.observer.started(worker, &axes, planned.seed);
        let who = Identity { trial: planned.id.clone(), axes, seed: planned.seed };
        let outcome = catch_unwind(AssertUnwindSafe(|| self.attempt(worker, planned, who.clone(), scratches)));
        match outcome {
            Ok(Ok(record)) => record,
            Ok(Err(error)) => Some(failed(who, error.message)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                Some(failed(who, format!("a mistake in this program: {text}")))
            }
        }
    }

    fn attempt(
        &self,
        worker: usize,
        planned: &Planned,
        who: Identity,
        scratches: &mut [Scratch],
    ) -> Result<Option<Record>> {
        let setting = self.experiment.setting(planned.cell);
        let mut diagnostics = Diagnostics::new();
        let chosen = setting.data();
        let known = outline(chosen, &self.experiment.folders, &mut BTreeMap::new(), &mut diagnostics);
        let plan = known.and_then(|known| self.experiment.plan(&setting, &known));
        let Some(plan) = plan else {
            return Err(Error::new("the data files have changed since the experiment was checked"));
        };
        let prepared = data::prepared(chosen, &self.experiment.folders, plan.seeds(planned.seed), &self.data)?;
        let parts = prepared.parts();
        let folder = folder(self.experiment, &self.options.out).join("checkpoints").join(&planned.id);
        let watch = Watched { shop: self, worker, slots: plan.network.slots(), folder, error: Mutex::new(None) };
        let means = Means { cpu: self.options.cpu, parts: &parts, watch: &watch };
        let record = train(&plan, who, &means, scratches);
        // a record says that its checkpoints are there
        watch.error.into_inner().expect("nothing panics with the error").map_or(Ok(record), Err)
    }
}

struct Watched<'a> {
    shop: &'a Shop<'a>,
    worker: usize,
    slots: &'a [Slot],
    /// Where checkpoints go.
    folder: PathBuf,
    /// Why one of them could not be written.
    error: Mutex<Option<Error>>,
}

impl Watch for Watched<'_> {
    fn evaluated(&self, step: u64, steps: u64, columns: &[String], values: &[f64]) {
        self.shop.observer.evaluated(self.worker, step, steps, columns, values);
    }

    fn stop(&self) -> bool {
        self.shop.stopped()
    }

    fn keep(&self, moment: Moment, params: &[f32]) {
        let path = self.folder.join(format!("{}.safetensors", moment.name()));
        if let Err(error) = files::write(&path, &weights::to_bytes(self.slots, params)) {
            self.error.lock().expect("nothing panics with the error").get_or_insert(error);
        }
    }
}

fn failed(who: Identity, message: String) -> Record {
    Record {
        trial: who.trial,
        axes: who.axes,
        seed: who.seed,
        status: Status::Failed { message },
        parameters: 0,
        train_rows: 0,
        steps: 0,
        columns: Vec::new(),
        rows: Vec::new(),
        summary: Vec::new(),
        weights_digest: String::new(),
        best_weights_digest: String::new(),
        train_seconds: 0.0,
        samples: 0,
        seconds: 0.0,
    }
}
