//! `curves`: train and test measures against the step, so that one sees when a network stops generalizing.

use std::collections::BTreeMap;

use super::canvas::{INK, PALETTE};
use super::chart::{Chart, Line, Point};
use super::{Build, Common, MOST, Plot, read_y, seeds};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Frame, Outline};
use crate::report::number::{exact, exact_or_empty};
use crate::report::spread::{Group, Spread};
use crate::report::tables::Sheet;
use crate::report::words;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::optional(
            "y",
            Kind::List { of: &Kind::Text, least: 1 },
            "measures of the evaluations; by default train and test loss",
        ),
        Key::preset(
            "x",
            Kind::Word(&[("step", "optimizer steps"), ("epoch", "passes over the training rows")]),
            "\"step\"",
            "against what",
        ),
        Key::preset("log_y", Kind::Flag, "false", "a logarithmic vertical axis"),
    ];
    let about = About {
        name: "curves",
        aliases: &["learning_curves", "history"],
        summary: "train and test measures against the step: mean over the seeds with its 95 % band, one colour per setting",
        formula: "mean -+ t(0.975; n - 1) sd / sqrt(n) at every evaluation",
        source: "Student 1908, Biometrika 6, for the interval",
        keys,
        example: "{ type = \"curves\", y = [\"train_loss\", \"test_loss\"], log_y = true }".into(),
    };
    Entry { about, build }
}

struct Curves {
    common: Common,
    y: Vec<String>,
    by_epoch: bool,
    log_y: bool,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let y = read_y(values, outline.columns, diagnostics);
    let common = Common::read(values, outline, diagnostics);
    let (by_epoch, log_y) = (values.text("x") == "epoch", values.flag("log_y"));
    Some(Box::new(Curves { common: common?, y: y?, by_epoch, log_y }))
}

/// The seeds of a setting at one evaluation.
struct Moment {
    step: u64,
    epoch: f64,
    spread: Spread,
}

/// A measure of a setting at every evaluation, over the trials that finished.
fn moments(frame: &Frame, cell: usize, measure: &str) -> Vec<Moment> {
    let mut steps: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
    for record in frame.trials_of(cell).iter().filter_map(|t| t.finished()) {
        let Some(values) = record.column(measure) else { continue };
        for (row, value) in record.rows.iter().zip(values) {
            steps.entry(row.step).or_insert((row.epoch, Vec::new())).1.push(value);
        }
    }
    steps.into_iter().map(|(step, (epoch, values))| Moment { step, epoch, spread: Spread::of(values) }).collect()
}

impl Curves {
    fn selected(&self, frame: &Frame) -> Vec<usize> {
        (0..frame.cells.len()).filter(|&c| self.common.selection.holds(&frame.cells[c])).collect()
    }

    /// The settings that are drawn, in the order of the file: all that have a finished trial, of many the best.
    fn drawn(&self, frame: &Frame) -> Vec<usize> {
        let selected = self.selected(frame);
        let finished = |cell: &usize| frame.trials_of(*cell).iter().any(|t| t.finished().is_some());
        let mut cells: Vec<usize> = selected.iter().copied().filter(finished).collect();
        if let Some(metric) = frame.selecting_metric().filter(|_| cells.len() > MOST) {
            cells = frame.ranked(&cells, metric);
        }
        cells.truncate(MOST);
        cells.sort_unstable();
        cells
    }

    fn line(&self, frame: &Frame, cell: usize, measure: usize) -> Line {
        let point = |m: Moment| Point {
            x: if self.by_epoch { m.epoch } else { m.step as f64 },
            mean: m.spread.mean.unwrap_or(f64::NAN),
            interval: m.spread.interval,
        };
        let points = moments(frame, cell, &self.y[measure]).into_iter().map(point).collect();
        Line { name: None, colour: INK, dashed: false, marked: false, points, dots: Vec::new() }
    }

