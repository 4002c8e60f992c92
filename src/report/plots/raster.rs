//! A picture as PNG: shapes through tiny-skia, letters as the outlines of a font that is part of the program, so that no
//! machine's fonts and no vector instructions have a say in the bytes.

use std::sync::LazyLock;

use plotters::style::RGBColor;
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::canvas::{Align, Lettering, SCALE};
use super::picture::{Mark, Picture};

/// Ubuntu Light (Ubuntu Font Licence 1.0).
static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(epaint_default_fonts::UBUNTU_LIGHT, 0).expect("the font within the program is one"));

/// How much heavier than the font's own, which is a light one, letters are drawn: in shares of their size.
const WEIGHT: f64 = 0.022;
const BOLD: f64 = 0.062;

impl Picture {
    /// As PNG with so many pixels to a point.
    pub fn png(&self, pixels: f64) -> Vec<u8> {
        let side = |points: f64| ((points * pixels).round() as u32).max(1);
        let mut map = Pixmap::new(side(self.size.0), side(self.size.1)).expect("a figure has a size that memory takes");
        let to_pixels = Transform::from_scale((pixels / SCALE) as f32, (pixels / SCALE) as f32);
        for mark in &self.marks {
            paint(&mut map, mark, to_pixels);
        }
        map.encode_png().expect("memory takes all")
    }
}

fn ink(RGBColor(r, g, b): RGBColor, alpha: f64) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, (255.0 * alpha).round() as u8);
    paint
}

fn paint(map: &mut Pixmap, mark: &Mark, to_pixels: Transform) {
    let fill = |map: &mut Pixmap, path: Option<Path>, colour, alpha| {
        // a shape without any area has no path
        if let Some(path) = path {
            map.fill_path(&path, &ink(colour, alpha), FillRule::Winding, to_pixels, None);
        }
    };
    match mark {
        Mark::Line { points, colour, width, alpha } => {
            let stroke = stroke(f64::from(*width));
            if let Some(path) = polyline(points, false) {
                map.stroke_path(&path, &ink(*colour, *alpha), &stroke, to_pixels, None);
            }
        }
        Mark::Polygon { points, colour, alpha } => fill(map, polyline(points, true), *colour, *alpha),
        Mark::Rectangle { from, to, colour, alpha } => {
            let corners = [*from, (to.0, from.1), *to, (from.0, to.1)];
            fill(map, polyline(&corners, true), *colour, *alpha);
        }
        Mark::Circle { centre, radius, colour, alpha } => {
            let path = PathBuilder::from_circle(centre.0 as f32, centre.1 as f32, *radius as f32);
            fill(map, path, *colour, *alpha);
        }
        Mark::Text { text, at, how } => letters(map, text, (f64::from(at.0), f64::from(at.1)), *how, to_pixels),
    }
}

fn stroke(width: f64) -> Stroke {
    Stroke { width: width as f32, line_join: LineJoin::Round, line_cap: LineCap::Butt, ..Stroke::default() }
}

fn polyline(points: &[(i32, i32)], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let (x, y) = (*x as f32, *y as f32);
        if i == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

/// The outline of letters, from units of the font to tenths of a point, the base line at height 0.
struct Outline {
    path: PathBuilder,
    scale: f32,
    x: f32,
    rise: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, -self.rise - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

/// What an exponent is drawn as, since fonts lack some of its signs: the sign itself, smaller and higher, in shares of the
/// size.
fn raised(letter: char) -> (char, f64, f64) {
    const RAISED: [(char, char); 11] = [
        ('⁰', '0'),
        ('¹', '1'),
        ('²', '2'),
        ('³', '3'),
        ('⁴', '4'),
        ('⁵', '5'),
        ('⁶', '6'),
        ('⁷', '7'),
        ('⁸', '8'),
        ('⁹', '9'),
        ('⁻', '−'),
    ];
    RAISED.iter().find(|(sign, _)| *sign == letter).map_or((letter, 1.0, 0.0), |(_, plain)| (*plain, 0.64, 0.34))
}

fn letters(map: &mut Pixmap, text: &str, (x, y): (f64, f64), how: Lettering, to_pixels: Transform) {
    let size = how.size * SCALE;
    let scale = size / f64::from(FACE.units_per_em());
    let mut outline = Outline { path: PathBuilder::new(), scale: 0.0, x: 0.0, rise: 0.0 };
    for letter in text.chars() {
        let (letter, share, rise) = raised(letter);
        (outline.scale, outline.rise) = ((scale * share) as f32, (size * rise) as f32);
        // glyph 0 is the box for letters that the font does not have
        let glyph = FACE.glyph_index(letter).unwrap_or_default();
        FACE.outline_glyph(glyph, &mut outline);
        let advance = FACE.glyph_hor_advance(glyph).unwrap_or(FACE.units_per_em() / 2);
        outline.x += f32::from(advance) * outline.scale;
    }
    let width = f64::from(outline.x);
    let Some(path) = outline.path.finish() else { return };
    let along = match how.align {
        Align::Start => 0.0,
        Align::Middle => -0.5 * width,
        Align::End => -width,
    };
    // as in SVG, half the height of an x below the middle
    let down = 0.5 * scale * f64::from(FACE.x_height().unwrap_or(500));
    let (right, below) = (along as f32, down as f32);
    let place = match how.upwards {
        false => Transform::from_translate(x as f32 + right, y as f32 + below),
        true => Transform::from_row(0.0, -1.0, 1.0, 0.0, x as f32 + below, y as f32 - right),
    };
    let transform = place.post_concat(to_pixels);
    let weight = stroke(size * if how.bold { BOLD } else { WEIGHT });
    map.fill_path(&path, &ink(how.colour, 1.0), FillRule::Winding, transform, None);
    map.stroke_path(&path, &ink(how.colour, 1.0), &weight, transform, None);
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{PALETTE, TEXT, draw};
    use super::*;

    #[test]
    fn a_png_has_its_size_and_its_colours_where_they_were_put() {
        let picture = draw((60.0, 40.0), "a", |canvas| {
            canvas.rectangle((10.0, 10.0), (20.0, 20.0), PALETTE[0], 1.0);
            canvas.text("H", (40.0, 20.0), Lettering { size: 20.0, ..TEXT });
        });
        let map = Pixmap::decode_png(&picture.png(2.0)).unwrap();
        assert_eq!((map.width(), map.height()), (120, 80));
        let pixel = |x: u32, y: u32| map.pixel(x, y).map(|p| (p.red(), p.green(), p.blue())).unwrap();
        assert_eq!(pixel(30, 30), (0, 114, 178));
        assert_eq!(pixel(1, 1), (255, 255, 255));
        let dark = (80..110).flat_map(|x| (20..60).map(move |y| (x, y))).filter(|(x, y)| pixel(*x, *y).0 < 100);
        assert!(dark.count() > 60, "a letter was drawn");
    }

    #[test]
    fn the_font_has_every_sign_that_figures_write() {
        for letter in "abcXYZ0189−+±×%…⁻⁰¹²³⁴⁵⁶⁷⁸⁹.,;:()[]{}/=<>_'\"–äöüéß".chars() {
            assert!(FACE.glyph_index(raised(letter).0).is_some(), "{letter}");
        }
    }
}
