//! `cosine_restarts`: one half cosine after the other, each beginning at the full rate again.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "cosine_restarts",
        aliases: &["sgdr", "cosine_annealing_warm_restarts", "cosine_decay_restarts"],
        summary: "half cosines one after the other, each from the full rate to the lowest",
        formula: "period i has T_i = period · mult^i steps; s steps into it lr(t) = min_lr + (lr · decay^i - min_lr) \
                  (1 + cos(π s / T_i)) / 2",
        source: "Loshchilov & Hutter 2017; PyTorch, CosineAnnealingWarmRestarts; Keras, CosineDecayRestarts",
        keys: vec![
            Key::required("period", Kind::Length, "length of the first fall, at least one step")
                .or(&["T_0", "first_decay_steps"]),
            Key::preset(
                "mult",
                Kind::Number(Bounds::AtLeast(1.0)),
                "1.0",
                "how much longer every fall is than the last",
            )
            .or(&["T_mult", "t_mul"]),
            Key::preset(
                "decay",
                Kind::Number(Bounds::Above(0.0)),
                "1.0",
                "what the full rate is multiplied by at a restart",
            )
            .or(&["m_mul"]),
            MIN_LR,
        ],
        example: "{ type = \"cosine_restarts\", period = { fraction = 0.25 } }".into(),
    };
    let build: Build = |given| {
        let (mult, decay) = (given.number("mult"), given.number("decay"));
        let (period, lowest) = (given.steps("period") as f64, given.number("min_lr"));
        Some(Box::new(CosineRestarts { period, mult, decay, lowest }))
    };
    Entry { about, build }
}

struct CosineRestarts {
    period: f64,
    mult: f64,
    decay: f64,
    lowest: f64,
}

impl CosineRestarts {
    /// Where fall `i` begins: a geometric sum.
    fn start(&self, i: f64) -> f64 {
        if self.mult == 1.0 {
            i * self.period
        } else {
            self.period * (libm::pow(self.mult, i) - 1.0) / (self.mult - 1.0)
        }
    }

    /// The fall that step `t` is in.
    fn fall(&self, t: f64) -> f64 {
        let turns = t / self.period;
        if self.mult == 1.0 {
            return libm::floor(turns);
        }
        // the logarithm may miss an integer by its rounding
        let guess = libm::floor(libm::log1p(turns * (self.mult - 1.0)) / libm::log(self.mult));
        if self.start(guess + 1.0) <= t {
            guess + 1.0
        } else if self.start(guess) > t {
            guess - 1.0
        } else {
            guess
        }
    }
}

impl Schedule for CosineRestarts {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let t = t as f64;
        let i = self.fall(t);
        let phase = std::f64::consts::PI * (t - self.start(i)) / (self.period * libm::pow(self.mult, i));
        self.lowest + (lr * libm::pow(self.decay, i) - self.lowest) * (1.0 + libm::cos(phase)) / 2.0
    }
}
