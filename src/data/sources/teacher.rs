//! `teacher`: a random network labels normal inputs, and the network of the experiment is its student (Gardner & Derrida
//! 1989; Saad & Solla 1995). How large the teacher is says how hard the problem is, and no error but the noise's is
//! beyond a student that is large enough.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let count = Kind::Whole { least: 1, most: 10_000 };
    let about = About {
        name: "teacher",
        aliases: &["teacher_student"],
        summary: "normal inputs labelled by a random network: classes by its largest output, or its outputs as values",
        formula: "x_i ~ N(0, 1), h = f(W x), z = V h, W_ij ~ N(0, 1 / features), V_ij ~ N(0, 1 / units); \
                  y = z + N(0, noise^2), or class = argmax(z + N(0, noise^2))",
        source: "Gardner & Derrida 1989; Saad & Solla 1995",
        keys: generated::keys(
            "1000",
            "1000",
            "\"trial\"",
            &[
                Key::preset("features", count, "20", "numbers of a row"),
                Key::preset("units", count, "4", "hidden units of the teacher"),
                Key::preset("activation", Kind::Word(ACTIVATIONS), "\"tanh\"", "of these units"),
                Key::preset("outputs", count, "1", "outputs of the teacher; with classes, write `classes`"),
                Key::optional("classes", Kind::Whole { least: 2, most: 1000 }, "predict classes, so many"),
                Key::preset("noise", Kind::Number(Bounds::AtLeast(0.0)), "0.0", "the deviation of the noise"),
            ],
        ),
        example: "{ type = \"teacher\", features = 10, units = 3, classes = 2 }".into(),
    };
    Entry { about, build }
}

const ACTIVATIONS: &[(&str, &str)] = &[
    ("tanh", "tanh(a)"),
    ("relu", "max(a, 0)"),
    ("erf", "erf(a / sqrt(2)), of the soft committee machine"),
    ("linear", "a, a teacher of rank `units`"),
];

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let classes = values.has("classes").then(|| values.count("classes"));
    let outputs = values.count("outputs");
    if classes.is_some_and(|classes| outputs > 1 && outputs != classes) {
        let hint = "leave `outputs` out: a class has an output of its own";
        let message = format!("`outputs` is {outputs}, but there are {} classes", values.count("classes"));
        diagnostics.error_with_hint(values.place("outputs"), message, "", hint);
        return None;
    }
    let activation = match values.text("activation") {
        "tanh" => libm::tanh,
        "relu" => |a: f64| f64::max(a, 0.0),
        "erf" => |a: f64| libm::erf(a / std::f64::consts::SQRT_2),
        _ => |a: f64| a,
    };
    let (features, units, noise) = (values.count("features"), values.count("units"), values.number("noise"));
    Generated::source(values, Teacher { features, units, activation, outputs, classes, noise })
}

struct Teacher {
    features: usize,
    units: usize,
    activation: fn(f64) -> f64,
    outputs: usize,
    classes: Option<usize>,
    noise: f64,
}

impl Rows for Teacher {
    /// The weights `W`, `(units, features)`, and `V`, `(outputs, units)`.
    type Shared = (Vec<f64>, Vec<f64>);

    fn shape(&self) -> Shape {
        Shape::flat(self.features)
    }

    fn target(&self) -> Target {
        self.classes.map_or(Target::Values(self.outputs), Target::Classes)
    }

    fn shared(&self, stream: &mut Stream) -> Self::Shared {
        let mut weights = |out: usize, from: usize| {
            let size = libm::sqrt(from as f64);
            (0..out * from).map(|_| stream.normal() / size).collect()
        };
        (weights(self.units, self.features), weights(self.classes.unwrap_or(self.outputs), self.units))
    }

    fn row(&self, (w, v): &Self::Shared, _at: At, stream: &mut Stream, row: &mut Drawn) {
        let product = |row: &[f64], x: &[f64]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
        let x: Vec<f64> = (0..self.features).map(|_| stream.normal()).collect();
        let h: Vec<f64> = w.chunks_exact(self.features).map(|w| (self.activation)(product(w, &x))).collect();
        let z = v.chunks_exact(self.units).map(|v| product(v, &h) + self.noise * stream.normal());
        if self.classes.is_some() {
            // of equal outputs the first
            let best = z.enumerate().fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
            row.y(best.0 as f64);
        } else {
            z.for_each(|z| row.y(z));
        }
        x.into_iter().for_each(|x| row.x(x));
    }
}
