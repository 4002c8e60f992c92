//! The tables of a report: for each group its measures, one row for what was done and one column for who did it.

use crate::report::number::{exact, exact_or_empty, rounded, with_interval};
use crate::report::tables::Sheet;
use crate::report::tables::overview::Column;
use crate::report::words::{list, sentence};

use super::GROUPS;
use super::case::Unit;
use super::comparison::{Change, Comparison};
use super::gemm::{Form, Kind, PEER, named, near};
use super::limits::TILE;
use super::results::{Measure, Results};
use super::statistics::{Estimate, Verdict};
use super::workloads::{PIECES, STEPS, WHOLE};

/// A table with what is said above and below it.
pub(super) struct Section {
    pub title: String,
    pub columns: Vec<Column>,
    pub caption: String,
}

/// A table for every group that was measured.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let section = |name: &str, summary: &str| {
        let (columns, caption) = match name {
            "limits" => (limits(results), "a fused multiply-add counts as two operations".to_owned()),
            "gemm" => gemm(results),
            "workloads" => workloads(results),
            "overhead" => (plain(results, name), String::new()),
            _ => elementwise(results, name),
        };
        let noise = format!("noise {}", percent(results.noise_of(name)));
        let caption = if caption.is_empty() { noise } else { format!("{caption}; {noise}") };
        let mut letters = summary.chars();
        let first = letters.next().map_or_else(String::new, |c| c.to_uppercase().to_string());
        Section { title: format!("{first}{}", letters.as_str()), columns, caption: sentence(&caption) }
    };
    let measured = GROUPS.iter().filter(|group| results.group(group.name).next().is_some());
    measured.map(|group| section(group.name, group.summary)).collect()
}

fn percent(share: f64) -> String {
    format!("{} %", rounded(100.0 * share, if share < 0.0995 { 2 } else { 3 }))
}

fn whole_percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn cell(estimate: &Estimate, scale: f64) -> String {
    with_interval(scale * estimate.median, Some(scale * estimate.half()))
}

/// The distinct values of something, in order.
fn distinct<'a>(of: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for one in of {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// A row for every measure.
fn plain(results: &Results, group: &str) -> Vec<Column> {
    let all: Vec<&Measure> = results.group(group).collect();
    let column = |title: &str, right, cell: &dyn Fn(&Measure) -> String| {
        Column::new(title, all.iter().map(|m| cell(m)).collect(), right)
    };
    let mut columns = vec![column("what", false, &|m| m.name.clone())];
    if all.iter().any(|m| !m.size.is_empty()) {
        columns.push(column("size", false, &|m| m.size.clone()));
    }
    columns.push(column("with", false, &|m| m.with.clone()));
    columns.push(column("median", true, &|m| cell(&m.estimate, 1.0)));
    columns.push(column("in", false, &|m| m.unit.word().to_owned()));
    columns
}

fn limits(results: &Results) -> Vec<Column> {
    let mut columns = plain(results, "limits");
    let gflops = |m: &Measure| if m.unit == Unit::Gflops { Some(m.estimate.median) } else { m.gflops };
    let cycles = |m: &Measure| gflops(m).zip(results.clock()).map(|(gflops, clock)| gflops / clock);
    if results.clock().is_some() {
        let cells =
            results.group("limits").map(|m| cycles(m).map_or_else(String::new, |c| format!("{c:.1}"))).collect();
        columns.push(Column::new("operations per cycle", cells, true));
    }
    columns
}

/// What was done in rows, who did it in columns.
struct Pivot<'a> {
    names: Vec<&'a str>,
    withs: Vec<&'a str>,
    all: Vec<&'a Measure>,
}

impl<'a> Pivot<'a> {
    fn new(results: &'a Results, group: &'a str) -> Self {
        let all: Vec<&Measure> = results.group(group).collect();
        let names = distinct(all.iter().map(|m| m.name.as_str()));
        let withs = distinct(all.iter().map(|m| m.with.as_str()));
        Self { names, withs, all }
    }

    fn at(&self, name: &str, with: &str) -> Option<&'a Measure> {
        self.all.iter().find(|m| m.name == name && m.with == with).copied()
    }

    fn column(&self, title: String, right: bool, cell: impl Fn(&str) -> Option<String>) -> Column {
        let cells = self.names.iter().map(|name| cell(name).unwrap_or_else(|| "–".to_owned())).collect();
        Column::new(title, cells, right)
    }
}

