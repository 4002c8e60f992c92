//! `heatmap`: a measure as the colour of every setting of two axes, so that one sees where they have to be chosen
//! together. A grid is drawn as cells; settings that are strewn over the plane, as by a random search, as points.

use std::collections::BTreeMap;

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, FAINT, GREY, INK, Lettering, TEXT, Xy, draw, width_of};
use super::chart::{SIZE, note_lines, paint_notes, paint_nothing};
use super::colours::{ink_on, viridis};
use super::legend::shortened;
use super::panel::SMALL;
use super::picture::Picture;
use super::scale::{Scale, robust_range};
use super::{Build, Common, Plot, Results, is_wide};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Axis, Frame, Outline};
use crate::report::number::{exact_or_empty, rounded, tidy};
use crate::report::select::{axis_of, check_metric};
use crate::report::tables::Sheet;
use crate::report::words;

/// Where the cells end at the right: beyond stands the colour bar.
const RIGHT: f64 = SIZE.0 - 118.0;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::required("x", Kind::Text, "the key path of the horizontal axis"),
        Key::required("y", Kind::Text, "the key path of the vertical axis"),
        Key::optional("colour", Kind::Text, "a number of the trials' summaries; by default the test loss")
            .or(&["color", "z"]),
        Key::preset("log_colour", Kind::Flag, "false", "colours by the logarithm").or(&["log_color"]),
        Key::optional("values", Kind::Flag, "whether the numbers stand in the cells; by default where they have room"),
    ];
    let about = About {
        name: "heatmap",
        aliases: &["heat_map"],
        summary: "the mean of a measure as the colour of every setting of two axes, the best one outlined, diverged ones \
                  hatched; of settings that differ in other axes too, the best",
        formula: "mean over the seeds that finished",
        source: "colours: viridis, van der Walt & Smith 2015",
        keys,
        example: "{ type = \"heatmap\", x = \"optimizer.lr\", y = \"optimizer.lr\", colour = \"test_loss\" }".into(),
    };
    Entry { about, build }
}

struct Heatmap {
    common: Common,
    x: usize,
    y: usize,
    /// As a list, for [`Plot::metrics`].
    colour: [String; 1],
    log: bool,
    values: Option<bool>,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let common = Common::read(values, outline, diagnostics);
    let mut axis = |key: &str| axis_of(values.text(key), values.place(key), outline.axes, diagnostics);
    let (x, y) = (axis("x"), axis("y"));
    let colour = if values.has("colour") { values.text("colour") } else { "test_loss" };
    let known = check_metric(colour, values.place("colour"), outline.summaries, "measure", diagnostics);
    let shown = values.has("values").then(|| values.flag("values"));
    let (common, x, y) = (common?, x?, y?);
    let colour = [colour.to_owned()];
    known.then(|| -> Box<dyn Plot> {
        Box::new(Heatmap { common, x, y, colour, log: values.flag("log_colour"), values: shown })
    })
}

/// The settings at one place of the plane.
struct Spot {
    /// Indices of the values.
    at: (usize, usize),
    /// The best setting, or the first.
    cell: usize,
    mean: Option<f64>,
    /// How many of its trials diverged, of how many that were trained.
    diverged: usize,
    trained: usize,
    /// How many settings there are here.
    settings: usize,
}

/// Where the cells stand.
struct Grid {
    left: f64,
    top: f64,
    across: f64,
    down: f64,
    columns: Vec<usize>,
    rows: Vec<usize>,
}

impl Heatmap {
    fn spots(&self, frame: &Frame) -> Vec<Spot> {
        let mut places: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for cell in self.common.selection.cells(frame) {
            let at = &frame.cells[cell].at;
            places.entry((at[self.x], at[self.y])).or_default().push(cell);
        }
        let spot = |(at, cells): ((usize, usize), Vec<usize>)| {
            let cell = frame.ranked(&cells, &self.colour[0]).first().copied().unwrap_or(cells[0]);
            let group = frame.group(cell, &self.colour[0]);
            let mean = group.spread.mean.filter(|m| !m.is_nan());
            let trained = group.done + group.diverged;
            Spot { at, cell, mean, diverged: group.diverged, trained, settings: cells.len() }
        };
        places.into_iter().map(spot).collect()
    }

