//! `curves`: train and test measures against the step, so that one sees when a network stops generalizing; against the
//! learning rate of the step, a range test.

use std::collections::BTreeMap;

use super::canvas::PALETTE;
use super::chart::{Chart, Level, Line, Panel, Point};
use super::picture::Picture;
use super::series::{FACET, Facets, Shown, shown};
use super::{Build, Common, Plot, Results, baselines, is_wide, read_y, seeds};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::{Chosen, Values};
use crate::learn::stopping::Better;
use crate::probe::better;
use crate::report::frame::{Frame, Outline, over_time};
use crate::report::number::{exact, exact_or_empty};
use crate::report::spread::{Group, Spread};
use crate::report::tables::Sheet;
use crate::report::words;
use crate::trial::record::Record;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::optional(
            "y",
            Kind::List { of: &Kind::Text, least: 1 },
            "measures of the evaluations, also `gap_loss`, test minus train; by default train and test loss",
        ),
        Key::preset("x", Kind::Word(AGAINST), "\"step\"", "against what"),
        LOG_X,
        Key::preset("log_y", Kind::Flag, "false", "a logarithmic vertical axis"),
        FACET,
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

/// What a curve can run against.
pub(super) const AGAINST: &[(&str, &str)] = &[
    ("step", "optimizer steps"),
    ("epoch", "passes over the training rows"),
    ("lr", "the learning rate of the step: with the schedule `range_test`, where the loss falls and where it breaks"),
];

/// Whether the horizontal axis of curves is logarithmic.
pub(super) const LOG_X: Key = Key::optional(
    "log_x",
    Kind::Flag,
    "a logarithmic horizontal axis, on which step 0 has no place; by default only for learning rates that lie wide",
);

/// The curves of some measures.
pub(super) struct Curves {
    common: Common,
    y: Vec<String>,
    against: &'static str,
    log_x: Option<bool>,
    log_y: bool,
    facets: Facets,
    /// Numbers to compare with.
    levels: Vec<Level>,
    /// The name its files have.
    stem: String,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let y = read_y(values, &outline.over_time(), diagnostics);
    let curves = Curves::read(values, y, "curves".into(), outline, diagnostics)?;
    Some(Box::new(Curves { log_y: values.flag("log_y"), ..curves }))
}

impl Curves {
    /// Of the measures `y`, with the other keys as they stand in `values`.
    pub(super) fn read(
        values: &Values,
        y: Option<Vec<String>>,
        stem: String,
        outline: &Outline<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let common = Common::read(values, outline, diagnostics);
        let facets = Facets::read(values, outline, diagnostics);
        let (against, _) = AGAINST.iter().find(|(word, _)| *word == values.text("x")).expect("the key has these words");
        let log_x = values.has("log_x").then(|| values.flag("log_x"));
        Some(Self { common: common?, y: y?, against, log_x, log_y: false, facets: facets?, levels: Vec::new(), stem })
    }

    /// With numbers to compare with.
    pub(super) fn compared(self, levels: Vec<Level>) -> Self {
        Self { levels, ..self }
    }
}

/// The seeds of a setting at one evaluation.
struct Moment {
    step: u64,
    epoch: f64,
    lr: f64,
    spread: Spread,
}

/// A measure of a setting at every evaluation, over the trials that finished.
fn moments(frame: &Frame, cell: usize, measure: &str) -> Vec<Moment> {
    let mut steps: BTreeMap<u64, (f64, f64, Vec<f64>)> = BTreeMap::new();
    for record in frame.trials_of(cell).iter().filter_map(|t| t.finished()) {
        let Some(values) = over_time(record, measure) else { continue };
        for (row, value) in record.rows.iter().zip(values) {
            steps.entry(row.step).or_insert((row.epoch, row.lr, Vec::new())).2.push(value);
        }
    }
    let moment = |(step, (epoch, lr, values))| Moment { step, epoch, lr, spread: Spread::of(values) };
    steps.into_iter().map(moment).collect()
}

impl Curves {
    /// The settings that are drawn: all that have a finished trial, of many the best.
    fn shown(&self, frame: &Frame) -> Shown {
        let finished = |cell: usize| frame.trials_of(cell).iter().any(|t| t.finished().is_some());
        let cells = self.common.selection.cells(frame);
        shown(frame, &self.common.selection, &self.facets, &[], cells.into_iter().filter(|c| finished(*c)).collect())
    }

    fn x(&self, moment: &Moment) -> f64 {
        match self.against {
            "epoch" => moment.epoch,
            "lr" => moment.lr,
            _ => moment.step as f64,
        }
    }

    fn is_log(&self, lines: &[Vec<Line>]) -> bool {
        let numbers: Vec<f64> = lines.iter().flatten().flat_map(|l| &l.points).map(|p| p.x).collect();
        self.log_x.unwrap_or_else(|| self.against == "lr" && is_wide(&numbers))
    }

