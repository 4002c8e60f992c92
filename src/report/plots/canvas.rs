//! The paper and the pens: a canvas of points (1/96 inch) over plotters' SVG backend, the palette, the text sizes. The
//! backend's coordinates are integers, so it draws ten times larger and the picture is scaled back by its view box.
//! Everything is rounded once, here, so a figure's bytes are the same on every machine.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

/// How much larger the backend draws.
const SCALE: f64 = 10.0;
/// The text of a figure, wherever it is opened.
const FONT: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";

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
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// How a text stands.
#[derive(Debug, Clone, Copy)]
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
pub fn draw((width, height): (f64, f64), title: &str, paint: impl FnOnce(&Canvas<'_>)) -> String {
    let mut svg = String::new();
    {
        let size = ((width * SCALE) as u32, (height * SCALE) as u32);
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let canvas = Canvas { area };
        canvas.rectangle((0.0, 0.0), (width, height), RGBColor(255, 255, 255), 1.0);
        paint(&canvas);
        canvas.area.present().expect("memory takes all");
    }
    let body = svg.split_once('>').expect("the backend opens the svg element").1;
    let (w, h) = (width * SCALE, height * SCALE);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
         role=\"img\" stroke-linejoin=\"round\">\n<title>{}</title>{body}",
        escape(title)
    )
}

/// Text as it may stand in XML.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
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

impl Canvas<'_> {
    /// A line through points.
    pub fn line(&self, points: &[Xy], colour: RGBColor, width: f64, alpha: f64) {
        let style = ShapeStyle { color: colour.mix(alpha), filled: false, stroke_width: (width * SCALE) as u32 };
        if points.len() > 1 {
            self.put(&PathElement::new(points.iter().copied().map(pixel).collect::<Vec<_>>(), style));
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
            self.put(&Polygon::new(points, colour.mix(alpha).filled()));
        }
    }

    /// A filled rectangle.
    pub fn rectangle(&self, from: Xy, to: Xy, colour: RGBColor, alpha: f64) {
        self.put(&Rectangle::new([pixel(from), pixel(to)], colour.mix(alpha).filled()));
    }

    /// A filled circle.
    pub fn dot(&self, centre: Xy, radius: f64, colour: RGBColor, alpha: f64) {
        self.put(&Circle::new(pixel(centre), radius * SCALE, colour.mix(alpha).filled()));
    }

    /// A circle with a white heart.
    pub fn ring(&self, centre: Xy, radius: f64, colour: RGBColor, width: f64) {
        self.dot(centre, radius + width / 2.0, colour, 1.0);
        self.dot(centre, radius - width / 2.0, RGBColor(255, 255, 255), 1.0);
    }

    /// A text, centred on its place in height.
    pub fn text(&self, text: &str, at: Xy, how: Lettering) {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let h_pos = match how.align {
            Align::Start => HPos::Left,
            Align::Middle => HPos::Center,
            Align::End => HPos::Right,
        };
        // the backend divides by 1.24, which is the height of a line over the size of its letters
        let font = (FONT, how.size * SCALE * 1.24).into_font();
        let font = if how.bold { font.style(FontStyle::Bold) } else { font };
        let font = if how.upwards { font.transform(FontTransform::Rotate270) } else { font };
        let style = TextStyle::from(font).color(&how.colour).pos(Pos::new(h_pos, VPos::Center));
        self.area.draw_text(&text, &style, pixel(at)).expect("memory takes all");
    }

    fn put<'e, E>(&self, element: &'e E)
    where
        &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: for<'b> plotters::element::Drawable<SVGBackend<'b>>,
    {
        self.area.draw(element).expect("memory takes all");
    }
}
