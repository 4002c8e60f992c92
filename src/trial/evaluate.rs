//! Measuring a network at some step: every part of the data, in evaluation mode, on the same weights. It draws no random
//! number and changes nothing, so looking often or seldom leaves the same weights.

use kernels::isa::Cpu;

use crate::probe::{Outputs, Probe, Weights};

use super::plan::Plan;
use super::rows::Part;
use super::team::Team;

/// The measures in the order of the plan's columns; `parts` are in the order of the plan's parts.
pub fn measure(plan: &Plan, cpu: Cpu, team: &mut Team<'_>, parts: &[Part]) -> Vec<f64> {
    let outputs: Vec<Vec<f32>> = parts.iter().map(|part| team.outputs(part)).collect();
    let mut values = Vec::with_capacity(plan.columns.len());
    for probe in &plan.probes {
        match probe {
            Probe::Outputs(_, probe) => {
                for (part, z) in parts.iter().zip(&outputs) {
                    let targets = part.targets(&(0..part.rows()));
                    values.push(probe.measure(&Outputs { cpu, objective: &plan.objective, z, targets }));
                }
            }
            Probe::Weights(probe) => {
                values.extend(probe.measure(&Weights { network: &plan.network, params: team.params() }));
            }
        }
    }
    values
}
