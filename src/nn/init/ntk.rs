//! `ntk`: the parametrization in which a network of any width learns alike in its linear regime. Every parameter is a
//! constant of its layer times a number drawn from N(0, 1), and gradient descent goes along those numbers. The same
//! training needs no other parameters: with the constant `s` in them, each starts from N(0, s²), and its learning rate is
//! `s²` times the optimizer's, or `s` times where the optimizer does not feel the size of a gradient.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let number = Kind::Number(Bounds::AtLeast(0.0));
    let about = About {
        name: "ntk",
        aliases: &["neural_tangent"],
        summary: "the neural tangent parametrization: start and learning rates by the number of inputs",
        formula: "W = σ/√fan_in · w, b = β · v, with w, v ~ N(0, 1) trained",
        source: "Jacot, Gabriel & Hongler 2018",
        keys: vec![
            Key::preset("sigma", number, "1.0", "σ of the weights").or(&["weight_std"]),
            Key::preset("beta", number, "0.1", "β of the biases").or(&["bias_std"]),
        ],
        example: "{ type = \"ntk\", beta = 0.1 }".into(),
    };
    Entry { about, build: |values| Box::new(Ntk { sigma: values.number("sigma"), beta: values.number("beta") }) }
}

struct Ntk {
    sigma: f64,
    beta: f64,
}

impl Ntk {
    fn constant(&self, slot: &Slot) -> f64 {
        if slot.role == Role::Weight { self.sigma / libm::sqrt(slot.fan_in as f64) } else { self.beta }
    }
}

impl Initialiser for Ntk {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let constant = self.constant(slot);
        out.iter_mut().for_each(|w| *w = (constant * stream.normal()) as f32);
    }

    fn biases(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        self.weights(slot, stream, out);
    }

    fn rate(&self, slot: &Slot, scale_free: bool) -> f64 {
        let constant = self.constant(slot);
        if scale_free { constant } else { constant * constant }
    }
}
