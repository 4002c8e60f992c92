//! A chart of lines over seeds: the mean, the 95 % band around it, single seeds as faint dots, what lies outside the
//! picture as arrows at its edge, a strip for the diverged share, and every line's name beside its end. All figures of
//! lines are this one, filled differently.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, FAINT, GREY, INK, Lettering, TEXT, Xy, draw, width_of};
use super::legend;
use super::path::{clip_line, clip_polygon, thin};
use super::scale::{Scale, Tick, robust_range};
use crate::report::words;

/// The size of every figure, in points.
const SIZE: (f64, f64) = (720.0, 440.0);
/// The height of the strip for the diverged share.
const STRIP: f64 = 24.0;
/// The size of tick labels and notes.
const SMALL: f64 = 11.0;

/// What a chart shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Above the chart; may be empty.
    pub title: String,
    /// Below the horizontal axis.
    pub x_title: String,
    /// Beside the vertical axis.
    pub y_title: String,
    /// Whether the horizontal axis is logarithmic.
    pub log_x: bool,
    /// Names of the places 0, 1, 2 ... when the horizontal axis has no numbers.
    pub categories: Vec<String>,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
    /// The ends of the vertical axis, when they are not to be found from the values.
    pub y_range: Option<(f64, f64)>,
    /// Values that the found range must hold.
    pub must_show: Vec<f64>,
    /// The lines, in drawing order.
    pub lines: Vec<Line>,
    /// Whether the points of a line are joined; if not, each stands for itself.
    pub joined: bool,
    /// What solid and dashed mean, when colours mean something else: (words, dashed).
    pub strokes: Vec<(String, bool)>,
    /// The share of diverged trials at places of the horizontal axis; empty when none diverged.
    pub diverged: Vec<(f64, f64)>,
    /// The best point.
    pub best: Option<Best>,
    /// What a reader must know, below the chart.
    pub notes: Vec<String>,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name beside its end; none when another line of its colour has it.
    pub name: Option<String>,
    /// Its colour.
    pub colour: RGBColor,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Whether each point is marked.
    pub marked: bool,
    /// The means, from left to right; not finite where there is none, which breaks the line.
    pub points: Vec<Point>,
    /// Single seeds.
    pub dots: Vec<(f64, f64)>,
}

/// A mean with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// The mean.
    pub mean: f64,
    /// Its interval, where there are seeds enough.
    pub interval: Option<(f64, f64)>,
}

/// The best point of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Where.
    pub x: f64,
    /// How good.
    pub y: f64,
    /// What is written at the foot of its line.
    pub text: String,
    /// The colour of its line.
    pub colour: RGBColor,
    /// Whether its line is dashed, its mark hollow.
    pub hollow: bool,
}

/// Where on the canvas the plot stands, and the scales of its axes.
struct Plot {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: Scale,
    y: Scale,
}

impl Plot {
    fn at(&self, x: f64, y: f64) -> Xy {
        (self.x_at(x), self.bottom - self.y.place(y) * (self.bottom - self.top))
    }

    fn x_at(&self, x: f64) -> f64 {
        self.left + self.x.place(x) * (self.right - self.left)
    }

    fn shows(&self, at: Xy) -> bool {
        (self.top - 0.01..=self.bottom + 0.01).contains(&at.1)
    }
}

impl Chart {
    /// The picture.
    pub fn svg(&self) -> String {
        let title = if self.title.is_empty() {
            format!("{} against {}", self.y_title, self.x_title)
        } else {
            self.title.clone()
        };
        draw(SIZE, &title, |canvas| {
            if !self.title.is_empty() {
                canvas.text(&self.title, (14.0, 18.0), Lettering { size: 14.0, bold: true, ..TEXT });
            }
            let y = self.y_scale();
            let notes = self.note_lines(y);
            match y {
                None => self.paint_nothing(canvas),
                Some(y) => {
                    let plot = self.lay_out(y, notes.len());
                    self.paint_axes(canvas, &plot);
                    self.paint_diverged(canvas, &plot);
                    self.paint_lines(canvas, &plot);
                    self.paint_best(canvas, &plot);
                    self.paint_legend(canvas, &plot);
                }
            }
            for (i, note) in notes.iter().rev().enumerate() {
                let y = SIZE.1 - 12.0 - 14.0 * i as f64;
                canvas.text(note, (14.0, y), Lettering { size: SMALL, colour: GREY, ..TEXT });
            }
        })
    }

