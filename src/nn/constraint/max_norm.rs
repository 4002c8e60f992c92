//! `max_norm`: no unit's incoming weights are longer than a bound. Large steps cannot run away with a unit, which lets
//! networks with dropout start at large learning rates.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let most = Key::preset("most", Kind::Number(Bounds::Above(0.0)), "2.0", "the longest that is allowed");
    let about = About {
        name: "max_norm",
        aliases: &["maxnorm"],
        summary: "no unit's incoming weights are longer than a bound",
        formula: "w *= most / (|w| + 1e-7) where |w| > most",
        source: "Srebro, Rennie & Jaakkola 2005; Srivastava et al. 2014; PyTorch's renorm, Keras' MaxNorm",
        keys: vec![most.or(&["max_value", "max_norm"])],
        example: "{ type = \"max_norm\", most = 3.0 }".into(),
    };
    Entry { about, build: |values| Box::new(MaxNorm { most: values.number("most") }) }
}

struct MaxNorm {
    most: f64,
}

impl Constraint for MaxNorm {
    fn factor(&self, length: f64, _start: f64) -> f64 {
        if length > self.most { self.most / (length + EPSILON) } else { 1.0 }
    }
}