    /// One setting: a colour for each measure. More: a colour for each setting, solid for the first measure.
    fn lines(&self, frame: &Frame, cells: &[usize]) -> Vec<Line> {
        let axes: Vec<usize> = self.open_axes(frame);
        let mut lines = Vec::new();
        for (i, &cell) in cells.iter().enumerate() {
            for (j, measure) in self.y.iter().enumerate() {
                let several = cells.len() > 1;
                let last = j + 1 == self.y.len();
                let name = match several {
                    true => last.then(|| frame.describe(cell, &axes)),
                    false => Some(words::metric(measure)),
                };
                let colour = PALETTE[if several { i } else { j } % PALETTE.len()];
                lines.push(Line { name, colour, dashed: several && j > 0, ..self.line(frame, cell, j) });
            }
        }
        lines
    }

    fn open_axes(&self, frame: &Frame) -> Vec<usize> {
        (0..frame.axes.len()).filter(|a| !self.common.selection.fixes(*a) && frame.axes[*a].values.len() > 1).collect()
    }

    fn unit(&self) -> &'static str {
        if self.by_epoch { "epoch" } else { "step" }
    }

    /// What the notes below the figure and its caption both say.
    fn facts(&self, frame: &Frame, cells: &[usize]) -> Vec<String> {
        let groups: Vec<Group> = cells.iter().map(|&c| Group::of(frame.trials_of(c), |_| None)).collect();
        let band = groups.iter().any(|g| g.done > 1);
        let mut facts = Vec::new();
        if !cells.is_empty() {
            let behind = seeds(groups.iter());
            facts.push(if band {
                format!("mean of {behind}, band: 95 % interval of the mean")
            } else {
                format!("{behind}, so no interval")
            });
        }
        let diverged: usize = groups.iter().map(|g| g.diverged).sum();
        if diverged > 0 {
            facts.push(format!("{} diverged and not in the mean", words::count(diverged, "trial")));
        }
        let selected = self.selected(frame).len();
        if cells.len() < selected && !cells.is_empty() {
            let by = frame.selecting_metric().filter(|_| cells.len() == MOST);
            let drawn = cells.len();
            facts.push(match by {
                Some(metric) => format!("the best {drawn} of {selected} settings by {}", words::metric(metric)),
                None => format!("{drawn} of {selected} settings, the others have no finished trial"),
            });
        }
        facts
    }
}

impl Plot for Curves {
    fn stem(&self) -> String {
        "curves".into()
    }

    fn metrics(&self) -> &[String] {
        // measures of evaluations, which are no numbers of a summary
        &[]
    }

    fn caption(&self, frame: &Frame) -> String {
        let measures = words::list(&self.y.iter().map(|m| words::metric(m)).collect::<Vec<_>>());
        let facts = self.facts(frame, &self.drawn(frame));
        let facts = if facts.is_empty() { "no trial has finished".into() } else { facts.join("; ") };
        words::sentence(&format!("{measures} against the {}: {facts}", self.unit()))
    }

    fn sheet(&self, frame: &Frame) -> Sheet {
        let own = ["step", "epoch", "measure", "n", "mean", "lo", "hi"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        for cell in self.drawn(frame) {
            for measure in &self.y {
                for m in moments(frame, cell, measure) {
                    let (low, high) = m.spread.interval.unzip();
                    let place = [m.step.to_string(), exact(m.epoch), measure.clone(), m.spread.n().to_string()];
                    let numbers = [m.spread.mean, low, high].map(exact_or_empty);
                    sheet.push(frame.labels(cell).map(str::to_owned).chain(place).chain(numbers));
                }
            }
        }
        sheet
    }

    fn svg(&self, frame: &Frame) -> String {
        let cells = self.drawn(frame);
        let lines = self.lines(frame, &cells);
        let several = cells.len() > 1 && self.y.len() > 1;
        let stroke = |(i, m): (usize, &String)| (words::metric(m), i > 0);
        Chart {
            title: self.common.title.clone(),
            x_title: self.unit().to_owned(),
            y_title: words::together(&self.y),
            log_x: false,
            categories: Vec::new(),
            log_y: self.log_y,
            y_range: None,
            // where training starts belongs to the picture, also when most of the run is far below it
            must_show: lines.iter().filter_map(|l| l.points.first()).map(|p| p.mean).collect(),
            strokes: if several { self.y.iter().enumerate().map(stroke).collect() } else { Vec::new() },
            lines,
            joined: true,
            diverged: Vec::new(),
            best: None,
            notes: self.facts(frame, &cells),
        }
        .svg()
    }
}
