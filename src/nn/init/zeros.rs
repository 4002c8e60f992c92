//! `zeros`: every parameter zero. Fine for one layer; with a hidden layer all its units stay alike for ever.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "zeros",
        aliases: &["zero"],
        summary: "every parameter zero",
        formula: "W = 0, b = 0",
        source: "",
        keys: vec![],
        example: "\"zeros\"".into(),
    };
    Entry { about, build: |_| Box::new(Zeros) }
}

struct Zeros;

impl Initialiser for Zeros {
    fn fill(&self, _slot: &Slot, _stream: &mut Stream, out: &mut [f32]) {
        out.fill(0.0);
    }
}
