//! `cosine`: the rate falls along half a cosine, slowly at both ends.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "cosine",
        aliases: &["cosine_annealing", "cosine_decay"],
        summary: "half a cosine from the full rate to the lowest",
        formula: "lr(t) = min_lr + (lr - min_lr) (1 + cos(π t / total)) / 2, min_lr from t = total on",
        source: "Loshchilov & Hutter 2017; PyTorch, CosineAnnealingLR",
        keys: vec![MIN_LR, TOTAL],
        example: "{ type = \"cosine\", warmup = { fraction = 0.05 } }".into(),
    };
    let build: Build = |given| Some(Box::new(Cosine { lowest: given.number("min_lr"), total: given.steps("total") }));
    Entry { about, build }
}

struct Cosine {
    lowest: f64,
    total: u64,
}

impl Schedule for Cosine {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let phase = std::f64::consts::PI * (t.min(self.total) as f64 / self.total as f64);
        self.lowest + (lr - self.lowest) * (1.0 + libm::cos(phase)) / 2.0
    }
}
