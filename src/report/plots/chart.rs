//! A chart of lines over seeds, in one panel or several: the mean, the 95 % band around it, single seeds as faint dots,
//! what lies outside the picture as arrows at its edge, a strip for the diverged share, and every line's name beside its
//! end. All figures of lines are this one, filled differently. Here stands what a chart shows and where its panels stand;
//! [`panel`] paints one.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, GREY, INK, Lettering, TEXT, draw, width_of};
use super::legend;
use super::panel::{Field, SMALL, STRIP, Sides};
use super::picture::Picture;
use super::scale::{Scale, robust_range};
use crate::report::words;

/// The size of a figure of one panel, in points.
pub const SIZE: (f64, f64) = (720.0, 440.0);
/// The width of a figure of three panels side by side.
const WIDE: f64 = 900.0;
/// The height of a panel among others, and what lies between two.
const ROW: f64 = 185.0;
const GAP: (f64, f64) = (34.0, 30.0);
/// Of more panels, the first are shown.
pub const MOST_PANELS: usize = 12;

/// What a chart shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// Above the chart; may be empty.
    pub title: String,
    /// Below the horizontal axis.
    pub x_title: String,
    /// Whether the horizontal axis is logarithmic; then no point may lie at or below 0.
    pub log_x: bool,
    /// Names of the places 0, 1, 2 ... when the horizontal axis has no numbers.
    pub categories: Vec<String>,
    /// At least one.
    pub panels: Vec<Panel>,
    /// Whether the panels are small multiples with the same vertical axis; if not, they stand one above another, each with
    /// its own.
    pub alike: bool,
    /// What the names of the lines are values of, where they do not say it themselves.
    pub heading: String,
    /// What solid and dashed mean, when colours mean something else: (words, dashed).
    pub strokes: Vec<(String, bool)>,
    /// What a reader must know, below the chart.
    pub notes: Vec<String>,
}

/// What one panel shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// What tells it from the others; empty when there is one.
    pub name: String,
    /// Beside the vertical axis.
    pub y_title: String,
    /// Whether the vertical axis is logarithmic.
    pub log_y: bool,
    /// The ends of the vertical axis, when they are not to be found from the values.
    pub y_range: Option<(f64, f64)>,
    /// Values that the found range must hold.
    pub must_show: Vec<f64>,
    /// The lines, in drawing order.
    pub lines: Vec<Line>,
    /// Numbers to compare with, as thin lines where they lie within the picture.
    pub levels: Vec<Level>,
    /// The share of diverged trials at places of the horizontal axis; empty when none diverged.
    pub diverged: Vec<(f64, f64)>,
    /// The best point.
    pub best: Option<Best>,
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
    /// Whether its points are joined; if not, each stands for itself.
    pub joined: bool,
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

/// A number to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name.
    pub name: String,
    /// The number.
    pub y: f64,
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

/// Where everything stands.
struct Layout {
    size: (f64, f64),
    columns: usize,
    /// The panels and what is written at their sides; none for one that has nothing to show.
    fields: Vec<(Field, Sides)>,
    /// Where the names stand.
    legend: f64,
}

impl Chart {
    /// The picture.
    pub fn picture(&self) -> Picture {
        let title = if self.title.is_empty() {
            format!("{} against {}", self.panels[0].y_title, self.x_title)
        } else {
            self.title.clone()
        };
        let scales = self.y_scales();
        let notes = self.note_lines(scales.as_deref());
        let layout = scales.map(|scales| self.lay_out(&scales, notes.len()));
        let size = layout.as_ref().map_or(SIZE, |l| l.size);
        draw(size, &title, |canvas| {
            if !self.title.is_empty() {
                canvas.text(&self.title, (14.0, 18.0), Lettering { size: 14.0, bold: true, ..TEXT });
            }
            match &layout {
                None => paint_nothing(canvas, size),
                Some(layout) => self.paint(canvas, layout),
            }
            paint_notes(canvas, size, &notes);
        })
    }

    fn width(&self) -> f64 {
        if self.columns() > 2 { WIDE } else { SIZE.0 }
    }

    fn columns(&self) -> usize {
        match self.panels.len() {
            _ if !self.alike => 1,
            1 => 1,
            2 | 4 => 2,
            _ => 3,
        }
    }

    /// The vertical axis of every panel; none when no panel has anything to show.
    fn y_scales(&self) -> Option<Vec<Scale>> {
        let all: Vec<&Panel> = self.panels.iter().collect();
        let shared = y_scale(&all)?;
        let own = |panel: &Panel| if self.alike { shared } else { y_scale(&[panel]).unwrap_or(shared) };
        Some(self.panels.iter().map(own).collect())
    }

