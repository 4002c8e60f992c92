//! The `--set key.path=value` options: they change the tree of the file before it is read, so a mistake in one is found
//! like any other, and its place is the option.

use std::collections::BTreeSet;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::{Data, Entry, Node};

/// Puts a `--set key.path=value` into the tree. A value that is no TOML is taken as a string.
pub fn put(set: &str, root: &mut Node, diagnostics: &mut Diagnostics) {
    let text = format!("--set {set}");
    let origin = diagnostics.origin("command line", &text);
    let at = |start: usize, end: usize| Place { origin, start: start as u32, end: end as u32 };
    let Some((path, value)) = set.split_once('=') else {
        let hint = "write `--set optimizer.lr=0.1`";
        diagnostics.error_with_hint(at(6, text.len()), format!("`{set}` sets nothing"), "no `=`", hint);
        return;
    };
    let places = (at(6, 6 + path.len()), at(6 + path.len() + 1, text.len()));
    let mut quiet = Diagnostics::new();
    let document = format!("x = {value}");
    let inner = quiet.origin("", &document);
    let parsed = Node::parse(inner, &document, &mut quiet);
    let data = match parsed.get("x").filter(|_| quiet.is_empty() && parsed.entries().len() == 1) {
        Some(node) => moved(node, places.1).data,
        None => Data::Text(value.to_owned()),
    };
    let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
    if let Err(why) = root.set(&path, places.0, Node { place: places.1, data }) {
        diagnostics.error(places.0, format!("`{}` leads nowhere: {why}", path.join(".")), "");
    }
    unsweep(&path.join("."), places.0, root, diagnostics);
}

/// A swept key that is set is swept no longer, and what is drawn or expected along its axis is left out. A key below an
/// axis cannot be set, because every value of the axis would replace it.
fn unsweep(path: &str, place: Place, root: &mut Node, diagnostics: &mut Diagnostics) {
    let Some(sweep) = root.get_mut("sweep") else { return };
    let mut tables = Vec::new();
    axes(sweep, &mut tables);
    let above = |axis: &&Entry| path.starts_with(&format!("{}.", axis.key)) && !is_nested(axis);
    if let Some(axis) = tables.iter().flat_map(|table| table.iter()).find(above) {
        let message = format!("`{path}` is set, but the axis `{}` replaces it", axis.key);
        let hint = format!("set the whole of it, and it is swept no longer: `--set {}=...`", axis.key);
        diagnostics.error_with_hint(place, message, "", hint);
    }
    let released: Vec<bool> = tables.into_iter().map(|table| release(table, path)).collect();
    if !released.contains(&true) {
        return;
    }
    prune(sweep);
    for (what, keys) in [("plots", &["report", "plots"][..]), ("expectations", &["expect"])] {
        let Some(Data::List(all)) = at(root, keys).map(|node| &mut node.data) else { continue };
        let before = all.len();
        all.retain(|one| !mentions(one, path));
        if all.len() < before {
            let count = before - all.len();
            diagnostics.note(place, format!("`{path}` is swept no longer; {count} {what} along it are left out"));
        }
    }
}

/// The tables of a block in which keys are swept: its axes, those of its `when` and of further blocks, listed settings.
fn axes<'a>(block: &'a mut Node, found: &mut Vec<&'a mut Vec<Entry>>) {
    for entry in entries(block).into_iter().flatten() {
        match (entry.key.as_str(), &mut entry.node) {
            ("axes", Node { data: Data::Table(table), .. }) => found.push(table),
            ("when" | "blocks", Node { data: Data::List(items), .. }) => items.iter_mut().for_each(|i| axes(i, found)),
            ("strategy", node) => {
                if let Some(Node { data: Data::List(settings), .. }) = node.get_mut("settings") {
                    found.extend(settings.iter_mut().filter_map(entries));
                }
            }
            _ => {}
        }
    }
}

