//! Reading an `[[expect]]`: what a table of keys cannot say - one statistic, one form of the band, axes that are left open
//! or do not exist - is checked here against the axes, before anything is trained.

use super::{Answer, Expectation, Quantity, Statistic};
use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::values::Values;
use crate::report::frame::{Axis, Outline};
use crate::report::select::{Selection, axis_of, check_metric, number_of, paths};

const STATISTICS: [&str; 8] = ["mean", "median", "min", "max", "sd", "share", "argmin", "argmax"];

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
    let before = diagnostics.count();
    let written: Vec<&str> = STATISTICS.into_iter().filter(|s| of.has(s)).collect();
    let statistic = match written[..] {
        [one] => one,
        [] => {
            let hint = "write one statistic of one measure, such as `mean = \"test_loss\"`";
            diagnostics.error_with_hint(of.place, "`of` names no statistic", "", hint);
            return None;
        }
        [first, second, ..] => {
            let message = format!("`of` takes one statistic, not `{first}` and `{second}`");
            diagnostics.error(of.place(second), message, "one too many");
            return None;
        }
    };
    check_metric(of.text(statistic), of.place(statistic), outline.summaries, "measure", diagnostics);
    misplaced(of, statistic, diagnostics);
    let selection = Selection::read(of, outline.axes, diagnostics);
    let computed = match statistic {
        "share" => band(of, false, diagnostics).map(|(low, high)| Statistic::Share { low, high }),
        _ if of.has("over") || statistic.starts_with("arg") => along(of, statistic, outline.axes, diagnostics),
        "mean" if of.has("at") => at(of, outline.axes, diagnostics),
        "mean" => Some(Statistic::Mean),
        "median" => Some(Statistic::Median),
        "min" => Some(Statistic::Min),
        "max" => Some(Statistic::Max),
        _ => Some(Statistic::Sd),
    };
    let (selection, statistic) = (selection?, computed?);
    if let Statistic::Along { axis, .. } | Statistic::At { axis, .. } = statistic {
        all_fixed(of.place, axis, &selection, outline.axes, diagnostics);
    }
    let metric = of.text(written[0]).to_owned();
    (diagnostics.count() == before).then_some(Quantity { metric, selection, statistic })
}

/// Reports keys that mean nothing beside the statistic.
fn misplaced(of: &Values, statistic: &str, diagnostics: &mut Diagnostics) {
    let goes_with: [(&str, &[&str]); 6] = [
        ("over", &["min", "max", "argmin", "argmax"]),
        ("fit", &["argmin", "argmax"]),
        ("at", &["mean"]),
        ("minus", &["mean"]),
        ("at_least", &["share"]),
        ("at_most", &["share"]),
    ];
    for (key, statistics) in goes_with {
        if of.has(key) && !statistics.contains(&statistic) {
            let all: Vec<String> = statistics.iter().map(|s| format!("`{s}`")).collect();
            let message = format!("`{key}` means nothing beside `{statistic}`");
            diagnostics.error(of.place(key), message, format!("it goes with {}", all.join(", ")));
        }
    }
    if of.has("minus") && !of.has("at") {
        diagnostics.error(of.place("minus"), "`minus` needs `at`, the number it is subtracted from", "");
    }
}

fn along(of: &Values, statistic: &str, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Statistic> {
    if !of.has("over") {
        let hint = "add `over = \"...\"`, the key path of the axis whose number is asked for";
        diagnostics.error_with_hint(of.place(statistic), format!("`{statistic}` needs `over`"), "", hint);
        return None;
    }
    let axis = axis_of(of.text("over"), of.place("over"), axes, diagnostics)?;
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
    let minus = match of.has("minus") {
        false => None,
        true => {
            let (other, number) = point(of, "minus", axes, diagnostics)?;
            if other != axis {
                let message = format!("`minus` must name the axis of `at`, `{}`", axes[axis].path);
                diagnostics.error(of.place("minus"), message, "");
                return None;
            }
            Some(number)
        }
    };
    Some(Statistic::At { axis, number, minus })
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
fn all_fixed(place: Place, axis: usize, selection: &Selection, axes: &[Axis], diagnostics: &mut Diagnostics) {
    for (i, open) in axes.iter().enumerate().filter(|(i, a)| *i != axis && a.values.len() > 1 && !selection.fixes(*i)) {
        debug_assert_ne!(i, axis);
        let first = &open.values[0];
        let value = first.number.map_or_else(|| crate::base::node::quote(&first.label), super::exact);
        let message = format!("`of` leaves the axis `{}` open", open.path);
        let hint = format!("fix it: `where = {{ \"{}\" = {value} }}`", open.path);
        diagnostics.error_with_hint(place, message, "", hint);
    }
}