    /// The notes, in lines of the figure's width.
    fn note_lines(&self, scales: Option<&[Scale]>) -> Vec<String> {
        let outside = |(panel, y): (&Panel, &Scale)| {
            let mut values = panel
                .lines
                .iter()
                .flat_map(|l| l.points.iter().map(|p| p.mean).chain(l.dots.iter().map(|d| d.1)).collect::<Vec<_>>());
            values.any(|v| !v.is_nan() && !(-1e-9..=1.0 + 1e-9).contains(&y.place(v)))
        };
        let any = scales.is_some_and(|scales| self.panels.iter().zip(scales).any(outside));
        let triangles = any.then(|| "triangles: outside the picture".to_owned());
        let notes: Vec<String> = self.notes.iter().cloned().chain(triangles).collect();
        note_lines(&notes, self.width())
    }

    fn x_scale(&self) -> Scale {
        if !self.categories.is_empty() {
            return Scale::new(-0.5, self.categories.len() as f64 - 0.5, false, 0.0);
        }
        let of_panel = |p: &Panel| {
            let points: Vec<f64> = p.lines.iter().flat_map(|l| &l.points).map(|p| p.x).collect();
            points.into_iter().chain(p.diverged.iter().map(|d| d.0).collect::<Vec<_>>())
        };
        let xs = self.panels.iter().flat_map(of_panel);
        let (low, high) = xs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        let marked = self.panels.iter().flat_map(|p| &p.lines).any(|l| l.marked);
        Scale::new(low, high, self.log_x, if marked { 0.03 } else { 0.0 })
    }

    /// The names beside the lines, each once.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for panel in &self.panels {
            let lines = panel.lines.iter().filter_map(|l| l.name.as_deref());
            for name in lines.chain(panel.levels.iter().map(|l| l.name.as_str())) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    fn lay_out(&self, scales: &[Scale], notes: usize) -> Layout {
        let (count, columns, width) = (self.panels.len(), self.columns(), self.width());
        let rows = count.div_ceil(columns);
        let widest = scales.iter().flat_map(|y| y.ticks(6)).map(|t| width_of(&t.label, SMALL)).fold(0.0, f64::max);
        let title = if self.title.is_empty() { 12.0 } else { 34.0 };
        let strip = if self.panels.iter().all(|p| p.diverged.is_empty()) { 0.0 } else { STRIP + 10.0 };
        let name = if self.panels.iter().all(|p| p.name.is_empty()) { 0.0 } else { 20.0 };
        let above = strip + name;
        let foot = 50.0 + 14.0 * notes as f64;
        let x = self.x_scale();
        let left = 42.0 + widest;
        let names = self.names().into_iter().chain(self.strokes.iter().map(|s| s.0.as_str()));
        let names = names.chain([self.heading.as_str()]);
        let right = width - legend::width(names) - 8.0;
        let across = (right - left - GAP.0 * (columns - 1) as f64) / columns as f64;
        let staggered = if self.staggered(across) { 13.0 } else { 0.0 };
        let height = match rows {
            1 if columns < 3 => SIZE.1,
            _ => title + rows as f64 * (above + ROW) + (rows - 1) as f64 * GAP.1 + foot + staggered,
        };
        let down = (height - title - foot - staggered - (rows - 1) as f64 * GAP.1) / rows as f64 - above;
        let field = |i: usize| {
            let (row, column) = (i / columns, i % columns);
            let top = title + above + row as f64 * (above + down + GAP.1);
            let from = left + column as f64 * (across + GAP.0);
            let field = Field { left: from, right: from + across, top, bottom: top + down, x, y: scales[i] };
            let last = !self.alike && row + 1 == rows || self.alike && i + columns >= count;
            (field, Sides { first: column == 0, last: column + 1 == columns || i + 1 == count, bottom: last })
        };
        let fields = (0..count).map(field).collect();
        Layout { size: (width, height), columns, fields, legend: right + 10.0 }
    }

    /// Whether the names of categories need two rows.
    pub(super) fn staggered(&self, across: f64) -> bool {
        let room = across / self.categories.len().max(1) as f64;
        self.categories.len() > 1 && self.categories.iter().any(|name| width_of(name, SMALL) > room - 6.0)
    }

