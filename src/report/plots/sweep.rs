//! `sweep`: train and test measures of the trained networks against a swept value: where generalization is best, and
//! where training breaks.

use std::collections::BTreeMap;

use super::canvas::PALETTE;
use super::chart::{Best, Chart, Level, Line, Panel, Point};
use super::picture::Picture;
use super::series::{FACET, Facets, Series, Shown, shown};
use super::{Build, Common, Plot, Results, baselines, is_wide, read_y, seeds};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::{Chosen, Values};
use crate::report::frame::{Frame, Outline};
use crate::report::number::{exact_or_empty, tidy};
use crate::report::select::axis_of;
use crate::report::spread::Group;
use crate::report::tables::Sheet;
use crate::report::words;
use kernels::member::Bounds;

pub(super) fn entry() -> Entry<Build> {
    let measures = Kind::List { of: &Kind::Text, least: 1 };
    let keys = vec![
        Key::required("x", Kind::Text, "the key path of the axis"),
        Key::optional("y", measures, "numbers of the trials' summaries; by default train and test loss"),
        LOG_X,
        Key::preset("log_y", Kind::Flag, "false", "a logarithmic vertical axis"),
        Key::optional("y_range", RANGE, "the ends of the vertical axis; by default what shows most"),
        FACET,
    ];
    let about = About {
        name: "sweep",
        aliases: &[],
        summary: "measures of the trained networks against a swept value: mean, 95 % band, single seeds, the best value, \
                  and the share of trials that diverged",
        formula: "mean -+ t(0.975; n - 1) sd / sqrt(n) at every value",
        source: "Student 1908, Biometrika 6, for the interval",
        keys,
        example: "{ type = \"sweep\", x = \"optimizer.lr\", y = [\"train_loss\", \"test_loss\"] }".into(),
    };
    Entry { about, build }
}

/// Whether the horizontal axis of a sweep is logarithmic.
pub(super) const LOG_X: Key = Key::optional(
    "log_x",
    Kind::Flag,
    "a logarithmic horizontal axis; by default as the sweep's, or when values lie wide",
);
const RANGE: Kind = Kind::Numbers { count: Some(2), bounds: Bounds::Any };

/// Measures against an axis.
pub(super) struct Sweep {
    common: Common,
    /// The path of the axis and its position.
    path: String,
    axis: usize,
    y: Vec<String>,
    log_x: Option<bool>,
    log_y: bool,
    y_range: Option<(f64, f64)>,
    facets: Facets,
    /// Numbers to compare with.
    levels: Vec<Level>,
    /// The name its files have.
    stem: String,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let y = read_y(values, outline.summaries, diagnostics);
    let log_y = values.flag("log_y");
    let y_range = values.has("y_range").then(|| (values.numbers("y_range")[0], values.numbers("y_range")[1]));
    let sweep = Sweep::read(values, y, format!("sweep-{}", values.text("x")), outline, diagnostics);
    if let Some((low, high)) = y_range.filter(|(low, high)| low >= high || log_y && *low <= 0.0) {
        let message = format!("the vertical axis cannot go from {low} to {high}");
        let label = if low >= high { "the lower end comes first" } else { "a logarithmic axis is above 0" };
        diagnostics.error(values.place("y_range"), message, label);
        return None;
    }
    Some(Box::new(Sweep { log_y, y_range, ..sweep? }))
}

impl Sweep {
    /// Of the measures `y`, with the other keys as they stand in `values`.
    pub(super) fn read(
        values: &Values,
        y: Option<Vec<String>>,
        stem: String,
        outline: &Outline<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let axis = axis_of(values.text("x"), values.place("x"), outline.axes, diagnostics);
        let common = Common::read(values, outline, diagnostics);
        let facets = Facets::read(values, outline, diagnostics);
        let log_x = values.has("log_x").then(|| values.flag("log_x"));
        let axis = axis?;
        if log_x == Some(true) && !outline.axes[axis].values.iter().all(|v| v.number.is_some_and(|x| x > 0.0)) {
            let message = format!("the axis `{}` has values that have no logarithm", outline.axes[axis].path);
            diagnostics.error(values.place("log_x"), message, "");
            return None;
        }
        let facets = facets?;
        if facets.is(axis) {
            let message = format!("`{}` is the horizontal axis already", outline.axes[axis].path);
            diagnostics.error(values.place("facet"), message, "");
            return None;
        }
        let path = outline.axes[axis].path.clone();
        let (common, y, levels) = (common?, y?, Vec::new());
        Some(Self { common, path, axis, y, log_x, log_y: false, y_range: None, facets, levels, stem })
    }

