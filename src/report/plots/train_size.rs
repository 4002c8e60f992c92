//! `train_size`: a loss against the number of training rows on two logarithmic axes, with the power law through it. The
//! largest sizes can be held out: then the law is asked to predict what it has not seen.

use super::canvas::PALETTE;
use super::chart::{Chart, Line, Panel, Point};
use super::picture::Picture;
use super::series::{Facets, Series, Shown, shown};
use super::{Build, Common, Plot, Results, baselines, seeds};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Frame, Outline};
use crate::report::number::{exact_or_empty, tidy};
use crate::report::power::PowerLaw;
use crate::report::select::{axis_of, check_metric};
use crate::report::spread::{Group, Spread, quantile};
use crate::report::tables::Sheet;
use crate::report::words;

/// How often the seeds are drawn again for the interval of the exponent.
const DRAWS: usize = 200;
/// Points of the law's line.
const POINTS: usize = 60;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::required("x", Kind::Text, "the key path of the axis with the number of rows"),
        Key::preset(
            "y",
            Kind::Text,
            "\"test_loss\"",
            "a number of the trials' summaries; `test_error` is 1 - `test_accuracy`",
        ),
        Key::preset(
            "hold_out",
            Kind::Whole { least: 0, most: 100 },
            "1",
            "so many of the largest sizes are predicted, not fitted",
        ),
    ];
    let about = About {
        name: "train_size",
        aliases: &["scaling_law"],
        summary: "a loss against the number of training rows, with the power law through it, the interval of its exponent \
                  over seeds, and its prediction of the largest sizes",
        formula: "least squares of log y - log (a n^b + c); percentiles 2.5 and 97.5 of b over seeds drawn again",
        source: "Hestness et al. 2017; Efron 1979",
        keys,
        example: "{ type = \"train_size\", x = \"optimizer.lr\", y = \"test_loss\" }".into(),
    };
    Entry { about, build }
}

struct TrainSize {
    common: Common,
    axis: usize,
    y: String,
    /// What the summary calls it, and whether it is 1 minus that.
    metric: [String; 1],
    error: bool,
    hold_out: usize,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let common = Common::read(values, outline, diagnostics);
    let axis = axis_of(values.text("x"), values.place("x"), outline.axes, diagnostics);
    let y = values.text("y").to_owned();
    let accuracy = y.strip_suffix("error").map(|part| format!("{part}accuracy"));
    let error = accuracy.as_ref().is_some_and(|a| outline.summaries.contains(a)) && !outline.summaries.contains(&y);
    let metric = if error { accuracy.expect("the name ends so") } else { y.clone() };
    let known = check_metric(&metric, values.place("y"), outline.summaries, "measure", diagnostics);
    let axis = axis?;
    if !outline.axes[axis].values.iter().all(|v| v.number.is_some_and(|x| x > 0.0)) {
        let message = format!("the axis `{}` is not of numbers above 0", outline.axes[axis].path);
        diagnostics.error(values.place("x"), message, "");
        return None;
    }
    let (common, metric, hold_out) = (common?, [metric], values.count("hold_out"));
    known.then(|| -> Box<dyn Plot> { Box::new(TrainSize { common, axis, y, metric, error, hold_out }) })
}

/// A series with its law.
struct Fitted<'a> {
    series: &'a Series,
    /// (n, what the seeds gave), by n.
    sizes: Vec<(f64, Spread)>,
    law: Option<PowerLaw>,
    /// The interval of the exponent.
    exponent: Option<(f64, f64)>,
    /// How many sizes the law is fitted to.
    fitted: usize,
}

impl TrainSize {
    fn shown(&self, frame: &Frame) -> Shown {
        let cells = self.common.selection.cells(frame);
        shown(frame, &self.common.selection, &Facets::none(), &[self.axis], cells)
    }

