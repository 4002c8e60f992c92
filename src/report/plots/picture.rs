//! A picture as files: SVG through plotters' backend, whose coordinates are integers, so that it draws ten times larger and
//! is scaled back by its view box; PNG through [`super::raster`].

use plotters::backend::SVGBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::canvas::{Align, Lettering, SCALE};

/// The text of a figure, wherever it is opened.
const FONT: &str = "Helvetica, Arial, 'Liberation Sans', sans-serif";

/// A place in tenths of a point.
pub type Tenths = (i32, i32);

/// Something that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through points.
    Line { points: Vec<Tenths>, colour: RGBColor, width: u32, alpha: f64 },
    /// A filled polygon.
    Polygon { points: Vec<Tenths>, colour: RGBColor, alpha: f64 },
    /// A filled rectangle.
    Rectangle { from: Tenths, to: Tenths, colour: RGBColor, alpha: f64 },
    /// A filled circle.
    Circle { centre: Tenths, radius: f64, colour: RGBColor, alpha: f64 },
    /// A text, centred on its place in height.
    Text { text: String, at: Tenths, how: Lettering },
}

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Its width and height in points.
    pub size: (f64, f64),
    /// What a screen reader says.
    pub title: String,
    /// What is drawn, the lowest first.
    pub marks: Vec<Mark>,
}

impl Picture {
    /// As SVG, which needs no font and no other file.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        let (w, h) = (self.size.0 * SCALE, self.size.1 * SCALE);
        {
            let area = SVGBackend::with_string(&mut svg, (w as u32, h as u32)).into_drawing_area();
            let sheet = Sheet { area };
            self.marks.iter().for_each(|mark| sheet.paint(mark));
            sheet.area.present().expect("memory takes all");
        }
        let body = svg.split_once('>').expect("the backend opens the svg element").1;
        let (width, height) = self.size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" stroke-linejoin=\"round\">\n<title>{}</title>{body}",
            escape(&self.title)
        )
    }
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

/// The backend's paper.
struct Sheet<'a> {
    area: plotters::drawing::DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
}

impl Sheet<'_> {
    fn paint(&self, mark: &Mark) {
        match mark {
            Mark::Line { points, colour, width, alpha } => {
                let style = ShapeStyle { color: colour.mix(*alpha), filled: false, stroke_width: *width };
                self.put(&PathElement::new(points.clone(), style));
            }
            Mark::Polygon { points, colour, alpha } => {
                self.put(&Polygon::new(points.clone(), colour.mix(*alpha).filled()));
            }
            Mark::Rectangle { from, to, colour, alpha } => {
                self.put(&Rectangle::new([*from, *to], colour.mix(*alpha).filled()));
            }
            Mark::Circle { centre, radius, colour, alpha } => {
                self.put(&Circle::new(*centre, *radius, colour.mix(*alpha).filled()));
            }
            Mark::Text { text, at, how } => self.text(text, *at, *how),
        }
    }

    fn text(&self, text: &str, at: Tenths, how: Lettering) {
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
        self.area.draw_text(text, &style, at).expect("memory takes all");
    }

    fn put<'e, E>(&self, element: &'e E)
    where
        &'e E: PointCollection<'e, Tenths>,
        E: for<'b> Drawable<SVGBackend<'b>>,
    {
        self.area.draw(element).expect("memory takes all");
    }
}
