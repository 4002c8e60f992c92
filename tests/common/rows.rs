//! Data as a trial gets it, and what tests ask of it.

use runner::base::diagnostics::Diagnostics;
use runner::base::key::Kind;
use runner::base::random::Seeds;
use runner::base::values::{Chosen, Value};
use runner::data::{self, COMMON, Cache, Dataset, Folders, Labels, Outline, Prepared, SOURCES};

use super::value;

/// A `[data]` section.
pub fn chosen(text: &str) -> Chosen {
    let kind = Kind::Member { registry: || &*SOURCES, common: COMMON };
    match value(text, &kind) {
        Ok(Value::Member(chosen)) => chosen,
        other => panic!("{text}: {other:?}"),
    }
}

/// The parts of a section for a seed; their sizes and shapes are those of the outline.
#[track_caller]
pub fn parts(text: &str, seed: u64) -> Prepared {
    parts_in(text, seed, &Folders::default())
}

/// The same, with files from these folders.
#[track_caller]
pub fn parts_in(text: &str, seed: u64, folders: &Folders) -> Prepared {
    let chosen = chosen(text);
    let mut diagnostics = Diagnostics::new();
    let outline = data::outline(&chosen, folders, &mut diagnostics);
    let outline = outline.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"));
    let prepared = data::prepared(&chosen, folders, Seeds::new(seed), &Cache::new(1)).expect("rows");
    let Outline { shape, target, train, validation, test, series, steps, padded, symbols } = outline;
    assert_eq!(prepared.train.rows(), train, "{text}: training rows");
    assert_eq!(prepared.validation.as_ref().map_or(0, |data| data.rows()), validation, "{text}: validation rows");
    assert_eq!(prepared.test.rows(), test, "{text}: test rows");
    for data in prepared.parts() {
        assert_eq!((&data.shape, data.labels.target(), data.series), (&shape, target, series), "{text}");
        assert_eq!(data.x.len(), data.rows() * shape.width(), "{text}");
        assert_eq!((data.steps, data.lengths.len()), (steps, if padded { data.rows() } else { 0 }), "{text}");
        let known = |x: &f32| symbols.is_none_or(|count| x.fract() == 0.0 && (0.0..count as f32).contains(x));
        assert!(data.x.iter().all(known), "{text}: not all inputs are numbers of symbols");
        assert!(data.x.iter().all(|x| x.is_finite()), "{text}: not all inputs are finite");
    }
    prepared
}

/// How many mistakes a section has.
pub fn mistakes(text: &str) -> usize {
    let mut diagnostics = Diagnostics::new();
    assert!(data::outline(&chosen(text), &Folders::default(), &mut diagnostics).is_none(), "{text} is right");
    diagnostics.count()
}

/// The classes of all rows.
pub fn classes(data: &Dataset) -> &[u32] {
    match &data.labels {
        Labels::Classes { of, .. } => of,
        other => panic!("classes, not {other:?}"),
    }
}

/// The values to predict, row after row.
pub fn targets(data: &Dataset) -> Vec<f64> {
    match &data.labels {
        Labels::Values { of, .. } => of.iter().map(|y| f64::from(*y)).collect(),
        other => panic!("values, not {other:?}"),
    }
}

/// The inputs, row by row.
pub fn rows(data: &Dataset) -> Vec<Vec<f64>> {
    data.x.chunks(data.shape.width()).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

/// How many rows there are of each of the classes.
pub fn counts(data: &Dataset, of: usize) -> Vec<usize> {
    (0..of).map(|class| classes(data).iter().filter(|c| **c as usize == class).count()).collect()
}

/// Mean and variance.
pub fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
}

/// Within an error.
#[track_caller]
pub fn near(ours: f64, theirs: f64, error: f64) {
    assert!((ours - theirs).abs() <= error, "{ours}, not {theirs} within {error}");
}
