//! `zeros`, `ones`, `constant`: every weight the same number. Fine for one layer; with a hidden layer all its units stay
//! alike for ever.

use super::*;

pub(super) fn zeros() -> Entry<Build> {
    let about = About {
        name: "zeros",
        aliases: &["zero"],
        summary: "every parameter zero",
        formula: "W = 0, b = 0",
        source: "",
        keys: vec![],
        example: "\"zeros\"".into(),
    };
    Entry { about, build: |_| Box::new(Constant(0.0)) }
}

pub(super) fn ones() -> Entry<Build> {
    let about = About {
        name: "ones",
        aliases: &[],
        summary: "every weight one, biases zero",
        formula: "W = 1, b = 0",
        source: "",
        keys: vec![],
        example: "\"ones\"".into(),
    };
    Entry { about, build: |_| Box::new(Constant(1.0)) }
}

pub(super) fn constant() -> Entry<Build> {
    let about = About {
        name: "constant",
        aliases: &[],
        summary: "every weight the same number, biases zero",
        formula: "W = value, b = 0",
        source: "",
        keys: vec![Key::required("value", Kind::Number(Bounds::Any), "the number").or(&["val"])],
        example: "{ type = \"constant\", value = 0.5 }".into(),
    };
    Entry { about, build: |values| Box::new(Constant(values.number("value") as f32)) }
}

struct Constant(f32);

impl Initialiser for Constant {
    fn weights(&self, _slot: &Slot, _stream: &mut Stream, out: &mut [f32]) {
        out.fill(self.0);
    }
}
