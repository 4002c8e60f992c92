//! `linear`: the rate goes in a line from one share of itself to another.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let factor = Kind::Number(Bounds::AtLeast(0.0));
    let about = About {
        name: "linear",
        aliases: &["linear_lr"],
        summary: "the rate goes in a line from one share of itself to another, down to zero by default",
        formula: "lr(t) = lr · (start_factor + (end_factor - start_factor) min(t / total, 1))",
        source: "PyTorch, LinearLR (whose defaults, 1/3 to 1 over five steps, are a warm-up: see `warmup`)",
        keys: vec![
            Key::preset("start_factor", factor, "1.0", "the share it begins with"),
            Key::preset("end_factor", factor, "0.0", "the share it ends with"),
            TOTAL,
        ],
        example: "{ type = \"linear\", warmup = { fraction = 0.1 } }".into(),
    };
    let build: Build = |given| {
        let (start, end) = (given.number("start_factor"), given.number("end_factor"));
        Some(Box::new(Linear { start, end, total: given.steps("total") }))
    };
    Entry { about, build }
}

struct Linear {
    start: f64,
    end: f64,
    total: u64,
}

impl Schedule for Linear {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        lr * (self.start + (self.end - self.start) * (t.min(self.total) as f64 / self.total as f64))
    }
}
