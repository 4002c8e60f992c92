//! `auroc`: how often a row of a class is scored above a row that is not of it, ties counting half: the area under the
//! receiver's curve. For more than two classes it is the mean over the classes that have rows of both kinds, each against
//! the rest.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "auroc",
        aliases: &["auc", "roc_auc"],
        summary: "the area under the receiver's curve; of more than two classes the mean of each against the rest",
        formula: "(Σ midranks of the n₁ rows of the class - n₁ (n₁ + 1) / 2) / (n₁ n₀), by P(class)",
        source: "Hanley & McNeil 1982; Hand & Till 2001 for one against the rest",
        keys: NO_KEYS,
        example: "\"auroc\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Higher, |_| classes::probe("auroc", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    let (right, rows) = (outputs.right(), outputs.rows());
    if outputs.classes() == 2 {
        // the logit of class 1 ranks as its probability does, and does not round to 1
        let score = |z: &[f32]| z.iter().rev().map(|z| f64::from(*z)).reduce(|a, b| a - b).expect("an output");
        let scores = outputs.z.chunks(outputs.objective.width()).map(score).collect();
        return area(scores, |r| right[r] == 1).unwrap_or(f64::NAN);
    }
    let mut table = vec![0.0; rows * outputs.classes()];
    table.chunks_mut(outputs.classes()).enumerate().for_each(|(r, out)| outputs.log_probabilities(r, out));
    let of = |c: usize| {
        let scores = table.iter().skip(c).step_by(outputs.classes()).map(|ln| libm::exp(*ln)).collect();
        area(scores, |r| right[r] as usize == c)
    };
    let areas: Vec<f64> = (0..outputs.classes()).filter_map(of).collect();
    areas.iter().sum::<f64>() / areas.len() as f64
}

/// The share of pairs of a row that is meant and one that is not in which the first has the higher score, ties counting
/// half; none without such a pair, not a number when a score is none.
fn area(scores: Vec<f64>, meant: impl Fn(usize) -> bool) -> Option<f64> {
    if scores.iter().any(|s| s.is_nan()) {
        return Some(f64::NAN);
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // equal scores stay equal: total_cmp alone would put -0 below 0
    order.sort_by(|a, b| (scores[*a] + 0.0).total_cmp(&(scores[*b] + 0.0)));
    // twice the midranks, which are whole or half
    let (mut ranks, mut positives, mut first) = (0_u128, 0_u128, 0_u128);
    for tied in order.chunk_by(|a, b| scores[*a] == scores[*b]) {
        let hits = tied.iter().filter(|i| meant(**i)).count() as u128;
        ranks += hits * (2 * first + tied.len() as u128 + 1);
        positives += hits;
        first += tied.len() as u128;
    }
    let negatives = scores.len() as u128 - positives;
    let above = ranks - positives * (positives + 1);
    (positives > 0 && negatives > 0).then(|| above as f64 / (2 * positives * negatives) as f64)
}