    /// The lines of a panel. One setting: a colour for each measure. More: a colour for each, solid for the first measure.
    fn lines(&self, frame: &Frame, shown: &Shown, panel: usize) -> Vec<Line> {
        let several = shown.series > 1;
        let mut lines = Vec::new();
        for one in shown.of_panel(panel) {
            let cell = one.cells[0];
            for (j, measure) in self.y.iter().enumerate() {
                let name = match several {
                    true => (j + 1 == self.y.len()).then(|| one.name.clone()),
                    false => Some(words::metric(measure)),
                };
                let point = |m: Moment| Point {
                    x: self.x(&m),
                    mean: m.spread.mean.unwrap_or(f64::NAN),
                    interval: m.spread.interval,
                };
                let points = moments(frame, cell, measure).into_iter().map(point).collect();
                let colour = PALETTE[if several { one.colour } else { j } % PALETTE.len()];
                lines.push(Line { name, colour, dashed: several && j > 0, points, ..Line::default() });
            }
        }
        lines
    }

    fn x_title(&self) -> &'static str {
        if self.against == "lr" { "learning rate" } else { self.against }
    }

    /// What the notes below the figure and its caption both say.
    fn facts(&self, frame: &Frame, shown: &Shown) -> Vec<String> {
        let groups: Vec<Group> = shown.cells().map(|c| Group::of(frame.trials_of(c), |_| None)).collect();
        let band = groups.iter().any(|g| g.done > 1);
        let mut facts = Vec::new();
        if !groups.is_empty() {
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
        let finished = || shown.cells().flat_map(|c| frame.trials_of(c)).filter_map(|t| t.finished());
        let stopped = |r: &&Record| ["goal_step", "stop_step"].iter().any(|end| r.summary(end).is_some());
        let (stopped, all) = (finished().filter(stopped).count(), finished().count());
        if stopped > 0 {
            facts.push(format!("{stopped} of {all} trials stopped early, and the mean goes on without them"));
        }
        let selected = self.common.selection.cells(frame).len();
        let drawn = groups.len();
        if drawn < selected && drawn > 0 {
            facts.push(match frame.selecting_metric().filter(|_| shown.left_out > 0) {
                Some(metric) => format!("the best {drawn} of {selected} settings by {}", words::metric(metric)),
                None => format!("{drawn} of {selected} settings, the others have no finished trial"),
            });
        }
        facts
    }
}

impl Plot for Curves {
    fn stem(&self) -> String {
        self.stem.clone()
    }

    fn metrics(&self) -> &[String] {
        // measures of evaluations, which are no numbers of a summary
        &[]
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let measures = words::list(&self.y.iter().map(|m| words::metric(m)).collect::<Vec<_>>());
        let facts = self.facts(results.frame, &self.shown(results.frame));
        let facts = if facts.is_empty() { "no trial has finished".into() } else { facts.join("; ") };
        words::sentence(&format!("{measures} against the {}: {facts}", self.x_title()))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let frame = results.frame;
        let own = ["step", "epoch", "lr", "measure", "n", "mean", "lo", "hi"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        for cell in self.shown(frame).cells() {
            for measure in &self.y {
                for m in moments(frame, cell, measure) {
                    let (low, high) = m.spread.interval.unzip();
                    let place = [m.step.to_string(), exact(m.epoch), exact(m.lr)];
                    let count = [measure.clone(), m.spread.n().to_string()];
                    let numbers = [m.spread.mean, low, high].map(exact_or_empty);
                    sheet.push(frame.labels(cell).map(str::to_owned).chain(place).chain(count).chain(numbers));
                }
            }
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let frame = results.frame;
        let shown = self.shown(frame);
        let mut lines: Vec<Vec<Line>> = (0..shown.panels.len()).map(|i| self.lines(frame, &shown, i)).collect();
        let log_x = self.is_log(&lines);
        let mut notes = self.facts(frame, &shown);
        if log_x {
            let all: usize = lines.iter().flatten().map(|l| l.points.len()).sum();
            lines.iter_mut().flatten().for_each(|l| l.points.retain(|p| p.x > 0.0));
            if lines.iter().flatten().map(|l| l.points.len()).sum::<usize>() < all {
                notes.push(format!("{} 0 has no place on a logarithmic axis", self.x_title()));
            }
        }
        let mut levels = baselines(frame, shown.cells(), &self.y);
        levels.extend(self.levels.iter().cloned());
        // a share that is soon 1 is no outlier among long curves that stay low: the good end is shown
        let rises = self.y.iter().all(|measure| better(measure) == Some(Better::Higher));
        let highest = |l: &Line| l.points.iter().map(|p| p.mean).filter(|_| rises).reduce(f64::max);
        let panel = |(lines, name): (Vec<Line>, &String)| Panel {
            name: name.clone(),
            y_title: words::together(&self.y),
            log_y: self.log_y,
            // where training starts belongs to the picture, also when most of the run is far below it
            must_show: lines
                .iter()
                .flat_map(|l| l.points.first().map(|p| p.mean).into_iter().chain(highest(l)))
                .collect(),
            lines,
            levels: levels.clone(),
            ..Panel::default()
        };
        let panels = lines.into_iter().zip(&shown.panels).map(panel).collect();
        let several = shown.series > 1 && self.y.len() > 1;
        let stroke = |(i, m): (usize, &String)| (words::metric(m), i > 0);
        Chart {
            title: self.common.title.clone(),
            x_title: self.x_title().to_owned(),
            log_x,
            panels,
            alike: true,
            heading: shown.heading.clone(),
            strokes: if several { self.y.iter().enumerate().map(stroke).collect() } else { Vec::new() },
            notes,
            ..Chart::default()
        }
        .picture()
    }
}
