//! `accuracy`: the share of rows whose class the network names. Its answer is the largest output, the first of equals; a
//! single output means class 1 above the loss's threshold.

use kernels::reduce;

use super::*;
use crate::base::registry::{About, Entry};
use crate::learn::objective::Form;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "accuracy",
        aliases: &["acc"],
        summary: "the share of rows whose class the network names",
        formula: "#{r : argmax z_r = y_r} / rows",
        source: "",
        keys: NO_KEYS,
        example: "\"accuracy\"".into(),
    };
    Entry { about, build: |_| Probe::Outputs("accuracy", Box::new(Accuracy)) }
}

struct Accuracy;

impl OfOutputs for Accuracy {
    fn misfit(&self, target: Target) -> Option<String> {
        matches!(target, Target::Values(_)).then(|| "the data's targets are numbers, not classes".into())
    }

    fn measure(&self, outputs: &Outputs<'_>) -> f64 {
        let width = outputs.objective.width();
        let rows = outputs.z.len() / width;
        let right = match (outputs.objective.form(), outputs.targets) {
            (Form::Binary, Targets::Values(values)) => {
                let threshold = outputs.objective.threshold();
                outputs.z.iter().zip(values).filter(|(z, t)| (**z > threshold) == (**t > 0.5)).count()
            }
            (Form::OneHot(_), Targets::Values(values)) => {
                let (mut said, mut wanted) = (vec![0; rows], vec![0; rows]);
                reduce::argmax_rows(outputs.cpu, outputs.z, width, &mut said);
                reduce::argmax_rows(outputs.cpu, values, width, &mut wanted);
                said.iter().zip(&wanted).filter(|(s, w)| s == w).count()
            }
            (_, Targets::Classes(classes)) => {
                let mut said = vec![0; rows];
                reduce::argmax_rows(outputs.cpu, outputs.z, width, &mut said);
                said.iter().zip(classes).filter(|(s, w)| s == w).count()
            }
            (form, Targets::Values(_)) => unreachable!("accuracy of {form:?} was refused when it was planned"),
        };
        right as f64 / rows as f64
    }
}
