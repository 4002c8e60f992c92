//! The axes of a sweep: a key path and its values, each with the label it has in tables and legends. Axes that go together
//! are one dimension: `"optimizer.lr, train.batch_size" = [[0.1, 32], [0.2, 64]]`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::{Data, Entry, Node};
use crate::base::schema::any_of;
use crate::base::values::{Item, Value};

use super::range::{self, Range, is_range, number};

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
    pub range: Option<Range>,
}

/// A value of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// How it is called in tables and legends.
    pub label: String,
    /// What it puts into the file's tree; nothing in settings that the axis does not belong to.
    pub node: Option<Node>,
}

/// What a strategy chooses along: an axis, or several of equally many values that go together.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimension {
    /// The axes; one at least.
    pub axes: Vec<Axis>,
}

impl Axis {
    /// Whether the values are told apart best on a logarithmic scale: a logarithmic range, or listed numbers above 0 that
    /// span more than a factor of 20, each larger than the last by a fifth at least.
    pub fn is_log(&self) -> bool {
        if let Some(range) = &self.range {
            return range.log;
        }
        let written = self.points.iter().filter(|point| point.node.is_some());
        let numbers: Option<Vec<f64>> = written.map(Point::number).collect();
        let mut numbers = numbers.unwrap_or_default();
        numbers.sort_by(f64::total_cmp);
        let spans = numbers.first().zip(numbers.last()).is_some_and(|(a, b)| *a > 0.0 && b / a > 20.0);
        spans && numbers.windows(2).all(|w| w[1] / w[0] >= 1.2)
    }
}

impl Point {
    /// A listed value. The label of a table is taken out of it, because it belongs to the sweep.
    pub fn of(node: Node) -> Self {
        let Data::Table(entries) = &node.data else {
            let label = match &node.data {
                Data::Text(s) => s.clone(),
                _ => node.to_toml(),
            };
            return Self { label, node: Some(node) };
        };
        let label = match node.get("label").map(|n| &n.data) {
            Some(Data::Text(label)) => label.clone(),
            _ => describe(entries),
        };
        let rest = entries.iter().filter(|e| e.key != "label").cloned().collect();
        Self { label, node: Some(Node { place: node.place, data: Data::Table(rest) }) }
    }

    /// What stands for a value in settings that the axis does not belong to.
    pub fn absent() -> Self {
        Self { label: "-".to_owned(), node: None }
    }

    /// The number it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        self.node.as_ref().and_then(number)
    }

    /// What tells it from other values: +0 and -0 are the same number, and so are 1 and 1.0.
    pub fn identity(&self) -> String {
        match (self.number(), &self.node) {
            (Some(x), _) => format!("{:?}", x + 0.0),
            (None, Some(node)) => node.to_toml(),
            (None, None) => String::new(),
        }
    }
}

impl Dimension {
    /// How many rows of values there are; none yet where they are drawn from a range.
    pub fn rows(&self) -> usize {
        self.axes[0].points.len()
    }

    /// The range its values are to be drawn from.
    pub fn open(&self) -> Option<&Range> {
        self.axes[0].range.as_ref().filter(|range| range.count.is_none())
    }

    /// Where it was written.
    pub fn place(&self) -> Place {
        self.axes[0].place
    }

    /// What it is called: its paths.
    pub fn name(&self) -> String {
        self.axes.iter().map(|axis| format!("`{}`", axis.path)).collect::<Vec<_>>().join(" with ")
    }
}

/// What the table `axes` must obey, for the schema: the values of every key path, or of several that go together.
pub fn rule() -> Json {
    let rows = |keys: usize| {
        let row = json!({ "type": "array", "minItems": keys, "maxItems": keys });
        json!({ "type": "array", "items": row, "minItems": 1 })
    };
    let together = |keys: usize| (format!("^[^,]*(,[^,]*){{{}}}$", keys - 1), rows(keys));
    let labelled = json!({ "properties": { "label": { "type": "string" } } });
    let values = json!({ "type": "array", "items": labelled, "minItems": 1, "uniqueItems": true });
    let nested = json!({
        "type": "object",
        "minProperties": 1,
        "not": any_of(range::KEYS),
        "allOf": [{ "$ref": "#/definitions/axes" }],
    });
    let forms = [vec![values, nested], range::rule()].concat();
    json!({
        "propertyNames": { "pattern": "^[^.,]+([.,][^.,]+)*$" },
        "patternProperties": (2..=8).map(together).collect::<Map<_, _>>(),
        "additionalProperties": { "anyOf": forms },
    })
}

/// A key path with its place and its value, as the file has it.
pub type Written = (String, Place, Item);

/// The axes of a table `axes`, in the order of the file. A nested table is the same as a dotted path. `draws`: whether a
/// range may be without `count`.
pub fn read(entries: &[Written], draws: bool, diagnostics: &mut Diagnostics) -> Option<Vec<Dimension>> {
    let before = diagnostics.count();
    let mut reader = Reader { draws, dimensions: Vec::new() };
    for (path, place, item) in entries {
        let Value::Raw(node) = &item.value else { unreachable!("the values of axes are read here") };
        reader.collect(path, *place, node, diagnostics);
    }
    (diagnostics.count() == before).then_some(reader.dimensions)
}

