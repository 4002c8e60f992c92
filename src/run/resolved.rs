//! `resolved.toml`: the experiment with every default written out and the digests of its files. It is
//! an experiment file itself: running it trains the same trials.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::{Data, Entry, Node, bare, number_to_toml, quote};
use crate::sweep::axes::{self, Axis};
use crate::trial::derived::Derived;

use super::experiment::Experiment;

/// The text of the file.
pub fn text(experiment: &Experiment, digests: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    experiment.question.lines().for_each(|l| line(format!("# {l}").trim_end()));
    line(&format!("name = {}", quote(&experiment.name)));
    let seeds: Vec<String> = experiment.space.seeds.iter().map(u64::to_string).collect();
    line(&format!("seeds = [{}]", seeds.join(", ")));
    for entry in base(experiment, |_| true).expect("a sweep has cells").entries() {
        section(&entry.key, &entry.node, &mut line);
    }
    sweep(experiment, &mut line);
    let own = experiment.own().to_node();
    for entry in own.entries() {
        match (&*entry.key, &entry.node.data) {
            ("report", _) => section("report", &entry.node, &mut line),
            ("expect", Data::List(items)) => {
                for item in items {
                    line("");
                    line("[[expect]]");
                    keys(item.entries(), &mut line);
                }
            }
            _ => {}
        }
    }
    if !digests.is_empty() {
        line("");
        line("[digests]");
        digests.iter().for_each(|(key, digest)| line(&format!("{} = {}", quote(key), quote(digest))));
    }
    out
}

fn section(name: &str, node: &Node, line: &mut impl FnMut(&str)) {
    if !node.entries().is_empty() {
        line("");
        line(&format!("[{}]", bare(name)));
        keys(node.entries(), line);
    }
}

/// One key a line; a list of tables one table a line.
fn keys(entries: &[Entry], line: &mut impl FnMut(&str)) {
    for entry in entries {
        match &entry.node.data {
            Data::List(items) if items.iter().any(|i| matches!(i.data, Data::Table(_))) => {
                line(&format!("{} = [", bare(&entry.key)));
                items.iter().for_each(|item| line(&format!("  {},", item.to_toml())));
                line("]");
            }
            _ => line(&format!("{} = {}", bare(&entry.key), entry.node.to_toml())),
        }
    }
}

/// The settings of a cell with every default. In a sweep what is derived stays an expression, because it is another number
/// in another cell.
fn resolved(experiment: &Experiment, cell: usize) -> Node {
    let setting = experiment.setting(cell);
    let mut root = setting.values.to_node();
    if experiment.space.cells.len() > 1 {
        for Derived { path, text } in setting.derived {
            let node = Node { place: Place::default(), data: Data::Text(text) };
            root.set(&path, Place::default(), node).expect("it was read from there");
        }
    }
    root
}

/// The settings of the first of some cells as they are without the values of axes that do not belong to all of them: the
/// keys of those are as in a cell that has none. Nothing when there are no such cells.
fn base(experiment: &Experiment, wanted: impl Fn(&[usize]) -> bool) -> Option<Node> {
    let space = &experiment.space;
    let first = space.cells.iter().position(|cell| wanted(cell))?;
    let mut root = resolved(experiment, first);
    for (index, axis) in space.axes.iter().enumerate() {
        let absent = |cell: &Vec<usize>| axis.points[cell[index]].node.is_none() && wanted(cell);
        let without = space.cells.iter().position(absent).filter(|cell| *cell != first);
        let other = without.map(|cell| resolved(experiment, cell));
        let path: Vec<&str> = axis.path.split('.').collect();
        if let Some(node) = other.as_ref().and_then(|other| other.at(&path)) {
            let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
            // where nothing can stand there is nothing that an axis would leave behind
            let _ = root.set(&path, Place::default(), node.clone());
        }
    }
    Some(root)
}

fn sweep(experiment: &Experiment, line: &mut impl FnMut(&str)) {
    if experiment.space.axes.is_empty() {
        return;
    }
    let own = experiment.own();
    let section = own.table("sweep");
    let node = section.to_node();
    line("");
    line("[sweep]");
    let strategy = node.get("strategy").expect("it has a default");
    let short = strategy.entries().len() == 1;
    let text = if short { quote(section.member("strategy").name) } else { strategy.to_toml() };
    line(&format!("strategy = {text}"));
    let rest: Vec<Entry> = node.entries().iter().filter(|e| e.key != "strategy" && e.key != "axes").cloned().collect();
    keys(&rest, line);
    let dimensions = axes::read(section.map("axes"), true, &mut Diagnostics::new()).expect("the file was checked");
    if !dimensions.is_empty() {
        line("");
        line("[sweep.axes]");
    }
    for dimension in &dimensions {
        let paths: Vec<&str> = dimension.axes.iter().map(|axis| axis.path.as_str()).collect();
        if let Some(range) = &dimension.axes[0].range {
            line(&format!("{} = {}", quote(paths[0]), range.node.to_toml()));
            continue;
        }
        line(&format!("{} = [", quote(&paths.join(", "))));
        for row in 0..dimension.rows() {
            let values: Vec<String> = dimension.axes.iter().map(|axis| point(experiment, axis, row)).collect();
            let value = values.join(", ");
            line(&if values.len() > 1 { format!("  [{value}],") } else { format!("  {value},") });
        }
        line("]");
    }
}

/// A value of an axis as it is after reading, with every default; a table keeps its label.
fn point(experiment: &Experiment, axis: &Axis, row: usize) -> String {
    let (space, own) = (&experiment.space, &axis.points[row]);
    let index = space.axes.iter().position(|known| known.path == axis.path).expect("every axis is swept");
    let value = space.axes[index].points.iter().position(|known| known.identity() == own.identity());
    let read = value.and_then(|value| base(experiment, |cell| cell[index] == value));
    let path: Vec<&str> = axis.path.split('.').collect();
    let found = read.as_ref().and_then(|root| root.at(&path));
    let node = own.node.as_ref().expect("a value that was written");
    match found.map(|node| &node.data) {
        Some(Data::Table(entries)) if matches!(node.data, Data::Table(_) | Data::Text(_)) => {
            let mut text = String::from("{ ");
            write!(text, "label = {}", quote(&own.label)).expect("a string takes all");
            for entry in entries {
                write!(text, ", {} = {}", bare(&entry.key), entry.node.to_toml()).expect("a string takes all");
            }
            text + " }"
        }
        Some(Data::Number(x)) => number_to_toml(*x),
        _ => node.to_toml(),
    }
}
