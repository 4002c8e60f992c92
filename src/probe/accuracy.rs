//! `accuracy`: the share of rows whose class the network names. Its answer is the largest output, the first of equals; a
//! single output means class 1 above the loss's threshold.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "accuracy",
        aliases: &["acc"],
        summary: "the share of rows whose class the network names",
        formula: "#{r : argmax z_r = y_r} / rows",
        source: "",
        keys: NO_KEYS,
        example: "\"accuracy\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Higher, |_| classes::probe("accuracy", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    outputs.hits() as f64 / outputs.rows() as f64
}
