//! Where the spread between trials comes from: its variance split between the random streams that an experiment varies one
//! by one (`"pin.init" = [0, 1, 2]` crossed with `"pin.order" = [0, 1, 2]`), their interactions, and the seed, which
//! stands for all streams that are not pinned.
//!
//! The model is that of a crossed random-effects analysis of variance, `y = μ + Σ_S a_S` over all sets S of factors, with
//! independent effects of mean 0 and variance `σ²_S`. In a full crossing the mean squares have the expectations
//! `E[MS_S] = Σ_{T ⊇ S} c_T σ²_T`, where `c_T` trials share a level of T; solving them from the largest set down gives the
//! method of moments' estimates (Searle, Casella and McCulloch 1992, chapter 4). They are unbiased, so one whose true value
//! is small may come out below 0; shares count it as 0. A trial has no error beside its streams: the interaction of all
//! factors is the rest.

use std::collections::BTreeMap;

use super::Sheet;
use super::overview::{Column, markdown};
use crate::report::frame::Frame;
use crate::report::number::{exact_or_empty, tidy};
use crate::report::{markdown::escape, words};

/// What the trials of some settings differ in, by one measure.
struct Split {
    /// A cell of them.
    cell: usize,
    metric: String,
    /// Sources with their variance.
    parts: Vec<(String, f64)>,
}

impl Split {
    /// The part of a source in all that is above 0.
    fn share(&self, variance: f64) -> f64 {
        let all: f64 = self.parts.iter().map(|(_, v)| v.max(0.0)).sum();
        if all > 0.0 { variance.max(0.0) / all } else { 0.0 }
    }
}

/// Columns: the axes that are no streams, metric, source, variance, sd, share. Nothing when no stream is varied by itself.
pub fn sheet(frame: &Frame) -> Option<Sheet> {
    let splits = splits(frame);
    if splits.is_empty() {
        return None;
    }
    let others = others(frame);
    let own = ["metric", "source", "variance", "sd", "share"].map(str::to_owned);
    let mut sheet = Sheet::new(others.iter().map(|&a| frame.axes[a].path.clone()).chain(own));
    for split in &splits {
        for (source, variance) in &split.parts {
            let numbers = [*variance, libm::sqrt(variance.max(0.0)), split.share(*variance)];
            let labels = others.iter().map(|&a| frame.label(split.cell, a).to_owned());
            let row = labels.chain([split.metric.clone(), source.clone()]);
            sheet.push(row.chain(numbers.map(|x| exact_or_empty(Some(x)))));
        }
    }
    Some(sheet)
}

/// The section of the report; empty when no stream is varied by itself.
pub fn section(frame: &Frame) -> String {
    let splits = splits(frame);
    if splits.is_empty() {
        return String::new();
    }
    let rows: Vec<(&Split, &(String, f64))> = splits.iter().flat_map(|s| s.parts.iter().map(move |p| (s, p))).collect();
    let told = others(frame).into_iter().filter(|&a| frame.axes[a].values.len() > 1);
    let mut columns: Vec<Column> = told
        .map(|a| {
            Column::new(
                words::axis(&frame.axes[a].path),
                rows.iter().map(|r| frame.label(r.0.cell, a).into()).collect(),
                false,
            )
        })
        .collect();
    let text = |title: &str, right, cell: &dyn Fn(&Split, &(String, f64)) -> String| {
        Column::new(title, rows.iter().map(|(split, part)| cell(split, part)).collect(), right)
    };
    columns.push(text("measure", false, &|split, _| words::metric(&split.metric)));
    columns.push(text("source", false, &|_, part| part.0.clone()));
    columns.push(text("sd", true, &|_, part| tidy(libm::sqrt(part.1.max(0.0)), 3)));
    columns.push(text("share of the variance", true, &|split, part| {
        format!("{} %", tidy(100.0 * split.share(part.1), 3))
    }));
    format!(
        "## Where the variance comes from\n\n{}\nVariance components of a crossed random-effects analysis by the method of \
         moments (Searle, Casella and McCulloch 1992); `seed` stands for the streams that are not pinned, an estimate below \
         0 is shown as 0, and all are in `variance.csv`.\n\n",
        markdown(&columns, escape)
    )
}

