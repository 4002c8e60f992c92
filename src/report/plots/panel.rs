//! One panel of a chart: its axes, its lines with their bands and seeds, the strip of diverged trials above it.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, FAINT, GREY, INK, Lettering, TEXT, Xy, width_of};
use super::chart::{Chart, Line, Panel, Point};
use super::legend;
use super::path::{clip_line, clip_polygon, thin};
use super::scale::{Scale, Tick};

/// The height of the strip for the diverged share.
pub const STRIP: f64 = 24.0;
/// The size of tick labels and notes.
pub const SMALL: f64 = 11.0;

/// Where on the canvas a panel stands, and the scales of its axes.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub x: Scale,
    pub y: Scale,
}

/// At which sides of the chart a panel stands, and so which labels it has.
#[derive(Debug, Clone, Copy)]
pub struct Sides {
    /// The left one.
    pub first: bool,
    /// The right one.
    pub last: bool,
    /// The lower one.
    pub bottom: bool,
}

impl Field {
    /// The place of a point.
    pub fn at(&self, x: f64, y: f64) -> Xy {
        (self.x_at(x), self.bottom - self.y.place(y) * (self.bottom - self.top))
    }

    fn x_at(&self, x: f64) -> f64 {
        self.left + self.x.place(x) * (self.right - self.left)
    }

    fn shows(&self, at: Xy) -> bool {
        (self.top - 0.01..=self.bottom + 0.01).contains(&at.1)
    }

    /// About how many ticks have room.
    fn ticks(&self) -> (usize, usize) {
        let across = ((self.right - self.left) / 75.0) as usize;
        let down = ((self.bottom - self.top) / 45.0) as usize;
        (across.clamp(2, 7), down.clamp(2, 6))
    }
}

impl Panel {
    /// Paints the panel into its field.
    pub(super) fn paint(&self, canvas: &Canvas, field: &Field, sides: Sides, chart: &Chart) {
        paint_y_axis(canvas, field, sides);
        paint_x_axis(canvas, field, sides, chart);
        if !self.name.is_empty() {
            let above = if self.diverged.is_empty() { 0.0 } else { STRIP + 10.0 };
            let name = legend::shortened(&self.name, TEXT.size, field.right - field.left);
            let middle = Lettering { align: Align::Middle, bold: true, ..TEXT };
            canvas.text(&name, ((field.left + field.right) / 2.0, field.top - above - 9.0), middle);
        }
        self.paint_diverged(canvas, field, sides);
        for level in &self.levels {
            let y = field.at(0.0, level.y).1;
            if field.shows((0.0, y)) {
                canvas.line(&[(field.left, y), (field.right, y)], GREY, 0.8, 0.9);
            }
        }
        self.lines.iter().for_each(|line| paint_band(canvas, field, line));
        for line in &self.lines {
            for &(x, y) in &line.dots {
                let at = field.at(x, y);
                if field.shows(at) {
                    canvas.dot(at, 1.8, line.colour, 0.35);
                } else {
                    paint_arrow(canvas, field, at, line.colour, 0.35);
                }
            }
        }
        self.lines.iter().for_each(|line| paint_line(canvas, field, line));
        self.paint_best(canvas, field);
    }

    /// The names of its lines and levels, at the heights where they end.
    pub(super) fn entries(&self, field: &Field) -> Vec<legend::Entry> {
        let end = |line: &Line| {
            let last = line.points.iter().rev().find(|p| p.mean.is_finite())?;
            Some(field.at(last.x, last.mean).1)
        };
        let lines = self.lines.iter().filter_map(|line| {
            let (colour, dashed, marked) = (line.colour, line.dashed, line.marked);
            let stroke = if line.joined { legend::Stroke::Line } else { legend::Stroke::None };
            Some(legend::Entry { name: line.name.clone()?, colour, dashed, marked, stroke, y: end(line)? })
        });
        let levels = self.levels.iter().filter_map(|level| {
            let y = field.at(0.0, level.y).1;
            let stroke = legend::Stroke::Thin;
            let entry =
                legend::Entry { name: level.name.clone(), colour: GREY, dashed: false, marked: false, stroke, y };
            field.shows((0.0, y)).then_some(entry)
        });
        lines.chain(levels).collect()
    }

