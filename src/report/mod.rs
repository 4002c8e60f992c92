//! From records to tables, figures and verdicts: a pure function of a [`frame::Frame`] and what the experiment file asks
//! for. Reads stored results only, never a network; knows no clock and no machine, so two machines write the same bytes.
//!
//! In reading order: the results arranged by setting and seed ([`frame`]) and what seeds tell ([`spread`], [`power`]); numbers and
//! names as people read them ([`number`], [`words`]); which settings are meant ([`select`]); then what is made of them:
//! [`tables`], [`plots`], [`expect`], what a person asks ([`query`]), and the two reports, [`markdown`] and [`html`].

pub mod frame;
pub mod number;
pub mod power;
pub mod spread;
pub mod words;

pub mod select;

pub mod expect;
pub mod plots;
pub mod query;
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
use crate::base::key::{Key, Kind};
use crate::base::values::{Item, Value, Values};
use expect::{Expectation, Judged, Verdict};
use frame::{Frame, Outline};
use kernels::member::Bounds;
use plots::{Figure, Results};
use tables::TABLES;
use tables::overview::{Half, Overview, draw, overview};
use tables::{formats, summary, variance};

/// The keys of `[report]`.
pub static KEYS: &[Key] = &[
    Key::optional("plots", plots::FIGURES, "the figures; by default the curves and a sweep over every numeric axis"),
    Key::preset(
        "tables",
        Kind::List { of: &Kind::Word(LANGUAGES), least: 0 },
        "[]",
        "the summary table in other languages, beside `summary.csv`",
    ),
    Key::preset(
        "spread",
        Kind::Word(&[
            ("interval", "half the 95 % interval of the mean"),
            ("sd", "the standard deviation over the trials"),
            ("none", "nothing: the mean alone"),
        ]),
        "\"interval\"",
        "what stands behind the mean in tables for people: `mean ± spread`",
    ),
    Key::preset("png", Kind::Flag, "false", "every figure as PNG too, beside the SVG"),
    Key::preset(
        "png_scale",
        Kind::Number(Bounds::Within(0.5, 10.0)),
        "2.0",
        "pixels per point of a PNG: 1 for 96 pixels an inch, 3.125 for 300",
    )
    .or(&["scale"]),
];

/// The languages of a summary table, with its file.
const LANGUAGES: &[(&str, &str)] = &[
    ("markdown", "`summary.md`"),
    ("latex", "`summary.tex`, with the rules of booktabs"),
    ("json", "`summary.json`, every number in full"),
];

/// How tables and figures are written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Style {
    languages: Vec<String>,
    half: Half,
    /// Pixels per point, where figures are PNG too.
    png: Option<f64>,
}

/// How `[report]` wants tables and figures written.
pub fn style(values: &Values) -> Style {
    let language = |item: &Item| match &item.value {
        Value::Text(language) => language.clone(),
        other => unreachable!("a language is a word: {other:?}"),
    };
    let half = match values.text("spread") {
        "sd" => Half::Sd,
        "none" => Half::None,
        _ => Half::Interval,
    };
    let png = values.flag("png").then(|| values.number("png_scale"));
    Style { languages: values.list("tables").iter().map(language).collect(), half, png }
}

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
    /// How tables and figures are written.
    pub style: &'a Style,
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

    /// The summary table, with the measures that expectations and figures name; the `whole` one has every setting.
    fn overview(&self, whole: bool) -> Overview {
        let named = self.expectations.iter().flat_map(Expectation::metrics);
        let drawn = self.figures.iter().flat_map(|f| f.plot.metrics()).map(String::as_str);
        let extra: Vec<String> = named.chain(drawn).map(str::to_owned).collect();
        overview(self.frame, &extra, self.style.half, whole)
    }

    /// Writes the tables, figures and reports into a results folder, and removes figures that no longer belong there.
    /// Errors: a file that cannot be written or removed.
    pub fn write(&self, folder: &Path) -> Result<Outcome> {
        for table in TABLES {
            files::write(&folder.join(table.file), &(table.make)(self.frame).into_csv())?;
        }
        self.write_summaries(folder)?;
        if let Some(sheet) = variance::sheet(self.frame) {
            files::write(&folder.join("variance.csv"), &sheet.into_csv())?;
        }
        let judged = self.judged();
        let results = Results { frame: self.frame, judged: &judged };
        files::write(&folder.join("expectations.csv"), &expect::sheet(&judged).into_csv())?;
        let mut pictures = BTreeMap::new();
        let mut kept = BTreeSet::new();
        for figure in self.figures {
            let (svg, csv) = (format!("{}.svg", figure.name), format!("{}.csv", figure.name));
            let drawn = figure.plot.picture(&results);
            let picture = drawn.svg();
            files::write(&folder.join("figures").join(&svg), picture.as_bytes())?;
            if let Some(pixels) = self.style.png {
                let png = format!("{}.png", figure.name);
                files::write(&folder.join("figures").join(&png), &drawn.png(pixels))?;
                kept.insert(png);
            }
            files::write(&folder.join("figures").join(&csv), &figure.plot.sheet(&results).into_csv())?;
            pictures.insert(format!("figures/{svg}"), picture);
            kept.extend([svg, csv]);
        }
        remove_others(&folder.join("figures"), &kept)?;
        let markdown = markdown::report(self);
        files::write(&folder.join("report.md"), markdown.as_bytes())?;
        files::write(&folder.join("report.html"), html::page(&self.frame.name, &markdown, &pictures).as_bytes())?;
        Ok(self.outcome())
    }

    /// The summary table in the languages that are wanted; of the others, what an earlier run left is removed.
    fn write_summaries(&self, folder: &Path) -> Result<()> {
        for (language, (file, text)) in [
            ("markdown", ("summary.md", self.overview(true).markdown(markdown::escape))),
            ("latex", ("summary.tex", formats::latex(&self.overview(true).columns))),
            ("json", ("summary.json", summary::json(self.frame))),
        ] {
            match self.style.languages.iter().any(|l| l == language) {
                true => files::write(&folder.join(file), text.as_bytes())?,
                false => remove(&folder.join(file))?,
            }
        }
        Ok(())
    }

    /// The summary table and the verdicts for a terminal of `width` characters.
    pub fn terminal(&self, width: usize, colour: bool) -> String {
        let mut out = self.overview(false).terminal(width, colour);
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

/// Removes a file that may be there.
fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", file, &error)),
        _ => Ok(()),
    }
}

/// Removes the figures of an earlier version of the experiment; other files are not ours and stay.
fn remove_others(folder: &Path, kept: &BTreeSet<String>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let figure = [".svg", ".png", ".csv"].iter().any(|end| name.ends_with(end));
        if figure && !kept.contains(&name) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
