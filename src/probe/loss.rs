//! `loss`: the objective over all rows of a part of the data.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "loss",
        aliases: &[],
        summary: "the objective over all rows of a part of the data",
        formula: "mean or sum of the rows' losses, as `loss.reduction` says",
        source: "",
        keys: NO_KEYS,
        example: "\"loss\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| Probe::Outputs("loss".into(), Box::new(Loss))) }
}

struct Loss;

impl OfOutputs for Loss {
    fn measure(&self, outputs: &Outputs<'_>) -> f64 {
        let mut losses = vec![0.0; outputs.rows()];
        outputs.objective.rows(outputs.cpu, outputs.z, outputs.targets, &mut losses);
        let classes = match outputs.targets {
            Targets::Classes(classes) => classes,
            Targets::Values(_) => &[],
        };
        outputs.objective.total(losses.iter(), outputs.objective.divisor(losses.len(), classes.iter().copied()))
    }
}
