//! `published`: every expectation as a row: the band, the published number, ours with its interval, the verdict. Each row
//! has a scale of its own, because the numbers have nothing in common but the question whether they agree.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, FAINT, GREY, INK, Lettering, PALETTE, TEXT, Xy, draw, width_of};
use super::chart::SIZE;
use super::legend::shortened;
use super::panel::SMALL;
use super::picture::Picture;
use super::scale::Scale;
use super::{Build, Common, Plot, Results};
use crate::base::diagnostics::Diagnostics;
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::expect::{self, Judged, Verdict};
use crate::report::frame::Outline;
use crate::report::number::tidy;
use crate::report::tables::Sheet;
use crate::report::words;

/// The height of a row.
const ROW: f64 = 44.0;
/// Where the scales of the rows stand.
const STRIP: Xy = (236.0, 500.0);
/// Where the numbers and the verdicts stand.
const NUMBERS: Xy = (516.0, 652.0);

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "published",
        aliases: &[],
        summary: "every expectation as a row: the band, the published number, ours with its 95 % interval, the verdict",
        formula: "percentiles 2.5 and 97.5 over seeds drawn again",
        source: "Efron 1979, for the interval",
        keys: Vec::new(),
        example: "{ type = \"published\", title = \"Measured against published\" }".into(),
    };
    Entry { about, build }
}

struct Published {
    title: String,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    if chosen.values.has("where") {
        let hint = "each `[[expect]]` says of which settings it speaks";
        let message = "`where` means nothing in a figure of expectations";
        diagnostics.error_with_hint(chosen.values.place("where"), message, "", hint);
        return None;
    }
    let common = Common::read(&chosen.values, outline, diagnostics)?;
    Some(Box::new(Published { title: common.title }))
}

fn colour_of(verdict: Verdict) -> RGBColor {
    match verdict {
        Verdict::Met => PALETTE[2],
        Verdict::Missed => PALETTE[1],
        Verdict::Pending => GREY,
    }
}

/// The scale that holds all numbers of a row; none when there is none.
fn scale(judged: &Judged<'_>) -> Option<Scale> {
    let e = judged.expectation;
    let interval = judged.interval.map(|(low, high)| [low, high]).into_iter().flatten();
    let numbers = [Some(e.low), Some(e.high), e.published, judged.measured].into_iter().flatten().chain(interval);
    let (low, high) =
        numbers.filter(|x| x.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    (low <= high).then(|| Scale::new(low, high, false, 0.16))
}

fn paint_row(canvas: &Canvas, judged: &Judged<'_>, top: f64) {
    let e = judged.expectation;
    let middle = top + 0.38 * ROW;
    let lines = words::wrap(&e.name, |line| width_of(line, TEXT.size) < STRIP.0 - 28.0);
    let mut shown: Vec<String> = lines.iter().take(2).cloned().collect();
    if let (true, Some(last)) = (lines.len() > 2, shown.last_mut()) {
        *last = shortened(&format!("{last} {}", lines[2]), TEXT.size, STRIP.0 - 28.0);
    }
    for (i, line) in shown.iter().enumerate() {
        let y = middle + 14.0 * (i as f64 - 0.5 * (shown.len() - 1) as f64);
        canvas.text(line, (14.0, y), TEXT);
    }
    let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| tidy(x, 4));
    let ours = format!("{} ({})", number(judged.measured), number(e.published));
    canvas.text(&ours, (NUMBERS.0, middle), TEXT);
    let how = Lettering { colour: colour_of(judged.verdict), bold: true, ..TEXT };
    canvas.text(judged.verdict.word(), (NUMBERS.1, middle), how);
    let Some(scale) = scale(judged) else { return };
    let x = |number: f64| (STRIP.0 + scale.place(number) * (STRIP.1 - STRIP.0)).clamp(STRIP.0, STRIP.1);
    let (from, to) = (x(e.low), x(e.high));
    canvas.rectangle((STRIP.0, middle - 8.0), (STRIP.1, middle + 8.0), RGBColor(248, 248, 248), 1.0);
    canvas.rectangle((from, middle - 8.0), (to, middle + 8.0), RGBColor(208, 218, 228), 1.0);
    let band = e.band();
    let half = 0.5 * width_of(&band, 9.5);
    let at = (0.5 * (from + to)).clamp(STRIP.0 + half, STRIP.1 - half);
    let quiet = Lettering { size: 9.5, colour: GREY, align: Align::Middle, ..TEXT };
    canvas.text(&band, (at, middle + 16.0), quiet);
    if let Some(published) = e.published {
        diamond(canvas, (x(published), middle));
    }
    let colour = colour_of(judged.verdict);
    if let Some((low, high)) = judged.interval {
        canvas.line(&[(x(low), middle), (x(high), middle)], colour, 2.0, 1.0);
        for end in [low, high] {
            canvas.line(&[(x(end), middle - 3.5), (x(end), middle + 3.5)], colour, 1.4, 1.0);
        }
    }
    if let Some(measured) = judged.measured {
        canvas.dot((x(measured), middle), 4.2, colour, 1.0);
    }
}

