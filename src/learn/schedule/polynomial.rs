//! `polynomial`: the rate falls along a power of what is left of the run.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "polynomial",
        aliases: &["polynomial_lr", "polynomial_decay"],
        summary: "the rate falls along a power of what is left of the run",
        formula: "lr(t) = min_lr + (lr - min_lr) (1 - t / total)^power, min_lr from t = total on",
        source: "PyTorch, PolynomialLR; Keras, PolynomialDecay",
        keys: vec![
            Key::preset("power", Kind::Number(Bounds::Above(0.0)), "1.0", "1 is a line, 2 a parabola that ends flat"),
            MIN_LR,
            TOTAL,
        ],
        example: "{ type = \"polynomial\", power = 2.0 }".into(),
    };
    let build: Build = |given| {
        let (power, lowest) = (given.number("power"), given.number("min_lr"));
        Some(Box::new(Polynomial { power, lowest, total: given.steps("total") }))
    };
    Entry { about, build }
}

struct Polynomial {
    power: f64,
    lowest: f64,
    total: u64,
}

impl Schedule for Polynomial {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let left = 1.0 - t.min(self.total) as f64 / self.total as f64;
        self.lowest + (lr - self.lowest) * libm::pow(left, self.power)
    }
}
