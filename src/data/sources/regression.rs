//! `regression`: a linear model with normal inputs, normal coefficients and normal noise, the setting in which double
//! descent and ridge regression are understood to the last constant. The coefficients belong to the seed: when that is the
//! trial's, every trial has its own.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let count = Kind::Whole { least: 1, most: 100_000 };
    let about = About {
        name: "regression",
        aliases: &["linear", "make_regression"],
        summary: "a linear model: normal inputs, normal coefficients, normal noise; values are predicted",
        formula: "x_i ~ N(0, 1), y = sum_i w_i x_i + N(0, noise^2), w_i ~ N(0, 1 / informative) for the first \
                  `informative` inputs and 0 for the others, so that the sum has variance 1 on average",
        source: "scikit-learn, `make_regression`; Hastie et al. 2022",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("features", count, "20", "numbers of a row").or(&["n_features"]),
                Key::optional("informative", count, "how many of them count, the first ones; all when not given")
                    .or(&["n_informative"]),
                Key::preset("outputs", count, "1", "numbers to predict").or(&["n_targets"]),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.1", "the deviation of the noise"),
            ],
        ),
        example: "{ type = \"regression\", features = 100, informative = 10, noise = 0.5 }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let features = values.count("features");
    let informative = if values.has("informative") { values.count("informative") } else { features };
    if informative > features {
        let message = format!("`informative` is {informative}, but a row has {features} numbers");
        diagnostics.error(values.place("informative"), message, "");
        return None;
    }
    let (outputs, noise) = (values.count("outputs"), values.number("noise"));
    Generated::source(values, Regression { features, informative, outputs, noise })
}

struct Regression {
    features: usize,
    informative: usize,
    outputs: usize,
    noise: f64,
}

impl Rows for Regression {
    /// The coefficients, `(outputs, informative)`.
    type Shared = Vec<f64>;

    fn shape(&self) -> Shape {
        Shape::flat(self.features)
    }

    fn target(&self) -> Target {
        Target::Values(self.outputs)
    }

    fn shared(&self, stream: &mut Stream) -> Vec<f64> {
        let size = libm::sqrt(self.informative as f64);
        (0..self.outputs * self.informative).map(|_| stream.normal() / size).collect()
    }

    fn row(&self, coefficients: &Vec<f64>, _at: At, stream: &mut Stream, row: &mut Drawn) {
        let x: Vec<f64> = (0..self.features).map(|_| stream.normal()).collect();
        for w in coefficients.chunks_exact(self.informative) {
            let signal: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
            row.y(signal + self.noise * stream.normal());
        }
        x.into_iter().for_each(|x| row.x(x));
    }
}
