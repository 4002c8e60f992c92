//! `wsd`: warm-up, a long stretch at the full rate, and a decay at the end of the run.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "wsd",
        aliases: &["trapezoid", "warmup_stable_decay"],
        summary: "warm-up, then the full rate, then a decay at the end of the run",
        formula: "lr(t) = min_lr + (lr - min_lr) f(k / D) in the last D steps, k of them done; f(x) = 1 - x, \
                  (1 + cos πx) / 2 or 1 - √x; before them lr",
        source: "Hu et al. 2024 (MiniCPM); 1-sqrt: Hägele et al. 2024",
        keys: vec![
            Key::preset(
                "decay",
                Kind::Length,
                "{ fraction = 0.2 }",
                "D, the length of the decay, of what warm-up leaves of the run",
            ),
            Key::preset(
                "decay_type",
                Kind::Word(&[("linear", "1 - x"), ("cosine", "(1 + cos πx) / 2"), ("1-sqrt", "1 - √x")]),
                "\"linear\"",
                "f, how the rate falls",
            ),
            MIN_LR,
        ],
        example: "{ type = \"wsd\", warmup = { fraction = 0.05 }, decay_type = \"1-sqrt\" }".into(),
    };
    let build: Build = |given| {
        let length = given.steps("decay");
        let start = given.run.steps.saturating_sub(length);
        let fall = match given.values.text("decay_type") {
            "cosine" => |x: f64| (1.0 + libm::cos(std::f64::consts::PI * x)) / 2.0,
            "1-sqrt" => |x: f64| 1.0 - libm::sqrt(x),
            _ => |x: f64| 1.0 - x,
        };
        Some(Box::new(Wsd { start, length, lowest: given.number("min_lr"), fall }))
    };
    Entry { about, build }
}

struct Wsd {
    start: u64,
    length: u64,
    lowest: f64,
    fall: fn(f64) -> f64,
}

impl Schedule for Wsd {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let done = t.saturating_sub(self.start).min(self.length) as f64 / self.length as f64;
        self.lowest + (lr - self.lowest) * (self.fall)(done)
    }
}
