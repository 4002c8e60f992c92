//! `friedman`: the three regression problems of Friedman 1991, as scikit-learn's `make_friedman1` to `3` have them: a sum of
//! an interaction, a square and two lines, and two formulas of alternating-current circuits.

use std::f64::consts::PI;

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "friedman",
        aliases: &[],
        summary: "the regression problems of Friedman 1991: a smooth function of five inputs, or of a circuit's four",
        formula: "1: y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5, all x from [0, 1); \
                  2: y = sqrt(x1^2 + (x2 x3 - 1 / (x2 x4))^2); 3: y = atan((x2 x3 - 1 / (x2 x4)) / x1), with \
                  x1 from [0, 100), x2 from [40 pi, 560 pi), x3 from [0, 1), x4 from [1, 11); all + N(0, noise^2)",
        source: "Friedman 1991; scikit-learn, `make_friedman1` to `make_friedman3`",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("problem", Kind::Whole { least: 1, most: 3 }, "1", "which of the three"),
                Key::preset(
                    "features",
                    Kind::Whole { least: 5, most: 10_000 },
                    "10",
                    "numbers of a row of problem 1; those after the fifth say nothing. Rows of the others have 4",
                ),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.0", "the deviation of the noise"),
            ],
        ),
        example: "{ type = \"friedman\", problem = 1, noise = 1.0 }".into(),
    };
    let build: Build = |chosen, _| {
        let values = &chosen.values;
        let (problem, noise) = (values.whole("problem"), values.number("noise"));
        let features = if problem == 1 { values.count("features") } else { 4 };
        Generated::source(values, Friedman { problem, features, noise })
    };
    Entry { about, build }
}

struct Friedman {
    problem: i64,
    features: usize,
    noise: f64,
}

impl Rows for Friedman {
    type Shared = ();

    fn shape(&self) -> Shape {
        Shape::flat(self.features)
    }

    fn target(&self) -> Target {
        Target::Values(1)
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), _at: At, stream: &mut Stream, row: &mut Drawn) {
        let mut x: Vec<f64> = (0..self.features).map(|_| stream.unit()).collect();
        let y = if self.problem == 1 {
            let bend = (x[2] - 0.5) * (x[2] - 0.5);
            10.0 * libm::sin(PI * x[0] * x[1]) + 20.0 * bend + 10.0 * x[3] + 5.0 * x[4]
        } else {
            x[0] *= 100.0;
            x[1] = 40.0 * PI + 520.0 * PI * x[1];
            x[3] = 1.0 + 10.0 * x[3];
            let reactance = x[1] * x[2] - 1.0 / (x[1] * x[3]);
            if self.problem == 2 { libm::hypot(x[0], reactance) } else { libm::atan(reactance / x[0]) }
        };
        x.into_iter().for_each(|x| row.x(x));
        row.y(y + self.noise * stream.normal());
    }
}
