//! Which settings a figure shows and how they are told apart: a panel for each value of the axis `facet`, a colour for
//! each setting of the other axes, of more settings than there are colours the best.

use std::collections::BTreeMap;

use super::MOST;
use super::canvas::{TEXT, width_of};
use super::chart::MOST_PANELS;
use super::legend::WIDEST;
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::values::Values;
use crate::report::frame::{Frame, Outline};
use crate::report::select::{Selection, axis_of};
use crate::report::words;

/// The key for small multiples.
pub const FACET: Key = Key::optional(
    "facet",
    Kind::Text,
    "the key path of an axis: a panel for each of its values, all with the same axes (small multiples)",
);

/// The axis that tells panels apart, by position.
pub struct Facets(Option<usize>);

impl Facets {
    /// Reads the key [`FACET`].
    pub fn read(values: &Values, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        if !values.has("facet") {
            return Some(Self(None));
        }
        axis_of(values.text("facet"), values.place("facet"), outline.axes, diagnostics).map(|axis| Self(Some(axis)))
    }

    /// One panel.
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether this axis tells the panels apart.
    pub fn is(&self, axis: usize) -> bool {
        self.0 == Some(axis)
    }
}

/// Settings that are one line.
pub struct Series {
    /// What tells it from the others.
    pub name: String,
    /// Its place among the colours.
    pub colour: usize,
    panel: usize,
    /// Its settings, in the order of the file.
    pub cells: Vec<usize>,
}

/// What is shown.
pub struct Shown {
    /// The names of the panels; one without a name when there are no facets.
    pub panels: Vec<String>,
    lines: Vec<Series>,
    /// What the names are values of, where they have no room to say it.
    pub heading: String,
    /// How many colours there are.
    pub series: usize,
    /// How many more there would be.
    pub left_out: usize,
}

impl Shown {
    /// The lines of a panel.
    pub fn of_panel(&self, panel: usize) -> impl Iterator<Item = &Series> {
        self.lines.iter().filter(move |s| s.panel == panel)
    }

    /// The settings that are shown, in the order of the file.
    pub fn cells(&self) -> impl Iterator<Item = usize> {
        let mut cells: Vec<usize> = self.lines.iter().flat_map(|s| s.cells.iter().copied()).collect();
        cells.sort_unstable();
        cells.into_iter()
    }
}

/// The settings among `cells` in panels and colours. `along` are the axes that run within a line.
pub fn shown(frame: &Frame, selection: &Selection, facets: &Facets, along: &[usize], cells: Vec<usize>) -> Shown {
    let open = selection.open(&frame.axes);
    let others: Vec<usize> = open.into_iter().filter(|a| !along.contains(a) && !facets.is(*a)).collect();
    let key = |cell: usize| others.iter().map(|&a| frame.cells[cell].at[a]).collect::<Vec<_>>();
    let mut keys: Vec<Vec<usize>> = cells.iter().map(|&c| key(c)).collect();
    keys.sort();
    keys.dedup();
    let count = keys.len();
    if count > MOST {
        let ranked = frame.selecting_metric().map_or_else(Vec::new, |metric| frame.ranked(&cells, metric));
        let mut best: Vec<Vec<usize>> = Vec::new();
        for &cell in ranked.iter().chain(&cells) {
            if best.len() < MOST && !best.contains(&key(cell)) {
                best.push(key(cell));
            }
        }
        keys.retain(|k| best.contains(k));
    }
    let mut panels: BTreeMap<usize, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for &cell in &cells {
        let panel = facets.0.map_or(0, |axis| frame.cells[cell].at[axis]);
        if let Ok(colour) = keys.binary_search(&key(cell)) {
            panels.entry(panel).or_default().entry(colour).or_default().push(cell);
        }
    }
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for series in panels.into_values().take(MOST_PANELS) {
        let first = series.values().next().expect("a panel has a series")[0];
        names.push(facets.0.map_or_else(String::new, |axis| frame.describe(first, &[axis])));
        let panel = names.len() - 1;
        lines.extend(series.into_iter().map(|(colour, cells)| Series {
            name: frame.describe(cells[0], &others),
            colour,
            panel,
            cells,
        }));
    }
    if names.is_empty() {
        names.push(String::new());
    }
    let heading = brief(frame, &others, &mut lines);
    Shown { panels: names, lines, heading, series: keys.len(), left_out: count - keys.len() }
}

/// Where names of several axes have no room beside the lines, they become the values alone; what those are of is returned.
fn brief(frame: &Frame, axes: &[usize], lines: &mut [Series]) -> String {
    let fits = |s: &Series| width_of(&s.name, TEXT.size) <= WIDEST;
    if axes.len() < 2 || lines.iter().all(fits) {
        return String::new();
    }
    for line in lines {
        let values: Vec<&str> = axes.iter().map(|&axis| frame.label(line.cells[0], axis)).collect();
        line.name = values.join(", ");
    }
    axes.iter().map(|&axis| words::axis(&frame.axes[axis].path)).collect::<Vec<_>>().join(", ")
}
