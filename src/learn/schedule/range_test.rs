//! `range_test`: the rate rises through all that could be of use, so that the loss shows from where to where training
//! works. Plot the loss of training over the rate.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "range_test",
        aliases: &["lr_find", "lr_range_test"],
        summary: "the rate rises through all that could be of use: the learning rate finder",
        formula: "x = t / (T - 1) over the T steps of the run; lr(t) = min_lr (max_lr / min_lr)^x, or \
                  min_lr + (max_lr - min_lr) x",
        source: "Smith 2017; fastai, lr_find",
        keys: vec![
            Key::preset("min_lr", Kind::Number(Bounds::Above(0.0)), "1e-7", "the rate of the first step"),
            MAX_LR,
            Key::preset(
                "mode",
                Kind::Word(&[("exponential", "by the same factor at every step"), ("linear", "in a line")]),
                "\"exponential\"",
                "how it rises",
            ),
            TOTAL,
        ],
        example: "{ type = \"range_test\", max_lr = 10.0 }".into(),
    };
    let build: Build = |given| {
        let (least, most) = (given.number("min_lr"), given.optional("max_lr"));
        let last = (given.steps("total") - 1).max(1);
        let exponential = given.values.text("mode") == "exponential";
        Some(Box::new(RangeTest { least, most, last, exponential }))
    };
    Entry { about, build }
}

struct RangeTest {
    least: f64,
    most: Option<f64>,
    last: u64,
    exponential: bool,
}

impl Schedule for RangeTest {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let (least, most) = (self.least, self.most.unwrap_or(lr));
        let x = t.min(self.last) as f64 / self.last as f64;
        if self.exponential { least * libm::pow(most / least, x) } else { least + (most - least) * x }
    }
}
