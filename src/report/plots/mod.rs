//! Figures: each member of the registry says what is drawn, [`chart`] draws it, and the numbers behind it stand beside
//! it as CSV. In reading order: what a plot is and how `[[report.plots]]` becomes figures (here), the members, then
//! which settings they show ([`series`]), the chart they share and what it is drawn with.

mod boxes;
mod curves;
mod gap;
mod heatmap;
mod published;
mod schedule;
mod sweep;
mod train_size;

mod series;

mod canvas;
mod chart;
mod colours;
mod legend;
mod panel;
mod path;
mod picture;
mod raster;
mod scale;

use std::sync::LazyLock;

use super::expect::Judged;
use super::frame::{Frame, Outline};
use super::select::{Selection, WHERE, check_metric};
use super::spread::Group;
use super::tables::Sheet;
use super::words;
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::node::{Node, quote};
use crate::base::read;
use crate::base::registry::{Members, Registry};
use crate::base::values::{Chosen, Value, Values};

pub use canvas::PALETTE;
pub use chart::{Chart, Level, Line, Panel, Point};
pub use picture::{Picture, escape};

/// A plot: which numbers of a frame are drawn, and how.
pub trait Plot: Send + Sync {
    /// The name its files have when the file gives none.
    fn stem(&self) -> String;
    /// The measures it needs.
    fn metrics(&self) -> &[String];
    /// Whether it needs [`Frame::previews`].
    fn previews(&self) -> bool {
        false
    }
    /// What is shown, in sentences.
    fn caption(&self, results: &Results<'_>) -> String;
    /// The numbers that are drawn.
    fn sheet(&self, results: &Results<'_>) -> Sheet;
    /// The picture.
    fn picture(&self, results: &Results<'_>) -> Picture;
}

/// What a plot draws.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// The results of the trials.
    pub frame: &'a Frame,
    /// What they were held against.
    pub judged: &'a [Judged<'a>],
}

/// Makes a plot from its settings, or reports what is wrong with them.
pub type Build = fn(&Chosen, &Outline<'_>, &mut Diagnostics) -> Option<Box<dyn Plot>>;

/// All plots.
pub static PLOTS: LazyLock<Registry<Build>> = LazyLock::new(|| Registry {
    kind: "plot",
    entries: vec![
        curves::entry(),
        sweep::entry(),
        gap::entry(),
        heatmap::entry(),
        boxes::entry(),
        train_size::entry(),
        schedule::entry(),
        published::entry(),
    ],
});

/// The keys that every plot has.
pub static COMMON: &[Key] = &[
    Key::optional("name", Kind::Text, "the name of its files; by default the type and what is drawn"),
    Key::preset("title", Kind::Text, "\"\"", "a heading in the figure"),
    WHERE,
];

/// What `[[report.plots]]` takes.
pub const FIGURES: Kind = Kind::List { of: &FIGURE, least: 0 };
const FIGURE: Kind = Kind::Member { registry: || -> &'static dyn Members { &*PLOTS }, common: COMMON };

/// The lines of a chart have so many colours; of more settings the best are drawn.
const MOST: usize = 8;

/// A plot with the name of its files.
pub struct Figure {
    /// The files' name without their ending.
    pub name: String,
    /// What is drawn.
    pub plot: Box<dyn Plot>,
}

/// The values of [`COMMON`].
struct Common {
    title: String,
    selection: Selection,
}

impl Common {
    fn read(values: &Values, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Self> {
        let selection = Selection::read(values, outline.axes, diagnostics)?;
        Some(Self { title: values.text("title").to_owned(), selection })
    }
}

/// The figures of the values of `[[report.plots]]`; without any, the curves and a sweep over every numeric axis.
pub fn read(values: &Value, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Figure>> {
    let items = match values {
        Value::List(items) => items.clone(),
        _ => defaults(outline),
    };
    let before = diagnostics.count();
    let mut figures: Vec<Figure> = Vec::new();
    for item in &items {
        let Value::Member(chosen) = &item.value else { panic!("a plot was read as {:?}", item.value) };
        let Some(plot) = PLOTS.build(chosen.name)(chosen, outline, diagnostics) else { continue };
        let name = match chosen.values.has("name") {
            true => own_name(&chosen.values, &figures, diagnostics),
            false => Some(free_name(&plot.stem(), &figures)),
        };
        figures.extend(name.map(|name| Figure { name, plot }));
    }
    (diagnostics.count() == before).then_some(figures)
}

fn own_name(values: &Values, taken: &[Figure], diagnostics: &mut Diagnostics) -> Option<String> {
    let (name, place) = (values.text("name"), values.place("name"));
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if name.is_empty() || name.starts_with('.') || !plain {
        let hint = "a file name of letters, digits, `-`, `_` and `.`";
        diagnostics.error_with_hint(place, format!("`{name}` cannot be the name of a figure"), "", hint);
        return None;
    }
    if taken.iter().any(|f| f.name.eq_ignore_ascii_case(name)) {
        diagnostics.error(place, format!("two figures are called `{name}`"), "");
        return None;
    }
    Some(name.to_owned())
}

fn free_name(stem: &str, taken: &[Figure]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let stem: String = stem.chars().map(plain).collect();
    let mut name = stem.clone();
    let mut n = 1;
    while taken.iter().any(|f| f.name.eq_ignore_ascii_case(&name)) {
        n += 1;
        name = format!("{stem}-{n}");
    }
    name
}

fn defaults(outline: &Outline<'_>) -> Vec<crate::base::values::Item> {
    let swept = outline.axes.iter().filter(|a| a.values.len() > 1 && a.numbers().is_some());
    let sweeps: String = swept.map(|a| format!(", {{ type = \"sweep\", x = {} }}", quote(&a.path))).collect();
    let text = format!("plots = [{{ type = \"curves\" }}{sweeps}]");
    let mut own = Diagnostics::new();
    let origin = own.origin("the default figures", &text);
    let node = Node::parse(origin, &text, &mut own);
    match node.get("plots").and_then(|plots| read::value(plots, &FIGURES, "`plots`", &mut own)) {
        Some(Value::List(items)) => items,
        other => panic!("the default figures were read as {other:?}: {}", own.render(false)),
    }
}

/// The measures of the key `y`: those written, each of which must be known; else the train and test loss as far as known.
fn read_y(values: &Values, known: &[String], diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    if !values.has("y") {
        let usual = ["train_loss", "test_loss"].into_iter().filter(|m| known.iter().any(|k| k == m));
        return Some(usual.map(str::to_owned).collect());
    }
    let before = diagnostics.count();
    let mut names: Vec<String> = Vec::new();
    for item in values.list("y") {
        let Value::Text(name) = &item.value else { panic!("a measure was read as {:?}", item.value) };
        check_metric(name, item.place, known, "measure", diagnostics);
        if names.contains(name) {
            diagnostics.error(item.place, format!("`{name}` is drawn twice"), "");
        }
        names.push(name.clone());
    }
    (diagnostics.count() == before).then_some(names)
}

/// From this ratio of largest to smallest on, positive values are drawn on a logarithmic axis.
const WIDE: f64 = 30.0;

/// Whether the numbers are above 0 and lie so wide that a logarithmic axis shows more.
fn is_wide(numbers: &[f64]) -> bool {
    let (low, high) = numbers.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
    low > 0.0 && high / low >= WIDE
}

/// What the naive answer scores in those of the measures that are of the test rows, where it is the same for all of these
/// settings: the majority class, the mean, the last value.
fn baselines(frame: &Frame, cells: impl Iterator<Item = usize>, measures: &[String]) -> Vec<Level> {
    let cells: Vec<usize> = cells.collect();
    let of_measure = |measure: &String| {
        let name = format!("baseline_{measure}");
        let groups = cells.iter().map(|&c| frame.group(c, &name).spread);
        let values: Vec<f64> = groups.flat_map(|s| s.values).filter(|v| v.is_finite()).collect();
        let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        // seeds that draw their own rows have baselines that differ a little
        let same = high - low <= 0.02 * low.abs().max(high.abs());
        (!values.is_empty() && same).then(|| Level { name: "naive baseline".into(), y: 0.5 * (low + high) })
    };
    measures.iter().filter(|m| m.starts_with("test_")).filter_map(of_measure).collect()
}

/// How many seeds stand behind means: `10 seeds`, `8 to 10 seeds`.
fn seeds<'a>(groups: impl Iterator<Item = &'a Group>) -> String {
    let counts: Vec<usize> = groups.map(|g| g.done).filter(|n| *n > 0).collect();
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} seeds"),
        (_, Some(most)) => words::count(*most, "seed"),
        _ => "no seed yet".into(),
    }
}

#[cfg(test)]
mod tests;
