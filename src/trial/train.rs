//! The loop: forward pass, loss, backward pass, update, until the steps are done, the goal is reached, patience is at its
//! end or the loss is no longer a number. A record is all that a trial leaves, so of the weights of its best evaluation
//! the digest is kept and no copy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernels::Floats;
use kernels::gemm::Scratch;
use kernels::isa::Cpu;

use crate::base::hash;
use crate::base::random::{Purpose, Seeds};
use crate::data::Dataset;
use crate::learn::schedule::Follower;
use crate::learn::stopping::{End, Watcher};
use crate::probe::Wants;

use super::average::Mean;
use super::baseline::baseline;
use super::checkpoint::Moment;
use super::crew;
use super::evaluate::{Past, measure};
use super::plan::Plan;
use super::record::{Name, Record, Row, Status};
use super::rows::{Batch, Part};
use super::summary;
use super::team::Team;

/// Who a trial is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its hash.
    pub trial: String,
    /// The label of its value on every axis.
    pub axes: Vec<(String, String)>,
    /// Its seed.
    pub seed: u64,
}

/// What a trial is trained with beside its plan.
pub struct Means<'a> {
    /// The instruction set and engine.
    pub cpu: Cpu,
    /// The parts of the data in the order of the plan's.
    pub parts: &'a [Arc<Dataset>],
    /// Told after every evaluation; asked at every step whether to go on.
    pub watch: &'a dyn Watch,
}

/// Somebody who follows a trial.
pub trait Watch: Sync {
    /// An evaluation was made after `step` of `steps` steps.
    fn evaluated(&self, step: u64, steps: u64, columns: &[String], values: &[f64]);
    /// Whether the trial is to be given up, unrecorded.
    fn stop(&self) -> bool;
    /// Given the weights that the plan asks to be kept; told of the last ones when the trial is done.
    fn keep(&self, moment: Moment, params: &[f32]) {
        let _ = (moment, params);
    }
}

