//! What a run will take, before it is run: every setting's size and steps, and its time from a short try of the real
//! thing on this machine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kernels::isa::Cpu;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::data::{self, Cache};
use crate::trial::train::{Pace, pace};

use super::experiment::{Experiment, outline};

/// A setting's size.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// The label of its value on every axis.
    pub labels: Vec<(String, String)>,
    /// Numbers it learns.
    pub parameters: usize,
    /// Optimizer steps of a trial.
    pub steps: u64,
    /// Seconds of one trial on one core.
    pub seconds: f64,
    /// Bytes of one trial beside its data.
    pub memory: usize,
}

/// How long settings are tried in all; later ones are told from the operations of the last that was.
const BUDGET: Duration = Duration::from_millis(1500);

/// The forecasts of all cells. Errors: data that cannot be read.
pub fn forecast(experiment: &Experiment, cpu: Cpu) -> Result<Vec<Forecast>> {
    let begun = Instant::now();
    let cache = Cache::new(1);
    let mut known = BTreeMap::new();
    let mut forecasts = Vec::new();
    let mut rate = None;
    for cell in 0..experiment.space.cells.len() {
        let setting = experiment.setting(cell);
        let chosen = setting.data();
        let found = outline(chosen, &experiment.folders, &mut known, &mut Diagnostics::new());
        let plan = found.as_ref().and_then(|found| experiment.plan(&setting, found));
        let (Some(outline), Some(plan)) = (found, plan) else {
            return Err(Error::new("the data files have changed since the experiment was checked"));
        };
        let operations = plan.operations(outline.train);
        let seconds = match rate.filter(|_| begun.elapsed() > BUDGET) {
            Some(rate) => operations * rate,
            None => {
                let seeds = plan.seeds(experiment.space.seeds[0]);
                let prepared = data::prepared(chosen, &experiment.folders, seeds, &cache)?;
                let Pace { step, evaluation } = pace(&plan, cpu, &prepared.parts(), Duration::from_millis(40));
                let evaluations = plan.looks.count();
                let seconds = step * plan.run.steps as f64 + evaluation * evaluations as f64;
                rate = Some(seconds / operations);
                seconds
            }
        };
        forecasts.push(Forecast {
            labels: experiment.labels(cell),
            parameters: plan.network.learned(),
            steps: plan.run.steps,
            seconds,
            memory: plan.memory(outline.train),
        });
    }
    Ok(forecasts)
}
