//! `box`: the seeds of every setting, one by one, and what five numbers say of them: because a mean hides that one seed in
//! five got stuck. A row for each setting, so that its name has room.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, FAINT, GREY, INK, Lettering, PALETTE, TEXT, Xy, draw, width_of};
use super::chart::{SIZE, note_lines, paint_notes, paint_nothing};
use super::legend::shortened;
use super::panel::SMALL;
use super::picture::Picture;
use super::scale::{Scale, robust_range};
use super::{Build, Common, Plot, Results, read_y};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Frame, Outline};
use crate::report::number::exact_or_empty;
use crate::report::spread::{Group, quantile};
use crate::report::tables::Sheet;
use crate::report::words;

/// Of more settings, so many of the best.
const MOST_ROWS: usize = 24;
/// The height of one measure of a setting.
const LANE: f64 = 22.0;
/// Names are no wider.
const WIDEST: f64 = 280.0;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::preset(
            "y",
            Kind::List { of: &Kind::Text, least: 1 },
            "[\"test_loss\"]",
            "numbers of the trials' summaries, each with a colour",
        ),
        Key::preset(
            "how",
            Kind::Word(&[
                ("box", "median, quartiles, whiskers to the last seed within 1.5 of their distance, and the seeds"),
                ("strip", "the seeds, and their mean with its 95 % interval"),
            ]),
            "\"box\"",
            "what is drawn of the seeds",
        ),
        Key::preset("log", Kind::Flag, "false", "a logarithmic axis"),
    ];
    let about = About {
        name: "box",
        aliases: &["boxplot", "box_plot"],
        summary: "a measure of every seed of every setting, as boxes or as a strip: whether the seeds agree, and which do not",
        formula: "quartiles by linear interpolation, whiskers within 1.5 (q3 - q1) of them",
        source: "Tukey 1977; quantiles are type 7 of Hyndman & Fan 1996, as in NumPy",
        keys,
        example: "{ type = \"box\", y = [\"test_loss\"], how = \"strip\" }".into(),
    };
    Entry { about, build }
}

struct Boxes {
    common: Common,
    y: Vec<String>,
    strip: bool,
    log: bool,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let y = read_y(values, outline.summaries, diagnostics);
    let common = Common::read(values, outline, diagnostics);
    let (strip, log) = (values.text("how") == "strip", values.flag("log"));
    Some(Box::new(Boxes { common: common?, y: y?, strip, log }))
}

/// Where everything stands.
struct Field {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    row: f64,
    scale: Scale,
}

impl Field {
    fn x(&self, value: f64) -> f64 {
        self.left + self.scale.place(value) * (self.right - self.left)
    }

    fn shows(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.scale.place(value))
    }
}

impl Boxes {
    /// The settings that are drawn, in the order of the file, and how many are not.
    fn cells(&self, frame: &Frame) -> (Vec<usize>, usize) {
        let all = self.common.selection.cells(frame);
        if all.len() <= MOST_ROWS {
            return (all, 0);
        }
        let mut cells = frame.ranked(&all, &self.y[0]);
        cells.extend(all.iter().filter(|c| !cells.contains(c)).copied().collect::<Vec<_>>());
        cells.truncate(MOST_ROWS);
        cells.sort_unstable();
        let left_out = all.len() - cells.len();
        (cells, left_out)
    }

    fn facts(&self, frame: &Frame, cells: &[usize], left_out: usize) -> Vec<String> {
        let mut facts = vec![match self.strip {
            true => "dots: single seeds, bar: mean with its 95 % interval".to_owned(),
            false => {
                "dots: single seeds, box: quartiles and median, whiskers: the last seed within 1.5 of the box".into()
            }
        }];
        let outside = |cell: usize, measure: &String, scale: Scale| {
            frame.group(cell, measure).spread.values.iter().any(|v| !(-1e-9..=1.0 + 1e-9).contains(&scale.place(*v)))
        };
        let scale = self.scale(frame, cells);
        if scale.is_some_and(|s| cells.iter().any(|c| self.y.iter().any(|m| outside(*c, m, s)))) {
            facts.push("triangles: outside the picture".into());
        }
        if left_out > 0 {
            let by = words::metric(&self.y[0]);
            facts.push(format!("the best {} of {} settings by {by}", cells.len(), cells.len() + left_out));
        }
        facts
    }

