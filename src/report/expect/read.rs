//! Reading an `[[expect]]`: what a table of keys cannot say - one statistic, one form of the band, axes that are left open
//! or do not exist - is checked here against the axes, before anything is trained.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Answer, Expectation, Number, Operation, Quantity, Reading, Statistic};
use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::schema::{any_of, one_of};
use crate::base::values::{Value, Values};
use crate::report::frame::{Axis, Outline};
use crate::report::select::{Selection, axis_of, check_metric, number_of, paths};

const STATISTICS: [&str; 9] = ["mean", "median", "min", "max", "sd", "share", "argmin", "argmax", "correlation"];
/// Keys that mean something beside some statistics only.
const GOES_WITH: [(&str, &[&str]); 5] = [
    ("over", &["min", "max", "argmin", "argmax", "correlation"]),
    ("fit", &["argmin", "argmax"]),
    ("at", &["mean"]),
    ("at_least", &["share"]),
    ("at_most", &["share"]),
];
/// Statistics of the settings along an axis.
const NEED_OVER: [&str; 3] = ["argmin", "argmax", "correlation"];
/// What an evaluation has beside its measures.
const OF_A_ROW: [&str; 2] = ["step", "epoch"];

/// What a number must obey, for the schema.
pub fn rule() -> Json {
    let over = NEED_OVER.iter().map(|statistic| (*statistic, json!(["over"])));
    let beside = GOES_WITH.iter().map(|(key, statistics)| (*key, any_of(statistics.iter().copied())));
    let dependencies: BTreeMap<&str, Json> = over.chain(beside).collect();
    let mut rule = one_of(STATISTICS);
    rule["dependencies"] = json!(dependencies);
    rule["not"] = json!({ "required": ["minus", "divided_by"] });
    rule
}

impl Expectation {
    /// From the values of an `[[expect]]`. What is wrong is reported, all of it.
    pub fn read(values: &Values, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let band = band(values, true, diagnostics);
        let quantity = quantity(values.table("of"), outline, diagnostics);
        let ((low, high), quantity) = (band?, quantity?);
        let published = values.has("published").then(|| values.number("published"));
        let source = values.has("source").then(|| values.text("source").to_owned());
        Some(Self { name: values.text("name").to_owned(), published, low, high, source, quantity })
    }
}

/// The two ends of a band; `between` is a key of expectations only, and these must have a band.
fn band(values: &Values, outer: bool, diagnostics: &mut Diagnostics) -> Option<(f64, f64)> {
    let end = |key: &str, absent: f64| if values.has(key) { values.number(key) } else { absent };
    let (low, high) = (end("at_least", f64::NEG_INFINITY), end("at_most", f64::INFINITY));
    let halves = values.has("at_least") || values.has("at_most");
    let between = outer && values.has("between");
    let (low, high, place) = match (between, halves) {
        (true, false) => (values.numbers("between")[0], values.numbers("between")[1], values.place("between")),
        (true, true) => {
            let message = "`between` already says both ends of the band";
            let hint = "keep `between`, or `at_least` or `at_most`";
            diagnostics.error_with_hint(values.place("between"), message, "", hint);
            return None;
        }
        (false, false) if outer => {
            let hint = "add `between = [low, high]`, `at_least = low` or `at_most = high`";
            diagnostics.error_with_hint(values.place, "`[[expect]]` lacks the band that decides its verdict", "", hint);
            return None;
        }
        (false, _) => (low, high, values.place("at_most")),
    };
    if low > high {
        diagnostics.error(place, format!("no number lies between {low} and {high}"), "the lower end comes first");
        return None;
    }
    Some((low, high))
}

