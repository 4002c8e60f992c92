//! `sinusoids`: a sum of sines of one number, the task on which networks were found to learn low frequencies first
//! (Rahaman et al. 2019). The test points lie between the training points.

use std::f64::consts::PI;

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let numbers = Kind::Numbers { count: None, bounds: Bounds::Any };
    let about = About {
        name: "sinusoids",
        aliases: &["sines"],
        summary: "a sum of sines of one number from 0 to 1; values are predicted",
        formula: "y = sum_k amplitude_k sin(2 pi frequency_k z + phase_k) + N(0, noise^2), phase_k uniform from [0, 2 pi)",
        source: "Rahaman et al. 2019",
        keys: generated::keys(
            "200",
            "200",
            "\"trial\"",
            &[
                Key::preset(
                    "frequencies",
                    numbers,
                    "[5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0]",
                    "how often each sine goes round from 0 to 1",
                ),
                Key::optional("amplitudes", numbers, "one per frequency; all 1 when not given"),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.0", "the deviation of the noise"),
                Key::preset("points", Kind::Word(POINTS), "\"grid\"", "where z lies"),
            ],
        ),
        example: "{ type = \"sinusoids\", frequencies = [2, 4, 6, 8, 10, 12] }".into(),
    };
    Entry { about, build }
}

const POINTS: &[(&str, &str)] = &[
    ("grid", "training points i / (train - 1), test points (i + 1/2) / test"),
    ("uniform", "drawn uniformly from 0 to 1"),
];

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let frequencies = values.numbers("frequencies");
    let amplitudes = if values.has("amplitudes") { values.numbers("amplitudes") } else { vec![1.0; frequencies.len()] };
    if amplitudes.len() != frequencies.len() || frequencies.is_empty() {
        let (a, f) = (amplitudes.len(), frequencies.len());
        let message = format!("there are {f} frequencies, but {a} amplitudes");
        let (place, message) = if f == 0 {
            (values.place("frequencies"), "`frequencies` must not be empty".to_owned())
        } else {
            (values.place("amplitudes"), message)
        };
        diagnostics.error(place, message, "");
        return None;
    }
    let (noise, grid) = (values.number("noise"), values.text("points") == "grid");
    Generated::source(values, Sinusoids { frequencies, amplitudes, noise, grid })
}

struct Sinusoids {
    frequencies: Vec<f64>,
    amplitudes: Vec<f64>,
    noise: f64,
    grid: bool,
}

impl Rows for Sinusoids {
    /// The phases.
    type Shared = Vec<f64>;

    fn shape(&self) -> Shape {
        Shape::flat(1)
    }

    fn target(&self) -> Target {
        Target::Values(1)
    }

    fn shared(&self, stream: &mut Stream) -> Vec<f64> {
        self.frequencies.iter().map(|_| 2.0 * PI * stream.unit()).collect()
    }

    fn row(&self, phases: &Vec<f64>, at: At, stream: &mut Stream, row: &mut Drawn) {
        let z = match (self.grid, at.train) {
            (false, _) => stream.unit(),
            (true, true) => at.index as f64 / (at.rows.max(2) - 1) as f64,
            (true, false) => (at.index as f64 + 0.5) / at.rows as f64,
        };
        let sines = self.frequencies.iter().zip(&self.amplitudes).zip(phases);
        let y: f64 = sines.map(|((k, a), phase)| a * libm::sin(2.0 * PI * k * z + phase)).sum();
        row.x(z);
        row.y(y + self.noise * stream.normal());
    }
}
