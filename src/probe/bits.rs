//! `bits`: the logarithmic loss in bits instead of nats: of a text, the bits per character that a compressor would need
//! that knows what the network knows.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "bits",
        aliases: &["bits_per_character", "bpc"],
        summary: "minus the binary logarithm of the probability of a row's class: bits per character of a text",
        formula: "mean over rows of -log2 p_y; p = softmax(z), of a single output sigmoid(z)",
        source: "Shannon 1951",
        keys: NO_KEYS,
        example: "\"bits\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| classes::probe("bits", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    log_loss::measure(outputs) / std::f64::consts::LN_2
}
