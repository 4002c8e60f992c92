//! `error`: the share of rows whose class the network does not name. Published tables are in errors.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "error",
        aliases: &["error_rate", "zero_one_loss"],
        summary: "the share of rows whose class the network does not name",
        formula: "#{r : argmax z_r ≠ y_r} / rows = 1 - accuracy",
        source: "",
        keys: NO_KEYS,
        example: "\"error\"".into(),
    };
    Entry { about, build: Build::outputs(Better::Lower, |_| classes::probe("error", measure)) }
}

fn measure(outputs: &Outputs<'_>) -> f64 {
    (outputs.rows() - outputs.hits()) as f64 / outputs.rows() as f64
}
