//! Which settings are meant: `where = { "optimizer.lr" = 0.1, schedule = "cosine" }` in a figure or an expectation. Paths
//! and values are checked against the axes before anything is trained.

use super::frame::{Axis, Cell, Frame};
use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Entry, Node};
use crate::base::values::{Item, Value, Values};

/// The key.
pub const WHERE: Key = Key::optional(
    "where",
    Kind::Map(&Kind::Raw),
    "only settings with these values: key path of an axis = number or label, a list of them, or a range of numbers \
     `{ at_least = a, at_most = b }`; all must match; all settings when absent",
);

/// Values on some of the axes: the axis and the indices of the values, all by position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection(pub Vec<(usize, Vec<usize>)>);

impl Selection {
    /// Reads the key [`WHERE`] of a table.
    pub fn read(values: &Values, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Self> {
        let before = diagnostics.count();
        let mut chosen = Vec::new();
        for (path, place, node) in paths(values.map("where")) {
            let Some(axis) = axis_of(&path, place, axes, diagnostics) else { continue };
            chosen.push((axis, values_of(&node, &axes[axis], diagnostics)));
        }
        (diagnostics.count() == before).then_some(Self(chosen))
    }

    /// Whether a setting is meant.
    pub fn holds(&self, cell: &Cell) -> bool {
        self.0.iter().all(|(axis, values)| values.contains(&cell.at[*axis]))
    }

    /// Whether the axis is fixed at one value.
    pub fn fixes(&self, axis: usize) -> bool {
        self.0.iter().any(|(fixed, values)| *fixed == axis && values.len() == 1)
    }

    /// The settings that are meant, in order.
    pub fn cells(&self, frame: &Frame) -> Vec<usize> {
        (0..frame.cells.len()).filter(|&c| self.holds(&frame.cells[c])).collect()
    }

    /// The axes that selected settings can differ in.
    pub fn open(&self, axes: &[Axis]) -> Vec<usize> {
        (0..axes.len()).filter(|a| axes[*a].values.len() > 1 && !self.fixes(*a)).collect()
    }
}

/// The positions of the values that are meant: of one value, of each of a list, of the numbers in a range.
fn values_of(node: &Node, axis: &Axis, diagnostics: &mut Diagnostics) -> Vec<usize> {
    match &node.data {
        Data::List(items) => {
            if items.is_empty() {
                diagnostics.error(
                    node.place,
                    format!("no value of the axis `{}` is meant", axis.path),
                    "an empty list",
                );
            }
            items.iter().filter_map(|item| value_of(item, axis, diagnostics)).collect()
        }
        Data::Table(ends) => {
            let mut range = (f64::NEG_INFINITY, f64::INFINITY);
            for end in ends {
                let Some(number) = number_of(&end.node) else {
                    let message = format!("`{}` must be a number", end.key);
                    diagnostics.error(end.node.place, message, format!("this is {}", end.node.kind()));
                    return Vec::new();
                };
                if end.key == "at_least" { range.0 = number } else { range.1 = number }
            }
            let within = |i: &usize| axis.values[*i].number.is_some_and(|x| range.0 <= x && x <= range.1);
            let found: Vec<usize> = (0..axis.values.len()).filter(within).collect();
            if found.is_empty() {
                let labels: Vec<String> = axis.values.iter().map(|v| format!("`{}`", v.label)).collect();
                let message = format!("no value of the axis `{}` lies there", axis.path);
                diagnostics.error_with_hint(node.place, message, "", format!("it has {}", labels.join(", ")));
            }
            found
        }
        _ => value_of(node, axis, diagnostics).into_iter().collect(),
    }
}

/// Whether a table is a range of numbers.
fn is_range(entries: &[Entry]) -> bool {
    !entries.is_empty() && entries.iter().all(|e| e.key == "at_least" || e.key == "at_most")
}

/// The entries of a free table by key path: `optimizer.lr = 1`, in TOML a table in a table, is the same as
/// `"optimizer.lr" = 1`.
pub fn paths(entries: &[(String, Place, Item)]) -> Vec<(String, Place, Node)> {
    let mut out = Vec::new();
    for (key, place, item) in entries {
        match &item.value {
            Value::Raw(node) => flatten(key.clone(), *place, node, &mut out),
            other => panic!("`{key}` was read as {other:?}, not raw"),
        }
    }
    out
}

fn flatten(path: String, place: Place, node: &Node, out: &mut Vec<(String, Place, Node)>) {
    match &node.data {
        Data::Table(entries) if !is_range(entries) => {
            for e in entries {
                flatten(format!("{path}.{}", e.key), e.place, &e.node, out);
            }
        }
        _ => out.push((path, place, node.clone())),
    }
}

/// The position of the axis with this key path.
pub fn axis_of(path: &str, place: Place, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<usize> {
    let found = axes.iter().position(|a| a.path == path);
    if found.is_none() {
        let hint = match axes.is_empty() {
            true => "nothing is swept: add the key to `[sweep.axes]`".to_owned(),
            false => suggest(path, axes.iter().map(|a| a.path.as_str())),
        };
        diagnostics.error_with_hint(place, format!("`{path}` is not an axis of the sweep"), "", hint);
    }
    found
}

/// The position of a value on its axis. A number is looked for among the numbers, up to rounding in the 9th digit, then
/// as it is written among the labels.
fn value_of(node: &Node, axis: &Axis, diagnostics: &mut Diagnostics) -> Option<usize> {
    let number = number_of(node);
    let written = match &node.data {
        Data::Text(text) => text.clone(),
        _ => number.map_or_else(|| node.to_toml(), super::number::exact),
    };
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
    let by_number = || axis.values.iter().position(|v| v.number.zip(number).is_some_and(|(a, b)| near(a, b)));
    let by_label = || axis.values.iter().position(|v| v.label == written);
    let found = by_number().or_else(by_label);
    if found.is_none() {
        let labels: Vec<&str> = axis.values.iter().map(|v| v.label.as_str()).collect();
        let message = format!("`{written}` is not a value of the axis `{}`", axis.path);
        diagnostics.error_with_hint(node.place, message, "", suggest(&written, labels));
    }
    found
}

/// The number a node is.
pub fn number_of(node: &Node) -> Option<f64> {
    match node.data {
        Data::Whole(i) => Some(i as f64),
        Data::Number(x) => Some(x),
        _ => None,
    }
}

/// Whether the name is among the known ones; if not, that is reported with the nearest.
pub fn check_metric(name: &str, place: Place, known: &[String], what: &str, diagnostics: &mut Diagnostics) -> bool {
    let found = known.iter().any(|k| k == name);
    if !found {
        let hint = suggest(name, known.iter().map(String::as_str));
        diagnostics.error_with_hint(place, format!("unknown {what} `{name}`"), "", hint);
    }
    found
}
