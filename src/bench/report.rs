//! What a person sees of the results: tables in the terminal, and a folder with `report.md`, `report.html`, `report.json`,
//! `measures.csv` and the figures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::files;
use crate::report::html;
use crate::report::markdown::escape;
use crate::report::number::rounded;
use crate::report::tables::overview::{Column, draw, markdown};
use crate::report::words::{sentence, wrap};
use crate::store;

use super::comparison::Comparison;
use super::figures::{Figure, figures, sheet};
use super::results::Results;
use super::statistics::Verdict;
use super::tables;

/// Pixels per point of the PNG figures.
const PIXELS: f64 = 2.0;

/// A report with what it is held against.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// What was measured.
    pub results: &'a Results,
    /// The comparison with an earlier report.
    pub comparison: Option<&'a Comparison>,
}

/// The folder of the report below a results root. Errors: an experiment of that name has its results there.
pub fn folder(out: &Path) -> Result<PathBuf> {
    let folder = out.join("bench");
    if store::exists(&folder) {
        let message = format!("`{}` holds the results of an experiment", folder.display());
        return Err(Error::new(message).hint("choose another results root with `--out DIR`"));
    }
    Ok(folder)
}

impl Report<'_> {
    /// Whether something became slower.
    pub fn slower(&self) -> bool {
        self.comparison.is_some_and(|comparison| comparison.count(Verdict::Slower) > 0)
    }

    /// Writes all files. Errors: a file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let drawn = figures(self.results);
        let mut pictures = BTreeMap::new();
        for figure in &drawn {
            let picture = figure.chart.picture();
            let file = |ending: &str| folder.join("figures").join(format!("{}.{ending}", figure.name));
            let svg = picture.svg();
            files::write(&file("svg"), svg.as_bytes())?;
            files::write(&file("png"), &picture.png(PIXELS))?;
            files::write(&file("csv"), &sheet(&figure.chart).into_csv())?;
            pictures.insert(format!("figures/{}.svg", figure.name), svg);
        }
        let markdown = self.markdown(&drawn);
        files::write(&folder.join("report.md"), markdown.as_bytes())?;
        files::write(&folder.join("report.html"), html::page("runner bench", &markdown, &pictures).as_bytes())?;
        files::write(&folder.join("measures.csv"), &tables::sheet(self.results, self.comparison).into_csv())?;
        files::write(&folder.join("report.json"), self.results.json().as_bytes())
    }

    /// The facts, the tables, the warnings and the comparison, for a terminal of `width` characters.
    pub fn terminal(&self, width: usize, colour: bool) -> String {
        let lines = |text: &str| wrap(text, |line| line.chars().count() <= width).join("\n");
        let mut out = String::new();
        for (fact, value) in self.facts() {
            out.push_str(&lines(&format!("{fact}: {value}")));
            out.push('\n');
        }
        for section in tables::sections(self.results) {
            let table = draw(&section.columns.iter().collect::<Vec<_>>(), colour, Some(width));
            out.push_str(&format!("\n{}\n{table}\n{}\n", section.title, lines(&section.caption)));
        }
        if let Some(comparison) = self.comparison {
            out.push_str(&format!("\nAgainst {}\n", comparison.baseline));
            let changes = tables::changes(comparison);
            if changes[0].cells.is_empty() {
                out.push_str(&format!("{}\n", lines(&self.verdicts(comparison))));
            } else {
                let table = draw(&changes.iter().collect::<Vec<_>>(), colour, Some(width));
                let table = if colour { coloured(&table) } else { table };
                out.push_str(&format!("{table}\n{}\n", lines(&self.verdicts(comparison))));
            }
        }
        out
    }

    fn verdicts(&self, comparison: &Comparison) -> String {
        let ratios = format!("median speed: {}", tables::ratios(comparison));
        let notes: Vec<String> = [comparison.summary(), ratios].into_iter().chain(comparison.notes.clone()).collect();
        sentence(&notes.join("; "))
    }

    /// The machine, the program and how they were measured.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Results { machine, load, rounds, .. } = self.results;
        let number = |x: Option<f64>| x.map_or_else(|| "unknown".to_owned(), |x| rounded(x, 3));
        let known = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
        let others = load.others.map_or_else(String::new, |others| format!(", others {:.1} %", 100.0 * others));
        let confidence = self.results.measures.first().map_or(0.0, |m| 100.0 * m.estimate.confidence);
        vec![
            ("processor", format!("{}, {} cores, {}", machine.processor, machine.cores, known(&machine.caches))),
            ("system", format!("{}, {}", machine.system, machine.isas.join(", "))),
            (
                "program",
                format!("runner {}, commit {}, binary {}", machine.version, known(&machine.commit), machine.binary),
            ),
            ("compiler", known(&machine.rustc)),
            ("load", format!("{} before, {} after{others}", number(load.before), number(load.after))),
            (
                "numbers",
                format!("medians of {rounds} rounds ± half the interval that holds the median with {confidence:.1} %"),
            ),
        ]
    }

    fn markdown(&self, figures: &[Figure]) -> String {
        let mut out = String::from("# Benchmark\n\n");
        for warning in self.results.warnings() {
            out.push_str(&format!("**Warning:** {}\n\n", prose(&sentence(&warning))));
        }
        let (facts, values): (Vec<_>, Vec<_>) = self.facts().into_iter().map(|(f, v)| (f.to_owned(), v)).unzip();
        out.push_str(&markdown(&[Column::new("", facts, false), Column::new("", values, false)], escape));
        if let Some(comparison) = self.comparison {
            out.push_str(&format!("\n## Against {}\n\n", escape(&comparison.baseline)));
            let changes = tables::changes(comparison);
            if !changes[0].cells.is_empty() {
                out.push_str(&format!("{}\n", markdown(&changes, escape)));
            }
            out.push_str(&format!("{}\n", escape(&self.verdicts(comparison))));
        }
        for section in tables::sections(self.results) {
            let (title, table) = (escape(&section.title), markdown(&section.columns, escape));
            out.push_str(&format!("\n## {title}\n\n{table}\n{}\n", escape(&section.caption)));
        }
        if !figures.is_empty() {
            out.push_str("\n## Figures\n\n");
        }
        for (i, Figure { name, caption, .. }) in figures.iter().enumerate() {
            let number = i + 1;
            out.push_str(&format!(
                "![Figure {number}](figures/{name}.svg)\n\n*Figure {number}.* {}\n\n",
                escape(caption)
            ));
        }
        out.push_str(METHODS);
        out.push_str(&format!("```sh\n{}\n```\n", self.results.command.replace("```", "")));
        out
    }
}

