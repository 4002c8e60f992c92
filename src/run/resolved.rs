//! `resolved.toml`: the experiment with every default written out and the digests of its data. It is
//! an experiment file itself: running it trains the same trials.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::node::{Data, Entry, Node, bare, number_to_toml, quote};
use crate::sweep::axes::Axis;

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
    for entry in experiment.setting(0).values.to_node().entries() {
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

fn sweep(experiment: &Experiment, line: &mut impl FnMut(&str)) {
    let space = &experiment.space;
    if space.axes.is_empty() {
        return;
    }
    line("");
    line("[sweep]");
    line(&format!("strategy = {}", quote(experiment.own().table("sweep").member("strategy").name)));
    line("");
    line("[sweep.axes]");
    for (index, axis) in space.axes.iter().enumerate() {
        if let Some(range) = &axis.range {
            line(&format!("{} = {}", quote(&axis.path), range.to_toml()));
            continue;
        }
        let values: Vec<String> = (0..axis.points.len()).map(|i| point(experiment, axis, index, i)).collect();
        line(&format!("{} = [", quote(&axis.path)));
        values.iter().for_each(|value| line(&format!("  {value},")));
        line("]");
    }
}

/// A value of an axis as it is after reading, with every default; a table keeps its label.
fn point(experiment: &Experiment, axis: &Axis, index: usize, value: usize) -> String {
    let cell = experiment.space.cells.iter().position(|at| at[index] == value);
    let read = cell.map(|cell| experiment.setting(cell).values.to_node());
    let path: Vec<&str> = axis.path.split('.').collect();
    let found = read.as_ref().and_then(|root| descend(root, &path));
    let own = &axis.points[value];
    match found.map(|node| &node.data) {
        Some(Data::Table(entries)) if matches!(own.node.data, Data::Table(_) | Data::Text(_)) => {
            let mut text = String::from("{ ");
            write!(text, "label = {}", quote(&own.label)).expect("a string takes all");
            for entry in entries {
                write!(text, ", {} = {}", bare(&entry.key), entry.node.to_toml()).expect("a string takes all");
            }
            text + " }"
        }
        Some(Data::Number(x)) => number_to_toml(*x),
        _ => own.node.to_toml(),
    }
}

fn descend<'a>(node: &'a Node, path: &[&str]) -> Option<&'a Node> {
    let Some((head, rest)) = path.split_first() else { return Some(node) };
    match &node.data {
        Data::List(items) => descend(items.get(head.parse::<usize>().ok()?)?, rest),
        _ => descend(node.get(head)?, rest),
    }
}
