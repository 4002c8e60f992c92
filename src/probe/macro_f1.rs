//! `macro_f1`: the harmonic mean of precision and recall of each class, averaged over the classes that have a row or are
//! named for one.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "macro_f1",
        aliases: &["f1", "f1_score", "f1_macro"],
        summary: "the mean over the classes of the harmonic mean of precision and recall",
        formula: "mean over the classes that occur of 2 TP / (2 TP + FP + FN)",
        source: "van Rijsbergen 1979; scikit-learn f1_score(average=\"macro\")",
        keys: NO_KEYS,
        example: "\"macro_f1\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Higher, |_| classes::probe("macro_f1", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    let occurring = outputs.counts().into_iter().filter(|c| c.rows + c.named > 0);
    let scores: Vec<f64> = occurring.map(|c| (2 * c.hits) as f64 / (c.rows + c.named) as f64).collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}