    /// From numbers to shares of the colours; none when there is nothing to show.
    fn scale(&self, spots: &[Spot]) -> Option<Scale> {
        let usable = |x: &f64| x.is_finite() && (!self.log || *x > 0.0);
        let means: Vec<f64> = spots.iter().filter_map(|s| s.mean).filter(usable).collect();
        let (low, high) = match self.log {
            true => means.iter().fold((f64::INFINITY, 0.0_f64), |(l, h), x| (l.min(*x), h.max(*x))),
            false => robust_range(&means, &[], 0.0)?,
        };
        (!means.is_empty()).then(|| Scale::new(low, high, self.log, 0.0))
    }

    fn best(&self, frame: &Frame, spots: &[Spot]) -> Option<usize> {
        let cells: Vec<usize> = spots.iter().map(|s| s.cell).collect();
        let found = frame.ranked(&cells, &self.colour[0]).first().copied();
        found.filter(|_| frame.has_a_best(&self.colour[0]) && cells.len() > 1)
    }

    /// Whether most places of the plane have no setting.
    fn strewn(&self, frame: &Frame, spots: &[Spot]) -> bool {
        let numbers = |axis: usize| frame.axes[axis].numbers().is_some();
        let all = frame.axes[self.x].values.len() * frame.axes[self.y].values.len();
        self.x != self.y && numbers(self.x) && numbers(self.y) && 3 * spots.len() < all
    }

    fn facts(&self, frame: &Frame, spots: &[Spot], scale: Option<Scale>) -> Vec<String> {
        let metric = words::metric(&self.colour[0]);
        let seeds: Vec<usize> = spots.iter().map(|s| s.trained - s.diverged).filter(|n| *n > 0).collect();
        let mut facts = match (seeds.iter().min(), seeds.iter().max()) {
            (Some(least), Some(most)) if least < most => vec![format!("mean of {least} to {most} seeds")],
            (Some(_), Some(most)) => vec![format!("mean of {}", words::count(*most, "seed"))],
            _ => return vec!["no trial has finished".into()],
        };
        if let Some(best) = self.best(frame, spots) {
            let mean = spots.iter().find(|s| s.cell == best).and_then(|s| s.mean).map_or(String::new(), |m| tidy(m, 4));
            facts.push(format!("ringed: the best {metric} {mean}, at {}", frame.describe(best, &[self.x, self.y])));
        }
        let most = spots.iter().map(|s| s.settings).max().unwrap_or(1);
        if most > 1 {
            facts.push(format!("each the best of up to {most} settings"));
        }
        if spots.iter().any(|s| s.mean.is_none() && s.diverged > 0) {
            facts.push("hatched: every seed diverged".into());
        }
        if spots.iter().any(|s| s.mean.is_some() && s.diverged > 0) {
            facts.push("corner: some seeds diverged".into());
        }
        if spots.iter().any(|s| s.trained == 0) {
            facts.push("empty: not trained yet".into());
        }
        let beyond = |s: &Spot| scale.zip(s.mean).is_some_and(|(c, m)| !(-1e-9..=1.0 + 1e-9).contains(&c.place(m)));
        if spots.iter().any(beyond) {
            facts.push("values beyond the bar have the colour of its end".into());
        }
        facts
    }

    fn paint_grid(&self, canvas: &Canvas, grid: &Grid, frame: &Frame, spots: &[Spot], scale: Scale) {
        let best = self.best(frame, spots);
        let texts: Vec<String> = spots.iter().map(|s| s.mean.map_or(String::new(), |m| rounded(m, 3))).collect();
        let widest = texts.iter().map(|t| width_of(t, SMALL)).fold(0.0, f64::max);
        let written = self.values.unwrap_or(widest + 4.0 < grid.across && grid.down >= 14.0);
        for (spot, text) in spots.iter().zip(&texts) {
            let (from, to) = grid.corners(spot.at);
            match spot.mean {
                None if spot.diverged > 0 => hatch(canvas, from, to),
                None => canvas.rectangle(from, to, FAINT, 0.45),
                Some(mean) => {
                    let colour = colour_of(scale, mean);
                    canvas.rectangle(from, to, colour, 1.0);
                    if spot.diverged > 0 {
                        let side = 0.28 * (to.1 - from.1).min(to.0 - from.0);
                        canvas.polygon(
                            &[(to.0 - side, from.1), (to.0, from.1), (to.0, from.1 + side)],
                            ink_on(colour),
                            0.9,
                        );
                    }
                    if written {
                        let at = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
                        let how = Lettering { size: SMALL, colour: ink_on(colour), align: Align::Middle, ..TEXT };
                        canvas.text(text, at, how);
                    }
                }
            }
        }
        if let Some(spot) = spots.iter().find(|s| Some(s.cell) == best) {
            let (from, to) = grid.corners(spot.at);
            frame_of(canvas, from, to, RGBColor(255, 255, 255), 3.4, 1.0);
            frame_of(canvas, from, to, INK, 2.2, -0.4);
        }
    }

