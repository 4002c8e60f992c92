//! `swa`: stochastic weight averaging, the plain mean of the weights at the ends of the last epochs, usually with a learning
//! rate that stays high.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "swa",
        aliases: &["stochastic_weight_averaging"],
        summary: "the mean of the weights at the ends of the last epochs",
        formula: "mean = mean + (w - mean) / (n + 1), n weights being in it",
        source: "Izmailov, Podoprikhin, Garipov, Vetrov & Wilson 2018; PyTorch, get_swa_multi_avg_fn",
        keys: times("{ fraction = 0.75 }", "{ epochs = 1 }").into(),
        example: "{ type = \"swa\", start = { fraction = 0.5 } }".into(),
    };
    Entry { about, build: |_| Box::new(Swa) }
}

struct Swa;

impl Average for Swa {
    fn share(&self, count: u64) -> f64 {
        1.0 / (count + 1) as f64
    }
}