    /// The notes, in lines of the figure's width.
    fn note_lines(&self, y: Option<Scale>) -> Vec<String> {
        let values = self.lines.iter().flat_map(|l| l.points.iter().map(|p| p.mean).chain(l.dots.iter().map(|d| d.1)));
        let outside = |y: Scale| values.clone().any(|v| !v.is_nan() && !(-1e-9..=1.0 + 1e-9).contains(&y.place(v)));
        let triangles = y.is_some_and(outside).then(|| "triangles: outside the picture".to_owned());
        let notes: Vec<String> = self.notes.iter().cloned().chain(triangles).collect();
        words::wrap(&notes.join("; "), |line| width_of(line, SMALL) < SIZE.0 - 28.0)
    }

    /// The vertical axis; none when there is nothing to show.
    fn y_scale(&self) -> Option<Scale> {
        let means = || self.lines.iter().flat_map(|l| &l.points).map(|p| p.mean);
        let usable = |x: &f64| x.is_finite() && (!self.log_y || *x > 0.0);
        means().find(usable)?;
        if let Some((low, high)) = self.y_range {
            return Some(Scale::new(low, high, self.log_y, 0.0));
        }
        let transform = |x: f64| if self.log_y { libm::log10(x) } else { x };
        let dots = self.lines.iter().flat_map(|l| &l.dots).map(|d| d.1);
        let values: Vec<f64> = means().chain(dots).filter(usable).map(transform).collect();
        let must: Vec<f64> = self.must_show.iter().copied().filter(usable).map(transform).collect();
        // a logarithmic axis bears eight decades without flattening anything
        let (mut low, mut high) = robust_range(&values, &must, if self.log_y { 8.0 } else { 0.0 })?;
        // bands may widen the range, but not rule it
        let room = 0.25 * (high - low);
        let ends = self.lines.iter().flat_map(|l| &l.points).filter_map(|p| p.interval);
        let (lows, highs): (Vec<f64>, Vec<f64>) = ends.unzip();
        let usable_ends = |all: Vec<f64>| all.into_iter().filter(usable).map(transform).collect::<Vec<_>>();
        low = usable_ends(lows).into_iter().fold(low, f64::min).max(low - room);
        high = usable_ends(highs).into_iter().fold(high, f64::max).min(high + room);
        let back = |x: f64| if self.log_y { libm::pow(10.0, x) } else { x };
        let scale = Scale::new(back(low), back(high), self.log_y, 0.04);
        // the best point's label stands at the foot
        Some(if self.best.is_some() { scale.with_room_below(0.09) } else { scale })
    }

    fn x_scale(&self) -> Scale {
        if !self.categories.is_empty() {
            return Scale::new(-0.5, self.categories.len() as f64 - 0.5, false, 0.0);
        }
        let xs = self.lines.iter().flat_map(|l| &l.points).map(|p| p.x).chain(self.diverged.iter().map(|d| d.0));
        let (low, high) = xs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        let marked = self.lines.iter().any(|l| l.marked);
        Scale::new(low, high, self.log_x, if marked { 0.03 } else { 0.0 })
    }

    fn lay_out(&self, y: Scale, notes: usize) -> Plot {
        let widest = y.ticks(6).iter().map(|t| width_of(&t.label, SMALL)).fold(0.0, f64::max);
        let entries =
            self.lines.iter().filter_map(|l| l.name.as_deref()).chain(self.strokes.iter().map(|s| s.0.as_str()));
        let title = if self.title.is_empty() { 12.0 } else { 34.0 };
        let strip = if self.diverged.is_empty() { 0.0 } else { STRIP + 10.0 };
        Plot {
            left: 42.0 + widest,
            right: SIZE.0 - legend::width(entries) - 8.0,
            top: title + strip,
            bottom: SIZE.1 - 50.0 - 14.0 * notes as f64,
            x: self.x_scale(),
            y,
        }
    }

    fn paint_nothing(&self, canvas: &Canvas<'_>) {
        let centre = (SIZE.0 / 2.0, SIZE.1 / 2.0);
        let quiet = Lettering { colour: GREY, align: Align::Middle, ..TEXT };
        canvas.text("no finished trial has a value to show", centre, quiet);
    }

