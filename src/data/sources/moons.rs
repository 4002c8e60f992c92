//! `moons`: two half circles that reach into each other, as scikit-learn's `make_moons` has them, but with the angle drawn
//! where that spaces it equally, so that training and test rows are independent.

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
        name: "moons",
        aliases: &["two_moons", "make_moons"],
        summary: "points of the plane on two half circles that reach into each other, one class each",
        formula: "a uniform from [0, pi), class 0: x = (cos a, sin a), class 1: x = (1 - cos a, 1/2 - sin a), \
                  both + N(0, noise^2)",
        source: "scikit-learn, `make_moons`",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.1", "the deviation of each coordinate")],
        ),
        example: "{ type = \"moons\", train = 200, noise = 0.2 }".into(),
    };
    Entry {
        about,
        build: |chosen, _| Generated::source(&chosen.values, Moons { noise: chosen.values.number("noise") }),
    }
}

struct Moons {
    noise: f64,
}

impl Rows for Moons {
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
        let angle = PI * stream.unit();
        let (cos, sin) = (libm::cos(angle), libm::sin(angle));
        let (x, y) = if class == 0 { (cos, sin) } else { (1.0 - cos, 0.5 - sin) };
        row.x(x + self.noise * stream.normal());
        row.x(y + self.noise * stream.normal());
        row.y(class as f64);
    }
}
