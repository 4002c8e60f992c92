//! `cyclic`: the rate goes up and down in triangles, the momentum the other way.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let mut keys = vec![
        Key::required(
            "base_lr",
            Kind::Number(Bounds::AtLeast(0.0)),
            "the rate that every triangle begins and ends with",
        ),
        MAX_LR,
        Key::required("step_size_up", Kind::Length, "length of the way up, at least one step"),
        Key::optional("step_size_down", Kind::Length, "length of the way down; that of the way up when not given"),
        Key::preset(
            "mode",
            Kind::Word(&[
                ("triangular", "all triangles are alike"),
                ("triangular2", "every triangle is half as high as the last"),
                ("exp_range", "the height at step t is multiplied by gamma^t"),
            ]),
            "\"triangular\"",
            "how high the triangles are",
        ),
        Key::preset("gamma", Kind::Number(Bounds::Above(0.0)), "1.0", "the factor of `exp_range`"),
    ];
    keys.extend(momentum_keys("0.8", "0.9"));
    let about = About {
        name: "cyclic",
        aliases: &["cyclic_lr", "triangular"],
        summary: "up and down in triangles, the momentum the other way round",
        formula: "lr(t) = base_lr + (max_lr - base_lr) h(t) c(t), h rising from 0 to 1 and falling back in every cycle, c = \
                  1, 2^-(cycles done) or gamma^t",
        source: "Smith 2017; PyTorch, CyclicLR",
        keys,
        example: "{ type = \"cyclic\", base_lr = 0.01, step_size_up = { epochs = 2 }, cycle_momentum = false }".into(),
    };
    Entry { about, build }
}

fn build(given: &mut Given<'_>) -> Option<Box<dyn Schedule>> {
    let up = given.steps("step_size_up");
    let down = if given.values.has("step_size_down") { given.steps("step_size_down") } else { up };
    let scale = match given.values.text("mode") {
        "triangular2" => Scale::Halving,
        "exp_range" => Scale::Power(given.number("gamma")),
        _ => Scale::Same,
    };
    let (base, most) = (given.number("base_lr"), given.optional("max_lr"));
    Some(Box::new(Cyclic { base, most, up, cycle: up.saturating_add(down), scale, momenta: momenta(given) }))
}

struct Cyclic {
    base: f64,
    most: Option<f64>,
    up: u64,
    cycle: u64,
    scale: Scale,
    momenta: Option<(f64, f64)>,
}

enum Scale {
    Same,
    Halving,
    Power(f64),
}

impl Cyclic {
    /// How high step `t` stands between base and top.
    fn height(&self, t: u64) -> f64 {
        let within = t % self.cycle;
        let height = if within <= self.up {
            within as f64 / self.up as f64
        } else {
            (self.cycle - within) as f64 / (self.cycle - self.up) as f64
        };
        height
            * match self.scale {
                Scale::Same => 1.0,
                Scale::Halving => libm::exp2(-((t / self.cycle) as f64)),
                Scale::Power(gamma) => libm::pow(gamma, t as f64),
            }
    }
}

impl Schedule for Cyclic {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        self.base + (self.most.unwrap_or(lr) - self.base) * self.height(t)
    }

    fn momentum(&self, t: u64) -> Option<f64> {
        self.momenta.map(|(base, most)| most - (most - base) * self.height(t))
    }

    fn largest_momentum(&self) -> Option<f64> {
        self.momenta.map(|(base, most)| most.max(base))
    }
}