    fn paint_axes(&self, canvas: &Canvas<'_>, plot: &Plot) {
        let quiet = Lettering { size: SMALL, ..TEXT };
        for tick in plot.y.ticks(6) {
            let y = plot.at(0.0, tick.at).1;
            if !tick.label.is_empty() {
                canvas.line(&[(plot.left, y), (plot.right, y)], FAINT, 0.8, 1.0);
                canvas.text(&tick.label, (plot.left - 8.0, y), Lettering { align: Align::End, ..quiet });
            }
            let length = if tick.label.is_empty() { 2.5 } else { 4.5 };
            canvas.line(&[(plot.left - length, y), (plot.left, y)], INK, 0.9, 1.0);
        }
        for tick in self.x_ticks(plot) {
            let x = plot.x_at(tick.at);
            let length = if tick.label.is_empty() { 2.5 } else { 4.5 };
            canvas.line(&[(x, plot.bottom), (x, plot.bottom + length)], INK, 0.9, 1.0);
            canvas.text(&tick.label, (x, plot.bottom + 13.0), Lettering { align: Align::Middle, ..quiet });
        }
        canvas.line(&[(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)], INK, 0.9, 1.0);
        let middle = Lettering { align: Align::Middle, ..TEXT };
        canvas.text(&self.x_title, ((plot.left + plot.right) / 2.0, plot.bottom + 32.0), middle);
        let upwards = Lettering { upwards: true, ..middle };
        canvas.text(&self.y_title, (16.0, (plot.top + plot.bottom) / 2.0), upwards);
    }

    fn x_ticks(&self, plot: &Plot) -> Vec<Tick> {
        if self.categories.is_empty() {
            return plot.x.ticks(7);
        }
        let room = (plot.right - plot.left) / self.categories.len() as f64;
        let tick =
            |(i, name): (usize, &String)| Tick { at: i as f64, label: legend::shortened(name, SMALL, room - 6.0) };
        self.categories.iter().enumerate().map(tick).collect()
    }

    /// A bar chart of its own above the plot: an empty bar is no diverged trial, a full one all.
    fn paint_diverged(&self, canvas: &Canvas<'_>, plot: &Plot) {
        if self.diverged.is_empty() {
            return;
        }
        let (top, bottom) = (plot.top - 10.0 - STRIP, plot.top - 10.0);
        let xs: Vec<f64> = self.diverged.iter().map(|d| plot.x_at(d.0)).collect();
        let apart = xs.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let half = (0.36 * apart).clamp(1.0, 14.0);
        canvas.rectangle((plot.left, top), (plot.right, bottom), RGBColor(246, 246, 246), 1.0);
        for (x, (_, share)) in xs.iter().zip(&self.diverged) {
            let height = share * (bottom - top);
            canvas.rectangle((x - half, bottom - height), (x + half, bottom), RGBColor(120, 120, 120), 1.0);
        }
        canvas.line(&[(plot.left, bottom), (plot.right, bottom)], GREY, 0.8, 1.0);
        let quiet = Lettering { size: 9.5, colour: GREY, ..TEXT };
        canvas.text("diverged", (plot.right + 10.0, (top + bottom) / 2.0), Lettering { size: SMALL, ..quiet });
        canvas.text("100 %", (plot.left - 5.0, top + 3.5), Lettering { align: Align::End, ..quiet });
        canvas.text("0 %", (plot.left - 5.0, bottom - 2.5), Lettering { align: Align::End, ..quiet });
    }

    fn paint_lines(&self, canvas: &Canvas<'_>, plot: &Plot) {
        for line in &self.lines {
            paint_band(canvas, plot, line, self.joined);
        }
        for line in &self.lines {
            for &(x, y) in &line.dots {
                let at = plot.at(x, y);
                if plot.shows(at) {
                    canvas.dot(at, 1.8, line.colour, 0.35);
                } else {
                    paint_arrow(canvas, plot, at, line.colour, 0.35);
                }
            }
        }
        for line in &self.lines {
            paint_line(canvas, plot, line, self.joined);
        }
    }

    fn paint_best(&self, canvas: &Canvas<'_>, plot: &Plot) {
        let Some(best) = &self.best else { return };
        let at = plot.at(best.x, best.y);
        if !plot.shows(at) {
            return;
        }
        canvas.dashes(&[at, (at.0, plot.bottom)], GREY, 0.9);
        canvas.ring(at, 5.6, best.colour, 1.6);
        marker(canvas, at, best.colour, best.hollow);
        let width = width_of(&best.text, SMALL);
        let fits_right = at.0 + 8.0 + width < plot.right;
        let (align, x) = if fits_right { (Align::Start, at.0 + 6.0) } else { (Align::End, at.0 - 6.0) };
        let from = if fits_right { x - 2.0 } else { x - width - 2.0 };
        let y = plot.bottom - 10.0;
        canvas.rectangle((from, y - 8.0), (from + width + 4.0, y + 8.0), RGBColor(255, 255, 255), 0.85);
        canvas.text(&best.text, (x, y), Lettering { size: SMALL, align, ..TEXT });
    }

