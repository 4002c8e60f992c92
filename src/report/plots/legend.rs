//! The names of lines, each beside the end of its line: no box to look things up in.

use plotters::style::RGBColor;

use super::canvas::{Canvas, GREY, INK, Lettering, TEXT, width_of};
use super::panel::marker;

/// The length of the sample of a line before its name.
const SAMPLE: f64 = 22.0;
/// The distance between two names.
const PITCH: f64 = 17.0;
/// No name is wider than this; a longer one is shortened.
pub const WIDEST: f64 = 190.0;

/// How the line of a name is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// As a line.
    Line,
    /// As a thin line, to compare with.
    Thin,
    /// Not at all: there are marks only.
    None,
}

/// A line's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The line's colour.
    pub colour: RGBColor,
    /// Whether the line is dashed.
    pub dashed: bool,
    /// Whether the line's points are marked.
    pub marked: bool,
    /// How the line is drawn.
    pub stroke: Stroke,
    /// The height at which the line ends.
    pub y: f64,
}

/// How wide the column of names is.
pub fn width<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let widest = names.map(|n| width_of(n, TEXT.size)).fold(54.0 - SAMPLE, f64::max);
    widest.min(WIDEST) + SAMPLE + 16.0
}

/// The text, cut to a width with an ellipsis.
pub fn shortened(text: &str, size: f64, width: f64) -> String {
    if width_of(text, size) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if width_of(&out, size) + width_of(&c.to_string(), size) + size > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// Paints the names at `x` between `top` and `bottom`; above them what solid and dashed mean, when that has to be said,
/// and what the names are values of.
pub fn paint(
    canvas: &Canvas,
    (x, top, bottom): (f64, f64, f64),
    entries: Vec<Entry>,
    strokes: &[(String, bool)],
    heading: &str,
) {
    let marked = entries.iter().any(|e| e.marked);
    let stroke = if entries.iter().any(|e| e.stroke == Stroke::Line) { Stroke::Line } else { Stroke::None };
    for (i, (name, dashed)) in strokes.iter().enumerate() {
        let y = top + 6.0 + PITCH * i as f64;
        let entry = Entry { name: name.clone(), colour: INK, dashed: *dashed, marked, stroke, y };
        paint_entry(canvas, x, &entry, y);
    }
    let mut reserved = if strokes.is_empty() { 0.0 } else { PITCH * (strokes.len() as f64 + 0.6) };
    if !heading.is_empty() {
        reserved += PITCH;
    }
    let placed = spread_out(entries, top + 6.0 + reserved, bottom - 6.0);
    if let Some((_, first)) = placed.first().filter(|_| !heading.is_empty()) {
        let text = shortened(heading, TEXT.size, WIDEST + SAMPLE);
        canvas.text(&text, (x, first - PITCH), Lettering { colour: GREY, ..TEXT });
    }
    for (entry, y) in placed {
        paint_entry(canvas, x, &entry, y);
    }
}

fn paint_entry(canvas: &Canvas, x: f64, entry: &Entry, y: f64) {
    let sample = [(x, y), (x + SAMPLE - 2.0, y)];
    match (entry.stroke, entry.dashed) {
        (Stroke::None, _) => {}
        (Stroke::Thin, _) => canvas.line(&sample, entry.colour, 0.8, 0.9),
        (Stroke::Line, true) => canvas.dashes(&sample, entry.colour, 2.0),
        (Stroke::Line, false) => canvas.line(&sample, entry.colour, 2.0, 1.0),
    }
    if entry.marked {
        marker(canvas, (x + SAMPLE / 2.0 - 1.0, y), entry.colour, entry.dashed);
    }
    canvas.text(&shortened(&entry.name, TEXT.size, WIDEST), (x + SAMPLE + 3.0, y), TEXT);
}

/// The entries from top to bottom, each as near to its line's end as the others leave room.
fn spread_out(mut entries: Vec<Entry>, top: f64, bottom: f64) -> Vec<(Entry, f64)> {
    entries.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut places: Vec<f64> = Vec::new();
    for entry in &entries {
        let free = places.last().map_or(top, |y| y + PITCH);
        places.push(entry.y.max(free));
    }
    let mut limit = bottom;
    for y in places.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - PITCH;
    }
    entries.into_iter().zip(places).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_distance_and_their_order_and_stay_inside() {
        let entry =
            |y: f64| Entry { name: format!("{y}"), colour: INK, dashed: false, marked: false, stroke: Stroke::Line, y };
        let placed = spread_out([90.0, 12.0, 91.0, 92.0, 10.0].map(entry).to_vec(), 10.0, 100.0);
        let names: Vec<&str> = placed.iter().map(|(e, _)| e.name.as_str()).collect();
        assert_eq!(names, ["10", "12", "90", "91", "92"]);
        assert!(placed.windows(2).all(|w| w[1].1 - w[0].1 >= PITCH - 1e-9), "{placed:?}");
        assert!(placed.iter().all(|(_, y)| (10.0..=100.0).contains(y)), "{placed:?}");
    }

    #[test]
    fn a_long_name_is_shortened_to_its_room() {
        assert_eq!(shortened("cosine", 12.0, 100.0), "cosine");
        let short = shortened(&"x".repeat(100), 12.0, 100.0);
        assert!(short.ends_with('…') && width_of(&short, 12.0) <= 106.0, "{short}");
    }
}