/// Takes out of a block what sweeps nothing any more: a strategy without axes, an empty `when`, an empty block.
fn prune(block: &mut Node) {
    for (key, keep) in [("when", ["axes", "axes"]), ("blocks", ["axes", "strategy"])] {
        if let Some(Data::List(items)) = block.get_mut(key).map(|node| &mut node.data) {
            items.iter_mut().for_each(prune);
            items.retain(|item| keep.iter().any(|key| item.get(key).is_some()));
        }
    }
    if let Some(Data::List(settings)) = at(block, &["strategy", "settings"]).map(|node| &mut node.data) {
        settings.retain(|setting| !setting.entries().is_empty());
    }
    let empty = |node: &Node| match &node.data {
        Data::Table(entries) => entries.is_empty(),
        Data::List(items) => items.is_empty(),
        _ => false,
    };
    let crossed = block.get("axes").is_some_and(|axes| !empty(axes));
    let listed = block.at(&["strategy", "settings"]).is_some_and(|settings| !empty(settings));
    for entries in entries(block).into_iter() {
        entries.retain(|e| match e.key.as_str() {
            "axes" | "when" | "blocks" => !empty(&e.node),
            "strategy" => crossed || listed,
            _ => true,
        });
    }
}

/// The tree with every place replaced.
fn moved(node: &Node, place: Place) -> Node {
    let data = match &node.data {
        Data::List(items) => Data::List(items.iter().map(|n| moved(n, place)).collect()),
        Data::Table(entries) => {
            let entry = |e: &Entry| Entry { key: e.key.clone(), place, node: moved(&e.node, place) };
            Data::Table(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    };
    Node { place, data }
}

/// What stands at a key path of the file.
fn at<'a>(root: &'a mut Node, path: &[&str]) -> Option<&'a mut Node> {
    path.iter().try_fold(root, |node, key| node.get_mut(key))
}

fn entries(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.data {
        Data::Table(entries) => Some(entries),
        _ => None,
    }
}

/// Whether an entry of `[sweep.axes]` is the head of dotted paths, not an axis.
fn is_nested(axis: &Entry) -> bool {
    matches!(axis.node.data, Data::Table(_)) && axis.node.get("linear").or(axis.node.get("log")).is_none()
}

/// Takes the axis of that path out of a table of axes, where a nested table is the same as a dotted path. Says whether it
/// was there.
fn release(axes: &mut Vec<Entry>, path: &str) -> bool {
    let mut found = false;
    axes.retain_mut(|axis| {
        if axis.key.contains(',') {
            found |= part(axis, path);
            return true;
        }
        let below = path.strip_prefix(axis.key.as_str()).and_then(|rest| rest.strip_prefix('.'));
        match (below, entries(&mut axis.node)) {
            (Some(rest), Some(inner)) => {
                found |= release(inner, rest);
                !inner.is_empty()
            }
            _ => {
                found |= axis.key == path;
                axis.key != path
            }
        }
    });
    found
}

/// Parts a path from the axes it goes together with: `"a, b" = [[1, 2], [3, 4]]` becomes `"b" = [2, 4]`. Says whether it
/// was among them.
fn part(axis: &mut Entry, path: &str) -> bool {
    let paths: Vec<String> = axis.key.split(',').map(|path| path.trim().to_owned()).collect();
    let (Some(at), Data::List(rows)) = (paths.iter().position(|p| p == path), &mut axis.node.data) else {
        return false;
    };
    for row in rows.iter_mut() {
        let Data::List(values) = &mut row.data else { continue };
        if at < values.len() {
            values.remove(at);
        }
        if paths.len() == 2 && values.len() == 1 {
            *row = values.remove(0);
        }
    }
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.to_toml()));
    axis.key = paths.into_iter().filter(|p| p != path).collect::<Vec<_>>().join(", ");
    true
}

/// Whether the path of an axis stands in a table, as a key or as a value.
fn mentions(node: &Node, path: &str) -> bool {
    match &node.data {
        Data::Text(text) => text == path,
        Data::List(items) => items.iter().any(|item| mentions(item, path)),
        Data::Table(entries) => entries.iter().any(|e| e.key == path || mentions(&e.node, path)),
        _ => false,
    }
}
