//! `blobs`: normal clouds around random centres, one class a cloud, as scikit-learn's `make_blobs` has them.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "blobs",
        aliases: &["make_blobs"],
        summary: "normal clouds around random centres, one class a cloud",
        formula: "centre_ci uniform from [center_box_1, center_box_2), x_i = centre_ci + N(0, deviation^2)",
        source: "scikit-learn, `make_blobs`",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("classes", Kind::Whole { least: 2, most: 1000 }, "3", "clouds; rows take them in turn")
                    .or(&["centers"]),
                Key::preset("features", Kind::Whole { least: 1, most: 10_000 }, "2", "numbers of a row")
                    .or(&["n_features"]),
                Key::preset("deviation", Kind::Number(Bounds::AtLeast(0.0)), "1.0", "of every number of a cloud")
                    .or(&["cluster_std"]),
                Key::preset(
                    "center_box",
                    Kind::Numbers { count: Some(2), bounds: Bounds::Any },
                    "[-10.0, 10.0]",
                    "from where to where the numbers of the centres are drawn",
                ),
            ],
        ),
        example: "{ type = \"blobs\", classes = 5, features = 10 }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let ends = values.numbers("center_box");
    if ends[0] > ends[1] {
        diagnostics.error(values.place("center_box"), "`center_box` ends before it begins", "");
        return None;
    }
    let (classes, features) = (values.count("classes"), values.count("features"));
    Generated::source(values, Blobs { classes, features, deviation: values.number("deviation"), ends })
}

struct Blobs {
    classes: usize,
    features: usize,
    deviation: f64,
    ends: Vec<f64>,
}

impl Rows for Blobs {
    /// The centres, `(classes, features)`.
    type Shared = Vec<f64>;

    fn shape(&self) -> Shape {
        Shape::flat(self.features)
    }

    fn target(&self) -> Target {
        Target::Classes(self.classes)
    }

    fn shared(&self, stream: &mut Stream) -> Vec<f64> {
        let number = |_| self.ends[0] + (self.ends[1] - self.ends[0]) * stream.unit();
        (0..self.classes * self.features).map(number).collect()
    }

    fn row(&self, centres: &Vec<f64>, at: At, stream: &mut Stream, row: &mut Drawn) {
        let class = at.index % self.classes;
        for centre in &centres[class * self.features..][..self.features] {
            row.x(centre + self.deviation * stream.normal());
        }
        row.y(class as f64);
    }
}
