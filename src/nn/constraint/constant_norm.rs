//! `constant_norm`: every unit's incoming weights keep the length that they started from, or the tensor as a whole does: what
//! is learned is the direction. It shows what the growth of weights has to do with generalization.

use super::*;

const OVER: Kind = Kind::Word(&[
    ("unit", "the incoming weights of each unit keep their length"),
    ("tensor", "all weights of a tensor together keep theirs"),
]);

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "constant_norm",
        aliases: &["fixed_norm"],
        summary: "incoming weights keep the length that they started from; weights that start at zero stay there",
        formula: "w *= |w_0| / (|w| + 1e-7), w_0 what training starts from",
        source: "Liu, Michaud & Tegmark 2023 (all weights of a network together)",
        keys: vec![Key::preset("over", OVER, "\"unit\"", "what keeps its length")],
        example: "{ type = \"constant_norm\", over = \"tensor\" }".into(),
    };
    Entry { about, build: |values| Box::new(ConstantNorm { whole: values.text("over") == "tensor" }) }
}

struct ConstantNorm {
    whole: bool,
}

impl Constraint for ConstantNorm {
    fn factor(&self, length: f64, start: f64) -> f64 {
        start / (length + EPSILON)
    }

    fn remembers(&self) -> bool {
        true
    }

    fn whole(&self) -> bool {
        self.whole
    }
}
