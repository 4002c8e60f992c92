//! `r2`: the share of the targets' variance that the outputs explain: 1 is perfect, 0 is no better than the mean of the
//! part's own targets, and there is no lower end.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "r2",
        aliases: &["r_squared", "r2_score"],
        summary: "the share of the targets' variance that is explained; 0 is as good as their mean, below it worse",
        formula: "mean over outputs of 1 - Σ (z - t)² / Σ (t - mean t)²; of targets all alike 1 if met and else 0",
        source: "Wright 1921; scikit-learn r2_score",
        keys: NO_KEYS,
        example: "\"r2\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Higher, |_| numbers::probe("r2", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    let width = outputs.objective.width();
    let of = |output: usize| {
        let column = || outputs.pairs().skip(output).step_by(width);
        let mean = column().map(|(_, t)| t).sum::<f64>() / outputs.rows() as f64;
        let left: f64 = column().map(|(z, t)| (z - t) * (z - t)).sum();
        let all: f64 = column().map(|(_, t)| (t - mean) * (t - mean)).sum();
        match (all == 0.0, left == 0.0) {
            (false, _) => 1.0 - left / all,
            (true, true) => 1.0,
            (true, false) => 0.0,
        }
    };
    (0..width).map(of).sum::<f64>() / width as f64
}