/// Reports axes that stand in the same block twice.
pub fn twice(dimensions: &[Dimension], diagnostics: &mut Diagnostics) -> bool {
    let mut seen = BTreeSet::new();
    let again: Vec<&Axis> = dimensions.iter().flat_map(|d| &d.axes).filter(|a| !seen.insert(a.path.as_str())).collect();
    for axis in &again {
        diagnostics.error(axis.place, format!("axis `{}` stands here twice", axis.path), "");
    }
    !again.is_empty()
}

/// Settings that are written out, as one dimension: an axis for every path that any of them names.
pub fn listed(settings: &[(Place, &[Written])], diagnostics: &mut Diagnostics) -> Option<Dimension> {
    let before = diagnostics.count();
    let mut axes: Vec<Axis> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (row, (place, entries)) in settings.iter().enumerate() {
        if entries.is_empty() {
            let hint = "write `{ \"optimizer.lr\" = 0.1 }`";
            diagnostics.error_with_hint(*place, "this setting of the list says nothing", "", hint);
        }
        for (path, place, item) in *entries {
            let Value::Raw(node) = &item.value else { unreachable!("the values of settings are read here") };
            let Some(path) = key_path(path, *place, diagnostics) else { continue };
            check_label(&path, node, diagnostics);
            let at = *known.entry(path.clone()).or_insert(axes.len());
            if at == axes.len() {
                axes.push(Axis { path, place: *place, points: vec![Point::absent(); settings.len()], range: None });
            }
            axes[at].points[row] = Point::of(node.clone());
        }
    }
    (diagnostics.count() == before).then_some(Dimension { axes })
}

struct Reader {
    draws: bool,
    dimensions: Vec<Dimension>,
}

impl Reader {
    fn collect(&mut self, path: &str, place: Place, node: &Node, diagnostics: &mut Diagnostics) {
        if path.contains(',') {
            self.dimensions.extend(together(path, place, node, diagnostics));
            return;
        }
        let Some(path) = key_path(path, place, diagnostics) else { return };
        let (points, range) = match &node.data {
            Data::List(items) => {
                items.iter().for_each(|item| check_label(&path, item, diagnostics));
                (items.iter().cloned().map(Point::of).collect::<Vec<_>>(), None)
            }
            Data::Table(_) if is_range(node) => {
                let Some(range) = Range::read(&path, node, self.draws, diagnostics) else { return };
                (range.points().into_iter().map(Point::of).collect(), Some(range))
            }
            Data::Table(inner) if !inner.is_empty() => {
                for entry in inner {
                    self.collect(&format!("{path}.{}", entry.key), entry.place, &entry.node, diagnostics);
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
        let open = range.as_ref().is_some_and(|range| range.count.is_none());
        if !open && empty(&path, points.len(), node.place, diagnostics) {
            return;
        }
        if apart(&path, &points, diagnostics) {
            self.dimensions.push(Dimension { axes: vec![Axis { path, place, points, range }] });
        }
    }
}

/// A path without its blanks; one with gaps is reported.
fn key_path(written: &str, place: Place, diagnostics: &mut Diagnostics) -> Option<String> {
    let path = written.replace(' ', "");
    if path.split('.').any(str::is_empty) {
        diagnostics.error(place, format!("`{path}` is no key path"), "write it as `\"section.key\"`");
        return None;
    }
    Some(path)
}

fn empty(path: &str, values: usize, place: Place, diagnostics: &mut Diagnostics) -> bool {
    if values == 0 {
        let hint = "give it at least one value, or take the axis out";
        diagnostics.error_with_hint(place, format!("axis `{path}` has no values: the sweep is empty"), "", hint);
    }
    values == 0
}

/// Axes that go together: `"a, b" = [[a1, b1], [a2, b2]]`.
fn together(written: &str, place: Place, node: &Node, diagnostics: &mut Diagnostics) -> Option<Dimension> {
    let paths: Option<Vec<String>> = written.split(',').map(|path| key_path(path, place, diagnostics)).collect();
    let paths = paths?;
    let Data::List(rows) = &node.data else {
        let message = format!("the values of axes `{written}` must be an array of arrays");
        let hint = "write `\"a, b\" = [[a1, b1], [a2, b2]]`";
        diagnostics.error_with_hint(node.place, message, format!("this is {}", node.kind()), hint);
        return None;
    };
    if empty(written, rows.len(), node.place, diagnostics) {
        return None;
    }
    let axis = |path: &String| Axis { path: path.clone(), place, points: Vec::new(), range: None };
    let mut axes: Vec<Axis> = paths.iter().map(axis).collect();
    for row in rows {
        match &row.data {
            Data::List(values) if values.len() == axes.len() => {
                for (axis, value) in axes.iter_mut().zip(values) {
                    check_label(&axis.path, value, diagnostics);
                    axis.points.push(Point::of(value.clone()));
                }
            }
            _ => {
                let message = format!("each value of axes `{written}` must be an array of {}", axes.len());
                let label = match &row.data {
                    Data::List(values) => format!("this has {}", values.len()),
                    _ => format!("this is {}", row.kind()),
                };
                diagnostics.error(row.place, message, label);
                return None;
            }
        }
    }
    Some(Dimension { axes })
}

/// Whether every value is another one and has another label; where not, that is reported.
fn apart(path: &str, points: &[Point], diagnostics: &mut Diagnostics) -> bool {
    let (mut labels, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for point in points {
        let Some(node) = &point.node else { continue };
        // +0 and -0 are the same number
        let number = point.number().map(|x| (x + 0.0).to_bits());
        let table = matches!(node.data, Data::Table(_));
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
        diagnostics.error_with_hint(node.place, message, "", hint);
        return false;
    }
    true
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
