//! The space of a sweep: its axes, the cells a strategy chose, and the seeds that every cell is trained with.

use std::collections::BTreeSet;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::Node;
use crate::base::values::{Item, Value, Values};

use super::axes::{Axis, Point};
use super::block::Union;

/// The most trials an experiment may have: a sweep beyond it is a slip of the pen, not a plan.
pub const MOST_TRIALS: u64 = 1_000_000;

/// In place of the number of a value: the axis does not belong to the setting.
pub const ABSENT: usize = usize::MAX;

/// All settings of an experiment.
#[derive(Debug, Clone)]
pub struct Space {
    /// What is swept.
    pub axes: Vec<Axis>,
    /// The settings: the index of the value on every axis.
    pub cells: Vec<Vec<usize>>,
    /// The seeds of every cell.
    pub seeds: Vec<u64>,
}

impl Space {
    /// The space of a `[sweep]` section in the file `root`, with the experiment's seeds. Too many trials are reported
    /// before any is listed.
    pub fn new(section: &Values, seeds: &Item, root: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let count = match &seeds.value {
            Value::Whole(n) => *n as u64,
            Value::List(list) => list.len() as u64,
            other => unreachable!("seeds are a count or a list: {other:?}"),
        };
        let before = diagnostics.count();
        let mut union = Union::new(root, (count, seeds.place));
        let blocks = section.list("blocks").iter().map(|item| match &item.value {
            Value::Table(block) => block,
            other => unreachable!("a block is a table: {other:?}"),
        });
        // `[sweep]` is a block itself, unless there are others and it says nothing
        let says = ["when", "exclude"].iter().any(|key| section.has(key));
        let says = says || !section.map("axes").is_empty() || section.member("strategy").name != "grid";
        let first = (says || !section.has("blocks")).then_some(section);
        for block in first.into_iter().chain(blocks) {
            // a block that is wrong does not hide the mistakes of the next
            if union.add(block, diagnostics).is_none() && diagnostics.count() == before {
                unreachable!("a block that cannot be read was reported");
            }
        }
        if diagnostics.count() > before {
            return None;
        }
        let seeds = seeds_of(seeds, diagnostics);
        let (axes, cells) = union.finish();
        Some(Self { axes, cells, seeds })
    }

    /// A cell in words: `optimizer.lr = 0.1, schedule = cosine`.
    pub fn words(&self, cell: &[usize]) -> String {
        let points = self.axes.iter().zip(cell).map(|(axis, at)| (&axis.path, &axis.points[*at]));
        let value = |(path, point): (&String, &Point)| format!("`{path} = {}`", point.label);
        points.filter(|(_, point)| point.node.is_some()).map(value).collect::<Vec<_>>().join(", ")
    }

    /// The file's tree with the values of a cell put in: whole tables first, then what stands below them.
    pub fn apply(&self, cell: &[usize], root: &Node, diagnostics: &mut Diagnostics) -> Option<Node> {
        apply(&self.axes, cell, root, diagnostics)
    }
}

/// The tree with the values of these axes put in, for each the number of its value or [`ABSENT`].
pub fn apply(axes: &[Axis], cell: &[usize], root: &Node, diagnostics: &mut Diagnostics) -> Option<Node> {
    let value = |(axis, at): (_, &usize)| -> Option<(&Axis, &Node)> {
        let axis: &Axis = axis;
        Some((axis, axis.points.get(*at)?.node.as_ref()?))
    };
    let mut order: Vec<(&Axis, &Node)> = axes.iter().zip(cell).filter_map(value).collect();
    order.sort_by_key(|(axis, _)| axis.path.split('.').count());
    let mut tree = root.clone();
    for (axis, node) in order {
        let path: Vec<String> = axis.path.split('.').map(str::to_owned).collect();
        if let Err(why) = tree.set(&path, axis.place, node.clone()) {
            let message = format!("axis `{}` leads nowhere: {why}", axis.path);
            diagnostics.error_with_hint(axis.place, message, "", "an axis is the key path of a setting");
            return None;
        }
    }
    Some(tree)
}

/// The seeds; one that is there twice is reported.
fn seeds_of(item: &Item, diagnostics: &mut Diagnostics) -> Vec<u64> {
    let listed: Vec<(u64, Place)> = match &item.value {
        Value::Whole(n) => (0..*n as u64).map(|seed| (seed, item.place)).collect(),
        Value::List(items) => items
            .iter()
            .map(|i| match i.value {
                Value::Whole(seed) => (seed as u64, i.place),
                ref other => unreachable!("seeds are integers: {other:?}"),
            })
            .collect(),
        other => unreachable!("seeds are a count or a list: {other:?}"),
    };
    let mut seen = BTreeSet::new();
    for (seed, place) in &listed {
        if !seen.insert(*seed) {
            diagnostics.error(*place, format!("seed `{seed}` stands here twice"), "");
        }
    }
    listed.into_iter().map(|(seed, _)| seed).collect()
}
