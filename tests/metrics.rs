//! What scikit-learn answers, held against our metrics. The numbers are in `tests/golden/metrics.json`, made by
//! `metrics.py` there.

mod common;

use std::collections::BTreeSet;

use common::{Errors, golden, list, numbers, singles, text, value};
use kernels::Cpu;
use kernels::loss::Targets;
use runner::base::diagnostics::{Diagnostics, Place};
use runner::base::key::{Key, Kind};
use runner::base::registry::Members;
use runner::base::shape::{Shape, Target};
use runner::base::values::{Chosen, Value};
use runner::learn::objective::{self, Form, LOSSES, Objective};
use runner::probe::{self, Outputs, PROBES, Probe};
use serde_json::Value as Json;

/// Sums of some dozens of numbers, in another order than NumPy's.
const METRIC_ERROR: f64 = 1e-12;

fn choose(registry: fn() -> &'static dyn Members, common: &'static [Key], text: &str) -> Chosen {
    match value(text, &Kind::Member { registry, common }) {
        Ok(Value::Member(chosen)) => chosen,
        other => panic!("{text} is read as {other:?}"),
    }
}

/// The metrics that look at outputs, but for the loss, which is compared where losses are.
fn of_outputs() -> BTreeSet<&'static str> {
    let names = PROBES.entries.iter().map(|e| (e.about.name, e.about.example.as_str()));
    let kept = names.filter(|(name, example)| {
        let probe = probe::build(&choose(|| &*PROBES, probe::COMMON, example));
        matches!(probe, Probe::Outputs(..)) && *name != "loss"
    });
    kept.map(|(name, _)| name).collect()
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    let mut compared = BTreeSet::new();
    let mut errors = Errors::new("metrics", METRIC_ERROR);
    for case in list(&golden("metrics.json")["cases"]) {
        for loss in list(&case["losses"]) {
            compare(case, loss.as_str().expect("a name"), &mut compared, &mut errors);
        }
    }
    errors.report();
    assert_eq!(compared, of_outputs(), "every metric of outputs is compared");
}

fn compare(case: &Json, loss: &str, compared: &mut BTreeSet<&'static str>, errors: &mut Errors) {
    let count = |key: &str| case[key].as_u64().expect("a count") as usize;
    let (width, z, classes) = (count("width"), singles(&case["z"]), count("classes"));
    let target = if classes > 0 { Target::Classes(classes) } else { Target::Values(width) };
    let chosen = choose(|| &*LOSSES, objective::COMMON, &format!("\"{loss}\""));
    let objective =
        Objective::new(&chosen, (target, 1), &Shape::flat(width), (Place::default(), ""), &mut Diagnostics::new());
    let objective = objective.expect("loss, targets and width fit each other");
    let of = numbers(&case["targets"]);
    let indices: Vec<u32> = of.iter().map(|t| *t as u32).collect();
    let values: Vec<f32> = match objective.form() {
        Form::OneHot(n) => {
            indices.iter().flat_map(|y| (0..n).map(move |c| f32::from(u8::from(c == *y as usize)))).collect()
        }
        _ => of.iter().map(|t| *t as f32).collect(),
    };
    let targets = if objective.form() == Form::Class { Targets::Classes(&indices) } else { Targets::Values(&values) };
    for metric in list(&case["metrics"]) {
        let (written, wanted) = (text(metric, "metric"), metric["value"].as_f64().expect("a number"));
        let written = if written.starts_with('{') { written.to_owned() } else { format!("\"{written}\"") };
        let chosen = choose(|| &*PROBES, probe::COMMON, &written);
        compared.insert(chosen.name);
        let Probe::Outputs(_, probe) = probe::build(&chosen) else { panic!("{written} does not look at outputs") };
        for cpu in Cpu::all() {
            let ours = probe.measure(&Outputs { cpu, objective: &objective, z: &z, targets, unit: 1.0 });
            errors.check(ours, wanted, wanted.abs(), &format!("{written} of {loss} on {}", cpu.isa()));
        }
    }
}
