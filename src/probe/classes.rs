//! What a network's outputs say about classes: which one is named, which one is right, how sure it is of each. The forms
//! that losses want their targets in (a class, a one-hot row, 0 or 1 for a single output) end here.

use super::*;

use kernels::reduce;

/// Why a measure of classes cannot be taken on this target, if it cannot.
pub(super) fn misfit(target: Target) -> Option<String> {
    matches!(target, Target::Values(_)).then(|| "the data's targets are numbers, not classes".into())
}

/// A metric of classes, from the function that measures it.
pub(super) fn probe(name: &str, measure: fn(&Outputs<'_>) -> f64) -> Probe {
    Probe::Outputs(name.into(), Box::new(OfClasses(measure)))
}

struct OfClasses(fn(&Outputs<'_>) -> f64);

impl OfOutputs for OfClasses {
    fn misfit(&self, target: Target) -> Option<String> {
        misfit(target)
    }

    fn measure(&self, outputs: &Outputs<'_>) -> f64 {
        (self.0)(outputs)
    }
}

impl Outputs<'_> {
    /// How many classes there are.
    pub(super) fn classes(&self) -> usize {
        self.objective.width().max(2)
    }

    /// The class that the network names for each row: that of its largest output, the first of equals; of a single
    /// output, class 1 above the loss's threshold.
    pub(super) fn named(&self) -> Vec<u32> {
        if self.objective.form() == Form::Binary {
            let threshold = self.objective.threshold();
            return self.z.iter().map(|z| u32::from(*z > threshold)).collect();
        }
        self.largest(self.z)
    }

    /// The class of each row.
    pub(super) fn right(&self) -> Vec<u32> {
        match self.targets {
            Targets::Classes(classes) => classes.to_vec(),
            Targets::Values(values) if self.objective.form() == Form::Binary => {
                values.iter().map(|t| u32::from(*t > 0.5)).collect()
            }
            Targets::Values(values) => self.largest(values),
        }
    }

    fn largest(&self, x: &[f32]) -> Vec<u32> {
        let mut largest = vec![0; self.rows()];
        reduce::argmax_rows(self.cpu, x, self.objective.width(), &mut largest);
        largest
    }

    /// How many rows are named right.
    pub(super) fn hits(&self) -> usize {
        self.named().iter().zip(self.right()).filter(|(named, right)| **named == *right).count()
    }

    /// How many rows of each class there are, how often each is named, and how often rightly.
    pub(super) fn counts(&self) -> Vec<Count> {
        let mut counts = vec![Count::default(); self.classes()];
        for (named, right) in self.named().into_iter().zip(self.right()) {
            counts[right as usize].rows += 1;
            counts[named as usize].named += 1;
            counts[right as usize].hits += usize::from(named == right);
        }
        counts
    }

    /// `ln p` of every class for the row `r`, its outputs taken as logits: of a softmax, of a single output of a sigmoid.
    pub(super) fn log_probabilities(&self, r: usize, out: &mut [f64]) {
        let width = self.objective.width();
        let z = &self.z[r * width..][..width];
        if let [z] = z {
            let z = f64::from(*z);
            out.copy_from_slice(&[log_sigmoid(-z), log_sigmoid(z)]);
            return;
        }
        let largest = z.iter().fold(f64::NEG_INFINITY, |m, z| m.max(f64::from(*z)));
        let total: f64 = z.iter().map(|z| libm::exp(f64::from(*z) - largest)).sum();
        let total = libm::log(total);
        out.iter_mut().zip(z).for_each(|(out, z)| *out = f64::from(*z) - largest - total);
    }
}

/// `ln(1 / (1 + e^-z))`, from the side where the exponential is small.
fn log_sigmoid(z: f64) -> f64 {
    z.min(0.0) - libm::log1p(libm::exp(-z.abs()))
}

/// A class in a confusion matrix: its row sum, its column sum, its diagonal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Rows of the class.
    pub rows: usize,
    /// Rows that are said to be of it.
    pub named: usize,
    /// Rows of the class that are said to be of it.
    pub hits: usize,
}
