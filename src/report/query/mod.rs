//! `runner query`: the trials of a results folder, filtered, grouped and sorted, in the columns that are asked for. A pure
//! function of the frame, like every table.

mod filter;

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::report::frame::{Frame, Trial};
use crate::report::number::{exact, tidy, with_interval};
use crate::report::spread::{Group, Spread};
use crate::report::tables::Sheet;
use crate::report::tables::formats;
use crate::report::tables::overview::{Column, draw, markdown};
use crate::report::{markdown as report, words};
use filter::Filter;

/// What is asked, as it was written.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Which trials; all without one.
    pub filter: Option<String>,
    /// The axes to group by, or `setting` for all; without any, every trial is a row.
    pub by: Vec<String>,
    /// The columns, or `all`; without any, what is usual.
    pub show: Vec<String>,
    /// The column to sort by, with a `-` before it for the highest first.
    pub sort: Option<String>,
    /// So many rows at most.
    pub limit: Option<usize>,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal of so many characters.
    Table(usize),
    /// Every digit, a mean as four columns.
    Csv,
    /// An array of objects.
    Json,
    /// A table in Markdown.
    Markdown,
    /// A table in LaTeX.
    Latex,
}

/// A cell of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The trial has no such number.
    Missing,
    /// A label, a hash or a word.
    Text(String),
    /// A number of a trial, or a count.
    Number(f64),
    /// A measure over the trials of a group.
    Mean(Spread),
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    columns: Vec<String>,
    rows: Vec<Vec<Item>>,
}

impl Item {
    fn number(&self) -> Option<f64> {
        match self {
            Item::Number(x) => Some(*x),
            Item::Text(text) => text.parse().ok(),
            Item::Mean(spread) => spread.mean,
            Item::Missing => None,
        }
    }

    /// Every digit.
    fn text(&self) -> String {
        match self {
            Item::Missing => String::new(),
            Item::Text(text) => text.clone(),
            Item::Number(x) => exact(*x),
            Item::Mean(spread) => spread.mean.map_or_else(String::new, exact),
        }
    }

    /// As many digits as a person wants.
    fn short(&self) -> String {
        match self {
            Item::Missing => "–".into(),
            Item::Number(x) => tidy(*x, 5),
            Item::Mean(spread) => spread.mean.map_or_else(|| "–".into(), |mean| with_interval(mean, spread.half())),
            Item::Text(text) => text.clone(),
        }
    }
}

/// What a trial has beside its axes and its summary.
const OWN: [&str; 5] = ["trial", "seed", "status", "steps", "parameters"];
/// What a group has beside its axes and its measures.
const COUNTS: [&str; 3] = ["n", "diverged", "failed"];
/// The measures that are shown when none is asked for.
const USUAL: [&str; 6] = ["train_loss", "validation_loss", "test_loss", "gap_loss", "train_accuracy", "test_accuracy"];

/// Answers a question about the results, or reports what is wrong with it.
pub fn answer(frame: &Frame, asked: &Asked, diagnostics: &mut Diagnostics) -> Option<Answer> {
    let before = diagnostics.count();
    let columns = trial_columns(frame);
    let texts = |column: usize| match columns[column].as_str() {
        "status" => ["done", "diverged", "failed", "pending"].map(str::to_owned).to_vec(),
        name => frame
            .axes
            .iter()
            .find(|a| a.path == name)
            .map_or_else(Vec::new, |axis| axis.values.iter().map(|v| v.label.clone()).collect()),
    };
    let filter = asked.filter.as_ref().map(|text| Filter::read(text, &columns, texts, diagnostics));
    let by = grouping(frame, asked, diagnostics);
    let known = if asked.by.is_empty() { columns.clone() } else { group_columns(frame, by.as_deref().unwrap_or(&[])) };
    let shown = shown(frame, asked, &known, diagnostics);
    let sort = asked.sort.as_ref().map(|name| {
        let (name, falling) = name.strip_prefix('-').map_or((name.as_str(), false), |rest| (rest, true));
        check(name, "--sort", &known, diagnostics).map(|column| (column, falling))
    });
    if diagnostics.count() > before {
        return None;
    }
    let filter = filter.flatten();
    let meant =
        |trial: &&Trial| filter.as_ref().is_none_or(|f| f.holds(&|column| of_trial(frame, trial, &columns[column])));
    let trials: Vec<&Trial> = frame.trials.iter().filter(meant).collect();
    let mut rows: Vec<Vec<Item>> = match &by {
        Some(by) if !asked.by.is_empty() => groups(frame, &trials, by)
            .iter()
            .map(|group| known.iter().map(|column| of_group(frame, group, column)).collect())
            .collect(),
        _ => trials.iter().map(|trial| known.iter().map(|column| of_trial(frame, trial, column)).collect()).collect(),
    };
    if let Some((column, falling)) = sort.flatten() {
        rows.sort_by(|a, b| order(&a[column], &b[column], falling));
    }
    rows.truncate(asked.limit.unwrap_or(usize::MAX));
    let pick = |row: Vec<Item>| shown.iter().map(|&column| row[column].clone()).collect();
    let columns = shown.iter().map(|&column| known[column].clone()).collect();
    Some(Answer { columns, rows: rows.into_iter().map(pick).collect() })
}

