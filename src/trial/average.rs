//! The averaged weights of a trial on its way: taken in after steps, put in the place of the weights while it is measured.

use kernels::elementwise;
use kernels::isa::Cpu;

use crate::learn::average::Averaging;

use super::plan::Plan;
use super::team::Team;

/// The mean of the weights so far.
pub struct Mean<'p> {
    how: &'p Averaging,
    start: u64,
    every: u64,
    count: u64,
    weights: Vec<f32>,
}

impl<'p> Mean<'p> {
    /// Of nothing yet; none where a plan averages nothing. All memory it will need is taken here.
    pub fn new(plan: &'p Plan) -> Option<Self> {
        let how = plan.training.average.as_ref()?;
        let (start, every) = (plan.run.steps_of(how.start), plan.run.steps_of(how.every).max(1));
        Some(Self { how, start, every, count: 0, weights: vec![0.0; plan.network.parameters()] })
    }

    /// Takes in the weights after `step` steps, if it is their turn.
    pub fn after(&mut self, cpu: Cpu, step: u64, weights: &[f32]) {
        if step <= self.start || !(step - self.start).is_multiple_of(self.every) {
            return;
        }
        match self.count {
            0 => self.weights.copy_from_slice(weights),
            count => elementwise::toward(cpu, self.how.average.share(count) as f32, weights, &mut self.weights),
        }
        self.count += 1;
    }

    /// Exchanges the weights of the team for the mean, if there is one yet; the second time, back.
    pub fn exchange(&mut self, team: &mut Team<'_>) {
        if self.count > 0 {
            team.exchange(&mut self.weights);
        }
    }
}
