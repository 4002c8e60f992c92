//! Conditions on settings: what `exclude` leaves out and `when` asks for. A condition is about what stands in the file
//! once a setting's values are put in, so it may name an axis, a key below one, or any other key that is written.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::node::{Data, Node};
use crate::base::values::{Item, Value};

use super::axes::Axis;
use super::space::{ABSENT, apply};

/// What a condition must obey, for the schema.
pub fn rule() -> Json {
    json!({ "minProperties": 1 })
}

/// Some key paths, each with the values it may have; all of them must be so.
pub struct Condition {
    place: Place,
    parts: Vec<Part>,
    held: bool,
}

struct Part {
    path: String,
    place: Place,
    wanted: Vec<Node>,
    /// Which of the wanted values were met.
    met: Vec<bool>,
    /// Whether any value stood there.
    found: bool,
    /// What is known already, by the values of the axes that decide it.
    known: BTreeMap<Vec<usize>, bool>,
}

impl Condition {
    /// The condition of a table `key path = value` or `key path = [values]`.
    pub fn new(place: Place, entries: &[(String, Place, Item)]) -> Self {
        let part = |(path, place, item): &(String, Place, Item)| {
            let Value::Raw(node) = &item.value else { unreachable!("the values of conditions are read here") };
            let wanted = match &node.data {
                Data::List(values) => values.clone(),
                _ => vec![node.clone()],
            };
            let met = vec![false; wanted.len()];
            let path = path.replace(' ', "");
            Part { path, place: *place, wanted, met, found: false, known: BTreeMap::new() }
        };
        Self { place, parts: entries.iter().map(part).collect(), held: false }
    }

    /// Whether a setting is so.
    pub fn holds(&mut self, axes: &[Axis], cell: &[usize], root: &Node) -> bool {
        // each part is asked, so that it is known what every one of them met
        let held: Vec<bool> = self.parts.iter_mut().map(|part| part.holds(axes, cell, root)).collect();
        let so = held.iter().all(|held| *held);
        self.held |= so;
        so
    }

    /// Reports what no setting was ever asked for in vain: after all of them were. A key that `--set` holds may have
    /// another value than the file was written for.
    pub fn report(&self, axes: &[Axis], root: &Node, diagnostics: &mut Diagnostics) {
        let set = |part: &Part| root.at(&part.keys()).is_some_and(|node| node.place.origin != part.place.origin);
        if self.parts.iter().any(set) {
            return;
        }
        if self.parts.is_empty() {
            let hint = "write `{ \"optimizer.lr\" = 0.1 }`";
            diagnostics.error_with_hint(self.place, "this condition says nothing", "", hint);
        }
        let before = diagnostics.count();
        for part in &self.parts {
            part.report(axes, root, diagnostics);
        }
        if diagnostics.count() == before && !self.held && !self.parts.is_empty() {
            let hint = "each of its parts is so in some setting, but never all together";
            diagnostics.error_with_hint(self.place, "no setting meets this condition", "", hint);
        }
    }
}

impl Part {
    fn keys(&self) -> Vec<&str> {
        self.path.split('.').collect()
    }

    fn holds(&mut self, axes: &[Axis], cell: &[usize], root: &Node) -> bool {
        let decides = |axis: &Axis| leads_to(&axis.path, &self.path) || leads_to(&self.path, &axis.path);
        let relevant = |i: usize| axes.get(i).filter(|axis| decides(axis)).map(|_| cell[i]);
        let masked: Vec<usize> = (0..cell.len()).map(|i| relevant(i).unwrap_or(ABSENT)).collect();
        if let Some(known) = self.known.get(&masked) {
            return *known;
        }
        // the values of an axis can also be named by their label
        let own = axes.iter().zip(&masked).find(|(axis, at)| axis.path == self.path && **at != ABSENT);
        let label = own.map(|(axis, at)| axis.points[*at].label.as_str());
        let tree = apply(axes, &masked, root, &mut Diagnostics::new());
        let found = tree.as_ref().and_then(|tree| tree.at(&self.path.split('.').collect::<Vec<_>>()));
        self.found |= found.is_some();
        let mut so = false;
        for (wanted, met) in self.wanted.iter().zip(&mut self.met) {
            let labelled = matches!((&wanted.data, label), (Data::Text(text), Some(label)) if text == label);
            if labelled || found.is_some_and(|found| same(found, wanted)) {
                (so, *met) = (true, true);
            }
        }
        self.known.insert(masked, so);
        so
    }

    fn report(&self, axes: &[Axis], root: &Node, diagnostics: &mut Diagnostics) {
        if !self.found {
            let mut known: Vec<String> = axes.iter().map(|axis| axis.path.clone()).collect();
            let others = ["name", "seeds", "sweep", "report", "expect", "digests"];
            let sections = root.entries().iter().filter(|e| !others.contains(&e.key.as_str()));
            sections.for_each(|e| paths(&e.key, &e.node, &mut known));
            let hint = suggest(&self.path, known.iter().map(String::as_str));
            let message = format!("the condition is about `{}`, which is written in no setting", self.path);
            diagnostics.error_with_hint(self.place, message, "", hint);
            return;
        }
        for (wanted, _) in self.wanted.iter().zip(&self.met).filter(|(_, met)| !**met) {
            let message = format!("no setting has `{} = {}`", self.path, wanted.to_toml());
            let axis = axes.iter().find(|axis| axis.path == self.path);
            match axis.map(|axis| suggest(&wanted.to_toml(), axis.points.iter().map(|p| p.label.as_str()))) {
                Some(hint) => diagnostics.error_with_hint(wanted.place, message, "", hint),
                None => diagnostics.error(wanted.place, message, ""),
            }
        }
    }
}

/// Whether `path` is `head` or below it.
fn leads_to(head: &str, path: &str) -> bool {
    path.strip_prefix(head).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a value is the one that is wanted; a table is also called by its `type`.
fn same(found: &Node, wanted: &Node) -> bool {
    match (&found.data, &wanted.data) {
        (Data::Whole(a), Data::Whole(b)) => a == b,
        (Data::Whole(a), Data::Number(b)) | (Data::Number(b), Data::Whole(a)) => *a as f64 == *b,
        (Data::Number(a), Data::Number(b)) => a == b,
        (Data::Table(_), Data::Text(_)) => found.get("type").is_some_and(|kind| same(kind, wanted)),
        _ => found.to_toml() == wanted.to_toml(),
    }
}

/// The key paths of everything that stands below a node.
fn paths(head: &str, node: &Node, all: &mut Vec<String>) {
    match &node.data {
        Data::Table(entries) => entries.iter().for_each(|e| paths(&format!("{head}.{}", e.key), &e.node, all)),
        Data::List(items) if items.iter().any(|i| matches!(i.data, Data::Table(_))) => {
            items.iter().enumerate().for_each(|(i, item)| paths(&format!("{head}.{i}"), item, all));
        }
        _ => all.push(head.to_owned()),
    }
}