/// The axes that vary a stream, in order.
fn streams(frame: &Frame) -> Vec<usize> {
    let varied = |a: &usize| frame.axes[*a].path.starts_with("pin.") && frame.axes[*a].values.len() > 1;
    (0..frame.axes.len()).filter(varied).collect()
}

fn others(frame: &Frame) -> Vec<usize> {
    let streams = streams(frame);
    (0..frame.axes.len()).filter(|a| !streams.contains(a)).collect()
}

/// The splits of all settings in which the streams are crossed in full and every trial finished.
fn splits(frame: &Frame) -> Vec<Split> {
    let streams = streams(frame);
    if streams.is_empty() {
        return Vec::new();
    }
    let seeds = frame.seeds.len();
    let mut names: Vec<&str> = streams.iter().map(|&a| &frame.axes[a].path["pin.".len()..]).collect();
    let mut levels: Vec<usize> = streams.iter().map(|&a| frame.axes[a].values.len()).collect();
    if seeds > 1 {
        names.push("seed");
        levels.push(seeds);
    }
    let others = others(frame);
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for cell in 0..frame.cells.len() {
        groups.entry(others.iter().map(|&a| frame.cells[cell].at[a]).collect()).or_default().push(cell);
    }
    let measures: Vec<String> = frame.summaries().into_iter().filter(|m| m.starts_with("test_")).collect();
    let mut splits = Vec::new();
    for cells in groups.into_values() {
        for metric in &measures {
            let Some(values) = crossed(frame, &cells, &streams, &levels, metric) else { continue };
            let parts = components(&levels, &values).into_iter().map(|(set, v)| (name(&names, set), v)).collect();
            splits.push(Split { cell: cells[0], metric: metric.clone(), parts });
        }
    }
    splits
}

fn name(names: &[&str], set: usize) -> String {
    let held = names.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, name)| *name);
    held.collect::<Vec<_>>().join(" × ")
}

/// The measure of every combination of the factors' levels, the last factor running fastest; nothing when one is missing.
fn crossed(frame: &Frame, cells: &[usize], streams: &[usize], levels: &[usize], metric: &str) -> Option<Vec<f64>> {
    let seeds = frame.seeds.len();
    let mut values = vec![None; levels.iter().product()];
    for &cell in cells {
        let at = streams.iter().zip(levels).fold(0, |at, (&a, levels)| at * levels + frame.cells[cell].at[a]);
        for (seed, trial) in frame.trials_of(cell).iter().enumerate() {
            let value = trial.finished().and_then(|record| record.summary(metric));
            *values.get_mut(at * seeds + seed)? = value.filter(|x| x.is_finite());
        }
    }
    values.into_iter().collect()
}

/// The variance components of a full crossing of factors with these numbers of levels: for every set of factors, as bits,
/// its estimate, smaller sets first. `values`: one number for every combination, the last factor running fastest.
fn components(levels: &[usize], values: &[f64]) -> Vec<(usize, f64)> {
    let sets = 1 << levels.len();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    // how many trials share a level of a set, and the sum of squares of the means over them
    let shared = |set: usize| {
        n / levels.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, l)| *l as f64).product::<f64>()
    };
    let squares: Vec<f64> = (0..sets)
        .map(|set| {
            let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
            for (at, value) in values.iter().enumerate() {
                *sums.entry(level(levels, set, at)).or_default() += value - mean;
            }
            sums.values().map(|sum| sum * sum).sum::<f64>() / shared(set)
        })
        .collect();
    let below = |set: usize| (0..sets).filter(move |inner| inner & set == *inner);
    let square = |set: usize| {
        let sign = |inner: usize| if (set ^ inner).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
        let freedom: f64 =
            levels.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, l)| *l as f64 - 1.0).product();
        below(set).map(|inner| sign(inner) * squares[inner]).sum::<f64>() / freedom
    };
    let mut order: Vec<usize> = (1..sets).collect();
    order.sort_by_key(|set| (set.count_ones(), *set));
    let mut found = vec![0.0; sets];
    for &set in order.iter().rev() {
        let larger = (0..sets).filter(|outer| outer & set == set && *outer != set);
        found[set] = (square(set) - larger.map(|outer| shared(outer) * found[outer]).sum::<f64>()) / shared(set);
    }
    // what rounding leaves of the differences of equal numbers is no variance
    let least = 1e-12 * found.iter().map(|v| v.abs()).sum::<f64>();
    order.into_iter().map(|set| (set, if found[set].abs() > least { found[set] } else { 0.0 })).collect()
}

