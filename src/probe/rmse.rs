//! `rmse`: the root of the mean squared error, in the units of the targets.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "rmse",
        aliases: &["root_mean_squared_error"],
        summary: "the root of the mean squared error, in the units of the targets, of a scaled series in those of its source",
        formula: "√(mean over rows and outputs of (z - t)²)",
        source: "Keras RootMeanSquaredError (scikit-learn averages the roots of several outputs)",
        keys: NO_KEYS,
        example: "\"rmse\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| numbers::probe("rmse", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    libm::sqrt(outputs.mean(|z, t| (z - t) * (z - t)))
}
