//! A block of a sweep: a strategy on its axes, then the axes that only some of its settings have (`when`), then what is
//! left out (`exclude`). The settings of several blocks are united.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::Node;
use crate::base::values::{Item, Value, Values};

use super::axes::{self, Axis, Dimension, Point};
use super::condition::Condition;
use super::space::{ABSENT, MOST_TRIALS};
use super::strategies::STRATEGIES;
use super::strategies::grid::product;

/// The settings of all blocks so far: every path is one axis, every value stands on it once.
pub struct Union<'a> {
    root: &'a Node,
    /// How many trials a setting is, and where that is written.
    seeds: (u64, Place),
    axes: Vec<Axis>,
    /// For every axis the place of a value by its identity, and the identity by its label.
    known: Vec<(BTreeMap<String, usize>, BTreeMap<String, String>)>,
    cells: Vec<Vec<usize>>,
    seen: BTreeSet<Vec<usize>>,
}

/// An axis of a block among those of the union: its number, and the number of each of its values.
type Entered = Vec<(usize, Vec<usize>)>;

impl<'a> Union<'a> {
    /// No block yet.
    pub fn new(root: &'a Node, seeds: (u64, Place)) -> Self {
        Self { root, seeds, axes: Vec::new(), known: Vec::new(), cells: Vec::new(), seen: BTreeSet::new() }
    }

    /// Adds the settings of a block. What is wrong with it is reported.
    pub fn add(&mut self, section: &Values, diagnostics: &mut Diagnostics) -> Option<()> {
        let chosen = section.member("strategy");
        let strategy = STRATEGIES.build(chosen.name)(chosen);
        let own = strategy.own(diagnostics);
        let crossed = axes::read(section.map("axes"), strategy.draws(), diagnostics);
        let mut dimensions = [own?, crossed?].concat();
        if axes::twice(&dimensions, diagnostics) {
            return None;
        }
        if let Some((place, message, hint)) = strategy.misfit(&dimensions) {
            diagnostics.error_with_hint(place, message, "", hint);
            return None;
        }
        let count = strategy.count(&dimensions);
        self.affordable(count, &dimensions, chosen.place, diagnostics)?;
        let settings = strategy.settings(&mut dimensions);
        let entered = self.enter_all(dimensions, diagnostics)?;
        let mut cells: Vec<Vec<usize>> = settings.iter().map(|rows| self.with(&[], &entered, rows)).collect();
        drop(settings);
        for clause in section.list("when") {
            cells = self.when(cells, clause, diagnostics)?;
        }
        cells = self.exclude(cells, section, diagnostics)?;
        for mut cell in cells {
            cell.resize(self.axes.len(), ABSENT);
            if self.seen.insert(cell.clone()) {
                self.cells.push(cell);
            }
        }
        Some(())
    }

    /// The axes and settings. An axis that some settings do not have gets a value that stands for that.
    pub fn finish(mut self) -> (Vec<Axis>, Vec<Vec<usize>>) {
        for cell in &mut self.cells {
            cell.resize(self.axes.len(), ABSENT);
            for (at, axis) in cell.iter_mut().zip(&mut self.axes) {
                if *at == ABSENT {
                    if axis.points.last().is_none_or(|point| point.node.is_some()) {
                        axis.points.push(Point::absent());
                    }
                    *at = axis.points.len() - 1;
                }
            }
        }
        (self.axes, self.cells)
    }

    /// Reports that there would be too many trials, before any setting is listed.
    fn affordable(
        &self,
        count: Option<u64>,
        dimensions: &[Dimension],
        place: Place,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let (seeds, seeds_place) = self.seeds;
        let all = count.and_then(|count| count.checked_add(self.cells.len() as u64)?.checked_mul(seeds));
        if all.is_some_and(|all| all <= MOST_TRIALS) {
            return Some(());
        }
        let crossed = dimensions.iter().try_fold(1_u64, |n, d| n.checked_mul(d.rows() as u64)) == count;
        let sizes = match count.filter(|_| !crossed) {
            Some(count) => vec![format!("{count} settings")],
            None => dimensions.iter().map(|d| format!("{} of {}", d.rows(), d.name())).collect(),
        };
        let place = match dimensions.first() {
            Some(first) if crossed => first.place(),
            Some(_) => place,
            None => seeds_place,
        };
        let before = match self.cells.len() {
            0 => Vec::new(),
            cells => vec![format!("{cells} settings before")],
        };
        let label = [sizes, vec![format!("{seeds} seeds")], before].concat().join(" x ");
        let message = format!("the sweep has more than {MOST_TRIALS} trials");
        diagnostics.error_with_hint(place, message, label, "give the axes fewer values, or sweep them one by one");
        None
    }