    /// With numbers to compare with.
    pub(super) fn compared(self, levels: Vec<Level>) -> Self {
        Self { levels, ..self }
    }
}

/// What is drawn.
struct Drawn {
    shown: Shown,
    /// Whether the settings differ in other axes too, so that no line joins them.
    scattered: bool,
}

impl Sweep {
    /// The numbers of the axis; without them its values are categories, in the order of the file.
    fn numbers(&self, frame: &Frame) -> Option<Vec<f64>> {
        frame.axes[self.axis].numbers()
    }

    /// Where a cell stands on the horizontal axis.
    fn x(&self, frame: &Frame, cell: usize) -> f64 {
        let at = frame.cells[cell].at[self.axis];
        frame.axes[self.axis].values[at].number.filter(|_| self.numbers(frame).is_some()).unwrap_or(at as f64)
    }

    fn is_log(&self, frame: &Frame) -> bool {
        let Some(numbers) = self.numbers(frame) else { return false };
        let wide = is_wide(&numbers);
        numbers.iter().all(|x| *x > 0.0) && self.log_x.unwrap_or(frame.axes[self.axis].log || wide)
    }

    /// Whether a line between two points means anything.
    fn joined(&self, frame: &Frame, drawn: &Drawn) -> bool {
        self.numbers(frame).is_some() && !drawn.scattered
    }

    /// One series for each setting of the other axes. Where no two settings differ in the swept value only, as in a random
    /// search, all are one series whose points are not joined.
    fn drawn(&self, frame: &Frame) -> Drawn {
        let cells = self.common.selection.cells(frame);
        let of = |along: &[usize]| shown(frame, &self.common.selection, &self.facets, along, cells.clone());
        let apart = of(&[self.axis]);
        let scattered =
            apart.series > 1 && (0..apart.panels.len()).all(|p| apart.of_panel(p).all(|s| s.cells.len() == 1));
        if !scattered {
            return Drawn { shown: apart, scattered };
        }
        let every: Vec<usize> = (0..frame.axes.len()).collect();
        Drawn { shown: of(&every), scattered }
    }