    fn fit<'a>(&self, frame: &Frame, series: &'a Series) -> Fitted<'a> {
        let of = |x: f64| if self.error { 1.0 - x } else { x };
        let size = |&cell: &usize| {
            let number = frame.axes[self.axis].values[frame.cells[cell].at[self.axis]].number?;
            let group = Group::of(frame.trials_of(cell), |r| r.summary(&self.metric[0]).map(of));
            Some((number, group.spread))
        };
        let mut sizes: Vec<(f64, Spread)> = series.cells.iter().filter_map(size).collect();
        sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let measured: Vec<usize> = (0..sizes.len()).filter(|i| sizes[*i].1.mean.is_some_and(|m| m > 0.0)).collect();
        // three sizes at least are needed for a law
        let held = self.hold_out.min(measured.len().saturating_sub(3));
        let fitted = &measured[..measured.len() - held];
        let points: Vec<(f64, f64)> = fitted.iter().filter_map(|&i| Some((sizes[i].0, sizes[i].1.mean?))).collect();
        let law = PowerLaw::fit(&points);
        let seeds: Vec<(f64, &[f64])> = fitted.iter().map(|&i| (sizes[i].0, sizes[i].1.values.as_slice())).collect();
        let exponent = law.and_then(|_| exponent(&seeds));
        let fitted = fitted.len();
        Fitted { series, sizes, law, exponent, fitted }
    }

    fn fits<'a>(&self, frame: &Frame, shown: &'a Shown) -> Vec<Fitted<'a>> {
        shown.of_panel(0).map(|series| self.fit(frame, series)).collect()
    }

    fn lines(&self, fit: &Fitted<'_>, several: bool) -> Vec<Line> {
        let colour = PALETTE[fit.series.colour % PALETTE.len()];
        let name = if several { fit.series.name.clone() } else { words::metric(&self.y) };
        let point = |(n, spread): &(f64, Spread)| Point {
            x: *n,
            mean: spread.mean.unwrap_or(f64::NAN),
            interval: spread.interval,
        };
        let dots = fit.sizes.iter().filter(|s| s.1.n() > 1).flat_map(|(n, s)| s.values.iter().map(|y| (*n, *y)));
        let measured = Line {
            name: Some(name),
            colour,
            joined: false,
            marked: true,
            points: fit.sizes.iter().map(point).collect(),
            dots: dots.collect(),
            ..Line::default()
        };
        let Some((law, first, last)) =
            fit.law.zip(fit.sizes.first()).zip(fit.sizes.last()).map(|((l, a), b)| (l, a.0, b.0))
        else {
            return vec![measured];
        };
        let seen = fit.sizes.iter().filter(|s| s.1.mean.is_some()).nth(fit.fitted - 1).map_or(last, |s| s.0);
        let curve = |from: f64, to: f64, dashed: bool| {
            let at = |i: usize| from * libm::pow(to / from, i as f64 / POINTS as f64);
            let points = (0..=POINTS).map(at).map(|x| Point { x, mean: law.at(x), interval: None }).collect();
            Line { colour, dashed, points, ..Line::default() }
        };
        let mut lines = vec![curve(first, seen, false)];
        if seen < last {
            lines.push(curve(seen, last, true));
        }
        lines.push(measured);
        lines
    }

    fn facts(&self, frame: &Frame, fits: &[Fitted<'_>], shown: &Shown) -> Vec<String> {
        let groups: Vec<Group> = shown.cells().map(|c| Group::of(frame.trials_of(c), |_| None)).collect();
        let mut facts =
            vec![format!("mean of {}, bar: 95 % interval of the mean, dots: single seeds", seeds(groups.iter()))];
        for fit in fits {
            let name = if fits.len() > 1 { format!("{}: ", fit.series.name) } else { String::new() };
            let Some(law) = fit.law else {
                facts.push(format!("{name}too few sizes for a power law"));
                continue;
            };
            let number = |x: f64| tidy(x, 3).replace('-', "−");
            let interval =
                fit.exponent.map_or(String::new(), |(low, high)| format!(" ({} to {})", number(low), number(high)));
            let rest = if law.c > 1e-9 * law.a { format!(" + {}", number(law.c)) } else { String::new() };
            facts.push(format!("{name}{} n^b{rest} with b = {}{interval}", number(law.a), number(law.b)));
            for (n, spread) in fit.sizes.iter().filter(|s| s.1.mean.is_some_and(|m| m > 0.0)).skip(fit.fitted) {
                let (mean, predicted) = (spread.mean.unwrap_or(f64::NAN), law.at(*n));
                let off = 100.0 * (predicted / mean - 1.0);
                let off = format!("{}{:.1} %", if off < 0.0 { "−" } else { "+" }, off.abs());
                facts.push(format!(
                    "at n = {} it predicts {}, measured {} ({off})",
                    tidy(*n, 6),
                    number(predicted),
                    number(mean)
                ));
            }
        }
        facts
    }
}

