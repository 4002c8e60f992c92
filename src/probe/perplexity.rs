//! `perplexity`: the exponential of the logarithmic loss. Who guesses evenly among so many classes has that perplexity.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "perplexity",
        aliases: &["ppl"],
        summary: "among how many equally likely classes the network might as well be guessing",
        formula: "e^(mean over rows of -ln p_y); p = softmax(z), of a single output sigmoid(z)",
        source: "Jelinek, Mercer, Bahl & Baker 1977",
        keys: NO_KEYS,
        example: "\"perplexity\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| classes::probe("perplexity", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    libm::exp(log_loss::measure(outputs))
}
