//! The figures of a report, drawn with the charts of `report`: the roofline, ours against `matrixmultiply` over the sides of
//! squares, and over the shapes of minibatches.

use crate::report::number::{exact, exact_or_empty, rounded};
use crate::report::plots::{Chart, Level, Line, PALETTE, Panel, Point};
use crate::report::tables::Sheet;

use super::gemm::{Form, Kind, PEER, Shape, named};
use super::limits::ROOFS;
use super::results::{Measure, Results};
use super::tables::words_of;

/// A figure with the name of its files.
pub(super) struct Figure {
    pub name: &'static str,
    pub caption: String,
    pub chart: Chart,
}

/// Those that there is something to show in.
pub(super) fn figures(results: &Results) -> Vec<Figure> {
    [roofline(results), squares(results), shapes(results)].into_iter().flatten().collect()
}

/// The numbers behind a chart.
pub(super) fn sheet(chart: &Chart) -> Sheet {
    let mut sheet = Sheet::new(["panel", "line", "x", "y", "low", "high"].map(str::to_owned));
    for panel in &chart.panels {
        for line in &panel.lines {
            for point in &line.points {
                let x = chart.categories.get(point.x as usize).cloned().unwrap_or_else(|| exact(point.x));
                let (low, high) = point.interval.unzip();
                let name = line.name.clone().unwrap_or_default();
                sheet.push([panel.name.clone(), name, x, exact(point.mean), exact_or_empty(low), exact_or_empty(high)]);
            }
        }
    }
    sheet
}

fn point(x: f64, measure: &Measure) -> Point {
    let e = &measure.estimate;
    Point { x, mean: e.median, interval: Some((e.low, e.high)) }
}

/// Who multiplied, ours first and the peer last.
fn who(results: &Results) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for measure in results.group("gemm") {
        if !found.contains(&measure.with.as_str()) {
            found.push(&measure.with);
        }
    }
    found
}

/// The peaks of our instruction sets as levels; where two are within 3 % of each other, one level for both.
fn peaks(results: &Results) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    for isa in who(results).into_iter().filter(|with| *with != PEER) {
        let Some(peak) = results.peak(isa, 1) else { continue };
        match levels.iter_mut().find(|level| (level.y / peak).max(peak / level.y) < 1.03) {
            Some(level) => level.name.push_str(&format!(", {isa}")),
            None => levels.push(Level { name: format!("peak {isa}"), y: peak }),
        }
    }
    levels
}

/// What can be reached for so many operations per byte, and what is (Williams, Waterman & Patterson 2009).
fn roofline(results: &Results) -> Option<Figure> {
    const ENDS: (f64, f64) = (0.125, 512.0);
    let ours = *who(results).first()?;
    let peak = results.peak(ours, 1)?;
    let roof = |(name, dashed): (&str, bool)| {
        let bandwidth = results.group("limits").find(|m| m.name == name)?.estimate.median;
        // a roof that is at its height before the picture begins is a level
        let mut xs = vec![ENDS.0, (peak / bandwidth).clamp(ENDS.0, ENDS.1), ENDS.1];
        xs.dedup();
        let points = xs.into_iter().map(|x| Point { x, mean: peak.min(bandwidth * x), interval: None }).collect();
        let name = Some(format!("{name}: {} GB/s", rounded(bandwidth, 3)));
        Some(Line { name, dashed, points, ..Line::default() })
    };
    let mut lines: Vec<Line> = ROOFS.into_iter().zip([false, true]).filter_map(roof).collect();
    let kinds = Kind::ALL.map(Some).into_iter().chain([None]);
    for (kind, colour) in kinds.zip(PALETTE) {
        let is = |m: &&Measure| m.with == ours && named(&m.name).map(|(_, shape)| Kind::of(shape)) == kind;
        let points = results.measures.iter().filter(is);
        let points = points.filter_map(|m| Some(Point { x: m.intensity?, mean: m.gflops?, interval: None }));
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        let name = kind.map_or("triad in memory", Kind::word);
        if !points.is_empty() {
            let line = Line { name: Some(name.to_owned()), colour, joined: false, marked: true, ..Line::default() };
            lines.push(Line { points, ..line });
        }
    }
    let panel = Panel { y_title: "GFLOP/s".into(), log_y: true, lines, must_show: vec![peak], ..Panel::default() };
    let chart = Chart {
        title: format!("Roofline of one core, {ours}"),
        x_title: "floating-point operations per byte that has to be moved".into(),
        log_x: true,
        panels: vec![panel],
        ..Chart::default()
    };
    let caption = "Roofline: what one core can reach, bounded by its multiply-adds and by the bytes that it can read from \
                   the first-level cache or from memory, and what products reach; every number of a product is counted \
                   as moved once.";
    Some(Figure { name: "roofline", caption: caption.into(), chart })
}