fn gemm(results: &Results) -> (Vec<Column>, String) {
    let mut pivot = Pivot::new(results, "gemm");
    pivot.names.retain(|name| named(name).is_some());
    let ours: Vec<&str> = pivot.withs.iter().copied().filter(|with| *with != PEER).collect();
    let mut columns = vec![pivot.column("product".to_owned(), false, |name| Some(name.to_owned()))];
    for with in &pivot.withs {
        columns.push(pivot.column((*with).to_owned(), true, |name| Some(cell(&pivot.at(name, with)?.estimate, 1.0))));
        if *with != PEER {
            let share = |name: &str| pivot.at(name, with)?.share_of_peak.map(whole_percent);
            columns.push(pivot.column("of peak".to_owned(), true, share));
        }
        if Some(with) == ours.first() {
            let close = |name: &str| pivot.at(&near(name), with).map(|m| m.estimate);
            let share = |name: &str| Some(pivot.at(name, with)?.estimate.median / close(name)?.median);
            columns.push(pivot.column("near".to_owned(), true, |name| Some(cell(&close(name)?, 1.0))));
            columns.push(pivot.column("of it".to_owned(), true, |name| share(name).map(whole_percent)));
        }
    }
    let ratio =
        |name: &str| Some(pivot.at(name, ours.first()?)?.estimate.median / pivot.at(name, PEER)?.estimate.median);
    columns.push(pivot.column("against it".to_owned(), true, |name| ratio(name).map(|r| format!("{r:.2}"))));
    let mut facts =
        vec!["GFLOP/s, rows x inputs x units; shares are of the peak of one core with that instruction set; near: the same work \
              with all rows in the place of the first, in the nearest cache".to_owned()];
    for with in ours.iter().filter(|with| **with != "portable") {
        if let Some(share) = results.tile(with).zip(results.peak(with, 1)).map(|(tile, peak)| tile / peak) {
            facts.push(format!(
                "{with}: with operands in the first-level cache and nothing but the loop of a product {}",
                whole_percent(share)
            ));
        }
        facts.extend(Kind::ALL.into_iter().filter_map(|kind| shares(results, &pivot, with, kind)));
    }
    let ratios: Vec<f64> = pivot.names.iter().filter_map(|name| ratio(name)).collect();
    if let Some(least) = ratios.iter().copied().min_by(f64::total_cmp) {
        let median = Estimate::of(&ratios).median;
        facts.push(format!("against {PEER}: median {median:.2}, least {least:.2}"));
    }
    (columns, facts.join("; "))
}

/// What the products of a kind reach of the peak, and what stands between: the same work near, and the loop alone.
fn shares(results: &Results, pivot: &Pivot<'_>, with: &str, kind: Kind) -> Option<String> {
    let of_kind = |m: &&Measure| named(&m.name).is_some_and(|(_, shape)| Kind::of(shape) == kind);
    let all: Vec<&Measure> = pivot.all.iter().copied().filter(|m| m.with == with).filter(of_kind).collect();
    let median = |share: &dyn Fn(&Measure) -> Option<f64>| {
        let shares: Vec<f64> = all.iter().filter_map(|m| share(m)).collect();
        (!shares.is_empty()).then(|| whole_percent(Estimate::of(&shares).median))
    };
    let least = all.iter().min_by(|a, b| a.estimate.median.total_cmp(&b.estimate.median))?;
    let (share, worst) = (median(&|m| m.share_of_peak)?, whole_percent(least.share_of_peak?));
    let fact = format!("{with}, {}: median {share} of the peak, least {worst} ({})", kind.word(), least.name);
    let close = |m: &Measure| pivot.at(&near(&m.name), with).map(|close| close.estimate.median);
    let of_it = median(&|m| Some(m.estimate.median / close(m)?));
    let of_loop = median(&|m| Some(close(m)? / results.tile(with)?));
    Some(match of_it.zip(of_loop) {
        Some((of_it, of_loop)) => format!("{fact}, {of_it} of the same work near, which is {of_loop} of the loop"),
        None => fact,
    })
}

fn elementwise(results: &Results, group: &str) -> (Vec<Column>, String) {
    let pivot = Pivot::new(results, group);
    let mut columns = vec![pivot.column("what".to_owned(), false, |name| Some(name.to_owned()))];
    for with in &pivot.withs {
        let time = |name: &str| Some(cell(&pivot.at(name, with)?.estimate, 1.0));
        columns.push(pivot.column(format!("{with}, ns/element"), true, time));
        if let Some(clock) = results.clock() {
            let cycles = |name: &str| Some(rounded(pivot.at(name, with)?.estimate.median * clock, 3));
            columns.push(pivot.column("cycles".to_owned(), true, cycles));
        }
    }
    let clock = results.clock().map_or_else(String::new, |clock| format!(", cycles at {} GHz", rounded(clock, 3)));
    (columns, format!("on arrays in the first-level cache{clock}"))
}