/// By number where both are numbers, else by text; what is missing comes last.
fn order(a: &Item, b: &Item, falling: bool) -> std::cmp::Ordering {
    let missing = |item: &Item| item.text().is_empty();
    let order = match (a.number(), b.number()) {
        (Some(x), Some(y)) => x.total_cmp(&y),
        _ => a.text().cmp(&b.text()),
    };
    missing(a).cmp(&missing(b)).then(if falling { order.reverse() } else { order })
}

fn trial_columns(frame: &Frame) -> Vec<String> {
    let axes = frame.axes.iter().map(|a| a.path.clone());
    let own = OWN.map(str::to_owned);
    let rest = own[1..].iter().cloned().chain(frame.summaries());
    std::iter::once(own[0].clone()).chain(axes).chain(rest).collect()
}

fn group_columns(frame: &Frame, by: &[usize]) -> Vec<String> {
    let axes = by.iter().map(|&a| frame.axes[a].path.clone());
    axes.chain(COUNTS.map(str::to_owned)).chain(frame.summaries()).collect()
}

fn of_trial(frame: &Frame, trial: &Trial, column: &str) -> Item {
    let record = trial.record.as_ref();
    let count = |n: Option<u64>| n.map_or(Item::Missing, |n| Item::Number(n as f64));
    match column {
        "trial" => Item::Text(trial.id.clone()),
        "seed" => Item::Number(trial.seed as f64),
        "status" => Item::Text(trial.status().to_owned()),
        "steps" => count(record.map(|r| r.steps)),
        "parameters" => count(record.map(|r| r.parameters)),
        _ => match frame.axes.iter().position(|a| a.path == column) {
            Some(axis) => of_axis(frame, trial.cell, axis),
            None => record.and_then(|r| r.summary(column)).map_or(Item::Missing, Item::Number),
        },
    }
}

fn of_axis(frame: &Frame, cell: usize, axis: usize) -> Item {
    Item::Text(frame.label(cell, axis).to_owned())
}

fn of_group(frame: &Frame, trials: &[&Trial], column: &str) -> Item {
    let group = |value: &dyn Fn(&crate::trial::record::Record) -> Option<f64>| Group::of(trials.iter().copied(), value);
    let count = |n: usize| Item::Number(n as f64);
    match column {
        "n" => count(group(&|_| None).done),
        "diverged" => count(group(&|_| None).diverged),
        "failed" => count(group(&|_| None).failed),
        _ => match frame.axes.iter().position(|a| a.path == column) {
            Some(axis) => of_axis(frame, trials[0].cell, axis),
            None => match group(&|r| r.summary(column)).spread {
                spread if spread.n() == 0 => Item::Missing,
                spread => Item::Mean(spread),
            },
        },
    }
}

/// The trials by their values on these axes, in the order of the file.
fn groups<'a>(frame: &Frame, trials: &[&'a Trial], by: &[usize]) -> Vec<Vec<&'a Trial>> {
    let mut groups = std::collections::BTreeMap::<Vec<usize>, Vec<&Trial>>::new();
    for trial in trials {
        let key = by.iter().map(|&axis| frame.cells[trial.cell].at[axis]).collect();
        groups.entry(key).or_default().push(trial);
    }
    groups.into_values().collect()
}

/// The place of an option's text, which is all of it.
fn option(name: &str, text: &str, diagnostics: &mut Diagnostics) -> Place {
    let origin = diagnostics.origin(name, &format!("{text} "));
    Place { origin, start: 0, end: text.len() as u32 }
}

/// The position of a name among the known ones; if there is none, that is reported with the nearest.
fn check(name: &str, option_name: &str, known: &[String], diagnostics: &mut Diagnostics) -> Option<usize> {
    let found = known.iter().position(|k| k == name);
    if found.is_none() {
        let place = option(option_name, name, diagnostics);
        let hint = suggest(name, known.iter().map(String::as_str));
        diagnostics.error_with_hint(place, format!("unknown column `{name}`"), "", hint);
    }
    found
}