    fn paint_labels(&self, canvas: &Canvas, grid: &Grid, frame: &Frame) {
        let quiet = Lettering { size: SMALL, ..TEXT };
        let label = |axis: usize, i: usize| frame.axes[axis].values[i].label.as_str();
        let bottom = grid.top + grid.down * grid.rows.len() as f64;
        let widest = grid.columns.iter().map(|&i| width_of(label(self.x, i), SMALL)).fold(0.0, f64::max);
        // of numbers that have no room every second or third is enough; words are shortened
        let numbers = frame.axes[self.x].numbers().is_some();
        let every = if numbers { ((widest + 6.0) / grid.across).ceil().max(1.0) as usize } else { 1 };
        for (i, &column) in grid.columns.iter().enumerate().step_by(every) {
            let x = grid.left + grid.across * (i as f64 + 0.5);
            let text = if numbers {
                label(self.x, column).to_owned()
            } else {
                shortened(label(self.x, column), SMALL, grid.across - 4.0)
            };
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], INK, 0.9, 1.0);
            canvas.text(&text, (x, bottom + 13.0), Lettering { align: Align::Middle, ..quiet });
        }
        let every = (13.0 / grid.down).ceil().max(1.0) as usize;
        for (i, &row) in grid.rows.iter().enumerate().step_by(every) {
            let y = bottom - grid.down * (i as f64 + 0.5);
            let text = shortened(label(self.y, row), SMALL, grid.left - 40.0);
            canvas.line(&[(grid.left - 4.0, y), (grid.left, y)], INK, 0.9, 1.0);
            canvas.text(&text, (grid.left - 8.0, y), Lettering { align: Align::End, ..quiet });
        }
        self.paint_titles(canvas, frame, (grid.left, grid.right()), (grid.top, bottom));
    }

    fn paint_titles(&self, canvas: &Canvas, frame: &Frame, (left, right): Xy, (top, bottom): Xy) {
        let middle = Lettering { align: Align::Middle, ..TEXT };
        canvas.text(words::axis(&frame.axes[self.x].path), ((left + right) / 2.0, bottom + 32.0), middle);
        let upwards = Lettering { upwards: true, ..middle };
        canvas.text(words::axis(&frame.axes[self.y].path), (16.0, (top + bottom) / 2.0), upwards);
    }

    fn grid(&self, frame: &Frame, spots: &[Spot], top: f64) -> Grid {
        let used = |axis: usize, of: fn(&Spot) -> usize| {
            let mut used: Vec<usize> = spots.iter().map(of).collect();
            let number = |i: &usize| frame.axes[axis].values[*i].number.unwrap_or(*i as f64);
            let sorted = frame.axes[axis].numbers().is_some();
            used.sort_by(|a, b| if sorted { number(a).total_cmp(&number(b)) } else { a.cmp(b) });
            used.dedup();
            used
        };
        let (columns, rows) = (used(self.x, |s| s.at.0), used(self.y, |s| s.at.1));
        let widest = rows.iter().map(|&i| width_of(&frame.axes[self.y].values[i].label, SMALL)).fold(0.0, f64::max);
        let left = 42.0 + widest.min(150.0);
        let across = ((RIGHT - left) / columns.len() as f64).min(110.0);
        let down = (0.62 * across).clamp(9.0, 44.0).max(130.0 / rows.len() as f64).min(64.0);
        let down = if rows.len() > 40 { 420.0 / rows.len() as f64 } else { down };
        Grid { left, top, across, down, columns, rows }
    }

    /// The settings as points, where the axes are not a grid.
    fn paint_points(&self, canvas: &Canvas, frame: &Frame, spots: &[Spot], scale: Scale, (top, bottom): Xy) {
        let along = |axis: usize| numeric_scale(&frame.axes[axis]);
        let (x, y, left) = (along(self.x), along(self.y), 92.0);
        let right = RIGHT;
        let at = |s: &Spot| {
            let number = |axis: usize, i: usize| frame.axes[axis].values[i].number.expect("the axis has numbers");
            let (a, b) = (number(self.x, s.at.0), number(self.y, s.at.1));
            (left + x.place(a) * (right - left), bottom - y.place(b) * (bottom - top))
        };
        let quiet = Lettering { size: SMALL, ..TEXT };
        for tick in y.ticks(6).iter().filter(|t| !t.label.is_empty()) {
            let at = bottom - y.place(tick.at) * (bottom - top);
            canvas.line(&[(left - 4.5, at), (right, at)], FAINT, 0.8, 1.0);
            canvas.text(&tick.label, (left - 8.0, at), Lettering { align: Align::End, ..quiet });
        }
        for tick in x.ticks(7).iter().filter(|t| !t.label.is_empty()) {
            let at = left + x.place(tick.at) * (right - left);
            canvas.line(&[(at, bottom), (at, bottom + 4.5)], INK, 0.9, 1.0);
            canvas.text(&tick.label, (at, bottom + 13.0), Lettering { align: Align::Middle, ..quiet });
        }
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], INK, 0.9, 1.0);
        let best = self.best(frame, spots);
        for spot in spots {
            let at = at(spot);
            match spot.mean {
                Some(mean) => {
                    if Some(spot.cell) == best {
                        canvas.ring(at, 9.0, INK, 1.8);
                    }
                    canvas.dot(at, 6.3, RGBColor(255, 255, 255), 1.0);
                    canvas.dot(at, 5.6, colour_of(scale, mean), 1.0);
                }
                None if spot.diverged > 0 => {
                    for (dx, dy) in [(4.0, 4.0), (4.0, -4.0)] {
                        canvas.line(&[(at.0 - dx, at.1 - dy), (at.0 + dx, at.1 + dy)], GREY, 1.3, 1.0);
                    }
                }
                None => {}
            }
        }
        self.paint_titles(canvas, frame, (left, right), (top, bottom));
    }

    /// The colour bar, to the right of `beside`.
    fn paint_bar(&self, canvas: &Canvas, scale: Scale, beside: f64, (top, bottom): Xy) {
        const PIECES: usize = 64;
        let (left, right) = (beside + 28.0, beside + 42.0);
        let height = bottom - top;
        for i in 0..PIECES {
            // each covers what is above it too, so that no seam shows between two
            let foot = bottom - height * i as f64 / PIECES as f64;
            canvas.rectangle((left, top), (right, foot), viridis((i as f64 + 0.5) / PIECES as f64), 1.0);
        }
        for tick in scale.ticks(5).iter().filter(|t| !t.label.is_empty()) {
            let y = bottom - scale.place(tick.at) * height;
            canvas.line(&[(right, y), (right + 4.0, y)], INK, 0.9, 1.0);
            canvas.text(&tick.label, (right + 8.0, y), Lettering { size: SMALL, ..TEXT });
        }
        let upwards = Lettering { upwards: true, align: Align::Middle, ..TEXT };
        canvas.text(&words::metric(&self.colour[0]), (left - 12.0, (top + bottom) / 2.0), upwards);
    }
}

