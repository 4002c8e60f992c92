//! `circles`: a circle within a circle, as scikit-learn's `make_circles` has them, but with the angle drawn where that
//! spaces it equally, so that training and test rows are independent.

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
        name: "circles",
        aliases: &["make_circles"],
        summary: "points of the plane on two circles with the same centre, one class each",
        formula: "a uniform from [0, 2 pi), x = r (cos a, sin a) + N(0, noise^2), class 0: r = 1, class 1: r = factor",
        source: "scikit-learn, `make_circles`",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("factor", Kind::Number(Bounds::Below(0.0, 1.0)), "0.8", "the radius of the inner circle"),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.05", "the deviation of each coordinate"),
            ],
        ),
        example: "{ type = \"circles\", factor = 0.5, noise = 0.1 }".into(),
    };
    let build: Build = |chosen, _| {
        let values = &chosen.values;
        Generated::source(values, Circles { factor: values.number("factor"), noise: values.number("noise") })
    };
    Entry { about, build }
}

struct Circles {
    factor: f64,
    noise: f64,
}

impl Rows for Circles {
    type Shared = ();

    fn shape(&self) -> Shape {
        Shape::flat(2)
    }

    fn target(&self) -> Target {
        Target::Classes(2)
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), at: At, stream: &mut Stream, row: &mut Drawn) {
        let class = at.index % 2;
        let radius = if class == 0 { 1.0 } else { self.factor };
        let angle = 2.0 * PI * stream.unit();
        row.x(radius * libm::cos(angle) + self.noise * stream.normal());
        row.x(radius * libm::sin(angle) + self.noise * stream.normal());
        row.y(class as f64);
    }
}
