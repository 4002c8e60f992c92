//! `spirals`: points on arms that wind around each other, one class an arm (Lang & Witbrock 1988). Two arms of three turns
//! were long the hardest of the small problems.

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
        name: "spirals",
        aliases: &["spiral", "two_spirals"],
        summary: "points of the plane on arms that wind around each other, one class an arm",
        formula: "t uniform from [0, 1), r = (1 + 12 t) / 13, angle = 2 pi (turns t + class / classes), \
                  x = r (cos angle, sin angle) + N(0, noise^2)",
        source: "Lang & Witbrock 1988",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("classes", Kind::Whole { least: 2, most: 1000 }, "2", "arms; rows take them in turn"),
                Key::preset("turns", Kind::Number(Bounds::Any), "3.0", "how often an arm winds around the centre"),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.02", "the deviation of each coordinate"),
            ],
        ),
        example: "{ type = \"spirals\", turns = 1.5, noise = 0.05 }".into(),
    };
    let build: Build = |chosen, _| {
        let values = &chosen.values;
        let (turns, noise) = (values.number("turns"), values.number("noise"));
        Generated::source(values, Spirals { classes: values.count("classes"), turns, noise })
    };
    Entry { about, build }
}

struct Spirals {
    classes: usize,
    turns: f64,
    noise: f64,
}

impl Rows for Spirals {
    type Shared = ();

    fn shape(&self) -> Shape {
        Shape::flat(2)
    }

    fn target(&self) -> Target {
        Target::Classes(self.classes)
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), at: At, stream: &mut Stream, row: &mut Drawn) {
        let class = at.index % self.classes;
        let t = stream.unit();
        let angle = 2.0 * PI * (self.turns * t + class as f64 / self.classes as f64);
        // as published: from an eighth of the first turn's radius to the rim, in units of the rim
        let radius = (1.0 + 12.0 * t) / 13.0;
        row.x(radius * libm::cos(angle) + self.noise * stream.normal());
        row.x(radius * libm::sin(angle) + self.noise * stream.normal());
        row.y(class as f64);
    }
}
