//! `sweep`: train and test measures of the trained networks against a swept value: where generalization is best, and
//! where training breaks.

use std::collections::{BTreeMap, BTreeSet};

use super::canvas::PALETTE;
use super::chart::{Best, Chart, Line, Point};
use super::{Build, Common, MOST, Plot, read_y, seeds};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Frame, Outline};
use crate::report::number::{exact_or_empty, tidy};
use crate::report::select::axis_of;
use crate::report::spread::Group;
use crate::report::tables::Sheet;
use crate::report::words;
use kernels::member::Bounds;

/// From this ratio of largest to smallest on, positive values are drawn on a logarithmic axis.
const WIDE: f64 = 30.0;

pub(super) fn entry() -> Entry<Build> {
    let measures = Kind::List { of: &Kind::Text, least: 1 };
    let range = Kind::Numbers { count: Some(2), bounds: Bounds::Any };
    let keys = vec![
        Key::required("x", Kind::Text, "the key path of the axis"),
        Key::optional("y", measures, "numbers of the trials' summaries; by default train and test loss"),
        Key::optional(
            "log_x",
            Kind::Flag,
            "a logarithmic horizontal axis; by default as the sweep's, or when values lie wide",
        ),
        Key::preset("log_y", Kind::Flag, "false", "a logarithmic vertical axis"),
        Key::optional("y_range", range, "the ends of the vertical axis; by default what shows most"),
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

struct Sweep {
    common: Common,
    /// The path of the axis and its position.
    path: String,
    axis: usize,
    y: Vec<String>,
    log_x: Option<bool>,
    log_y: bool,
    y_range: Option<(f64, f64)>,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let axis = axis_of(values.text("x"), values.place("x"), outline.axes, diagnostics);
    let y = read_y(values, outline.summaries, diagnostics);
    let common = Common::read(values, outline, diagnostics);
    let (log_x, log_y) = (values.has("log_x").then(|| values.flag("log_x")), values.flag("log_y"));
    let y_range = values.has("y_range").then(|| (values.numbers("y_range")[0], values.numbers("y_range")[1]));
    if let Some((low, high)) = y_range.filter(|(low, high)| low >= high || log_y && *low <= 0.0) {
        let message = format!("the vertical axis cannot go from {low} to {high}");
        let label = if low >= high { "the lower end comes first" } else { "a logarithmic axis is above 0" };
        diagnostics.error(values.place("y_range"), message, label);
        return None;
    }
    let axis = axis?;
    if log_x == Some(true) && !outline.axes[axis].values.iter().all(|v| v.number.is_some_and(|x| x > 0.0)) {
        let message = format!("the axis `{}` has values that have no logarithm", outline.axes[axis].path);
        diagnostics.error(values.place("log_x"), message, "");
        return None;
    }
    let path = outline.axes[axis].path.clone();
    Some(Box::new(Sweep { common: common?, path, axis, y: y?, log_x, log_y, y_range }))
}

/// The settings that differ in the swept value only, from left to right.
struct Series {
    name: String,
    cells: Vec<usize>,
}

/// What is drawn.
struct Shown {
    series: Vec<Series>,
    /// How many series there are, those that are not drawn included.
    count: usize,
    /// Whether the settings differ in other axes too, so that no line joins them.
    scattered: bool,
}

/// The series that hold the best settings, as many as there are colours, in their order.
fn best_series(frame: &Frame, series: Vec<Series>) -> Vec<Series> {
    let of_cell: BTreeMap<usize, usize> =
        series.iter().enumerate().flat_map(|(i, s)| s.cells.iter().map(move |c| (*c, i))).collect();
    let cells: Vec<usize> = of_cell.keys().copied().collect();
    let ranked = frame.selecting_metric().map_or(cells.clone(), |metric| frame.ranked(&cells, metric));
    let mut best = BTreeSet::new();
    for cell in ranked.iter().chain(&cells) {
        if best.len() < MOST {
            best.insert(of_cell[cell]);
        }
    }
    series.into_iter().enumerate().filter(|(i, _)| best.contains(i)).map(|(_, s)| s).collect()
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
        let (low, high) = numbers.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x)));
        low > 0.0 && self.log_x.unwrap_or(frame.axes[self.axis].log || high / low >= WIDE)
    }

    /// Whether a line between two points means anything.
    fn joined(&self, frame: &Frame, shown: &Shown) -> bool {
        self.numbers(frame).is_some() && !shown.scattered
    }

    /// One series for each setting of the other axes, in the order of the file; of many the best. Where no two settings
    /// differ in the swept value only, as in a random search, all are one series whose points are not joined.
    fn series(&self, frame: &Frame) -> Shown {
        let others: Vec<usize> = (0..frame.axes.len())
            .filter(|&a| a != self.axis && frame.axes[a].values.len() > 1 && !self.common.selection.fixes(a))
            .collect();
        let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for cell in (0..frame.cells.len()).filter(|&c| self.common.selection.holds(&frame.cells[c])) {
            let key = others.iter().map(|&a| frame.cells[cell].at[a]).collect();
            groups.entry(key).or_default().push(cell);
        }
        let count = groups.len();
        let scattered = count > 1 && groups.values().all(|cells| cells.len() == 1);
        if scattered {
            groups = BTreeMap::from([(Vec::new(), groups.into_values().flatten().collect())]);
        }
        let name = |cells: &[usize]| if scattered { String::new() } else { frame.describe(cells[0], &others) };
        let mut series: Vec<Series> = groups.into_values().map(|cells| Series { name: name(&cells), cells }).collect();
        if series.len() > MOST {
            series = best_series(frame, series);
        }
        for one in &mut series {
            one.cells.sort_by(|a, b| self.x(frame, *a).total_cmp(&self.x(frame, *b)));
        }
        Shown { series, count: if scattered { 1 } else { count }, scattered }
    }

    fn lines(&self, frame: &Frame, series: &[Series]) -> Vec<Line> {
        let mut lines = Vec::new();
        let several = series.len() > 1;
        for (i, one) in series.iter().enumerate() {
            for (j, measure) in self.y.iter().enumerate() {
                let name = match several {
                    true => (j + 1 == self.y.len()).then(|| one.name.clone()),
                    false => Some(words::metric(measure)),
                };
                let colour = PALETTE[if several { i } else { j } % PALETTE.len()];
                let mut line =
                    Line { name, colour, dashed: several && j > 0, marked: true, points: Vec::new(), dots: Vec::new() };
                for &cell in &one.cells {
                    let x = self.x(frame, cell) + self.aside(frame, series, (i, j));
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
    fn aside(&self, frame: &Frame, series: &[Series], (of, measure): (usize, usize)) -> f64 {
        if self.numbers(frame).is_some() {
            return 0.0;
        }
        let count = (series.len() * self.y.len()) as f64;
        let place = (of * self.y.len() + measure) as f64;
        (place - 0.5 * (count - 1.0)) * (0.6 / count).min(0.1)
    }

    /// The share of trained trials that diverged at each value, over all series; none when none did.
    fn diverged(&self, frame: &Frame, series: &[Series]) -> Vec<(f64, f64)> {
        let mut places: BTreeMap<usize, (f64, usize, usize)> = BTreeMap::new();
        for &cell in series.iter().flat_map(|s| &s.cells) {
            let group = Group::of(frame.trials_of(cell), |_| None);
            let place = places.entry(frame.cells[cell].at[self.axis]).or_insert((self.x(frame, cell), 0, 0));
            *place = (place.0, place.1 + group.diverged, place.2 + group.done + group.diverged);
        }
        if places.values().all(|p| p.1 == 0) {
            return Vec::new();
        }
        let share = |(x, diverged, trained): (f64, usize, usize)| (x, diverged as f64 / trained.max(1) as f64);
        let mut shares: Vec<(f64, f64)> = places.into_values().map(share).collect();
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        shares
    }

    /// The best setting by the last measure of which more or less is better: (measure, cell, index of its series).
    fn best(&self, frame: &Frame, series: &[Series]) -> Option<(usize, usize, usize)> {
        let measure = self.y.iter().rposition(|m| words::has_a_best(m))?;
        let cells: Vec<usize> = series.iter().flat_map(|s| s.cells.iter().copied()).collect();
        if cells.len() < 2 {
            return None;
        }
        let cell = *frame.ranked(&cells, &self.y[measure]).first()?;
        let of = series.iter().position(|s| s.cells.contains(&cell))?;
        Some((measure, cell, of))
    }

    fn best_mark(&self, frame: &Frame, series: &[Series]) -> Option<Best> {
        let (measure, cell, of) = self.best(frame, series)?;
        let y = frame.group(cell, &self.y[measure]).spread.mean?;
        let (name, at) = (words::metric(&self.y[measure]), frame.label(cell, self.axis));
        let text = format!("best {name} {} at {at}", tidy(y, 3));
        let several = series.len() > 1;
        let colour = PALETTE[if several { of } else { measure } % PALETTE.len()];
        let x = self.x(frame, cell) + self.aside(frame, series, (of, measure));
        Some(Best { x, y, text, colour, hollow: several && measure > 0 })
    }

    fn facts(&self, frame: &Frame, shown: &Shown) -> Vec<String> {
        let series = &shown.series;
        let groups: Vec<Group> =
            series.iter().flat_map(|s| &s.cells).map(|&c| Group::of(frame.trials_of(c), |_| None)).collect();
        let mut facts = Vec::new();
        if groups.iter().any(|g| g.done > 0) {
            let behind = seeds(groups.iter());
            let band = groups.iter().any(|g| g.done > 1);
            facts.push(match band {
                true => {
                    let drawn = if self.joined(frame, shown) { "band" } else { "bar" };
                    format!("mean of {behind}, {drawn}: 95 % interval of the mean, dots: single seeds")
                }
                false => format!("{behind}, so no interval"),
            });
        }
        let diverged: usize = groups.iter().map(|g| g.diverged).sum();
        if diverged > 0 {
            let trained: usize = groups.iter().map(|g| g.done + g.diverged).sum();
            facts.push(format!("{diverged} of {trained} trials diverged and are not in the mean"));
        }
        if series.len() < shown.count {
            facts.push(format!("the best {} of {} series", series.len(), shown.count));
        }
        if shown.scattered {
            facts.push("the settings differ in other axes too".into());
        }
        facts
    }
}

impl Plot for Sweep {
    fn stem(&self) -> String {
        format!("sweep-{}", self.path)
    }

    fn metrics(&self) -> &[String] {
        &self.y
    }

    fn caption(&self, frame: &Frame) -> String {
        let measures = words::list(&self.y.iter().map(|m| words::metric(m)).collect::<Vec<_>>());
        let shown = self.series(frame);
        let series = &shown.series;
        let mut facts = self.facts(frame, &shown);
        if facts.is_empty() {
            facts.push("no trial has finished".into());
        }
        if let Some((measure, cell, of)) = self.best(frame, series) {
            let name = words::metric(&self.y[measure]);
            let mean = frame.group(cell, &self.y[measure]).spread.mean.map_or(String::new(), |m| tidy(m, 4));
            let of = if series.len() > 1 { format!(" ({})", series[of].name) } else { String::new() };
            facts.push(format!("best {name} {mean} at {}{of}", frame.label(cell, self.axis)));
        }
        words::sentence(&format!("{measures} against {}: {}", words::axis(&self.path), facts.join("; ")))
    }

    fn sheet(&self, frame: &Frame) -> Sheet {
        let own = ["measure", "n", "diverged", "mean", "lo", "hi", "values"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        for cell in self.series(frame).series.iter().flat_map(|s| s.cells.iter().copied()) {
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

    fn svg(&self, frame: &Frame) -> String {
        let shown = self.series(frame);
        let series = &shown.series;
        let labels = || frame.axes[self.axis].values.iter().map(|v| v.label.clone()).collect();
        let several = series.len() > 1 && self.y.len() > 1;
        let stroke = |(i, m): (usize, &String)| (words::metric(m), i > 0);
        Chart {
            title: self.common.title.clone(),
            x_title: words::axis(&self.path).to_owned(),
            y_title: words::together(&self.y),
            log_x: self.is_log(frame),
            categories: if self.numbers(frame).is_none() { labels() } else { Vec::new() },
            log_y: self.log_y,
            y_range: self.y_range,
            must_show: Vec::new(),
            lines: self.lines(frame, series),
            joined: self.joined(frame, &shown),
            strokes: if several { self.y.iter().enumerate().map(stroke).collect() } else { Vec::new() },
            diverged: self.diverged(frame, series),
            best: self.best_mark(frame, series),
            notes: self.facts(frame, &shown),
        }
        .svg()
    }
}