const METHODS: &str = "
## Methods

Every round measures everything once, in turn. A sample repeats a fixed piece of work until it takes some milliseconds; a
workload is one sample. The interval of a median lies between two order statistics and assumes no distribution (Thompson
1936). The noise of a group is what the medians of the rounds with even and with odd numbers differ by, for 95 of 100
measures, and at least 1 %. Against a baseline, *faster* and *slower* mean that the medians differ by more than the larger
noise of the two reports and the intervals do not overlap; *unclear*, that only the first is so. Every sample stands in
`report.json`, every number in `measures.csv`.

";

/// A sentence whose backticks mean code.
fn prose(text: &str) -> String {
    let piece = |(i, piece): (usize, &str)| if i % 2 == 0 { escape(piece) } else { format!("`{piece}`") };
    text.split('`').enumerate().map(piece).collect()
}

/// The verdict at the end of each line in the colour of its word.
fn coloured(table: &str) -> String {
    let line = |line: &str| {
        let verdict = [("faster", 32), ("slower", 31), ("unclear", 33)];
        let found = verdict.iter().find_map(|(word, code)| Some((line.strip_suffix(word)?, word, code)));
        found.map_or_else(|| line.to_owned(), |(rest, word, code)| format!("{rest}\u{1b}[{code}m{word}\u{1b}[0m"))
    };
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}
