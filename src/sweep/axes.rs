//! The axes of a sweep: a key path and its values, each with the label it has in tables and legends.

use std::collections::BTreeSet;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::{Data, Entry, Node};
use crate::base::values::{Item, Value};

/// A swept key.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// The key path as it was written: `optimizer.lr`.
    pub path: String,
    /// Where it was written.
    pub place: Place,
    /// Its values in order.
    pub points: Vec<Point>,
    /// The range they were written as, if they were.
    pub range: Option<Node>,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// How it is called in tables and legends.
    pub label: String,
    /// What it puts into the file's tree.
    pub node: Node,
}

impl Axis {
    /// Whether the values are told apart best on a logarithmic scale: a logarithmic range, or listed numbers above 0 that
    /// span more than a factor of 20, each larger than the last by a fifth at least.
    pub fn is_log(&self) -> bool {
        if let Some(range) = &self.range {
            return range.get("log").is_some();
        }
        let numbers: Option<Vec<f64>> = self.points.iter().map(Point::number).collect();
        let mut numbers = numbers.unwrap_or_default();
        numbers.sort_by(f64::total_cmp);
        let spans = numbers.first().zip(numbers.last()).is_some_and(|(a, b)| *a > 0.0 && b / a > 20.0);
        spans && numbers.windows(2).all(|w| w[1] / w[0] >= 1.2)
    }
}

impl Point {
    /// The number it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self.node.data {
            Data::Whole(i) => Some(i as f64),
            Data::Number(x) => Some(x),
            _ => None,
        }
    }
}

/// The most values an axis may have.
const MOST_POINTS: i64 = 100_000;

/// The axes of `[sweep.axes]`, in the order of the file. A nested table is the same as a dotted path.
pub fn read(entries: &[(String, Place, Item)], diagnostics: &mut Diagnostics) -> Option<Vec<Axis>> {
    let before = diagnostics.count();
    let mut axes: Vec<Axis> = Vec::new();
    for (path, place, item) in entries {
        let Value::Raw(node) = &item.value else { unreachable!("the values of axes are read here") };
        collect(path, *place, node, &mut axes, diagnostics);
    }
    let mut seen = BTreeSet::new();
    for axis in &axes {
        if !seen.insert(axis.path.as_str()) {
            diagnostics.error(axis.place, format!("axis `{}` stands here twice", axis.path), "");
        }
    }
    (diagnostics.count() == before).then_some(axes)
}

fn collect(path: &str, place: Place, node: &Node, axes: &mut Vec<Axis>, diagnostics: &mut Diagnostics) {
    let path = path.replace(' ', "");
    if path.split('.').any(str::is_empty) {
        diagnostics.error(place, format!("`{path}` is no key path"), "write it as `\"section.key\"`");
        return;
    }
    let is_range = ["linear", "log", "count"].iter().any(|key| node.get(key).is_some());
    let points = match &node.data {
        Data::List(items) => {
            items.iter().for_each(|item| check_label(&path, item, diagnostics));
            items.iter().map(point).collect()
        }
        Data::Table(_) if is_range => match range(&path, node, diagnostics) {
            Some(points) => points,
            None => return,
        },
        Data::Table(inner) if !inner.is_empty() => {
            for entry in inner {
                collect(&format!("{path}.{}", entry.key), entry.place, &entry.node, axes, diagnostics);
            }
            return;
        }
        _ => {
            let hint = "write `[a, b, c]`, `{ linear = [a, b], count = n }` or `{ log = [a, b], count = n }`";
            let message = format!("the values of axis `{path}` must be an array or a range");
            diagnostics.error_with_hint(node.place, message, format!("this is {}", node.kind()), hint);
            return;
        }
    };
    if points.is_empty() {
        let hint = "give it at least one value, or take the axis out";
        diagnostics.error_with_hint(node.place, format!("axis `{path}` has no values: the sweep is empty"), "", hint);
        return;
    }
    if !apart(&path, &points, diagnostics) {
        return;
    }
    axes.push(Axis { path, place, points, range: is_range.then(|| node.clone()) });
}