/// The percentiles of the exponent over seeds drawn again, size by size.
fn exponent(sizes: &[(f64, &[f64])]) -> Option<(f64, f64)> {
    if sizes.iter().any(|(_, values)| values.len() < 3) {
        return None;
    }
    let mut stream = Stream::new(0, "bootstrap", &[]);
    let mut exponents = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        let mut point = |(n, values): &(f64, &[f64])| {
            let drawn = (0..values.len()).map(|_| values[stream.below(values.len() as u64) as usize]);
            (*n, drawn.sum::<f64>() / values.len() as f64)
        };
        let points: Vec<(f64, f64)> = sizes.iter().map(&mut point).collect();
        exponents.push(PowerLaw::fit(&points)?.b);
    }
    exponents.sort_by(f64::total_cmp);
    Some((quantile(&exponents, 0.025), quantile(&exponents, 0.975)))
}

impl Plot for TrainSize {
    fn stem(&self) -> String {
        format!("train_size-{}", self.y)
    }

    fn metrics(&self) -> &[String] {
        &self.metric
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let shown = self.shown(results.frame);
        let fits = self.fits(results.frame, &shown);
        let facts = self.facts(results.frame, &fits, &shown).join("; ");
        let axis = words::axis(&results.frame.axes[self.axis].path);
        words::sentence(&format!("{} against {axis} n: {facts}", words::metric(&self.y)))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let frame = results.frame;
        let shown = self.shown(frame);
        let header =
            ["series", "n", "measure", "seeds", "mean", "lo", "hi", "law", "a", "b", "c", "b_lo", "b_hi", "fitted"];
        let mut sheet = Sheet::new(header.map(str::to_owned));
        for fit in self.fits(frame, &shown) {
            let (b_low, b_high) = fit.exponent.unzip();
            for (i, (n, spread)) in fit.sizes.iter().enumerate() {
                let (low, high) = spread.interval.unzip();
                let place = [fit.series.name.clone(), exact_or_empty(Some(*n)), self.y.clone(), spread.n().to_string()];
                let law = [fit.law.map(|l| l.at(*n)), fit.law.map(|l| l.a), fit.law.map(|l| l.b), fit.law.map(|l| l.c)];
                let numbers =
                    [spread.mean, low, high].into_iter().chain(law).chain([b_low, b_high]).map(exact_or_empty);
                sheet.push(place.into_iter().chain(numbers).chain([(i < fit.fitted).to_string()]));
            }
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let frame = results.frame;
        let shown = self.shown(frame);
        let fits = self.fits(frame, &shown);
        let several = shown.series > 1;
        let lines: Vec<Line> = fits.iter().flat_map(|fit| self.lines(fit, several)).collect();
        let must_show = lines.iter().flat_map(|l| &l.points).map(|p| p.mean).collect();
        let levels = if self.error { Vec::new() } else { baselines(frame, shown.cells(), &self.metric) };
        let panel =
            Panel { y_title: words::metric(&self.y), log_y: true, must_show, lines, levels, ..Panel::default() };
        Chart {
            title: self.common.title.clone(),
            x_title: words::axis(&frame.axes[self.axis].path).to_owned(),
            log_x: true,
            panels: vec![panel],
            alike: true,
            heading: shown.heading.clone(),
            notes: self.facts(frame, &fits, &shown),
            ..Chart::default()
        }
        .picture()
    }
}
