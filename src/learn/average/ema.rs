//! `ema`: an exponential moving average, which forgets.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let decay = Kind::Number(Bounds::Below(0.0, 1.0));
    let [start, every] = times("{ steps = 0 }", "{ steps = 1 }");
    let about = About {
        name: "ema",
        aliases: &["exponential_moving_average"],
        summary: "an exponential moving average of the weights",
        formula: "mean = decay mean + (1 - decay) w, from mean = w",
        source: "Polyak & Juditsky 1992; PyTorch, get_ema_multi_avg_fn",
        keys: vec![Key::preset("decay", decay, "0.999", "the share that stays at a time"), start, every],
        example: "{ type = \"ema\", decay = 0.99 }".into(),
    };
    Entry { about, build: |values| Box::new(Ema { decay: values.number("decay") }) }
}

struct Ema {
    decay: f64,
}

impl Average for Ema {
    fn share(&self, _count: u64) -> f64 {
        1.0 - self.decay
    }
}
