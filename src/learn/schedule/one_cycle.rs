//! `one_cycle`: the rate rises from a low value to the highest and falls to one far below where it began, over the whole
//! run; the momentum goes the other way.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let factor = Kind::Number(Bounds::Above(0.0));
    let mut keys = vec![
        MAX_LR,
        Key::preset(
            "pct_start",
            Kind::Number(Bounds::Within(0.0, 1.0)),
            "0.3",
            "the share of the run that the rise takes",
        ),
        Key::preset("div_factor", factor, "25.0", "highest rate over the one it begins with"),
        Key::preset("final_div_factor", factor, "10000.0", "the rate it begins with over the one it ends with"),
        Key::preset(
            "anneal",
            Kind::Word(&[("cos", "along half a cosine"), ("linear", "in a line")]),
            "\"cos\"",
            "how it goes from one rate to the next",
        )
        .or(&["anneal_strategy"]),
        Key::preset(
            "three_phase",
            Kind::Flag,
            "false",
            "whether it falls to the first rate as it rose, and only then to the last",
        ),
        TOTAL,
    ];
    keys.extend(momentum_keys("0.85", "0.95"));
    let about = About {
        name: "one_cycle",
        aliases: &["onecycle", "1cycle", "one_cycle_lr"],
        summary: "up to the highest rate and far down in one run, the momentum the other way round",
        formula: "from max_lr / div_factor to max_lr at step pct_start · total - 1, then to max_lr / div_factor / \
                  final_div_factor at step total - 1; a part x of the way from a to b is b + (a - b)(1 + cos πx) / 2",
        source: "Smith & Topin 2019; PyTorch, OneCycleLR",
        keys,
        example: "{ type = \"one_cycle\", cycle_momentum = false }".into(),
    };
    Entry { about, build }
}

fn build(given: &mut Given<'_>) -> Option<Box<dyn Schedule>> {
    let (total, rise) = (given.steps("total") as f64, given.number("pct_start"));
    let first = rise * total - 1.0;
    let second = if given.values.flag("three_phase") { Some(2.0 * rise * total - 2.0) } else { None };
    let ends = [first].into_iter().chain(second).chain([total - 1.0]).collect();
    let low = 1.0 / given.number("div_factor");
    let rates = [low, 1.0].into_iter().chain(second.map(|_| low)).chain([low / given.number("final_div_factor")]);
    let momenta =
        momenta(given).map(|(base, most)| [most, base].into_iter().chain(second.map(|_| most)).chain([most]).collect());
    let cosine = given.values.text("anneal") == "cos";
    Some(Box::new(OneCycle { ends, rates: rates.collect(), momenta, cosine, most: given.optional("max_lr") }))
}

struct OneCycle {
    /// The step at which each phase ends.
    ends: Vec<f64>,
    /// The rates between which the phases go, as shares of the highest: one more than phases.
    rates: Vec<f64>,
    momenta: Option<Vec<f64>>,
    cosine: bool,
    most: Option<f64>,
}

impl OneCycle {
    /// What goes through these points at step `t`.
    fn between(&self, points: &[f64], t: u64) -> f64 {
        let t = t as f64;
        let last = self.ends.len() - 1;
        let phase = self.ends[..last].iter().position(|end| t <= *end).unwrap_or(last);
        let begun = if phase == 0 { 0.0 } else { self.ends[phase - 1] };
        let length = self.ends[phase] - begun;
        let part = if length > 0.0 { ((t - begun) / length).min(1.0) } else { 1.0 };
        let (from, to) = (points[phase], points[phase + 1]);
        if self.cosine {
            to + (from - to) / 2.0 * (libm::cos(std::f64::consts::PI * part) + 1.0)
        } else {
            (to - from) * part + from
        }
    }
}

impl Schedule for OneCycle {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        self.most.unwrap_or(lr) * self.between(&self.rates, t)
    }

    fn momentum(&self, t: u64) -> Option<f64> {
        self.momenta.as_ref().map(|points| self.between(points, t))
    }

    fn largest_momentum(&self) -> Option<f64> {
        self.momenta.as_ref().map(|points| points[0].max(points[1]))
    }
}
