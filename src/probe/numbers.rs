//! How far a network's outputs are from targets that are numbers.

use super::*;

/// A metric of numbers, from the function that measures it.
pub(super) fn probe(name: &str, measure: impl Fn(&Outputs<'_>) -> f64 + Send + Sync + 'static) -> Probe {
    Probe::Outputs(name.into(), Box::new(OfNumbers(measure)))
}

struct OfNumbers<F>(F);

impl<F: Fn(&Outputs<'_>) -> f64 + Send + Sync> OfOutputs for OfNumbers<F> {
    fn misfit(&self, target: Target) -> Option<String> {
        matches!(target, Target::Classes(_)).then(|| "the data's targets are classes, not numbers".into())
    }

    fn measure(&self, outputs: &Outputs<'_>) -> f64 {
        (self.0)(outputs)
    }
}

impl Outputs<'_> {
    /// Output and target of every row and output, in the order they are stored and in the units of the data's source, but
    /// for where these have their zero: of a scaled series, errors in passengers and not in shares of a range.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let Targets::Values(targets) = self.targets else { unreachable!("classes were refused when it was planned") };
        self.z.iter().zip(targets).map(|(z, t)| (self.unit * f64::from(*z), self.unit * f64::from(*t)))
    }

    /// The mean over rows and outputs of a function of output and target.
    pub(super) fn mean(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        self.pairs().map(|(z, t)| of(z, t)).sum::<f64>() / self.z.len() as f64
    }
}
