//! `balanced_accuracy`: the accuracy of each class, averaged over the classes, so that a rare class weighs as much as a
//! common one and always naming the commonest is worth 1 over their number.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "balanced_accuracy",
        aliases: &["balanced_accuracy_score", "macro_recall"],
        summary: "the mean over the classes of the share of their rows that are named right",
        formula: "mean over the classes that have rows of #{r : argmax z_r = y_r = c} / #{r : y_r = c}",
        source: "Brodersen, Ong, Stephan & Buhmann 2010",
        keys: NO_KEYS,
        example: "\"balanced_accuracy\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Higher, |_| classes::probe("balanced_accuracy", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    let counts = outputs.counts();
    let recalls: Vec<f64> = counts.iter().filter(|c| c.rows > 0).map(|c| c.hits as f64 / c.rows as f64).collect();
    recalls.iter().sum::<f64>() / recalls.len() as f64
}
