//! The space of a sweep: its axes, the cells a strategy chose, and the seeds that every cell is trained with.

use std::collections::BTreeSet;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::Node;
use crate::base::values::{Item, Value, Values};

use super::axes::{self, Axis};
use super::strategies::STRATEGIES;

/// The most trials an experiment may have: a sweep beyond it is a slip of the pen, not a plan.
pub const MOST_TRIALS: u64 = 1_000_000;

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
    /// The space of a `[sweep]` section with the experiment's seeds. Too many trials are reported before any is listed.
    pub fn new(section: &Values, seeds: &Item, diagnostics: &mut Diagnostics) -> Option<Self> {
        let axes = axes::read(section.map("axes"), diagnostics)?;
        let chosen = section.member("strategy");
        let strategy = STRATEGIES.build(chosen.name)(&chosen.values);
        let (count, seeds_place) = match &seeds.value {
            Value::Whole(n) => (*n as u64, seeds.place),
            Value::List(list) => (list.len() as u64, seeds.place),
            other => unreachable!("seeds are a count or a list: {other:?}"),
        };
        let trials = strategy.count(&axes).and_then(|cells| cells.checked_mul(count));
        if trials.is_none_or(|n| n > MOST_TRIALS) {
            let sizes: Vec<String> = axes.iter().map(|a| format!("{} of `{}`", a.points.len(), a.path)).collect();
            let place = axes.first().map_or(seeds_place, |a| a.place);
            let message = format!("the sweep has more than {MOST_TRIALS} trials");
            let label = [sizes, vec![format!("{count} seeds")]].concat().join(" x ");
            diagnostics.error_with_hint(place, message, label, "give the axes fewer values, or sweep them one by one");
            return None;
        }
        let seeds = seeds_of(seeds, diagnostics);
        let cells = strategy.cells(&axes);
        Some(Self { axes, cells, seeds })
    }

    /// A cell in words: `optimizer.lr = 0.1, schedule = cosine`.
    pub fn words(&self, cell: &[usize]) -> String {
        let value = |(axis, at): (&Axis, &usize)| format!("`{} = {}`", axis.path, axis.points[*at].label);
        self.axes.iter().zip(cell).map(value).collect::<Vec<_>>().join(", ")
    }

    /// The file's tree with the values of a cell put in: whole tables first, then what stands below them.
    pub fn apply(&self, cell: &[usize], root: &Node, diagnostics: &mut Diagnostics) -> Option<Node> {
        let mut order: Vec<(&Axis, usize)> = self.axes.iter().zip(cell.iter().copied()).collect();
        order.sort_by_key(|(axis, _)| axis.path.split('.').count());
        let mut tree = root.clone();
        for (axis, at) in order {
            let path: Vec<String> = axis.path.split('.').map(str::to_owned).collect();
            if let Err(why) = tree.set(&path, axis.place, axis.points[at].node.clone()) {
                let message = format!("axis `{}` leads nowhere: {why}", axis.path);
                diagnostics.error_with_hint(axis.place, message, "", "an axis is the key path of a setting");
                return None;
            }
        }
        Some(tree)
    }
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
