//! `sequential`: one schedule after the other, each at its own step 0 where its phase begins and spanning no more than it.

use super::*;

/// A phase.
static PHASE: Kind = Kind::Table(&[
    Key::required(
        "schedule",
        Kind::Member { registry: || &*SCHEDULES, common: COMMON },
        "how the rate goes in this phase",
    ),
    Key::optional(
        "length",
        Kind::Length,
        "how long the phase is; the last one may leave it out and has the rest of the run",
    ),
]);

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "sequential",
        aliases: &["sequential_lr", "phases"],
        summary: "one schedule after the other",
        formula: "lr(t) = the rate of the phase that t is in, at the steps since it began",
        source: "PyTorch, SequentialLR",
        keys: vec![Key::required(
            "phases",
            Kind::List { of: &PHASE, least: 1 },
            "the schedules in order, each with its `length`",
        )],
        example: "{ type = \"sequential\", phases = [{ schedule = \"constant\", length = { epochs = 5 } }, \
                  { schedule = \"cosine\" }] }"
            .into(),
    };
    Entry { about, build }
}

fn build(given: &mut Given<'_>) -> Option<Box<dyn Schedule>> {
    let (mut phases, mut begun) = (Vec::new(), 0_u64);
    let items = given.values.list("phases");
    for (i, item) in items.iter().enumerate() {
        let Value::Table(phase) = &item.value else { unreachable!("phases are tables") };
        let left = given.run.steps.saturating_sub(begun);
        let steps = match phase.value("length") {
            Value::Length(length) => given.run.steps_of(*length),
            _ if i + 1 == items.len() => left,
            _ => {
                let hint = "add `length = { steps = n }`, `{ epochs = x }` or `{ fraction = x }` of the run";
                given.diagnostics.error_with_hint(item.place, "only the last phase can do without `length`", "", hint);
                return None;
            }
        };
        let chosen = phase.member("schedule");
        let schedule = Warmed::new(chosen, Run { steps, ..given.run }, given.diagnostics)?;
        if schedule.follows().is_some() {
            let hint = "let it be the whole schedule: it waits by itself until a measure stops improving";
            let message = format!("`{}` follows what is measured and cannot be a phase", chosen.name);
            given.diagnostics.error_with_hint(chosen.place, message, "", hint);
            return None;
        }
        phases.push((begun, schedule));
        begun = begun.saturating_add(steps);
    }
    Some(Box::new(Sequential { phases }))
}

struct Sequential {
    /// The step at which each begins.
    phases: Vec<(u64, Warmed)>,
}

impl Sequential {
    /// The phase that step `t` is in, and the steps since it began.
    fn phase(&self, t: u64) -> (&Warmed, u64) {
        let at = self.phases.partition_point(|(begun, _)| *begun <= t) - 1;
        let (begun, phase) = &self.phases[at];
        (phase, t - begun)
    }
}

impl Schedule for Sequential {
    fn rate(&self, lr: f64, t: u64) -> f64 {
        let (phase, t) = self.phase(t);
        phase.rate(lr, t)
    }

    fn momentum(&self, t: u64) -> Option<f64> {
        let (phase, t) = self.phase(t);
        phase.momentum(t)
    }

    fn largest_momentum(&self) -> Option<f64> {
        self.phases.iter().filter_map(|(_, phase)| phase.largest_momentum()).reduce(f64::max)
    }
}