    fn scale(&self, frame: &Frame, cells: &[usize]) -> Option<Scale> {
        let values = cells.iter().flat_map(|&c| self.y.iter().flat_map(move |m| frame.group(c, m).spread.values));
        let usable = |x: &f64| x.is_finite() && (!self.log || *x > 0.0);
        let values: Vec<f64> = values.filter(usable).map(|x| if self.log { libm::log10(x) } else { x }).collect();
        let (low, high) = robust_range(&values, &[], if self.log { 8.0 } else { 0.0 })?;
        let back = |x: f64| if self.log { libm::pow(10.0, x) } else { x };
        Some(Scale::new(back(low), back(high), self.log, 0.04))
    }

    /// One measure of one setting, its middle at height `y`.
    fn paint_lane(&self, canvas: &Canvas, field: &Field, group: &Group, y: f64, colour: RGBColor) {
        let mut values: Vec<f64> = group.spread.values.iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let inside = |v: f64| field.x(v).clamp(field.left, field.right);
        if !self.strip && values.len() > 1 {
            paint_box(canvas, &values, inside, y, colour);
        }
        let mut before: Vec<Xy> = Vec::new();
        for &value in &values {
            if !field.shows(value) {
                let (tip, side) = if field.scale.place(value) > 0.5 { (field.right, -1.0) } else { (field.left, 1.0) };
                canvas.polygon(&[(tip, y), (tip + side * 6.5, y - 3.6), (tip + side * 6.5, y + 3.6)], colour, 0.8);
                continue;
            }
            let at = aside(&before, (field.x(value), y));
            canvas.dot(at, 2.1, colour, if self.strip { 0.6 } else { 0.75 });
            before.push(at);
        }
        let mean = group.spread.mean.filter(|m| self.strip && m.is_finite());
        if let Some(mean) = mean.filter(|m| field.shows(*m)) {
            if let Some((low, high)) = group.spread.interval {
                canvas.line(&[(inside(low), y), (inside(high), y)], INK, 1.6, 0.9);
            }
            canvas.line(&[(field.x(mean), y - 6.5), (field.x(mean), y + 6.5)], INK, 2.2, 1.0);
        }
    }

    fn paint_axes(&self, canvas: &Canvas, field: &Field) {
        for tick in field.scale.ticks(7) {
            let x = field.x(tick.at);
            if !tick.label.is_empty() {
                canvas.line(&[(x, field.top), (x, field.bottom)], FAINT, 0.8, 1.0);
            }
            let length = if tick.label.is_empty() { 2.5 } else { 4.5 };
            canvas.line(&[(x, field.bottom), (x, field.bottom + length)], INK, 0.9, 1.0);
            let how = Lettering { size: SMALL, align: Align::Middle, ..TEXT };
            canvas.text(&tick.label, (x, field.bottom + 13.0), how);
        }
        canvas.line(&[(field.left, field.bottom), (field.right, field.bottom)], INK, 0.9, 1.0);
        let middle = Lettering { align: Align::Middle, ..TEXT };
        canvas.text(&words::together(&self.y), ((field.left + field.right) / 2.0, field.bottom + 32.0), middle);
    }

    fn paint(&self, canvas: &Canvas, field: &Field, frame: &Frame, cells: &[usize], names: &[String]) {
        self.paint_axes(canvas, field);
        let quiet = Lettering { size: SMALL, colour: GREY, ..TEXT };
        for (i, (&cell, name)) in cells.iter().zip(names).enumerate() {
            let top = field.top + field.row * i as f64;
            let middle = top + 0.5 * field.row;
            if i > 0 {
                canvas.line(&[(field.left, top), (field.right, top)], FAINT, 0.6, 1.0);
            }
            let text = shortened(name, TEXT.size, WIDEST);
            canvas.text(&text, (field.left - 10.0, middle), Lettering { align: Align::End, ..TEXT });
            for (j, measure) in self.y.iter().enumerate() {
                let y = top + 4.0 + LANE * (j as f64 + 0.5);
                self.paint_lane(canvas, field, &frame.group(cell, measure), y, PALETTE[j % PALETTE.len()]);
            }
            let group = Group::of(frame.trials_of(cell), |_| None);
            let mut count = format!("n = {}", group.done);
            if group.diverged > 0 {
                count.push_str(&format!(", {} diverged", group.diverged));
            }
            canvas.text(&count, (field.right + 8.0, middle), quiet);
        }
    }
}

