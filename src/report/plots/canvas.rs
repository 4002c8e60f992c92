//! The paper and the pens: a canvas of points (1/96 inch), the palette, the text sizes. What is drawn is kept as a list of
//! marks, from which [`super::picture`] makes files. Every coordinate is rounded to a tenth of a point, once, here, so a
//! figure's bytes are the same on every machine.

use std::cell::RefCell;

use plotters::style::RGBColor;

use super::picture::{Mark, Picture};

/// Steps of the grid on which everything lies, to a point.
pub const SCALE: f64 = 10.0;

/// A point of the canvas: from the left, from the top.
pub type Xy = (f64, f64);

/// Colours that readers with any colour vision tell apart (Okabe & Ito 2008), without the yellow, which paper swallows.
pub const PALETTE: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(40, 40, 40),
    RGBColor(140, 86, 75),
];
/// Text and axes.
pub const INK: RGBColor = RGBColor(34, 34, 34);
/// Ticks, notes and what is said quietly.
pub const GREY: RGBColor = RGBColor(110, 110, 110);
/// Grid lines.
pub const FAINT: RGBColor = RGBColor(228, 228, 228);

/// A drawing in progress.
#[derive(Default)]
pub struct Canvas {
    marks: RefCell<Vec<Mark>>,
}

/// How a text stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lettering {
    /// Its size in points.
    pub size: f64,
    /// Its colour.
    pub colour: RGBColor,
    /// Whether it begins, is centred or ends at its place.
    pub align: Align,
    /// Whether it is bold.
    pub bold: bool,
    /// Whether it reads upwards.
    pub upwards: bool,
}

/// Which part of a text stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// Text of the usual kind.
pub const TEXT: Lettering = Lettering { size: 12.0, colour: INK, align: Align::Start, bold: false, upwards: false };

/// Draws a picture of this size with what `paint` puts on it. `title` is what a screen reader says.
pub fn draw(size: (f64, f64), title: &str, paint: impl FnOnce(&Canvas)) -> Picture {
    let canvas = Canvas::default();
    canvas.rectangle((0.0, 0.0), size, RGBColor(255, 255, 255), 1.0);
    paint(&canvas);
    Picture { size, title: title.to_owned(), marks: canvas.marks.into_inner() }
}

/// About how wide a text is, in points: Helvetica's mean letter.
pub fn width_of(text: &str, size: f64) -> f64 {
    let letters: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | 't' | 'f' | 'I' | '.' | ',' | ':' | ' ' | '\'' | '|' | '(' | ')' => 0.32,
            'm' | 'w' | 'M' | 'W' | '%' => 0.86,
            c if c.is_uppercase() => 0.70,
            _ => 0.56,
        })
        .sum();
    letters * size
}

fn pixel((x, y): Xy) -> (i32, i32) {
    ((x * SCALE).round() as i32, (y * SCALE).round() as i32)
}

impl Canvas {
    /// A line through points.
    pub fn line(&self, points: &[Xy], colour: RGBColor, width: f64, alpha: f64) {
        if points.len() > 1 {
            let points = points.iter().copied().map(pixel).collect();
            self.put(Mark::Line { points, colour, width: (width * SCALE) as u32, alpha });
        }
    }

    /// A dashed line through points. The dashes are cut here: plotters' own use the platform's `hypot`.
    pub fn dashes(&self, points: &[Xy], colour: RGBColor, width: f64) {
        const DASH: f64 = 5.5;
        const GAP: f64 = 3.0;
        let (mut left, mut on) = (DASH, true);
        let mut dash = points.first().copied().into_iter().collect::<Vec<_>>();
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                let length = (dx * dx + dy * dy).sqrt();
                if length < left {
                    left -= length;
                    break;
                }
                from = (from.0 + dx * left / length, from.1 + dy * left / length);
                if on {
                    dash.push(from);
                    self.line(&dash, colour, width, 1.0);
                }
                on = !on;
                left = if on { DASH } else { GAP };
                dash = vec![from];
            }
            if on {
                dash.push(to);
            }
        }
        if on {
            self.line(&dash, colour, width, 1.0);
        }
    }

    /// A filled polygon.
    pub fn polygon(&self, points: &[Xy], colour: RGBColor, alpha: f64) {
        let points: Vec<_> = points.iter().copied().map(pixel).collect();
        if points.len() > 2 {
            self.put(Mark::Polygon { points, colour, alpha });
        }
    }

    /// A filled rectangle.
    pub fn rectangle(&self, from: Xy, to: Xy, colour: RGBColor, alpha: f64) {
        self.put(Mark::Rectangle { from: pixel(from), to: pixel(to), colour, alpha });
    }

    /// A filled circle.
    pub fn dot(&self, centre: Xy, radius: f64, colour: RGBColor, alpha: f64) {
        self.put(Mark::Circle { centre: pixel(centre), radius: radius * SCALE, colour, alpha });
    }

    /// A circle with a white heart.
    pub fn ring(&self, centre: Xy, radius: f64, colour: RGBColor, width: f64) {
        self.dot(centre, radius + width / 2.0, colour, 1.0);
        self.dot(centre, radius - width / 2.0, RGBColor(255, 255, 255), 1.0);
    }

    /// A text, centred on its place in height.
    pub fn text(&self, text: &str, at: Xy, how: Lettering) {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.put(Mark::Text { text, at: pixel(at), how });
    }

    fn put(&self, mark: Mark) {
        self.marks.borrow_mut().push(mark);
    }
}