fn numeric_scale(axis: &Axis) -> Scale {
    let numbers = axis.numbers().expect("the axis has numbers");
    let (low, high) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    Scale::new(low, high, low > 0.0 && (axis.log || is_wide(&numbers)), 0.04)
}

/// The colour of a number; one that is not finite has that of an end.
fn colour_of(scale: Scale, number: f64) -> RGBColor {
    let share = scale.place(number);
    viridis(if share.is_nan() { 0.0 } else { share })
}

impl Grid {
    fn right(&self) -> f64 {
        self.left + self.across * self.columns.len() as f64
    }

    /// The upper left and lower right corner of a place.
    fn corners(&self, at: (usize, usize)) -> (Xy, Xy) {
        let place = |all: &[usize], i: usize| all.iter().position(|v| *v == i).expect("every value has its place");
        let (column, row) = (place(&self.columns, at.0), self.rows.len() - 1 - place(&self.rows, at.1));
        let from = (self.left + self.across * column as f64, self.top + self.down * row as f64);
        ((from.0 + 0.6, from.1 + 0.6), (from.0 + self.across - 0.6, from.1 + self.down - 0.6))
    }
}

/// A rectangle of lines, which are `out` outside of it.
fn frame_of(canvas: &Canvas, from: Xy, to: Xy, colour: RGBColor, width: f64, inward: f64) {
    let (a, b) = ((from.0 + inward, from.1 + inward), (to.0 - inward, to.1 - inward));
    canvas.line(&[a, (b.0, a.1), b, (a.0, b.1), a, (b.0, a.1)], colour, width, 1.0);
}