    fn paint_legend(&self, canvas: &Canvas<'_>, plot: &Plot) {
        let end = |line: &Line| {
            let last = line.points.iter().rev().find(|p| p.mean.is_finite())?;
            Some(plot.at(last.x, last.mean).1)
        };
        let entries = self.lines.iter().filter_map(|line| {
            let (colour, dashed) = (line.colour, line.dashed);
            Some(legend::Entry { name: line.name.clone()?, colour, dashed, marked: line.marked, y: end(line)? })
        });
        let entries: Vec<legend::Entry> = entries.collect();
        legend::paint(canvas, (plot.right + 10.0, plot.top, plot.bottom), entries, &self.strokes, self.joined);
    }
}

/// Stretches of consecutive points for which something is there.
fn runs<T>(items: impl Iterator<Item = Option<T>>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for item in items {
        match item {
            Some(item) => runs.last_mut().expect("there is always a run").push(item),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The band of a line; where a point stands alone or nothing is `joined`, error bars.
fn paint_band(canvas: &Canvas<'_>, plot: &Plot, line: &Line, joined: bool) {
    let limits = line.points.iter().map(|p| {
        let (low, high) = p.interval.filter(|(low, high)| low.is_finite() && high.is_finite())?;
        // below zero a logarithmic axis has no place: the band runs to the bottom
        let place = |y: f64| if plot.y.log && y <= 0.0 { (plot.x_at(p.x), plot.bottom + 1.0) } else { plot.at(p.x, y) };
        Some((place(low), place(high)))
    });
    for run in runs(limits) {
        if !joined || run.len() == 1 {
            for piece in run.iter().flat_map(|r| clip_line(&[r.0, r.1], plot.top, plot.bottom)) {
                canvas.line(&piece, line.colour, 1.4, 0.6);
            }
            continue;
        }
        let upper: Vec<Xy> = run.iter().map(|r| r.1).collect();
        let lower: Vec<Xy> = run.iter().map(|r| r.0).collect();
        let upper = thin(&upper).into_iter().map(|i| upper[i]);
        let lower = thin(&lower).into_iter().rev().map(|i| lower[i]);
        let polygon: Vec<Xy> = upper.chain(lower).collect();
        canvas.polygon(&clip_polygon(&polygon, plot.top, plot.bottom), line.colour, 0.16);
    }
}

fn paint_line(canvas: &Canvas<'_>, plot: &Plot, line: &Line, joined: bool) {
    let at = |p: &Point| Some(plot.at(p.x, p.mean)).filter(|at| at.1.is_finite());
    let runs = runs(line.points.iter().map(at));
    for run in runs.iter().filter(|_| joined) {
        let thinned: Vec<Xy> = thin(run).into_iter().map(|i| run[i]).collect();
        for piece in clip_line(&thinned, plot.top, plot.bottom) {
            if line.dashed {
                canvas.dashes(&piece, line.colour, 1.8);
            } else {
                canvas.line(&piece, line.colour, 1.8, 1.0);
            }
        }
    }
    for run in &runs {
        let mut inside = true;
        for &at in run {
            let shown = plot.shows(at);
            if shown && (line.marked || run.len() == 1) {
                marker(canvas, at, line.colour, line.dashed);
            }
            if !shown && (line.marked || inside) {
                paint_arrow(canvas, plot, at, line.colour, 1.0);
            }
            inside = shown;
        }
    }
    // infinite, or without a logarithm
    for p in line.points.iter().filter(|p| !p.mean.is_nan() && !plot.at(p.x, p.mean).1.is_finite()) {
        let beyond = if p.mean > 0.0 { plot.top - 1.0 } else { plot.bottom + 1.0 };
        paint_arrow(canvas, plot, (plot.x_at(p.x), beyond), line.colour, 1.0);
    }
}

/// The mark of a mean: hollow where the line is dashed.
pub(super) fn marker(canvas: &Canvas<'_>, at: Xy, colour: RGBColor, hollow: bool) {
    if hollow { canvas.ring(at, 2.6, colour, 1.4) } else { canvas.dot(at, 2.9, colour, 1.0) }
}

/// A triangle at the edge of the plot that points to where a value lies outside.
fn paint_arrow(canvas: &Canvas<'_>, plot: &Plot, (x, y): Xy, colour: RGBColor, alpha: f64) {
    if y.is_nan() {
        return;
    }
    let (edge, inward) = if y < plot.top { (plot.top, 1.0) } else { (plot.bottom, -1.0) };
    let base = edge + inward * 6.5;
    canvas.polygon(&[(x, edge), (x - 3.6, base), (x + 3.6, base)], colour, alpha);
}