/// Whether every value is another one and has another label; where not, that is reported.
fn apart(path: &str, points: &[Point], diagnostics: &mut Diagnostics) -> bool {
    let (mut labels, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for point in points {
        // +0 and -0 are the same number
        let number = point.number().map(|x| (x + 0.0).to_bits());
        let table = matches!(point.node.data, Data::Table(_));
        let (message, hint) = match () {
            () if !labels.insert(point.label.as_str()) => (
                format!("two values of axis `{path}` are called `{}`", point.label),
                if table { "give each table a `label` of its own" } else { "take one of them out" },
            ),
            () if number.is_some_and(|x| !numbers.insert(x)) => {
                (format!("axis `{path}` has the number `{}` twice", point.label), "take one of them out")
            }
            () => continue,
        };
        diagnostics.error_with_hint(point.node.place, message, "", hint);
        return false;
    }
    true
}

/// A listed value. The label of a table is taken out of it, because it belongs to the sweep.
fn point(node: &Node) -> Point {
    let Data::Table(entries) = &node.data else {
        let label = match &node.data {
            Data::Text(s) => s.clone(),
            _ => node.to_toml(),
        };
        return Point { label, node: node.clone() };
    };
    let label = match node.get("label").map(|n| &n.data) {
        Some(Data::Text(label)) => label.clone(),
        _ => describe(entries),
    };
    let rest = entries.iter().filter(|e| e.key != "label").cloned().collect();
    Point { label, node: Node { place: node.place, data: Data::Table(rest) } }
}

fn check_label(path: &str, item: &Node, diagnostics: &mut Diagnostics) {
    match item.get("label") {
        Some(label) if !matches!(label.data, Data::Text(_)) => {
            let message = format!("the `label` of a value of axis `{path}` must be a string");
            diagnostics.error(label.place, message, format!("this is {}", label.kind()));
        }
        _ => {}
    }
}

/// A table in few words: its type, then its other settings.
fn describe(entries: &[Entry]) -> String {
    let text = |e: &Entry| match &e.node.data {
        Data::Text(s) if e.key == "type" => s.clone(),
        _ => format!("{} = {}", e.key, e.node.to_toml()),
    };
    entries.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The values of `{ linear = [a, b], count = n }` or `{ log = [a, b], count = n }`, both ends included. Those between are
/// rounded to four significant digits where that keeps them apart, so that what a table shows is what was used; a range
/// between integers gives integers.
fn range(path: &str, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Point>> {
    for entry in node.entries() {
        if !["linear", "log", "count"].contains(&entry.key.as_str()) {
            let message = format!("unknown key `{}` in the range of axis `{path}`", entry.key);
            diagnostics.error_with_hint(entry.place, message, "", "known here: `linear`, `log`, `count`");
            return None;
        }
    }
    let mut wrong = |place, message: String, hint: &str| {
        diagnostics.error_with_hint(place, message, "", hint);
        None
    };
    let (ends, log) = match (node.get("linear"), node.get("log")) {
        (Some(ends), None) => (ends, false),
        (None, Some(ends)) => (ends, true),
        _ => {
            let message = format!("the range of axis `{path}` needs one of `linear` and `log`");
            return wrong(node.place, message, "write `{ log = [a, b], count = n }`");
        }
    };
    let count = match node.get("count").map(|n| (n.place, &n.data)) {
        Some((_, Data::Whole(n))) if (2..=MOST_POINTS).contains(n) => *n as usize,
        Some((place, _)) => {
            let message = format!("`count` of axis `{path}` must be an integer from 2 to {MOST_POINTS}");
            return wrong(place, message, "the two ends are values of the range");
        }
        None => {
            let message = format!("the range of axis `{path}` lacks `count`");
            return wrong(node.place, message, "add `count = n`, both ends included");
        }
    };
    let number = |n: &Node| Point { label: String::new(), node: n.clone() }.number().filter(|x| x.is_finite());
    let pair = match &ends.data {
        Data::List(items) if items.len() == 2 => number(&items[0]).zip(number(&items[1])),
        _ => None,
    };
    let Some((a, b)) = pair.filter(|(a, b)| a < b && (!log || *a > 0.0)) else {
        let kind = if log { "two rising numbers above 0" } else { "two rising numbers" };
        return wrong(ends.place, format!("the range of axis `{path}` must go between {kind}"), "write `[from, to]`");
    };
    let whole = matches!(&ends.data, Data::List(items) if items.iter().all(|i| matches!(i.data, Data::Whole(_))));
    Some(points(a, b, count, log, whole, ends.place))
}

fn points(a: f64, b: f64, count: usize, log: bool, whole: bool, place: Place) -> Vec<Point> {
    let exact = |i: usize| match i {
        i if log => libm::exp(libm::log(a) + (libm::log(b) - libm::log(a)) * i as f64 / (count - 1) as f64),
        i => a + (b - a) * i as f64 / (count - 1) as f64,
    };
    let round = |digits: usize| {
        let between = (1..count - 1).map(|i| significant(exact(i), if whole { 12 } else { digits }));
        [a].into_iter().chain(between).chain([b]).collect::<Vec<f64>>()
    };
    let apart = |values: &[f64]| values.windows(2).all(|w| w[0] < w[1]);
    let values = Some(round(4)).filter(|v| apart(v)).unwrap_or_else(|| round(12));
    let data = |x: f64| if whole { Data::Whole(x.round() as i64) } else { Data::Number(x) };
    let mut nodes: Vec<Node> = values.into_iter().map(|x| Node { place, data: data(x) }).collect();
    nodes.dedup();
    nodes.iter().map(point).collect()
}

/// A number rounded to so many significant digits, by way of its decimal text.
fn significant(x: f64, digits: usize) -> f64 {
    format!("{:.*e}", digits - 1, x).parse().expect("a formatted number can be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_range_has_its_ends_and_equal_ratios() {
        let values: Vec<f64> =
            points(0.01, 5.0, 13, true, false, Place::default()).iter().filter_map(Point::number).collect();
        assert_eq!((values.len(), values[0], values[12]), (13, 0.01, 5.0));
        assert_eq!(values[8], 0.63);
        for pair in values.windows(2) {
            assert!((pair[1] / pair[0] - 1.6785).abs() < 2e-3, "{pair:?}");
        }
    }

    #[test]
    fn a_range_between_integers_gives_integers_once_each() {
        let values = points(1.0, 8.0, 30, true, true, Place::default());
        let numbers = |values: &[Point]| values.iter().filter_map(Point::number).collect::<Vec<f64>>();
        assert_eq!(numbers(&values), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let values = points(-3.0, 3.0, 7, false, true, Place::default());
        assert_eq!(numbers(&values), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_ends_of_a_range_are_what_was_written() {
        for (a, b, whole) in [(0.0, 123_456.0, true), (0.012_345_678, 98.765_432_1, false)] {
            let values = points(a, b, 3, false, whole, Place::default());
            let numbers: Vec<f64> = values.iter().filter_map(Point::number).collect();
            assert_eq!((numbers[0], numbers[2]), (a, b));
        }
    }
}