    /// The series of a panel, each from left to right.
    fn series<'a>(&self, frame: &Frame, drawn: &'a Drawn, panel: usize) -> Vec<(&'a Series, Vec<usize>)> {
        let sorted = |series: &'a Series| {
            let mut cells = series.cells.clone();
            cells.sort_by(|a, b| self.x(frame, *a).total_cmp(&self.x(frame, *b)));
            (series, cells)
        };
        drawn.shown.of_panel(panel).map(sorted).collect()
    }

    fn lines(&self, frame: &Frame, drawn: &Drawn, panel: usize) -> Vec<Line> {
        let several = drawn.shown.series > 1;
        let mut lines = Vec::new();
        for (one, cells) in self.series(frame, drawn, panel) {
            for (j, measure) in self.y.iter().enumerate() {
                let name = match several {
                    true => (j + 1 == self.y.len()).then(|| one.name.clone()),
                    false => Some(words::metric(measure)),
                };
                let colour = PALETTE[if several { one.colour } else { j } % PALETTE.len()];
                let joined = self.joined(frame, drawn);
                let mut line = Line { name, colour, dashed: several && j > 0, joined, marked: true, ..Line::default() };
                for &cell in &cells {
                    let x = self.x(frame, cell) + self.aside(frame, drawn, (one.colour, j));
                    let spread = frame.group(cell, measure).spread;
                    if spread.n() > 1 {
                        line.dots.extend(spread.values.iter().map(|y| (x, *y)));
                    }
                    line.points.push(Point { x, mean: spread.mean.unwrap_or(f64::NAN), interval: spread.interval });
                }
                lines.push(line);
            }
        }
        lines
    }

    /// How far the marks of a series' measure stand aside of their category, so that none hides another.
    fn aside(&self, frame: &Frame, drawn: &Drawn, (of, measure): (usize, usize)) -> f64 {
        if self.numbers(frame).is_some() {
            return 0.0;
        }
        let count = (drawn.shown.series * self.y.len()) as f64;
        let place = (of * self.y.len() + measure) as f64;
        (place - 0.5 * (count - 1.0)) * (0.6 / count).min(0.1)
    }

    /// The share of trained trials that diverged at each value, over all series of the panel.
    fn diverged(&self, frame: &Frame, cells: impl Iterator<Item = usize>) -> Vec<(f64, f64)> {
        let mut places: BTreeMap<usize, (f64, usize, usize)> = BTreeMap::new();
        for cell in cells {
            let group = Group::of(frame.trials_of(cell), |_| None);
            let place = places.entry(frame.cells[cell].at[self.axis]).or_insert((self.x(frame, cell), 0, 0));
            *place = (place.0, place.1 + group.diverged, place.2 + group.done + group.diverged);
        }
        let share = |(x, diverged, trained): (f64, usize, usize)| (x, diverged as f64 / trained.max(1) as f64);
        let mut shares: Vec<(f64, f64)> = places.into_values().map(share).collect();
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        shares
    }

    /// The best setting of a panel by the last measure of which more or less is better: measure, cell, series.
    fn best<'a>(&self, frame: &Frame, drawn: &'a Drawn, panel: usize) -> Option<(usize, usize, &'a Series)> {
        let measure = self.y.iter().rposition(|m| frame.has_a_best(m))?;
        let cells: Vec<usize> = drawn.shown.of_panel(panel).flat_map(|s| s.cells.iter().copied()).collect();
        if cells.len() < 2 {
            return None;
        }
        let cell = *frame.ranked(&cells, &self.y[measure]).first()?;
        Some((measure, cell, drawn.shown.of_panel(panel).find(|s| s.cells.contains(&cell))?))
    }

    fn best_mark(&self, frame: &Frame, drawn: &Drawn, panel: usize) -> Option<Best> {
        let (measure, cell, of) = self.best(frame, drawn, panel)?;
        let y = frame.group(cell, &self.y[measure]).spread.mean?;
        let (name, at) = (words::metric(&self.y[measure]), frame.label(cell, self.axis));
        let name = if drawn.shown.panels.len() > 1 { String::new() } else { format!("{name} ") };
        let text = format!("best {name}{} at {at}", tidy(y, 3));
        let several = drawn.shown.series > 1;
        let colour = PALETTE[if several { of.colour } else { measure } % PALETTE.len()];
        let x = self.x(frame, cell) + self.aside(frame, drawn, (of.colour, measure));
        Some(Best { x, y, text, colour, hollow: several && measure > 0 })
    }

    fn facts(&self, frame: &Frame, drawn: &Drawn) -> Vec<String> {
        let groups: Vec<Group> = drawn.shown.cells().map(|c| Group::of(frame.trials_of(c), |_| None)).collect();
        let mut facts = Vec::new();
        if groups.iter().any(|g| g.done > 0) {
            let behind = seeds(groups.iter());
            facts.push(match groups.iter().any(|g| g.done > 1) {
                true => {
                    let interval = if self.joined(frame, drawn) { "band" } else { "bar" };
                    format!("mean of {behind}, {interval}: 95 % interval of the mean, dots: single seeds")
                }
                false => format!("{behind}, so no interval"),
            });
        }
        let diverged: usize = groups.iter().map(|g| g.diverged).sum();
        if diverged > 0 {
            let trained: usize = groups.iter().map(|g| g.done + g.diverged).sum();
            facts.push(format!("{diverged} of {trained} trials diverged and are not in the mean"));
        }
        if drawn.shown.left_out > 0 {
            facts.push(format!(
                "the best {0} of {1} series",
                drawn.shown.series,
                drawn.shown.series + drawn.shown.left_out
            ));
        }
        if drawn.scattered {
            facts.push("the settings differ in other axes too".into());
        }
        facts
    }

    fn panel(&self, frame: &Frame, drawn: &Drawn, panel: usize) -> Panel {
        let cells = drawn.shown.of_panel(panel).flat_map(|s| s.cells.iter().copied());
        let mut levels = baselines(frame, drawn.shown.cells(), &self.y);
        levels.extend(self.levels.iter().cloned());
        Panel {
            name: drawn.shown.panels[panel].clone(),
            y_title: words::together(&self.y),
            log_y: self.log_y,
            y_range: self.y_range,
            must_show: Vec::new(),
            lines: self.lines(frame, drawn, panel),
            levels,
            diverged: self.diverged(frame, cells),
            best: self.best_mark(frame, drawn, panel),
        }
    }
}