/// The mark of a published number: higher than ours, so that both are seen where they agree.
fn diamond(canvas: &Canvas, (x, y): Xy) {
    canvas.line(&[(x, y - 9.0), (x, y + 9.0)], INK, 1.2, 1.0);
    for side in [-1.0, 1.0] {
        let tip = y + side * 10.5;
        canvas.polygon(&[(x - 3.6, tip), (x, tip - 3.6), (x + 3.6, tip), (x, tip + 3.6)], INK, 1.0);
    }
}

/// What the marks mean, above the rows.
fn paint_head(canvas: &Canvas, y: f64) {
    let quiet = Lettering { size: SMALL, colour: GREY, ..TEXT };
    let x = STRIP.0;
    canvas.rectangle((x, y - 5.0), (x + 18.0, y + 5.0), RGBColor(208, 218, 228), 1.0);
    canvas.text("expected", (x + 23.0, y), quiet);
    diamond_small(canvas, (x + 88.0, y));
    canvas.text("published", (x + 97.0, y), quiet);
    canvas.line(&[(x + 160.0, y), (x + 178.0, y)], GREY, 2.0, 1.0);
    canvas.dot((x + 169.0, y), 4.2, GREY, 1.0);
    canvas.text("measured", (x + 183.0, y), quiet);
    canvas.text("measured (published)", (NUMBERS.0, y), quiet);
}

fn diamond_small(canvas: &Canvas, (x, y): Xy) {
    canvas.polygon(&[(x - 4.0, y), (x, y - 4.0), (x + 4.0, y), (x, y + 4.0)], INK, 1.0);
}

impl Plot for Published {
    fn stem(&self) -> String {
        "published".into()
    }

    fn metrics(&self) -> &[String] {
        &[]
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let count = |verdict: Verdict| results.judged.iter().filter(|j| j.verdict == verdict).count();
        let all = [Verdict::Met, Verdict::Missed, Verdict::Pending];
        let counts = all.into_iter().filter(|v| count(*v) > 0).map(|v| format!("{} {}", count(v), v.word()));
        let counts = words::list(&counts.collect::<Vec<_>>());
        words::sentence(&format!(
            "measured against published: {counts}; bars: 95 % intervals over seeds drawn again; every row has its own scale"
        ))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        expect::sheet(results.judged)
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let top = if self.title.is_empty() { 34.0 } else { 56.0 };
        let rows = results.judged.len();
        let size = (SIZE.0, (top + ROW * rows.max(1) as f64 + 8.0).round());
        draw(size, "measured against published", |canvas| {
            if !self.title.is_empty() {
                canvas.text(&self.title, (14.0, 18.0), Lettering { size: 14.0, bold: true, ..TEXT });
            }
            if rows == 0 {
                let quiet = Lettering { colour: GREY, align: Align::Middle, ..TEXT };
                canvas.text("the experiment has no `[[expect]]`", (size.0 / 2.0, size.1 / 2.0), quiet);
                return;
            }
            paint_head(canvas, top - 16.0);
            for (i, judged) in results.judged.iter().enumerate() {
                let y = top + ROW * i as f64;
                canvas.line(&[(14.0, y - 2.0), (size.0 - 14.0, y - 2.0)], FAINT, 0.8, 1.0);
                paint_row(canvas, judged, y);
            }
        })
    }
}
