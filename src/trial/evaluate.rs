//! Measuring a network at some step: every part of the data, in evaluation mode, on the same weights. It draws no random
//! number and changes nothing, so looking often or seldom leaves the same weights.

use kernels::isa::Cpu;

use crate::probe::{Outputs, Probe, State};

use super::plan::Plan;
use super::rows::{Judged, Part};
use super::team::Team;

/// What a look sees beside the network as it is.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// What training started from; empty when no probe asks for it.
    pub start: &'a [f32],
    /// Whether a step was taken.
    pub stepped: bool,
    /// The mean of the batches' losses since the last look.
    pub running_loss: f64,
}

/// The measures in the order of the plan's columns; `parts` are in the order of the plan's parts.
pub fn measure(plan: &Plan, cpu: Cpu, team: &mut Team<'_>, parts: &[Part], past: Past<'_>) -> Vec<f64> {
    let outputs: Vec<Vec<f32>> = parts.iter().map(|part| team.outputs(part)).collect();
    let judged: Vec<Judged<'_>> = parts.iter().zip(&outputs).map(|(part, z)| part.judged(z)).collect();
    let state = State {
        network: &plan.network,
        params: team.params(),
        start: past.start,
        grads: past.stepped.then(|| team.grads()),
        running_loss: past.running_loss,
    };
    let mut values = Vec::with_capacity(plan.columns.len());
    for probe in &plan.probes {
        match probe {
            Probe::Outputs(_, probe) => {
                for (part, judged) in parts.iter().zip(&judged) {
                    let (z, targets, unit) = (&judged.z[..], judged.targets(), part.unit());
                    values.push(probe.measure(&Outputs { cpu, objective: &plan.objective, z, targets, unit }));
                }
            }
            Probe::State(_, probe) => values.extend(probe.measure(&state)),
        }
    }
    values
}
