//! Wrong labels among the rows to train on.

use std::sync::Arc;

use kernels::member::Bounds;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds};
use crate::base::shape::Target;
use crate::base::values::Values;
use crate::data::Outline;
use crate::data::dataset::Labels;

use super::{Prepared, Step};

pub(super) const NOISE: Key = Key::preset(
    "label_noise",
    Kind::Number(Bounds::Within(0.0, 1.0)),
    "0.0",
    "the probability that a training label is replaced by a uniform draw from all classes, by the stream (seed, \
     label_noise); a draw may hit the right class; 1 is random labels (Zhang et al. 2017)",
);

/// Labels replaced with some probability.
pub(super) struct Noise;

impl Step for Noise {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        if self.is_random(values) && matches!(outline.target, Target::Values(_)) {
            let message = "`label_noise` needs classes, but the targets are numbers";
            diagnostics.error(values.place("label_noise"), message, "");
            return None;
        }
        Some(())
    }

    fn is_random(&self, values: &Values) -> bool {
        values.number("label_noise") > 0.0
    }

    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared {
        if !self.is_random(values) {
            return parts;
        }
        let (probability, mut stream) = (values.number("label_noise"), seeds.stream(Purpose::LabelNoise, &[]));
        let mut train = Arc::unwrap_or_clone(parts.train);
        if let Labels::Classes { of, count } = &mut train.labels {
            for label in of {
                // both numbers are drawn for every row, so that more noise keeps the rows that had it
                let (replaced, class) = (stream.unit() < probability, stream.below(*count as u64));
                if replaced {
                    *label = class as u32;
                }
            }
        }
        Prepared { train: Arc::new(train), ..parts }
    }
}