/// The lines of a set of products: who multiplied, over what is made of the shape.
fn lines(results: &Results, joined: bool, x: &dyn Fn(Form, Shape) -> Option<f64>) -> Vec<Line> {
    let line = |(at, with): (usize, &str)| {
        let of = results.group("gemm").filter(|m| m.with == with);
        let points = of.filter_map(|m| {
            let (form, shape) = named(&m.name)?;
            Some(point(x(form, shape)?, m))
        });
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Line {
            name: Some(with.to_owned()),
            colour: PALETTE[at % PALETTE.len()],
            joined,
            marked: true,
            points,
            ..Line::default()
        }
    };
    who(results).into_iter().enumerate().map(line).filter(|line| !line.points.is_empty()).collect()
}

fn squares(results: &Results) -> Option<Figure> {
    let side = |form: Form, (m, k, n): Shape| (form == Form::Forward && m == k && k == n).then_some(m as f64);
    let lines = lines(results, true, &side);
    lines.first()?;
    let levels = peaks(results);
    let must_show = levels.iter().map(|level| level.y).chain([0.0]).collect();
    let panel = Panel { y_title: "GFLOP/s".into(), lines, levels, must_show, ..Panel::default() };
    let chart = Chart {
        title: "Products of squares on one core".into(),
        x_title: "side of the matrices".into(),
        log_x: true,
        panels: vec![panel],
        ..Chart::default()
    };
    let caption = format!("Products of square matrices on one core, ours and {PEER}'s: medians, with intervals.");
    Some(Figure { name: "squares", caption, chart })
}

fn shapes(results: &Results) -> Option<Figure> {
    let mut all: Vec<Shape> = Vec::new();
    for (_, shape) in results.group("gemm").filter_map(|m| named(&m.name)) {
        if Kind::of(shape) != Kind::Square && !all.contains(&shape) {
            all.push(shape);
        }
    }
    let levels = peaks(results);
    let panel = |wanted: Form| {
        let place = |form: Form, shape| {
            (form == wanted).then(|| all.iter().position(|s| *s == shape).map(|i| i as f64)).flatten()
        };
        let must_show = levels.iter().map(|level| level.y).chain([0.0]).collect();
        let lines = lines(results, false, &place);
        Panel {
            name: words_of(wanted).into(),
            y_title: "GFLOP/s".into(),
            lines,
            levels: levels.clone(),
            must_show,
            ..Panel::default()
        }
    };
    let panels: Vec<Panel> = Form::ALL.into_iter().map(panel).collect();
    panels.first()?.lines.first()?;
    let chart = Chart {
        title: "Products of minibatches on one core".into(),
        x_title: "rows x inputs x units".into(),
        categories: all.iter().map(|(m, k, n)| format!("{m}x{k}x{n}")).collect(),
        panels,
        ..Chart::default()
    };
    let caption = format!("The products of a dense layer on one core, ours and {PEER}'s: medians, with intervals.");
    Some(Figure { name: "shapes", caption, chart })
}
