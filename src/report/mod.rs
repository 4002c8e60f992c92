//! From records to tables, figures and verdicts: a pure function of a [`frame::Frame`] and what the experiment file asks
//! for. Reads stored results only, never a network; knows no clock and no machine, so two machines write the same bytes.
//!
//! In reading order: the results arranged by setting and seed ([`frame`]) and what seeds tell ([`spread`]); numbers and
//! names as people read them ([`number`], [`words`]); which settings are meant ([`select`]); then what is made of them:
//! [`tables`], [`plots`], [`expect`], and the two reports, [`markdown`] and [`html`].

pub mod frame;
pub mod number;
pub mod spread;
pub mod words;

pub mod select;

pub mod expect;
pub mod plots;
pub mod tables;

pub mod html;
pub mod markdown;

#[cfg(test)]
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::base::files;
use crate::base::key::Key;
use crate::base::values::Values;
use expect::{Expectation, Judged, Verdict};
use frame::{Frame, Outline};
use plots::Figure;
use tables::TABLES;
use tables::overview::{Overview, draw, overview};
use tables::variance;

/// The keys of `[report]`.
pub static KEYS: &[Key] =
    &[Key::optional("plots", plots::FIGURES, "the figures; by default the curves and a sweep over every numeric axis")];

/// The figures that `[report]` asks for, checked against what is known before anything is trained.
pub fn figures(values: &Values, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Figure>> {
    plots::read(values.value("plots"), outline, diagnostics)
}

/// All that a report is made of.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The results.
    pub frame: &'a Frame,
    /// The figures to make.
    pub figures: &'a [Figure],
    /// What the results are held against.
    pub expectations: &'a [Expectation],
    /// How the networks were trained, in sentences; may be empty.
    pub methods: &'a str,
    /// The command that repeats the experiment.
    pub command: &'a str,
    /// Data sets with their digests.
    pub digests: &'a [(String, String)],
}

/// How many expectations ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// The number lies in its band.
    pub met: usize,
    /// It does not.
    pub missed: usize,
    /// Trials are missing.
    pub pending: usize,
}

impl Report<'_> {
    /// The verdicts.
    pub fn judged(&self) -> Vec<Judged<'_>> {
        self.expectations.iter().map(|e| e.judge(self.frame)).collect()
    }

    /// How the expectations ended.
    pub fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        for judged in self.judged() {
            match judged.verdict {
                Verdict::Met => outcome.met += 1,
                Verdict::Missed => outcome.missed += 1,
                Verdict::Pending => outcome.pending += 1,
            }
        }
        outcome
    }

    /// The summary table, with the measures that expectations and figures name.
    fn overview(&self) -> Overview {
        let named = self.expectations.iter().map(Expectation::metric);
        let drawn = self.figures.iter().flat_map(|f| f.plot.metrics()).map(String::as_str);
        let extra: Vec<String> = named.chain(drawn).map(str::to_owned).collect();
        overview(self.frame, &extra)
    }

    /// Writes the tables, figures and reports into a results folder, and removes figures that no longer belong there.
    /// Errors: a file that cannot be written or removed.
    pub fn write(&self, folder: &Path) -> Result<Outcome> {
        for table in TABLES {
            files::write(&folder.join(table.file), &(table.make)(self.frame).into_csv())?;
        }
        if let Some(sheet) = variance::sheet(self.frame) {
            files::write(&folder.join("variance.csv"), &sheet.into_csv())?;
        }
        files::write(&folder.join("expectations.csv"), &expect::sheet(&self.judged()).into_csv())?;
        let mut pictures = BTreeMap::new();
        let mut kept = BTreeSet::new();
        for figure in self.figures {
            let (svg, csv) = (format!("{}.svg", figure.name), format!("{}.csv", figure.name));
            let picture = figure.plot.svg(self.frame);
            files::write(&folder.join("figures").join(&svg), picture.as_bytes())?;
            files::write(&folder.join("figures").join(&csv), &figure.plot.sheet(self.frame).into_csv())?;
            pictures.insert(format!("figures/{svg}"), picture);
            kept.extend([svg, csv]);
        }
        remove_others(&folder.join("figures"), &kept)?;
        let markdown = markdown::report(self);
        files::write(&folder.join("report.md"), markdown.as_bytes())?;
        files::write(&folder.join("report.html"), html::page(&self.frame.name, &markdown, &pictures).as_bytes())?;
        Ok(self.outcome())
    }

    /// The summary table and the verdicts for a terminal of `width` characters.
    pub fn terminal(&self, width: usize, colour: bool) -> String {
        let mut out = self.overview().terminal(width, colour);
        let judged = self.judged();
        if !judged.is_empty() {
            let columns = expect::columns(&judged);
            // the source is for the report
            let shown: Vec<_> = columns.iter().filter(|c| c.title != "source").collect();
            let table = draw(&shown, colour, Some(width));
            out.push_str(&format!("\n{}\n", if colour { coloured(&table) } else { table }));
        }
        out
    }
}

/// The verdict at the end of each line in the colour of its word.
fn coloured(table: &str) -> String {
    let line = |line: &str| {
        let verdict = [("met", 32), ("missed", 31), ("pending", 33)];
        let found = verdict.iter().find_map(|(word, code)| Some((line.strip_suffix(word)?, word, code)));
        found.map_or_else(|| line.to_owned(), |(rest, word, code)| format!("{rest}\u{1b}[{code}m{word}\u{1b}[0m"))
    };
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Removes the figures of an earlier version of the experiment; other files are not ours and stay.
fn remove_others(folder: &Path, kept: &BTreeSet<String>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let figure = name.ends_with(".svg") || name.ends_with(".csv");
        if figure && !kept.contains(&name) {
            std::fs::remove_file(entry.path()).map_err(|e| Error::file("remove", &entry.path(), &e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
