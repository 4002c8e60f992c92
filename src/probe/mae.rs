//! `mae`: the mean absolute error, in the units of the targets.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "mae",
        aliases: &["mean_absolute_error"],
        summary: "the mean absolute error, in the units of the targets, of a scaled series in those of its source",
        formula: "mean over rows and outputs of |z - t|",
        source: "",
        keys: NO_KEYS,
        example: "\"mae\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| numbers::probe("mae", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    outputs.mean(|z, t| (z - t).abs())
}
