//! Which settings are meant: `where = { "optimizer.lr" = 0.1, schedule = "cosine" }` in a figure or an expectation. Paths
//! and values are checked against the axes before anything is trained.

use super::frame::{Axis, Cell};
use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Node};
use crate::base::values::{Item, Value, Values};

/// The key.
pub const WHERE: Key = Key::optional(
    "where",
    Kind::Map(&Kind::Raw),
    "only settings with these values: key path of an axis = number or label; all must match; all settings when absent",
);

/// Values on some of the axes: (axis, index of the value), both by position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection(pub Vec<(usize, usize)>);

impl Selection {
    /// Reads the key [`WHERE`] of a table.
    pub fn read(values: &Values, axes: &[Axis], diagnostics: &mut Diagnostics) -> Option<Self> {
        let before = diagnostics.count();
        let mut chosen = Vec::new();
        for (path, place, node) in paths(values.map("where")) {
            let Some(axis) = axis_of(&path, place, axes, diagnostics) else { continue };
            chosen.extend(value_of(&node, &axes[axis], diagnostics).map(|value| (axis, value)));
        }
        (diagnostics.count() == before).then_some(Self(chosen))
    }

    /// Whether a setting is meant.
    pub fn holds(&self, cell: &Cell) -> bool {
        self.0.iter().all(|&(axis, value)| cell.at[axis] == value)
    }

    /// Whether the axis is fixed.
    pub fn fixes(&self, axis: usize) -> bool {
        self.0.iter().any(|(fixed, _)| *fixed == axis)
    }
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
        Data::Table(entries) => {
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