fn grouping(frame: &Frame, asked: &Asked, diagnostics: &mut Diagnostics) -> Option<Vec<usize>> {
    if asked.by.iter().any(|by| by == "setting") {
        return Some((0..frame.axes.len()).collect());
    }
    let paths: Vec<String> = frame.axes.iter().map(|a| a.path.clone()).collect();
    let axis = |by: &String, diagnostics: &mut Diagnostics| {
        let found = paths.iter().position(|p| p == by);
        if found.is_none() {
            let place = option("--by", by, diagnostics);
            let known = paths.iter().map(String::as_str).chain(["setting"]);
            let message = format!("`{by}` is not an axis of the sweep");
            diagnostics.error_with_hint(place, message, "", suggest(by, known.collect::<Vec<_>>()));
        }
        found
    };
    let axes: Vec<Option<usize>> = asked.by.iter().map(|by| axis(by, diagnostics)).collect();
    axes.into_iter().collect()
}

/// The positions of the columns that are shown.
fn shown(frame: &Frame, asked: &Asked, known: &[String], diagnostics: &mut Diagnostics) -> Vec<usize> {
    if asked.show.iter().any(|name| name == "all") {
        return (0..known.len()).collect();
    }
    let is_axis = |name: &String| frame.axes.iter().any(|a| a.path == *name);
    let mut always = COUNTS[..2].to_vec();
    always.extend(["seed", "status"]);
    let first = |name: &String| is_axis(name) || always.contains(&name.as_str());
    let measures: Vec<usize> = match asked.show.is_empty() {
        true => (0..known.len()).filter(|i| USUAL.contains(&known[*i].as_str())).collect(),
        false => asked.show.iter().filter_map(|name| check(name, "--show", known, diagnostics)).collect(),
    };
    let before = (0..known.len()).filter(|i| first(&known[*i]) && !measures.contains(i));
    before.chain(measures.iter().copied()).collect()
}

impl Answer {
    /// The answer as text.
    pub fn write(self, format: Format) -> String {
        match format {
            Format::Csv => String::from_utf8(self.sheet().into_csv()).expect("texts are UTF-8"),
            Format::Json => self.json(),
            Format::Markdown => markdown(&self.table(), report::escape),
            Format::Latex => formats::latex(&self.table()),
            Format::Table(width) => {
                let table = self.table();
                let drawn = draw(&table.iter().collect::<Vec<_>>(), false, Some(width));
                format!("{drawn}\n{}\n", words::count(self.rows.len(), "row"))
            }
        }
    }

    /// The columns for a person.
    fn table(&self) -> Vec<Column> {
        let column = |(i, title): (usize, &String)| {
            let cells: Vec<String> = self.rows.iter().map(|row| row[i].short()).collect();
            let right = self.rows.iter().any(|row| row[i].number().is_some());
            Column::new(title.clone(), cells, right)
        };
        self.columns.iter().enumerate().map(column).collect()
    }

    /// Whether a column holds means of groups.
    fn is_mean(&self, column: usize) -> bool {
        self.rows.iter().any(|row| matches!(row[column], Item::Mean(_)))
    }

    /// Every digit; a mean is four columns.
    fn sheet(&self) -> Sheet {
        let parts = |name: &String| ["mean", "sd", "lo", "hi"].map(|part| format!("{name}_{part}"));
        let mut header = Vec::new();
        for (i, name) in self.columns.iter().enumerate() {
            if self.is_mean(i) { header.extend(parts(name)) } else { header.push(name.clone()) }
        }
        let mut sheet = Sheet::new(header);
        for row in &self.rows {
            let mut cells = Vec::new();
            for (i, item) in row.iter().enumerate() {
                match item {
                    Item::Mean(spread) => cells.extend(formats::statistics(spread)),
                    _ if self.is_mean(i) => cells.extend(formats::statistics(&Spread::default())),
                    item => cells.push(item.text()),
                }
            }
            sheet.push(cells);
        }
        sheet
    }

    fn json(&self) -> String {
        let item = |item: &Item| match item {
            Item::Missing => "null".to_owned(),
            Item::Text(text) => formats::json_text(text),
            Item::Number(x) => formats::json_number(*x),
            Item::Mean(spread) => formats::json_spread(spread),
        };
        let rows = self.rows.iter().map(|row| self.columns.iter().cloned().zip(row.iter().map(item)).collect());
        formats::json_rows(rows)
    }
}

#[cfg(test)]
mod tests;
