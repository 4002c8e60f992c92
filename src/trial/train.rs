//! The loop: forward pass, loss, backward pass, update, until the steps are done, the goal is reached or the loss is no
//! longer a number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernels::gemm::Scratch;
use kernels::isa::Cpu;

use crate::base::hash;
use crate::base::random::{Purpose, Seeds};
use crate::data::Dataset;

use super::evaluate::measure;
use super::plan::Plan;
use super::record::{Name, Record, Row, Status};
use super::rows::Part;
use super::team::{Batch, Team};

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
}

/// Trains a trial, with a thread for each of the packing buffers; more than one only inside a pool that has them. Nothing
/// is returned when it was told to stop.
pub fn train(plan: &Plan, who: Identity, means: &Means<'_>, scratches: &mut [Scratch]) -> Option<Record> {
    let started = Instant::now();
    let form = plan.objective.form();
    let parts: Vec<Part> = means.parts.iter().map(|data| Part::new(data.clone(), form)).collect();
    let mut params = vec![0.0; plan.network.parameters()];
    let seeds = plan.seeds(who.seed);
    plan.network.initialise(seeds, &mut params);
    let team = Team::new(plan, means.cpu, scratches, &parts[0], params, seeds);
    let mut course = Course { plan, means, parts: &parts, team, rows: Vec::new(), status: Status::Done, goal: None };
    let (steps, mean_loss, seconds) = course.run(&Order::new(plan, parts[0].rows(), seeds))?;
    let Course { team, rows, status, goal, .. } = course;
    let mut summary = summarise(plan, &rows);
    summary.push(("mean_train_loss".to_owned(), mean_loss));
    summary.extend(goal.map(|step| ("goal_step".to_owned(), step as f64)));
    Some(Record {
        trial: who.trial,
        axes: who.axes,
        seed: who.seed,
        status,
        parameters: plan.network.parameters() as u64,
        train_rows: parts[0].rows() as u64,
        steps,
        columns: plan.columns.iter().map(|c| Name::from(c.as_str())).collect(),
        rows,
        summary: summary.into_iter().map(|(name, x)| (name.into(), x)).collect(),
        weights_digest: hash::digest_f32(team.params()),
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
    let mut params = vec![0.0; plan.network.parameters()];
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
    measure(plan, cpu, &mut team, &parts);
    Pace { step: trained / step.max(1) as f64, evaluation: begun.elapsed().as_secs_f64() }
}

/// A trial on its way.
struct Course<'a, 'p> {
    plan: &'p Plan,
    means: &'a Means<'a>,
    parts: &'a [Part],
    team: Team<'p>,
    rows: Vec<Row>,
    status: Status,
    goal: Option<u64>,
}

impl Course<'_, '_> {
    /// Trains to the end: the steps taken, the mean of their batches' losses, and the time they took.
    fn run(&mut self, order: &Order) -> Option<(u64, f64, Duration)> {
        let (mut total, mut seconds, mut step) = (0.0, Duration::ZERO, 0);
        let mut indices = order.indices();
        self.evaluate(0);
        while step < self.plan.run.steps && self.status == Status::Done && self.goal.is_none() {
            let until = (step + self.plan.every).min(self.plan.run.steps);
            let from = Instant::now();
            while step < until {
                if self.means.watch.stop() {
                    return None;
                }
                let batch = order.batch(step, &mut indices);
                let loss = self.team.step(&self.parts[0], batch, step + 1, self.plan.rates.at(step));
                total += loss;
                step += 1;
                if !loss.is_finite() {
                    self.status = Status::Diverged { step };
                    break;
                }
            }
            seconds += from.elapsed();
            self.evaluate(step);
        }
        Some((step, total / step as f64, seconds))
    }

    fn evaluate(&mut self, step: u64) {
        let plan = self.plan;
        let values = measure(plan, self.means.cpu, &mut self.team, self.parts);
        self.means.watch.evaluated(step, plan.run.steps, &plan.columns, &values);
        let of = |column: &str| plan.columns.iter().position(|c| c == column).map_or(f64::NAN, |at| values[at]);
        if plan.training.reached(of) {
            self.goal = Some(step);
        }
        let losses = plan.columns.iter().zip(&values).filter(|(column, _)| column.ends_with("_loss"));
        // before the end the training steps decide: where a trial diverges must not depend on how often it is looked at
        if step == plan.run.steps && losses.into_iter().any(|(_, loss)| !loss.is_finite()) {
            self.status = Status::Diverged { step };
        }
        let epoch = step as f64 / plan.run.per_epoch as f64;
        self.rows.push(Row { step, epoch, lr: plan.rates.at(step.saturating_sub(1)), values });
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

/// The numbers that describe the whole trial. The best evaluation is the one with the lowest validation loss, or the
/// lowest training loss where nothing is held out for validation: the test set never chooses.
fn summarise(plan: &Plan, rows: &[Row]) -> Vec<(String, f64)> {
    let at = |column: &str| plan.columns.iter().position(|c| c == column);
    let last = rows.last().expect("a trial is measured before its first step");
    let mut summary: Vec<(String, f64)> = plan.columns.iter().cloned().zip(last.values.iter().copied()).collect();
    for measure in ["loss", "accuracy"] {
        if let Some((train, test)) = at(&format!("train_{measure}")).zip(at(&format!("test_{measure}"))) {
            summary.push((format!("gap_{measure}"), last.values[test] - last.values[train]));
        }
    }
    let judge = at("validation_loss").or_else(|| at("train_loss"));
    let finite = |row: &&Row| judge.is_some_and(|j| row.values[j].is_finite());
    let best = judge.and_then(|j| rows.iter().filter(finite).min_by(|a, b| a.values[j].total_cmp(&b.values[j])));
    if let Some(best) = best {
        summary.push(("best_step".to_owned(), best.step as f64));
        summary.extend(plan.columns.iter().map(|c| format!("best_{c}")).zip(best.values.iter().copied()));
    }
    summary
}