/// Median, quartiles and whiskers of sorted values.
fn paint_box(canvas: &Canvas, values: &[f64], x: impl Fn(f64) -> f64, y: f64, colour: RGBColor) {
    let quartile = |share: f64| quantile(values, share);
    let (q1, median, q3) = (quartile(0.25), quartile(0.5), quartile(0.75));
    let reach = 1.5 * (q3 - q1);
    let low = values.iter().copied().find(|v| *v >= q1 - reach).unwrap_or(q1);
    let high = values.iter().rev().copied().find(|v| *v <= q3 + reach).unwrap_or(q3);
    for (from, to) in [(low, q1), (q3, high)] {
        canvas.line(&[(x(from), y), (x(to), y)], colour, 1.3, 0.9);
    }
    for end in [low, high] {
        canvas.line(&[(x(end), y - 4.0), (x(end), y + 4.0)], colour, 1.3, 0.9);
    }
    let (left, right) = (x(q1), x(q3));
    canvas.rectangle((left, y - 7.0), (right, y + 7.0), colour, 0.2);
    canvas.line(
        &[(left, y - 7.0), (right, y - 7.0), (right, y + 7.0), (left, y + 7.0), (left, y - 7.0)],
        colour,
        1.2,
        1.0,
    );
    canvas.line(&[(x(median), y - 7.0), (x(median), y + 7.0)], colour, 2.6, 1.0);
}

/// The place itself, or as little above or below as keeps dots apart.
fn aside(before: &[Xy], (x, y): Xy) -> Xy {
    let free = |at: Xy| before.iter().rev().take(12).all(|b| (b.0 - at.0).abs() > 3.4 || (b.1 - at.1).abs() > 2.6);
    let places = [0.0, 3.0, -3.0, 6.0, -6.0].map(|dy| (x, y + dy));
    places.into_iter().find(|at| free(*at)).unwrap_or((x, y))
}

impl Plot for Boxes {
    fn stem(&self) -> String {
        format!("{}-{}", if self.strip { "strip" } else { "box" }, self.y[0])
    }

    fn metrics(&self) -> &[String] {
        &self.y
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let (cells, left_out) = self.cells(results.frame);
        let facts = self.facts(results.frame, &cells, left_out).join("; ");
        let measures = words::list(&self.y.iter().map(|m| words::metric(m)).collect::<Vec<_>>());
        words::sentence(&format!("{measures} of every seed: {facts}"))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let frame = results.frame;
        let own = ["measure", "seed", "value"].map(str::to_owned);
        let mut sheet = Sheet::new(frame.axes.iter().map(|a| a.path.clone()).chain(own));
        for cell in self.cells(frame).0 {
            for measure in &self.y {
                for trial in frame.trials_of(cell) {
                    let Some(value) = trial.finished().and_then(|r| r.summary(measure)) else { continue };
                    let row = [measure.clone(), trial.seed.to_string(), exact_or_empty(Some(value))];
                    sheet.push(frame.labels(cell).map(str::to_owned).chain(row));
                }
            }
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let frame = results.frame;
        let (cells, left_out) = self.cells(frame);
        let open = self.common.selection.open(&frame.axes);
        let name = |cell: &usize| if open.is_empty() { "all seeds".to_owned() } else { frame.describe(*cell, &open) };
        let names: Vec<String> = cells.iter().map(name).collect();
        let notes = note_lines(&self.facts(frame, &cells, left_out), SIZE.0);
        let legend = if self.y.len() > 1 { 22.0 } else { 0.0 };
        let top = if self.common.title.is_empty() { 12.0 } else { 34.0 } + legend;
        let row = 8.0 + LANE * self.y.len() as f64;
        let bottom = top + row * cells.len() as f64;
        let size = (SIZE.0, (bottom + 52.0 + 14.0 * notes.len() as f64).round());
        let left = 26.0 + names.iter().map(|n| width_of(n, TEXT.size)).fold(0.0, f64::max).min(WIDEST);
        draw(size, &format!("{} of every seed", words::together(&self.y)), |canvas| {
            if !self.common.title.is_empty() {
                canvas.text(&self.common.title, (14.0, 18.0), Lettering { size: 14.0, bold: true, ..TEXT });
            }
            match self.scale(frame, &cells) {
                None => paint_nothing(canvas, size),
                Some(scale) => {
                    let field = Field { left, right: SIZE.0 - 112.0, top, bottom, row, scale };
                    self.paint(canvas, &field, frame, &cells, &names);
                    let mut x = field.left;
                    for (j, measure) in self.y.iter().enumerate().filter(|_| legend > 0.0) {
                        let name = words::metric(measure);
                        canvas.dot((x + 4.0, top - 14.0), 4.0, PALETTE[j % PALETTE.len()], 1.0);
                        canvas.text(&name, (x + 13.0, top - 14.0), TEXT);
                        x += 34.0 + width_of(&name, TEXT.size);
                    }
                }
            }
            paint_notes(canvas, size, &notes);
        })
    }
}
