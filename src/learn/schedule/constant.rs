//! `constant`: the same rate at every step.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "constant",
        aliases: &["none"],
        summary: "the same rate at every step",
        formula: "lr(t) = lr",
        source: "",
        keys: vec![],
        example: "{ type = \"constant\", warmup = { steps = 10 } }".into(),
    };
    Entry { about, build: |_| Some(Box::new(Constant)) }
}

struct Constant;

impl Schedule for Constant {
    fn rate(&self, lr: f64, _t: u64) -> f64 {
        lr
    }
}