    fn paint(&self, canvas: &Canvas, layout: &Layout) {
        for (panel, (field, sides)) in self.panels.iter().zip(&layout.fields) {
            panel.paint(canvas, field, *sides, self);
        }
        let middle = Lettering { align: Align::Middle, ..TEXT };
        let (left, right) = (layout.fields[0].0.left, layout.fields[layout.columns - 1].0.right);
        let bottom = layout.fields.iter().map(|(field, _)| field.bottom).fold(0.0, f64::max);
        let below = if self.staggered(layout.fields[0].0.right - left) { 45.0 } else { 32.0 };
        canvas.text(&self.x_title, ((left + right) / 2.0, bottom + below), middle);
        let upwards = Lettering { upwards: true, ..middle };
        let titles: Vec<(&Panel, f64, f64)> = match self.alike {
            true => vec![(&self.panels[0], layout.fields[0].0.top, bottom)],
            false => self.panels.iter().zip(&layout.fields).map(|(p, (f, _))| (p, f.top, f.bottom)).collect(),
        };
        for (panel, top, bottom) in titles {
            canvas.text(&panel.y_title, (16.0, (top + bottom) / 2.0), upwards);
        }
        self.paint_legend(canvas, layout);
    }

    fn paint_legend(&self, canvas: &Canvas, layout: &Layout) {
        let mut entries: Vec<legend::Entry> = Vec::new();
        for (panel, (field, _)) in self.panels.iter().zip(&layout.fields) {
            for entry in panel.entries(field) {
                if !entries.iter().any(|e| e.name == entry.name && e.colour == entry.colour) {
                    entries.push(entry);
                }
            }
        }
        let (top, mut bottom) = (layout.fields[0].0.top, layout.fields[0].0.bottom);
        if self.panels.len() > 1 {
            // no panel is the one whose lines the names could stand beside
            entries.iter_mut().enumerate().for_each(|(i, entry)| entry.y = top + 6.0 + i as f64);
            bottom = layout.fields.iter().map(|(field, _)| field.bottom).fold(bottom, f64::max);
        }
        legend::paint(canvas, (layout.legend, top, bottom), entries, &self.strokes, &self.heading);
    }
}

/// The notes of a figure of this width, in lines.
pub fn note_lines(notes: &[String], width: f64) -> Vec<String> {
    words::wrap(&notes.join("; "), |line| width_of(line, SMALL) < width - 28.0)
}

/// Paints the notes at the foot of a figure.
pub fn paint_notes(canvas: &Canvas, size: (f64, f64), notes: &[String]) {
    for (i, note) in notes.iter().rev().enumerate() {
        let y = size.1 - 12.0 - 14.0 * i as f64;
        canvas.text(note, (14.0, y), Lettering { size: SMALL, colour: GREY, ..TEXT });
    }
}

/// Says that there is nothing to see yet.
pub fn paint_nothing(canvas: &Canvas, size: (f64, f64)) {
    let quiet = Lettering { colour: GREY, align: Align::Middle, ..TEXT };
    canvas.text("no finished trial has a value to show", (size.0 / 2.0, size.1 / 2.0), quiet);
}

/// The vertical axis of panels; none when there is nothing to show.
fn y_scale(panels: &[&Panel]) -> Option<Scale> {
    let log = panels[0].log_y;
    let lines = || panels.iter().flat_map(|p| &p.lines);
    let means = || lines().flat_map(|l| &l.points).map(|p| p.mean);
    let usable = |x: &f64| x.is_finite() && (!log || *x > 0.0);
    means().find(usable)?;
    if let Some((low, high)) = panels[0].y_range {
        return Some(Scale::new(low, high, log, 0.0));
    }
    let transform = |x: f64| if log { libm::log10(x) } else { x };
    let dots = lines().flat_map(|l| &l.dots).map(|d| d.1);
    let values: Vec<f64> = means().chain(dots).filter(usable).map(transform).collect();
    let must: Vec<f64> = panels.iter().flat_map(|p| &p.must_show).copied().filter(usable).map(transform).collect();
    // a logarithmic axis bears eight decades without flattening anything
    let (mut low, mut high) = robust_range(&values, &must, if log { 8.0 } else { 0.0 })?;
    // bands may widen the range, but not rule it
    let room = 0.25 * (high - low);
    let (lows, highs): (Vec<f64>, Vec<f64>) = lines().flat_map(|l| &l.points).filter_map(|p| p.interval).unzip();
    let usable_ends = |all: Vec<f64>| all.into_iter().filter(usable).map(transform).collect::<Vec<_>>();
    low = usable_ends(lows).into_iter().fold(low, f64::min).max(low - room);
    high = usable_ends(highs).into_iter().fold(high, f64::max).min(high + room);
    let back = |x: f64| if log { libm::pow(10.0, x) } else { x };
    let scale = Scale::new(back(low), back(high), log, 0.04);
    // the best point's label stands at the foot
    Some(if panels.iter().any(|p| p.best.is_some()) { scale.with_room_below(0.09) } else { scale })
}

/// A line of one colour without points yet.
impl Default for Line {
    fn default() -> Self {
        Self {
            name: None,
            colour: INK,
            dashed: false,
            joined: true,
            marked: false,
            points: Vec::new(),
            dots: Vec::new(),
        }
    }
}