    fn enter_all(&mut self, dimensions: Vec<Dimension>, diagnostics: &mut Diagnostics) -> Option<Vec<Entered>> {
        let mut enter = |d: Dimension| d.axes.into_iter().map(|axis| self.enter(axis, diagnostics)).collect();
        dimensions.into_iter().map(&mut enter).collect()
    }

    /// Takes an axis in. Values that differ and are called the same are reported.
    fn enter(&mut self, axis: Axis, diagnostics: &mut Diagnostics) -> Option<(usize, Vec<usize>)> {
        let found = self.axes.iter().position(|known| known.path == axis.path);
        let at = found.unwrap_or_else(|| {
            self.axes.push(Axis { points: Vec::new(), ..axis.clone() });
            self.known.push(Default::default());
            self.axes.len() - 1
        });
        let mine = &mut self.axes[at];
        if mine.range != axis.range {
            mine.range = None;
        }
        let (places, labels) = &mut self.known[at];
        let mut numbers = Vec::with_capacity(axis.points.len());
        for point in axis.points {
            let Some(node) = &point.node else {
                numbers.push(ABSENT);
                continue;
            };
            let identity = point.identity();
            let label = labels.entry(point.label.clone()).or_insert_with(|| identity.clone());
            if *label != identity {
                let message = format!("two values of axis `{}` are called `{}`", axis.path, point.label);
                diagnostics.error_with_hint(node.place, message, "", "give each table a `label` of its own");
                return None;
            }
            numbers.push(*places.entry(identity).or_insert_with(|| {
                mine.points.push(point);
                mine.points.len() - 1
            }));
        }
        Some((at, numbers))
    }

    /// A setting with the rows of some dimensions put in.
    fn with(&self, cell: &[usize], entered: &[Entered], rows: &[usize]) -> Vec<usize> {
        let mut cell = cell.to_vec();
        cell.resize(self.axes.len(), ABSENT);
        for (dimension, row) in entered.iter().zip(rows) {
            for (axis, numbers) in dimension {
                cell[*axis] = numbers[*row];
            }
        }
        cell
    }

    /// Crosses the settings that meet the condition of a `when` with its axes.
    fn when(
        &mut self,
        cells: Vec<Vec<usize>>,
        clause: &Item,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Vec<usize>>> {
        let Value::Table(values) = &clause.value else { unreachable!("a `when` is a table: {clause:?}") };
        let mut condition = Condition::new(values.place("if"), values.map("if"));
        let dimensions = axes::read(values.map("axes"), false, diagnostics)?;
        if axes::twice(&dimensions, diagnostics) {
            return None;
        }
        let meets: Vec<bool> = cells.iter().map(|cell| condition.holds(&self.axes, cell, self.root)).collect();
        let before = diagnostics.count();
        condition.report(&self.axes, self.root, diagnostics);
        if diagnostics.count() > before {
            return None;
        }
        let met = meets.iter().filter(|meets| **meets).count() as u64;
        let rows = dimensions.iter().try_fold(1_u64, |n, d| n.checked_mul(d.rows() as u64));
        let rest = cells.len() as u64 - met;
        let count = rows.and_then(|rows| rows.checked_mul(met)?.checked_add(rest));
        self.affordable(count, &dimensions, clause.place, diagnostics)?;
        let settings = product(&dimensions);
        let entered = self.enter_all(dimensions, diagnostics)?;
        let longer = |(cell, meets): (Vec<usize>, bool)| match meets {
            true => settings.iter().map(|rows| self.with(&cell, &entered, rows)).collect(),
            false => vec![self.with(&cell, &[], &[])],
        };
        Some(cells.into_iter().zip(meets).flat_map(longer).collect())
    }

    /// Leaves out what the block excludes.
    fn exclude(
        &self,
        mut cells: Vec<Vec<usize>>,
        section: &Values,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Vec<usize>>> {
        let before = diagnostics.count();
        let of = |item: &Item| match &item.value {
            Value::Map(entries) => Condition::new(item.place, entries),
            other => unreachable!("an `exclude` is a free table: {other:?}"),
        };
        let mut conditions: Vec<Condition> = section.list("exclude").iter().map(of).collect();
        // every condition is asked of every setting, so that one that another makes needless is no mistake
        cells.retain(|cell| {
            let excluded = |out, condition: &mut Condition| condition.holds(&self.axes, cell, self.root) || out;
            !conditions.iter_mut().fold(false, excluded)
        });
        conditions.iter().for_each(|condition| condition.report(&self.axes, self.root, diagnostics));
        if cells.is_empty() && diagnostics.count() == before {
            let hint = "take a condition out, or give it more parts: all parts of one must be so";
            diagnostics.error_with_hint(
                section.place("exclude"),
                "every setting is excluded: the sweep is empty",
                "",
                hint,
            );
        }
        (diagnostics.count() == before).then_some(cells)
    }
}