/// A rectangle hatched from the lower left to the upper right.
fn hatch(canvas: &Canvas, from: Xy, to: Xy) {
    canvas.rectangle(from, to, RGBColor(246, 246, 246), 1.0);
    let (width, height) = (to.0 - from.0, to.1 - from.1);
    let mut offset = 3.0;
    while offset < width + height {
        let a = (from.0 + (offset - height).max(0.0), from.1 + offset.min(height));
        let b = (from.0 + offset.min(width), from.1 + (offset - width).max(0.0));
        canvas.line(&[a, b], RGBColor(150, 150, 150), 0.9, 1.0);
        offset += 7.0;
    }
}

impl Plot for Heatmap {
    fn stem(&self) -> String {
        format!("heatmap-{}", self.colour[0])
    }

    fn metrics(&self) -> &[String] {
        &self.colour
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let frame = results.frame;
        let spots = self.spots(frame);
        let axis = |i: usize| words::axis(&frame.axes[i].path);
        let facts = self.facts(frame, &spots, self.scale(&spots)).join("; ");
        let metric = words::metric(&self.colour[0]);
        words::sentence(&format!("{metric} against {} and {}: {facts}", axis(self.x), axis(self.y)))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let frame = results.frame;
        let own = ["measure", "n", "diverged", "mean", "lo", "hi"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        for spot in self.spots(frame) {
            let group = frame.group(spot.cell, &self.colour[0]);
            let (low, high) = group.spread.interval.unzip();
            let counts = [self.colour[0].clone(), group.spread.n().to_string(), group.diverged.to_string()];
            let numbers = [group.spread.mean, low, high].map(exact_or_empty);
            sheet.push(frame.labels(spot.cell).map(str::to_owned).chain(counts).chain(numbers));
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let frame = results.frame;
        let spots = self.spots(frame);
        let scale = self.scale(&spots);
        let notes = note_lines(&self.facts(frame, &spots, scale), SIZE.0);
        let top = if self.common.title.is_empty() { 14.0 } else { 36.0 };
        let grid = self.grid(frame, &spots, top);
        let strewn = self.strewn(frame, &spots);
        let bottom = if strewn { top + 330.0 } else { top + grid.down * grid.rows.len() as f64 };
        let size = (SIZE.0, (bottom + 54.0 + 14.0 * notes.len() as f64).round());
        let metric = words::metric(&self.colour[0]);
        draw(size, &format!("{metric} against {} and {}", frame.axes[self.x].path, frame.axes[self.y].path), |canvas| {
            if !self.common.title.is_empty() {
                canvas.text(&self.common.title, (14.0, 18.0), Lettering { size: 14.0, bold: true, ..TEXT });
            }
            match scale {
                None => paint_nothing(canvas, size),
                Some(scale) if strewn => {
                    self.paint_points(canvas, frame, &spots, scale, (top, bottom));
                    self.paint_bar(canvas, scale, RIGHT, (top, bottom));
                }
                Some(scale) => {
                    self.paint_grid(canvas, &grid, frame, &spots, scale);
                    self.paint_labels(canvas, &grid, frame);
                    self.paint_bar(canvas, scale, grid.right(), (top, bottom));
                }
            }
            paint_notes(canvas, size, &notes);
        })
    }
}