/// Trains a trial, with a thread for each of the packing buffers; more than one only inside a pool that has them. Nothing
/// is returned when it was told to stop.
pub fn train(plan: &Plan, who: Identity, means: &Means<'_>, scratches: &mut [Scratch]) -> Option<Record> {
    let started = Instant::now();
    let form = plan.objective.form();
    let parts: Vec<Part> = means.parts.iter().map(|data| Part::new(data.clone(), form)).collect();
    let mut params = Floats::zeros(plan.network.parameters());
    let seeds = plan.seeds(who.seed);
    plan.network.initialise(seeds, &mut params);
    if plan.saves.contains(&Moment::Init) {
        means.watch.keep(Moment::Init, &params);
    }
    let start = if plan.wants(Wants::Start) { params.to_vec() } else { Vec::new() };
    let threads = scratches.len();
    let team = Team::new(plan, means.cpu, scratches, &parts[0], params, seeds);
    let mut course = Course::new(plan, means, &parts, team, start);
    let (steps, mean_loss, seconds) = crew::awake(threads, || course.run(&Order::new(plan, parts[0].rows(), seeds)))?;
    course.exchange();
    let Course { team, rows, status, watcher, best_digest, best_params, end, .. } = course;
    if plan.saves.contains(&Moment::Best) {
        means.watch.keep(Moment::Best, &best_params);
    }
    if plan.saves.contains(&Moment::Last) {
        means.watch.keep(Moment::Last, team.params());
    }
    let best = watcher.best();
    let restored = best.filter(|_| plan.training.stopping.restore_best && status == Status::Done);
    let mut summary = summary::of_rows(plan, &rows, restored.unwrap_or(rows.len() - 1), best);
    // a goal that was reached before the first step leaves no mean
    summary.extend((steps > 0).then(|| ("mean_train_loss".to_owned(), mean_loss)));
    summary.extend(end.map(|end| match end {
        End::Goal { step } => ("goal_step".to_owned(), step as f64),
        End::Patience { step } => ("stop_step".to_owned(), step as f64),
    }));
    if let Some(test) = plan.parts.iter().position(|part| *part == "test") {
        summary.extend(baseline(plan, means.cpu, &means.parts[0], &parts[test]));
    }
    let weights_digest = if restored.is_some() { best_digest.clone() } else { hash::digest_f32(team.params()) };
    Some(Record {
        trial: who.trial,
        axes: who.axes,
        seed: who.seed,
        status,
        parameters: plan.network.learned() as u64,
        train_rows: parts[0].rows() as u64,
        steps,
        columns: plan.columns.iter().map(|c| Name::from(c.as_str())).collect(),
        rows,
        summary: summary.into_iter().map(|(name, x)| (name.into(), x)).collect(),
        weights_digest,
        best_weights_digest: best_digest,
        train_seconds: seconds.as_secs_f64(),
        samples: samples(steps, parts[0].rows(), plan.batch_rows(parts[0].rows())),
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// Seconds of a training step and of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Seconds of a step.
    pub step: f64,
    /// Seconds of measuring every part.
    pub evaluation: f64,
}

/// Tries a plan for about so long, on one thread, and throws the result away.
pub fn pace(plan: &Plan, cpu: Cpu, data: &[Arc<Dataset>], time: Duration) -> Pace {
    let form = plan.objective.form();
    let parts: Vec<Part> = data.iter().map(|data| Part::new(data.clone(), form)).collect();
    let mut params = Floats::zeros(plan.network.parameters());
    plan.network.initialise(Seeds::new(0), &mut params);
    let mut scratches = [Scratch::new()];
    let mut team = Team::new(plan, cpu, &mut scratches, &parts[0], params, Seeds::new(0));
    let order = Order::new(plan, parts[0].rows(), Seeds::new(0));
    let mut indices = order.indices();
    let mut step = 0;
    let begun = Instant::now();
    while step < plan.run.steps && (step == 0 || begun.elapsed() < time) {
        team.step(&parts[0], order.batch(step, &mut indices), step + 1, plan.rates.at(step));
        step += 1;
    }
    let trained = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let start = if plan.wants(Wants::Start) { team.params().to_vec() } else { Vec::new() };
    measure(plan, cpu, &mut team, &parts, Past { start: &start, stepped: step > 0, running_loss: f64::NAN });
    Pace { step: trained / step.max(1) as f64, evaluation: begun.elapsed().as_secs_f64() }
}

/// How often a piece of a step is repeated to be timed.
const REPEATED: u32 = 8;

/// Seconds that the pieces of a training step take on one thread, each by itself and again and again, so that it finds what it
/// needs in the nearest cache that holds it. None where a step cannot be taken to pieces.
pub fn pieces(plan: &Plan, cpu: Cpu, data: &Arc<Dataset>, scratch: &mut Scratch) -> Option<f64> {
    let train = Part::new(data.clone(), plan.objective.form());
    let mut params = Floats::zeros(plan.network.parameters());
    plan.network.initialise(Seeds::new(0), &mut params);
    let mut team = Team::new(plan, cpu, std::slice::from_mut(scratch), &train, params, Seeds::new(0));
    let order = Order::new(plan, train.rows(), Seeds::new(0));
    let mut indices = order.indices();
    let mut seconds = 0.0;
    let mut timed = |piece: &mut dyn FnMut()| {
        piece();
        let begun = Instant::now();
        (0..REPEATED).for_each(|_| piece());
        seconds += begun.elapsed().as_secs_f64() / f64::from(REPEATED);
    };
    let whole = team.pieces(&train, order.batch(0, &mut indices), (1, plan.rates.at(0)), &mut timed);
    whole.then_some(seconds)
}

/// A trial on its way.
struct Course<'a, 'p> {
    plan: &'p Plan,
    means: &'a Means<'a>,
    parts: &'a [Part],
    team: Team<'p>,
    mean: Option<Mean<'p>>,
    /// What training started from; empty when no probe asks for it.
    start: Vec<f32>,
    rows: Vec<Row>,
    status: Status,
    watcher: Watcher<'p>,
    rates: Follower<'p>,
    /// Of the parameters of the best evaluation so far.
    best_digest: String,
    /// They themselves, where they are kept.
    best_params: Vec<f32>,
    end: Option<End>,
}

impl<'a, 'p> Course<'a, 'p> {
    fn new(plan: &'p Plan, means: &'a Means<'a>, parts: &'a [Part], team: Team<'p>, start: Vec<f32>) -> Self {
        let (watcher, rates) = (Watcher::new(&plan.training.stopping), plan.rates.follow());
        let (rows, best_digest, best_params) = (Vec::new(), String::new(), Vec::new());
        let status = Status::Done;
        let mean = Mean::new(plan);
        Self {
            plan,
            means,
            parts,
            team,
            mean,
            start,
            rows,
            status,
            watcher,
            rates,
            best_digest,
            best_params,
            end: None,
        }
    }

    /// Trains to the end: the steps taken, the mean of their batches' losses, and the time they took.
    fn run(&mut self, order: &Order) -> Option<(u64, f64, Duration)> {
        let (mut total, mut seconds, mut step) = (0.0, Duration::ZERO, 0);
        let mut indices = order.indices();
        self.evaluate(0, f64::NAN);
        while step < self.plan.run.steps && self.status == Status::Done && self.end.is_none() {
            let (before, until) = (step, self.plan.looks.after(step));
            let from = Instant::now();
            let mut running = 0.0;
            while step < until {
                if self.means.watch.stop() {
                    return None;
                }
                let batch = order.batch(step, &mut indices);
                let loss = self.team.step(&self.parts[0], batch, step + 1, self.rates.at(step));
                total += loss;
                running += loss;
                step += 1;
                if !loss.is_finite() {
                    self.status = Status::Diverged { step };
                    break;
                }
                if let Some(mean) = &mut self.mean {
                    mean.after(self.means.cpu, step, self.team.params());
                }
            }
            seconds += from.elapsed();
            self.evaluate(step, running / (step - before) as f64);
        }
        Some((step, total / step as f64, seconds))
    }

    /// Puts the averaged weights, where there are some, in the place of the others, and the second time back.
    fn exchange(&mut self) {
        if let Some(mean) = &mut self.mean {
            mean.exchange(&mut self.team);
        }
    }

    /// Measures the network after `step` steps; `running_loss` is the mean of its batches' losses since the last time.
    fn evaluate(&mut self, step: u64, running_loss: f64) {
        let plan = self.plan;
        self.exchange();
        let past = Past { start: &self.start, stepped: step > 0, running_loss };
        let values = measure(plan, self.means.cpu, &mut self.team, self.parts, past);
        self.means.watch.evaluated(step, plan.run.steps, &plan.columns, &values);
        let (best, end) = self.watcher.look(step, &values);
        if best {
            self.best_digest = hash::digest_f32(self.team.params());
            if plan.saves.contains(&Moment::Best) {
                self.best_params.clear();
                self.best_params.extend_from_slice(self.team.params());
            }
        }
        self.exchange();
        self.end = end;
        // of the parts of the data: the running loss is not a number before the first step
        let measured =
            |column: &str| column.ends_with("_loss") && plan.parts.iter().any(|part| column.starts_with(part));
        let losses = plan.columns.iter().zip(&values).filter(|(column, _)| measured(column));
        // before the end the training steps decide: where a trial diverges must not depend on how often it is looked at
        let last = step == plan.run.steps || self.end.is_some();
        if last && losses.into_iter().any(|(_, loss)| !loss.is_finite()) {
            self.status = Status::Diverged { step };
        }
        let epoch = step as f64 / plan.run.per_epoch as f64;
        let lr = self.rates.at(step.saturating_sub(1));
        self.rates.look(step, &values);
        self.rows.push(Row { step, epoch, lr, values });
    }
}

/// The order in which rows are taken: a function of the seeds and the step, so any step can be asked for.
struct Order {
    rows: usize,
    batch: usize,
    per_epoch: u64,
    shuffled: bool,
    seeds: Seeds,
}

impl Order {
    fn new(plan: &Plan, rows: usize, seeds: Seeds) -> Self {
        // full batches have no order: the sum over all rows goes through them as they are stored
        let shuffled = plan.training.shuffled && plan.training.batch.is_some();
        Self { rows, batch: plan.batch_rows(rows), per_epoch: plan.run.per_epoch, shuffled, seeds }
    }

    fn indices(&self) -> Vec<u32> {
        if self.shuffled { (0..self.rows as u32).collect() } else { Vec::new() }
    }

    /// The batch of a step; `indices` is put into a new order at the first step of every epoch.
    fn batch<'a>(&self, step: u64, indices: &'a mut [u32]) -> Batch<'a> {
        let within = (step % self.per_epoch) as usize;
        let start = within * self.batch;
        let end = (start + self.batch).min(self.rows);
        if !self.shuffled {
            return Batch::Stretch(start, end);
        }
        if within == 0 {
            indices.iter_mut().enumerate().for_each(|(i, index)| *index = i as u32);
            self.seeds.stream(Purpose::Order, &[step / self.per_epoch]).shuffle(indices);
        }
        Batch::Picked(&indices[start..end])
    }
}

fn samples(steps: u64, rows: usize, batch: usize) -> u64 {
    let per_epoch = rows.div_ceil(batch) as u64;
    (steps / per_epoch) * rows as u64 + (steps % per_epoch) * batch as u64
}