fn quantity(of: &Values, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Quantity> {
    let first = number(of, "of", outline, diagnostics);
    let second = match (of.has("minus"), of.has("divided_by")) {
        (false, false) => return Some(Quantity { first: first?, second: None }),
        (true, false) => ("minus", Operation::Minus),
        (false, true) => ("divided_by", Operation::DividedBy),
        (true, true) => {
            let message = "`of` takes one second number, `minus` or `divided_by`";
            diagnostics.error(of.place("divided_by"), message, "one too many");
            return None;
        }
    };
    let number = number(of.table(second.0), second.0, outline, diagnostics);
    Some(Quantity { first: first?, second: Some((second.1, number?)) })
}

/// One number of the table `what`.
fn number(of: &Values, what: &str, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Number> {
    let before = diagnostics.count();
    let written: Vec<&str> = STATISTICS.into_iter().filter(|s| of.has(s)).collect();
    let statistic = match written[..] {
        [one] => one,
        [] => {
            let hint = "write one statistic of one measure, such as `mean = \"test_loss\"`";
            diagnostics.error_with_hint(of.place, format!("`{what}` names no statistic"), "", hint);
            return None;
        }
        [first, second, ..] => {
            let message = format!("`{what}` takes one statistic, not `{first}` and `{second}`");
            diagnostics.error(of.place(second), message, "one too many");
            return None;
        }
    };
    let reading = reading(of, statistic, outline, diagnostics);
    misplaced(of, statistic, diagnostics);
    let selection = Selection::read(of, outline.axes, diagnostics);
    let computed = match statistic {
        "share" => band(of, false, diagnostics).map(|(low, high)| Statistic::Share { low, high }),
        "correlation" if reading == Some(Reading::Trend) => Some(Statistic::Mean),
        _ if of.has("over") || NEED_OVER.contains(&statistic) => along(of, statistic, outline.axes, diagnostics),
        "mean" if of.has("at") => at(of, outline.axes, diagnostics),
        "mean" => Some(Statistic::Mean),
        "median" => Some(Statistic::Median),
        "min" => Some(Statistic::Min),
        "max" => Some(Statistic::Max),
        _ => Some(Statistic::Sd),
    };
    let (selection, statistic) = (selection?, computed?);
    if let Statistic::Along { axis, .. } | Statistic::Correlation { axis } | Statistic::At { axis, .. } = statistic {
        all_fixed(of.place, what, axis, &selection, outline.axes, diagnostics);
    }
    let metric = of.text(written[0]).to_owned();
    let number = Number { metric, reading: reading?, selection, statistic };
    (diagnostics.count() == before).then_some(number)
}

/// Where the measure is read, which decides what it can be.
fn reading(of: &Values, statistic: &str, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Reading> {
    let (metric, place) = (of.text(statistic), of.place(statistic));
    let trend = statistic == "correlation" && of.has("over") && of.text("over") == "step";
    if trend {
        return check_metric(metric, place, outline.columns, "measure", diagnostics).then_some(Reading::Trend);
    }
    if !of.has("when") {
        if OF_A_ROW.contains(&metric) {
            let hint = format!(
                "add the evaluation that is meant: `when = {{ {} = ... }}`",
                outline.columns.first().map_or("train_loss", String::as_str)
            );
            diagnostics.error_with_hint(
                place,
                format!("a trial has many evaluations, each with its `{metric}`"),
                "",
                hint,
            );
            return None;
        }
        return check_metric(metric, place, outline.summaries, "measure", diagnostics).then_some(Reading::End);
    }
    let mut known = outline.columns.to_vec();
    known.extend(OF_A_ROW.map(str::to_owned));
    let mut fine = check_metric(metric, place, &known, "measure", diagnostics);
    let mut goals = Vec::new();
    for (name, place, item) in of.map("when") {
        fine &= check_metric(name, *place, outline.columns, "measure", diagnostics);
        let Value::Number(goal) = item.value else { unreachable!("the key takes numbers") };
        goals.push((name.clone(), goal));
    }
    if goals.is_empty() {
        let hint = "write `when = { train_accuracy = 0.99 }`";
        diagnostics.error_with_hint(of.place("when"), "`when` names no measure", "", hint);
        return None;
    }
    fine.then_some(Reading::When(goals))
}

/// Reports keys that mean nothing beside the statistic.
fn misplaced(of: &Values, statistic: &str, diagnostics: &mut Diagnostics) {
    for (key, statistics) in GOES_WITH {
        if of.has(key) && !statistics.contains(&statistic) {
            let all: Vec<String> = statistics.iter().map(|s| format!("`{s}`")).collect();
            let message = format!("`{key}` means nothing beside `{statistic}`");
            diagnostics.error(of.place(key), message, format!("it goes with {}", all.join(", ")));
        }
    }
}

fn along(of: &Values, statistic: &str, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Statistic> {
    if !of.has("over") {
        let hint = "add `over = \"...\"`, the key path of the axis whose number is asked for";
        diagnostics.error_with_hint(of.place(statistic), format!("`{statistic}` needs `over`"), "", hint);
        return None;
    }
    let axis = axis_of(of.text("over"), of.place("over"), axes, diagnostics)?;
    if statistic == "correlation" {
        numeric(of.place("over"), &axes[axis], diagnostics)?;
        return Some(Statistic::Correlation { axis });
    }
    let answer = match (statistic.starts_with("arg"), of.has("fit")) {
        (false, _) => Answer::Mean,
        (true, false) => Answer::Number,
        (true, true) => Answer::Parabola,
    };
    if answer != Answer::Mean {
        numeric(of.place("over"), &axes[axis], diagnostics)?;
    }
    Some(Statistic::Along { axis, largest: statistic.ends_with("max"), answer })
}

fn at(of: &Values, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Statistic> {
    let (axis, number) = point(of, "at", axes, diagnostics)?;
    Some(Statistic::At { axis, number })
}

/// One number on one axis, inside the range of its values.
fn point(of: &Values, key: &str, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<(usize, f64)> {
    let entries = paths(of.map(key));
    let [(path, place, node)] = &entries[..] else {
        let hint = format!("write `{key} = {{ \"optimizer.lr\" = 0.1 }}`; fix other axes with `where`");
        diagnostics.error_with_hint(of.place(key), format!("`{key}` takes one axis, not {}", entries.len()), "", hint);
        return None;
    };
    let axis = axis_of(path, *place, axes, diagnostics)?;
    let numbers = numeric(*place, &axes[axis], diagnostics)?;
    let Some(number) = number_of(node) else {
        diagnostics.error(
            node.place,
            format!("`{path}` of `{key}` must be a number"),
            format!("this is {}", node.kind()),
        );
        return None;
    };
    let (low, high) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    if !(low..=high).contains(&number) {
        let message = format!("`{path}` of `{key}` must lie on the axis, from {low} to {high}, not {number}");
        diagnostics.error(node.place, message, "");
        return None;
    }
    Some((axis, number))
}

/// The numbers of the axis; that it has none is reported.
fn numeric(place: Place, axis: &Axis, diagnostics: &mut Diagnostics) -> Option<Vec<f64>> {
    let numbers = axis.numbers();
    if let (None, Some(value)) = (&numbers, axis.values.iter().find(|v| v.number.is_none())) {
        diagnostics.error(place, format!("the axis `{}` is not of numbers", axis.path), format!("`{}`", value.label));
    }
    numbers
}

/// Reports axes that leave more than one setting for a number of `axis`.
fn all_fixed(
    place: Place,
    what: &str,
    axis: usize,
    selection: &Selection,
    axes: &[Axis],
    diagnostics: &mut Diagnostics,
) {
    for (_, open) in axes.iter().enumerate().filter(|(i, a)| *i != axis && a.values.len() > 1 && !selection.fixes(*i)) {
        let message = format!("`{what}` leaves the axis `{}` open", open.path);
        let hint = format!("fix it: `{}`", open.example());
        diagnostics.error_with_hint(place, message, "", hint);
    }
}
