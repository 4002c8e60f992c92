//! `multistep`: the rate changes at certain steps, by a factor or to a value.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "multistep",
        aliases: &["piecewise", "multi_step", "piecewise_constant", "piecewise_constant_decay"],
        summary: "the rate changes at certain steps, by a factor or to a value",
        formula: "lr(t) = lr · gamma^(milestones up to t), or the value behind the last milestone up to t",
        source: "PyTorch, MultiStepLR (there counted in epochs); Keras, PiecewiseConstantDecay (there one step later)",
        keys: vec![
            Key::required(
                "milestones",
                Kind::List { of: &Kind::Length, least: 1 },
                "from which steps on the rate is another one, in rising order",
            )
            .or(&["boundaries"]),
            Key::optional(
                "gamma",
                Kind::Number(Bounds::Above(0.0)),
                "the factor at every milestone; 0.1 when there are no `values` either",
            ),
            Key::optional(
                "values",
                Kind::Numbers { count: None, bounds: Bounds::AtLeast(0.0) },
                "the rates themselves, one more than milestones, whatever the optimizer's is",
            ),
        ],
        example: "{ type = \"multistep\", milestones = [{ fraction = 0.5 }, { fraction = 0.75 }] }".into(),
    };
    Entry { about, build }
}

fn build(given: &mut Given<'_>) -> Option<Box<dyn Schedule>> {
    let values = given.values;
    let step_of = |item: &crate::base::values::Item| match item.value {
        Value::Length(length) => given.run.steps_of(length),
        ref other => unreachable!("milestones are lengths: {other:?}"),
    };
    let milestones: Vec<u64> = values.list("milestones").iter().map(step_of).collect();
    let mut wrong = |key: &str, message: String, hint: &str| {
        given.diagnostics.error_with_hint(values.place(key), message, "", hint);
        None
    };
    if !milestones.is_sorted() {
        let message = format!("the milestones are the steps {milestones:?}, which do not rise");
        return wrong("milestones", message, "write them in the order in which they are reached");
    }
    if values.has("values") && values.has("gamma") {
        return wrong("gamma", "`multistep` has both `gamma` and `values`".into(), "keep one of them");
    }
    if !values.has("values") {
        let gamma = if values.has("gamma") { values.number("gamma") } else { 0.1 };
        return Some(Box::new(Multistep { milestones, change: Change::By(gamma) }));
    }
    let rates = values.numbers("values");
    if rates.len() != milestones.len() + 1 {
        let message = format!(
            "{} milestones divide the run into {} parts, but there are {} values",
            milestones.len(),
            milestones.len() + 1,
            rates.len()
        );
        return wrong("values", message, "write one value more than milestones");
    }
    Some(Box::new(Multistep { milestones, change: Change::To(rates) }))
}

struct Multistep {
    milestones: Vec<u64>,
    change: Change,
}

enum Change {
    By(f64),
    To(Vec<f64>),
}

impl Schedule for Multistep {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let passed = self.milestones.partition_point(|milestone| *milestone <= t);
        match &self.change {
            Change::By(gamma) => lr * libm::pow(*gamma, passed as f64),
            Change::To(rates) => rates[passed],
        }
    }
}
