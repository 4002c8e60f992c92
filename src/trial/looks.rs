//! When a trial is measured: before its first step, after its last, and between them every so often, at growing
//! distances, or after certain steps. Looking changes nothing, so this says how much is seen and not what happens.

use crate::base::key::Times;
use crate::learn::schedule::Run;

/// The steps after which a trial is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Looks {
    end: u64,
    between: Between,
}

#[derive(Debug, Clone, PartialEq)]
enum Between {
    /// After every so many steps.
    Every(u64),
    /// After these, in rising order.
    At(Vec<u64>),
}

impl Looks {
    /// The looks at a run.
    pub fn new(times: &Times, run: Run) -> Self {
        let between = match times {
            Times::Every(length) => Between::Every(run.steps_of(*length).max(1)),
            Times::Log(n) => Between::At(geometric(run.steps, *n)),
            Times::At(steps) => Between::At(steps.clone()),
        };
        Self { end: run.steps, between }
    }

    /// The step of the next look after one at `step`.
    pub fn after(&self, step: u64) -> u64 {
        let next = match &self.between {
            Between::Every(steps) => step.saturating_add(*steps),
            Between::At(steps) => steps.get(steps.partition_point(|s| *s <= step)).copied().unwrap_or(self.end),
        };
        next.min(self.end)
    }

    /// How many there are in all.
    pub fn count(&self) -> u64 {
        let between = match &self.between {
            Between::Every(steps) => self.end.saturating_sub(1) / steps,
            Between::At(steps) => steps.partition_point(|s| *s < self.end) as u64,
        };
        between + 2
    }
}

/// The whole numbers nearest to `end^(i / (n - 1))` for i = 0 to n - 1, equal ones once; `end` alone when n is 1.
fn geometric(end: u64, n: u64) -> Vec<u64> {
    let share = |i: u64| if n == 1 { 1.0 } else { i as f64 / (n - 1) as f64 };
    let mut steps: Vec<u64> = (0..n).map(|i| libm::round(libm::pow(end as f64, share(i))) as u64).collect();
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::key::Length;

    fn steps(times: Times, end: u64) -> Vec<u64> {
        let looks = Looks::new(&times, Run { steps: end, per_epoch: 10 });
        let mut seen = vec![0];
        while seen[seen.len() - 1] < end {
            seen.push(looks.after(seen[seen.len() - 1]));
        }
        assert_eq!(looks.count(), seen.len() as u64);
        seen
    }

    #[test]
    fn looks_lie_where_they_were_asked_for_and_at_both_ends() {
        assert_eq!(steps(Times::Every(Length::Epochs(1.0)), 25), [0, 10, 20, 25]);
        assert_eq!(steps(Times::Every(Length::Steps(0)), 3), [0, 1, 2, 3]);
        assert_eq!(steps(Times::At(vec![1, 4, 90]), 25), [0, 1, 4, 25]);
        assert_eq!(steps(Times::At(vec![25]), 25), [0, 25]);
    }

    #[test]
    fn geometric_looks_are_powers() {
        assert_eq!(steps(Times::Log(5), 10_000), [0, 1, 10, 100, 1000, 10_000]);
        assert_eq!(steps(Times::Log(11), 1024), [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
        // of 100 only 10 different steps are there
        assert_eq!(steps(Times::Log(100), 10), (0..=10).collect::<Vec<_>>());
        assert_eq!(steps(Times::Log(1), 7), [0, 7]);
        assert_eq!(steps(Times::Log(4), 1), [0, 1]);
    }
}
