//! `uniform`: every parameter from the same interval, as the experiments of 1986 did.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let bound = Kind::Number(Bounds::AtLeast(0.0));
    let about = About {
        name: "uniform",
        aliases: &["random_uniform"],
        summary: "every parameter, biases too, from one interval",
        formula: "W, b ~ U(-bound, bound)",
        source: "Rumelhart, Hinton & Williams 1986",
        keys: vec![Key::required("bound", bound, "half the width of the interval")],
        example: "{ type = \"uniform\", bound = 0.3 }".into(),
    };
    Entry { about, build: |values| Box::new(Uniform { bound: values.number("bound") }) }
}

struct Uniform {
    bound: f64,
}

impl Initialiser for Uniform {
    fn weights(&self, _slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        out.iter_mut().for_each(|w| *w = stream.symmetric(self.bound) as f32);
    }

    fn biases(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        self.weights(slot, stream, out);
    }
}