impl Plot for Sweep {
    fn stem(&self) -> String {
        self.stem.clone()
    }

    fn metrics(&self) -> &[String] {
        &self.y
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let frame = results.frame;
        let measures = words::list(&self.y.iter().map(|m| words::metric(m)).collect::<Vec<_>>());
        let drawn = self.drawn(frame);
        let mut facts = self.facts(frame, &drawn);
        if facts.is_empty() {
            facts.push("no trial has finished".into());
        }
        for (panel, name) in drawn.shown.panels.iter().enumerate() {
            let Some((measure, cell, of)) = self.best(frame, &drawn, panel) else { continue };
            let metric = words::metric(&self.y[measure]);
            let mean = frame.group(cell, &self.y[measure]).spread.mean.map_or(String::new(), |m| tidy(m, 4));
            let of = if drawn.shown.series > 1 { format!(" ({})", of.name) } else { String::new() };
            let within = if name.is_empty() { String::new() } else { format!(" with {name}") };
            facts.push(format!("best {metric}{within} {mean} at {}{of}", frame.label(cell, self.axis)));
        }
        words::sentence(&format!("{measures} against {}: {}", words::axis(&self.path), facts.join("; ")))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let frame = results.frame;
        let own = ["measure", "n", "diverged", "mean", "lo", "hi", "values"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        let drawn = self.drawn(frame);
        let panels = (0..drawn.shown.panels.len()).flat_map(|panel| self.series(frame, &drawn, panel));
        for cell in panels.flat_map(|(_, cells)| cells) {
            for measure in &self.y {
                let group = frame.group(cell, measure);
                let (low, high) = group.spread.interval.unzip();
                let counts = [measure.clone(), group.spread.n().to_string(), group.diverged.to_string()];
                let numbers = [group.spread.mean, low, high].map(exact_or_empty);
                let values: Vec<String> = group.spread.values.iter().map(|v| exact_or_empty(Some(*v))).collect();
                let row = frame.labels(cell).map(str::to_owned).chain(counts).chain(numbers);
                sheet.push(row.chain([values.join(" ")]));
            }
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let frame = results.frame;
        let drawn = self.drawn(frame);
        let mut panels: Vec<Panel> =
            (0..drawn.shown.panels.len()).map(|panel| self.panel(frame, &drawn, panel)).collect();
        if panels.iter().flat_map(|p| &p.diverged).all(|d| d.1 == 0.0) {
            panels.iter_mut().for_each(|p| p.diverged.clear());
        }
        let labels = || frame.axes[self.axis].values.iter().map(|v| v.label.clone()).collect();
        let several = drawn.shown.series > 1 && self.y.len() > 1;
        let stroke = |(i, m): (usize, &String)| (words::metric(m), i > 0);
        Chart {
            title: self.common.title.clone(),
            x_title: words::axis(&self.path).to_owned(),
            log_x: self.is_log(frame),
            categories: if self.numbers(frame).is_none() { labels() } else { Vec::new() },
            panels,
            alike: true,
            heading: drawn.shown.heading.clone(),
            strokes: if several { self.y.iter().enumerate().map(stroke).collect() } else { Vec::new() },
            notes: self.facts(frame, &drawn),
        }
        .picture()
    }
}
