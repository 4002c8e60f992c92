//! `mnist1d`: ten signals of 12 points, one for each digit, each time padded, stretched, scaled, moved, drowned in noise,
//! sheared and resampled to 40 points (Greydanus 2020). Small enough to train on in seconds, hard enough to tell a linear
//! model, an MLP and a convolutional network apart. Any number of rows can be made.

use crate::base::random::{Seeds, Stream};
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::data::dataset::{Dataset, Labels};
use crate::data::source::{Contents, Parts};

use super::generated::{self, Draw};
use super::*;
use crate::base::error::Result;
use crate::data::folders::Folders;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "mnist1d",
        aliases: &["mnist_1d"],
        summary: "MNIST-1D: rows of 40 numbers in 10 classes, generated",
        formula: "",
        source: "Greydanus 2020; Greydanus & Kobak 2024",
        keys: generated::keys("4000", "1000", "42", &[]),
        example: "{ type = \"mnist1d\", train = 4000, test = 1000 }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Mnist1d(Draw::new(&chosen.values)))) }
}

const CLASSES: usize = 10;
const TEMPLATE: usize = 12;
const LEAST_PADDING: usize = 36;
const MOST_PADDING: usize = 60;
/// Points of a row while it is made.
const LONG: usize = TEMPLATE + MOST_PADDING;
/// Points of a row when it is done.
const SHORT: usize = 40;
const SCALE: f64 = 0.4;
const SHIFTS: u64 = 48;
const SMOOTH_NOISE: f64 = 0.25;
const PLAIN_NOISE: f64 = 0.02;
const SHEAR: f64 = 0.75;

/// The signals of the ten digits.
#[rustfmt::skip]
const TEMPLATES: [[f64; TEMPLATE]; CLASSES] = [
    [5.0, 6.0, 6.5, 6.75, 7.0, 7.0, 7.0, 7.0, 6.75, 6.5, 6.0, 5.0],
    [5.0, 3.0, 3.0, 3.4, 3.8, 4.2, 4.6, 5.0, 5.4, 5.8, 5.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.25, 4.75, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 6.0, 6.5, 6.5, 6.0, 5.0, 5.0, 6.0, 6.5, 6.5, 6.0, 5.0],
    [5.0, 4.4, 3.8, 3.2, 2.6, 2.6, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0],
    [5.0, 3.0, 3.0, 3.0, 3.0, 5.0, 6.0, 6.5, 6.5, 6.0, 4.5, 5.0],
    [5.0, 4.0, 3.5, 3.25, 3.0, 3.0, 3.0, 3.0, 3.25, 3.5, 4.0, 5.0],
    [5.0, 7.0, 7.0, 6.6, 6.2, 5.8, 5.4, 5.0, 4.6, 4.2, 5.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 4.0, 3.5, 3.5, 4.0, 5.0],
    [5.0, 4.0, 3.5, 3.5, 4.0, 5.0, 5.0, 5.0, 5.0, 4.7, 4.3, 5.0],
];

struct Mnist1d(Draw);

impl Source for Mnist1d {
    fn outline(&self, _folders: &Folders) -> Result<Contents> {
        let (shape, target) = (Shape::flat(SHORT), Target::Classes(CLASSES));
        Ok(Contents::new(shape, target, self.0.train, self.0.test))
    }

    fn load(&self, _folders: &Folders, seeds: Seeds) -> Result<Parts> {
        let Draw { train, test, .. } = self.0;
        let (rows, seed) = (train + test, self.0.seed.of(seeds));
        let templates = TEMPLATES.map(normalised);
        let mut order: Vec<usize> = (0..rows).collect();
        Stream::new(seed, "mnist1d order", &[]).shuffle(&mut order);
        let mut x = Vec::with_capacity(rows * SHORT);
        let mut labels = Vec::with_capacity(rows);
        for &index in &order {
            let class = index % CLASSES;
            let mut stream = Stream::new(seed, "mnist1d row", &[index as u64]);
            x.extend(row(&templates[class], &mut stream));
            labels.push(class as u32);
        }
        standardise(&mut x);
        let (test_x, test_labels) = (x.split_off(train * SHORT), labels.split_off(train));
        let part = |x: Vec<f64>, of| {
            let x = x.iter().map(|x| *x as f32).collect();
            Dataset::new(Shape::flat(SHORT), x, Labels::Classes { of, count: CLASSES })
        };
        Ok(Parts { train: part(x, labels), test: part(test_x, test_labels) })
    }

    fn follows_trial(&self) -> bool {
        self.0.seed.follows_trial()
    }
}

/// Mean 0 and standard deviation 1, then moved to begin at 0 and divided by 6.
fn normalised(mut template: [f64; TEMPLATE]) -> [f64; TEMPLATE] {
    standardise(&mut template);
    let first = template[0];
    template.map(|x| (x - first) / 6.0)
}

fn standardise(x: &mut [f64]) {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
    let deviation = libm::sqrt(variance);
    x.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
}

/// One row, before the whole set is standardised.
fn row(template: &[f64; TEMPLATE], stream: &mut Stream) -> [f64; SHORT] {
    // a touch above 0, so that the signal's own zeros are not taken for the padding, which noise replaces below
    let mut signal: Vec<f64> = template.iter().map(|x| x + 1e-8).collect();
    let padding = LEAST_PADDING as u64 + stream.below((MOST_PADDING - LEAST_PADDING + 1) as u64);
    signal.resize(TEMPLATE + padding as usize, 0.0);
    let mut long: [f64; LONG] = resampled(&signal);
    let scale = 1.0 + SCALE * (stream.unit() - 0.5);
    long.iter_mut().for_each(|x| *x *= scale);
    long.rotate_right(stream.below(SHIFTS) as usize);
    let noise: [f64; LONG] = smoothed(std::array::from_fn(|_| SMOOTH_NOISE * stream.normal()));
    for (x, noise) in long.iter_mut().zip(noise) {
        *x = if *x == 0.0 { noise } else { *x };
        *x += PLAIN_NOISE * stream.normal();
    }
    let shear = SHEAR * (stream.unit() - 0.5);
    for (i, x) in long.iter_mut().enumerate() {
        *x -= shear * (i as f64 / (LONG - 1) as f64 - 0.5);
    }
    resampled(&long)
}

/// Linear interpolation at `N` points from the first to the last of `x`.
fn resampled<const N: usize>(x: &[f64]) -> [f64; N] {
    std::array::from_fn(|i| {
        let at = i as f64 * (x.len() - 1) as f64 / (N - 1) as f64;
        let left = (at as usize).min(x.len() - 2);
        let part = at - left as f64;
        x[left] * (1.0 - part) + x[left + 1] * part
    })
}

/// A Gaussian filter of standard deviation 2, cut off at 8 points, the ends mirrored.
fn smoothed(x: [f64; LONG]) -> [f64; LONG] {
    const RADIUS: isize = 8;
    let weight = |d: isize| libm::exp(-((d * d) as f64) / 8.0);
    let total: f64 = (-RADIUS..=RADIUS).map(weight).sum();
    let mirrored = |i: isize| match i {
        i if i < 0 => -1 - i,
        i if i >= LONG as isize => 2 * LONG as isize - 1 - i,
        i => i,
    };
    std::array::from_fn(|i| {
        let sum: f64 = (-RADIUS..=RADIUS).map(|d| weight(d) * x[mirrored(i as isize + d) as usize]).sum();
        sum / total
    })
}