fn workloads(results: &Results) -> (Vec<Column>, String) {
    let pivot = Pivot::new(results, "workloads");
    let steps = |name: &str| pivot.at(name, STEPS);
    let columns = vec![
        pivot.column("workload".to_owned(), false, |name| Some(name.to_owned())),
        pivot.column("size".to_owned(), false, |name| steps(name).map(|m| m.size.clone())),
        pivot.column("training".to_owned(), true, |name| steps(name).map(|m| cell(&m.estimate, 1e-3))),
        pivot.column("GFLOP/s".to_owned(), true, |name| steps(name)?.gflops.map(|x| rounded(x, 3))),
        pivot.column("of peak".to_owned(), true, |name| steps(name)?.share_of_peak.map(percent)),
        pivot.column("products alone".to_owned(), true, |name| {
            steps(name).and_then(|m| products(results, m)).map(|x| rounded(1e-3 * x, 3))
        }),
        pivot.column("pieces alone".to_owned(), true, |name| pivot.at(name, PIECES).map(|m| cell(&m.estimate, 1e-3))),
        pivot.column("of them".to_owned(), true, |name| {
            Some(whole_percent(steps(name)?.estimate.median / pivot.at(name, PIECES)?.estimate.median))
        }),
        pivot.column("whole trials".to_owned(), true, |name| pivot.at(name, WHOLE).map(|m| cell(&m.estimate, 1e-3))),
    ];
    let caption = "1000 samples/s, of all workers over the time of their training steps; operations are those of the matrix \
                   products, the peak that of as many cores; products alone: if nothing else took time and they had the \
                   rate of their loop with operands in the first-level cache; pieces alone: if a step were what its layers, \
                   the loss and the optimizer take each by itself, in the nearest cache, divided between the workers \
                   without loss; whole trials: over the time from beginning to end, first \
                   weights and two evaluations included";
    (columns, caption.to_owned())
}

/// Samples a second if nothing but the products took time, at the rate of their loop in the first-level cache; shares of peak
/// are of as many cores as took part.
fn products(results: &Results, steps: &Measure) -> Option<f64> {
    let peak = steps.gflops? / steps.share_of_peak?;
    let best = results.group("limits").find(|m| m.name == TILE)?;
    Some(steps.estimate.median * peak / steps.gflops? * best.estimate.median / results.peak(&best.with, 1)?)
}

/// What is not within the noise.
pub(super) fn changes(comparison: &Comparison) -> Vec<Column> {
    let shown: Vec<&Change> = comparison.changes.iter().filter(|c| c.verdict != Verdict::WithinNoise).collect();
    let column = |title: &str, right, cell: &dyn Fn(&Change) -> String| {
        Column::new(title, shown.iter().map(|c| cell(c)).collect(), right)
    };
    vec![
        column("measure", false, &|c| format!("{}: {}", c.measure.group, c.measure.name)),
        column("with", false, &|c| c.measure.with.clone()),
        column("before", true, &|c| cell(&c.before, 1.0)),
        column("now", true, &|c| cell(&c.measure.estimate, 1.0)),
        column("in", false, &|c| c.measure.unit.word().to_owned()),
        column("speed", true, &|c| format!("x {}", rounded(c.ratio, 3))),
        column("noise", true, &|c| percent(c.noise)),
        column("verdict", false, &|c| c.verdict.word().to_owned()),
    ]
}

/// The middle of the ratios of every group: `gemm x 1.01`.
pub(super) fn ratios(comparison: &Comparison) -> String {
    let groups = distinct(comparison.changes.iter().map(|c| c.measure.group.as_str()));
    let middle = |group: &&str| {
        let of_group = comparison.changes.iter().filter(|c| c.measure.group == **group);
        let ratios: Vec<f64> = of_group.map(|c| c.ratio).collect();
        format!("{group} x {}", rounded(Estimate::of(&ratios).median, 3))
    };
    list(&groups.iter().map(middle).collect::<Vec<_>>())
}

/// `measures.csv`: every measure with every digit; with a baseline also what was before, and the verdict.
pub(super) fn sheet(results: &Results, comparison: Option<&Comparison>) -> Sheet {
    let mut header = vec![
        "group",
        "name",
        "with",
        "unit",
        "median",
        "low",
        "high",
        "confidence",
        "share_of_peak",
        "gflops",
        "intensity",
        "work",
        "repetitions",
        "rounds",
        "size",
    ];
    if comparison.is_some() {
        header.extend(["before", "ratio", "noise", "verdict"]);
    }
    let mut sheet = Sheet::new(header.into_iter().map(str::to_owned));
    for m in &results.measures {
        let e = &m.estimate;
        let mut row = vec![m.group.clone(), m.name.clone(), m.with.clone(), m.unit.word().to_owned()];
        row.extend([e.median, e.low, e.high, e.confidence].map(exact));
        row.extend([m.share_of_peak, m.gflops, m.intensity].map(exact_or_empty));
        row.extend([exact(m.work), m.repetitions.to_string(), m.seconds.len().to_string(), m.size.clone()]);
        if let Some(comparison) = comparison {
            row.extend(match comparison.changes.iter().find(|c| c.measure.is(m)) {
                Some(c) => [exact(c.before.median), exact(c.ratio), exact(c.noise), c.verdict.word().to_owned()],
                None => Default::default(),
            });
        }
        sheet.push(row);
    }
    sheet
}

/// The words of a form in a figure.
pub(super) fn words_of(form: Form) -> &'static str {
    match form {
        Form::Forward => "forward",
        Form::Weights => "gradients of the weights",
        Form::Inputs => "gradients of the inputs",
    }
}
