//! `truncated_normal`: a normal distribution without its tails. A draw is uniform between the bounds and kept with the
//! density there, relative to the highest one between them; what lies ten deviations further out than that never comes.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let bound = Kind::Number(Bounds::Any);
    let mut keys = normal::moments();
    keys.push(Key::preset("a", bound, "-2.0", "one end of what is drawn; not in units of `std`"));
    keys.push(Key::preset("b", bound, "2.0", "the other end"));
    let about = About {
        name: "truncated_normal",
        aliases: &["trunc_normal"],
        summary: "normal between two bounds, biases zero",
        formula: "W ~ N(mean, std²) given a ≤ W ≤ b, b = 0",
        source: "PyTorch, torch.nn.init.trunc_normal_",
        keys,
        example: "{ type = \"truncated_normal\", std = 0.02, a = -0.04, b = 0.04 }".into(),
    };
    let build: Build = |values| {
        let (mean, std) = (values.number("mean"), values.number("std"));
        let (a, b) = (values.number("a"), values.number("b"));
        Box::new(TruncatedNormal { mean, std, low: a.min(b), high: a.max(b) })
    };
    Entry { about, build }
}

struct TruncatedNormal {
    mean: f64,
    std: f64,
    low: f64,
    high: f64,
}

impl Initialiser for TruncatedNormal {
    fn weights(&self, _slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        // where the density is highest, and how far from it a draw may lie
        let mode = self.mean.clamp(self.low, self.high);
        let (low, high) = (self.low.max(mode - 10.0 * self.std), self.high.min(mode + 10.0 * self.std));
        let density = |w: f64| {
            let (z, nearest) = ((w - self.mean) / self.std, (mode - self.mean) / self.std);
            libm::exp(0.5 * (nearest * nearest - z * z))
        };
        for w in out {
            *w = loop {
                let drawn = low + (high - low) * stream.unit();
                if low == high || stream.unit() < density(drawn) {
                    break drawn as f32;
                }
            };
        }
    }
}