    /// A bar chart of its own above the panel: an empty bar is no diverged trial, a full one all.
    fn paint_diverged(&self, canvas: &Canvas, field: &Field, sides: Sides) {
        if self.diverged.is_empty() {
            return;
        }
        let (top, bottom) = (field.top - 10.0 - STRIP, field.top - 10.0);
        let xs: Vec<f64> = self.diverged.iter().map(|d| field.x_at(d.0)).collect();
        let apart = xs.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let half = (0.36 * apart).clamp(1.0, 14.0);
        canvas.rectangle((field.left, top), (field.right, bottom), RGBColor(246, 246, 246), 1.0);
        for (x, (_, share)) in xs.iter().zip(&self.diverged) {
            let height = share * (bottom - top);
            canvas.rectangle((x - half, bottom - height), (x + half, bottom), RGBColor(120, 120, 120), 1.0);
        }
        canvas.line(&[(field.left, bottom), (field.right, bottom)], GREY, 0.8, 1.0);
        let quiet = Lettering { size: 9.5, colour: GREY, ..TEXT };
        if sides.last {
            canvas.text("diverged", (field.right + 10.0, (top + bottom) / 2.0), Lettering { size: SMALL, ..quiet });
        }
        if sides.first {
            canvas.text("100 %", (field.left - 5.0, top + 3.5), Lettering { align: Align::End, ..quiet });
            canvas.text("0 %", (field.left - 5.0, bottom - 2.5), Lettering { align: Align::End, ..quiet });
        }
    }

    fn paint_best(&self, canvas: &Canvas, field: &Field) {
        let Some(best) = &self.best else { return };
        let at = field.at(best.x, best.y);
        if !field.shows(at) {
            return;
        }
        canvas.dashes(&[at, (at.0, field.bottom)], GREY, 0.9);
        canvas.ring(at, 5.6, best.colour, 1.6);
        marker(canvas, at, best.colour, best.hollow);
        let width = width_of(&best.text, SMALL);
        let fits_right = at.0 + 8.0 + width < field.right;
        let (align, x) = if fits_right { (Align::Start, at.0 + 6.0) } else { (Align::End, at.0 - 6.0) };
        let from = if fits_right { x - 2.0 } else { x - width - 2.0 };
        let y = field.bottom - 10.0;
        canvas.rectangle((from, y - 8.0), (from + width + 4.0, y + 8.0), RGBColor(255, 255, 255), 0.85);
        canvas.text(&best.text, (x, y), Lettering { size: SMALL, align, ..TEXT });
    }
}

fn paint_y_axis(canvas: &Canvas, field: &Field, sides: Sides) {
    for tick in field.y.ticks(field.ticks().1) {
        let y = field.at(0.0, tick.at).1;
        if !tick.label.is_empty() {
            canvas.line(&[(field.left, y), (field.right, y)], FAINT, 0.8, 1.0);
        }
        if sides.first {
            let quiet = Lettering { size: SMALL, align: Align::End, ..TEXT };
            canvas.text(&tick.label, (field.left - 8.0, y), quiet);
            let length = if tick.label.is_empty() { 2.5 } else { 4.5 };
            canvas.line(&[(field.left - length, y), (field.left, y)], INK, 0.9, 1.0);
        }
    }
    canvas.line(&[(field.left, field.top), (field.left, field.bottom), (field.right, field.bottom)], INK, 0.9, 1.0);
}

fn paint_x_axis(canvas: &Canvas, field: &Field, sides: Sides, chart: &Chart) {
    let staggered = chart.staggered(field.right - field.left);
    for (i, tick) in x_ticks(field, chart, staggered).iter().enumerate() {
        let x = field.x_at(tick.at);
        let down = if staggered && i % 2 == 1 { 13.0 } else { 0.0 };
        let length = if tick.label.is_empty() { 2.5 } else { 4.5 + down };
        canvas.line(&[(x, field.bottom), (x, field.bottom + length)], INK, 0.9, 1.0);
        if sides.bottom {
            let quiet = Lettering { size: SMALL, align: Align::Middle, ..TEXT };
            canvas.text(&tick.label, (x, field.bottom + 13.0 + down), quiet);
        }
    }
}

