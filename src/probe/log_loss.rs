//! `log_loss`: minus the logarithm of the probability that the network gives a row's class, the outputs taken as logits
//! whatever the loss was. Beside another loss it tells what cross-entropy would have said.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "log_loss",
        aliases: &["nll", "negative_log_likelihood"],
        summary: "minus the logarithm of the probability of a row's class, the outputs taken as logits",
        formula: "mean over rows of -ln p_y; p = softmax(z), of a single output sigmoid(z)",
        source: "Good 1952; scikit-learn log_loss",
        keys: NO_KEYS,
        example: "\"log_loss\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| classes::probe("log_loss", measure)) }
}

/// In nats.
pub(super) fn measure(outputs: &Outputs<'_>) -> f64 {
    let mut ln = vec![0.0; outputs.classes()];
    let mut total = 0.0;
    for (r, y) in outputs.right().into_iter().enumerate() {
        outputs.log_probabilities(r, &mut ln);
        total -= ln[y as usize];
    }
    total / outputs.rows() as f64
}
