//! `unit_norm`: every unit's incoming weights have length one after each update. With a learned `scale` behind the layer it is
//! weight normalisation, w = g v / |v|, by projection instead of through the gradient (Salimans & Kingma 2016).

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "unit_norm",
        aliases: &["unitnorm", "weight_norm"],
        summary: "every unit's incoming weights have length one",
        formula: "w /= |w| + 1e-7",
        source: "Keras' UnitNorm; the direction of Salimans & Kingma 2016",
        keys: vec![],
        example: "\"unit_norm\"".into(),
    };
    Entry { about, build: |_| Box::new(UnitNorm) }
}

struct UnitNorm;

impl Constraint for UnitNorm {
    fn factor(&self, length: f64, _start: f64) -> f64 {
        1.0 / (length + EPSILON)
    }
}