fn x_ticks(field: &Field, chart: &Chart, staggered: bool) -> Vec<Tick> {
    if chart.categories.is_empty() {
        return field.x.ticks(field.ticks().0);
    }
    let rows = if staggered { 2.0 } else { 1.0 };
    let room = rows * (field.right - field.left) / chart.categories.len() as f64;
    let tick = |(i, name): (usize, &String)| Tick { at: i as f64, label: legend::shortened(name, SMALL, room - 6.0) };
    chart.categories.iter().enumerate().map(tick).collect()
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
fn paint_band(canvas: &Canvas, field: &Field, line: &Line) {
    let limits = line.points.iter().map(|p| {
        let (low, high) = p.interval.filter(|(low, high)| low.is_finite() && high.is_finite())?;
        // below zero a logarithmic axis has no place: the band runs to the bottom
        let place =
            |y: f64| if field.y.log && y <= 0.0 { (field.x_at(p.x), field.bottom + 1.0) } else { field.at(p.x, y) };
        Some((place(low), place(high)))
    });
    for run in runs(limits) {
        if !line.joined || run.len() == 1 {
            for piece in run.iter().flat_map(|r| clip_line(&[r.0, r.1], field.top, field.bottom)) {
                canvas.line(&piece, line.colour, 1.4, 0.6);
            }
            continue;
        }
        let upper: Vec<Xy> = run.iter().map(|r| r.1).collect();
        let lower: Vec<Xy> = run.iter().map(|r| r.0).collect();
        let upper = thin(&upper).into_iter().map(|i| upper[i]);
        let lower = thin(&lower).into_iter().rev().map(|i| lower[i]);
        let polygon: Vec<Xy> = upper.chain(lower).collect();
        canvas.polygon(&clip_polygon(&polygon, field.top, field.bottom), line.colour, 0.16);
    }
}

fn paint_line(canvas: &Canvas, field: &Field, line: &Line) {
    let at = |p: &Point| Some(field.at(p.x, p.mean)).filter(|at| at.1.is_finite());
    let runs = runs(line.points.iter().map(at));
    for run in runs.iter().filter(|_| line.joined) {
        let thinned: Vec<Xy> = thin(run).into_iter().map(|i| run[i]).collect();
        for piece in clip_line(&thinned, field.top, field.bottom) {
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
            let shown = field.shows(at);
            if shown && (line.marked || run.len() == 1) {
                marker(canvas, at, line.colour, line.dashed);
            }
            if !shown && (line.marked || inside) {
                paint_arrow(canvas, field, at, line.colour, 1.0);
            }
            inside = shown;
        }
    }
    // infinite, or without a logarithm
    for p in line.points.iter().filter(|p| !p.mean.is_nan() && !field.at(p.x, p.mean).1.is_finite()) {
        let beyond = if p.mean > 0.0 { field.top - 1.0 } else { field.bottom + 1.0 };
        paint_arrow(canvas, field, (field.x_at(p.x), beyond), line.colour, 1.0);
    }
}

/// The mark of a mean: hollow where the line is dashed.
pub(super) fn marker(canvas: &Canvas, at: Xy, colour: RGBColor, hollow: bool) {
    if hollow { canvas.ring(at, 2.6, colour, 1.4) } else { canvas.dot(at, 2.9, colour, 1.0) }
}

/// A triangle at the edge of the plot that points to where a value lies outside.
fn paint_arrow(canvas: &Canvas, field: &Field, (x, y): Xy, colour: RGBColor, alpha: f64) {
    if y.is_nan() {
        return;
    }
    let (edge, inward) = if y < field.top { (field.top, 1.0) } else { (field.bottom, -1.0) };
    let base = edge + inward * 6.5;
    canvas.polygon(&[(x, edge), (x - 3.6, base), (x + 3.6, base)], colour, alpha);
}