/// The combination of the levels of a set of factors that a value belongs to.
fn level(levels: &[usize], set: usize, mut at: usize) -> usize {
    let mut own = 0;
    for (i, count) in levels.iter().enumerate().rev() {
        if set >> i & 1 == 1 {
            own = own * count + at % count;
        }
        at /= count;
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;
    use crate::report::sample::{Outcome, frame_of, numeric};

    fn variance(x: &[f64]) -> f64 {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (x.len() - 1) as f64
    }

    /// Where effects only add up, each one's estimate is the variance of its own numbers, and nothing is left.
    #[test]
    fn effects_that_add_up_have_their_own_variance() {
        let (a, b, c) = ([1.0, -2.0, 4.0], [0.5, 0.25], [10.0, 30.0, 20.0, 0.0]);
        let values: Vec<f64> = (0..24).map(|i| a[i / 8] + b[i / 4 % 2] + c[i % 4]).collect();
        let found = components(&[3, 2, 4], &values);
        for (set, estimate) in found {
            let expected = match set {
                0b001 => variance(&a),
                0b010 => variance(&b),
                0b100 => variance(&c),
                _ => 0.0,
            };
            assert!((estimate - expected).abs() < 1e-9, "{set:b}: {estimate} instead of {expected}");
        }
    }

    /// Two factors with interaction against the textbook's mean squares, by hand.
    #[test]
    fn an_interaction_is_told_from_the_factors() {
        let values = [1.0, 2.0, 3.0, 7.0];
        // row means 1.5 and 5, column means 2 and 4.5, grand mean 3.25: MS_a = 12.25, MS_b = 6.25, MS_ab = 2.25
        let found = components(&[2, 2], &values);
        assert_eq!(found, [(0b01, (12.25 - 2.25) / 2.0), (0b10, (6.25 - 2.25) / 2.0), (0b11, 2.25)]);
    }

    #[test]
    fn drawn_effects_are_found_again() {
        let mut stream = Stream::new(1, "variance", &[]);
        let n = 150;
        let mut draw = |sd: f64, count: usize| (0..count).map(|_| sd * stream.normal()).collect::<Vec<f64>>();
        let (init, order, both) = (draw(2.0, n), draw(1.0, n), draw(0.5, n * n));
        let values: Vec<f64> = (0..n * n).map(|i| init[i / n] + order[i % n] + both[i]).collect();
        for ((_, estimate), expected) in components(&[n, n], &values).into_iter().zip([4.0, 1.0, 0.25]) {
            assert!((estimate / expected - 1.0).abs() < 0.25, "{estimate} instead of {expected}");
        }
    }

    #[test]
    fn the_table_has_streams_and_seed_and_leaves_out_what_is_not_crossed() {
        use Outcome::{Done, Failed};
        let axes = [numeric("optimizer.lr", &[0.1, 0.2], true), numeric("pin.init", &[0.0, 1.0], false)];
        let frame = frame_of(
            &axes,
            &[&[Done(1.0), Done(2.0)], &[Done(3.0), Done(7.0)], &[Done(1.0), Failed], &[Done(1.0), Done(1.0)]],
        );
        let rows = sheet(&frame).expect("a stream is varied").rows();
        let losses: Vec<_> = rows.iter().filter(|row| row[1] == "test_loss").map(|row| row[2..4].join(" ")).collect();
        assert_eq!(losses, ["init 5", "seed 2", "init × seed 2.25"]);
        assert!(rows.iter().all(|row| row[0] == "0.1"), "the other rate has a trial that failed");
        assert!(section(&frame).contains("| init × seed |"), "{}", section(&frame));
        assert!(sheet(&frame_of(&axes[..1], &[&[Done(1.0)], &[Done(2.0)]])).is_none());
    }
}
