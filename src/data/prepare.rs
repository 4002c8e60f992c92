//! What every source can be asked for: rows held out for validation, wrong labels, inputs of mean 0 and deviation 1. In
//! this order: hold out, put noise on the labels that are left to train on, fit the scaling on the same rows.

use std::sync::Arc;

use kernels::member::Bounds;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::shape::Target;
use crate::base::values::{Chosen, Value, Values};

use super::Outline;
use super::dataset::{Dataset, Labels};
use super::source::{Contents, Parts};

/// What every source takes.
pub static COMMON: &[Key] = &[
    Key::preset(
        "validation",
        Kind::Either(&[Kind::Whole { least: 0, most: 1 << 40 }, Kind::Number(Bounds::Below(0.0, 1.0))]),
        "0",
        "training rows held out for validation, a number or a share, drawn by the stream (seed, split)",
    ),
    Key::preset(
        "label_noise",
        Kind::Number(Bounds::Within(0.0, 1.0)),
        "0.0",
        "the probability that a training label is replaced by a uniform draw from all classes, by the stream (seed, \
         label_noise); a draw may hit the right class",
    ),
    Key::preset(
        "standardize",
        Kind::Either(&[Kind::Flag, Kind::Word(&[("all", "one mean and one deviation for all inputs together")])]),
        "false",
        "bring every input to mean 0 and deviation 1, as fitted on the training rows; `\"all\"`: all inputs together",
    ),
];

/// The parts of the data that a trial sees.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Rows to train on.
    pub train: Arc<Dataset>,
    /// Rows to choose by, if any are held out.
    pub validation: Option<Arc<Dataset>>,
    /// Rows to report on.
    pub test: Arc<Dataset>,
}

impl Prepared {
    /// The parts in the order they are measured.
    pub fn parts(&self) -> Vec<Arc<Dataset>> {
        [Some(&self.train), self.validation.as_ref(), Some(&self.test)].into_iter().flatten().cloned().collect()
    }
}

/// What is left for training and held out for validation, of a source's contents. What cannot be is reported.
pub fn outline(chosen: &Chosen, contents: &Contents, diagnostics: &mut Diagnostics) -> Option<Outline> {
    let values = &chosen.values;
    let validation = held_out(values, contents.train);
    if validation >= contents.train {
        let message = format!("`validation` takes {validation} of the {} training rows", contents.train);
        diagnostics.error_with_hint(values.place("validation"), message, "", "leave some to train on");
        return None;
    }
    if values.number("label_noise") > 0.0 && matches!(contents.target, Target::Values(_)) {
        let message = "`label_noise` needs classes, but the targets are numbers";
        diagnostics.error(values.place("label_noise"), message, "");
        return None;
    }
    Some(Outline {
        shape: contents.shape.clone(),
        target: contents.target,
        train: contents.train - validation,
        validation,
        test: contents.test,
    })
}

fn held_out(values: &Values, rows: usize) -> usize {
    match values.value("validation") {
        Value::Whole(n) => *n as usize,
        Value::Number(share) => (share * rows as f64 + 0.5) as usize,
        other => unreachable!("`validation` is a number: {other:?}"),
    }
}

/// Whether the parts depend on the trial's seed.
pub fn needs_seed(values: &Values) -> bool {
    held_out(values, 1 << 30) > 0 || values.number("label_noise") > 0.0
}

/// The parts for a trial with these seeds; rows that nothing is done to are shared, not copied.
pub fn prepare(parts: &Arc<Loaded>, values: &Values, seeds: Seeds) -> Prepared {
    let rows = parts.train.rows();
    let count = held_out(values, rows);
    let (mut train, mut validation) = (parts.train.clone(), None);
    if count > 0 {
        let mut order: Vec<usize> = (0..rows).collect();
        seeds.stream(Purpose::Split, &[]).shuffle(&mut order);
        let (held, kept) = order.split_at_mut(count);
        // in the order they are stored, so that `order = "stored"` means the same with and without validation
        held.sort_unstable();
        kept.sort_unstable();
        validation = Some(Arc::new(parts.train.pick(held)));
        train = Arc::new(parts.train.pick(kept));
    }
    let noise = values.number("label_noise");
    if noise > 0.0 {
        train = Arc::new(noisy(&train, noise, &mut seeds.stream(Purpose::LabelNoise, &[])));
    }
    let test = parts.test.clone();
    let Some(scaling) = Scaling::fit(values, &train) else { return Prepared { train, validation, test } };
    let scaled = |data: &Arc<Dataset>| Arc::new(scaling.apply(data));
    Prepared { train: scaled(&train), validation: validation.as_ref().map(scaled), test: scaled(&test) }
}

/// A source's rows, ready to be shared.
#[derive(Debug)]
pub struct Loaded {
    /// Rows to train on.
    pub train: Arc<Dataset>,
    /// Rows to test on.
    pub test: Arc<Dataset>,
}

impl From<Parts> for Loaded {
    fn from(parts: Parts) -> Self {
        Self { train: Arc::new(parts.train), test: Arc::new(parts.test) }
    }
}

fn noisy(data: &Dataset, probability: f64, stream: &mut Stream) -> Dataset {
    let mut data = data.clone();
    if let Labels::Classes { of, count } = &mut data.labels {
        for label in of {
            // both numbers are drawn for every row, so that more noise keeps the rows that had it
            let (replaced, class) = (stream.unit() < probability, stream.below(*count as u64));
            if replaced {
                *label = class as u32;
            }
        }
    }
    data
}

/// Means and deviations, of every input or of all together.
struct Scaling {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scaling {
    fn fit(values: &Values, data: &Dataset) -> Option<Self> {
        let together = match values.value("standardize") {
            Value::Flag(false) => return None,
            Value::Flag(true) => false,
            _ => true,
        };
        let width = if together { 1 } else { data.shape.width() };
        let count = (data.x.len() / width) as f64;
        let mut mean = vec![0.0; width];
        let each = |sums: &mut [f64], f: &dyn Fn(f64, usize) -> f64| {
            for row in data.x.chunks_exact(width) {
                row.iter().enumerate().for_each(|(i, x)| sums[i] += f(f64::from(*x), i));
            }
            sums.iter_mut().for_each(|s| *s /= count);
        };
        each(&mut mean, &|x, _| x);
        let mut variance = vec![0.0; width];
        each(&mut variance, &|x, i| (x - mean[i]) * (x - mean[i]));
        // an input that never varies says nothing and stays at 0
        let deviation = variance.iter().map(|v| if *v > 0.0 { libm::sqrt(*v) } else { 1.0 }).collect();
        Some(Self { mean, deviation })
    }

    fn apply(&self, data: &Dataset) -> Dataset {
        let mut data = data.clone();
        for row in data.x.chunks_exact_mut(self.mean.len()) {
            for ((x, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *x = ((f64::from(*x) - mean) / deviation) as f32;
            }
        }
        data
    }
}
