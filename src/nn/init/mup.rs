//! `mup`: the maximal update parametrization, in which every layer of a network of any width learns features, and the best
//! learning rate of a narrow network is that of a wide one. At `base_width` it is `lecun_normal` with the optimizer's own
//! rate in every layer. With `n_in` and `n_out` the inputs and units of a layer in multiples of `base_width`, but 1 for the
//! inputs of the first layer and the units of the last, which do not grow with the network: the last layer starts smaller
//! by `√n_in`, and learning rates are those of the formula below, `n_out` counting only where the optimizer feels the size
//! of a gradient, and for biases as for weights with `n_in = 1`.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "mup",
        aliases: &["mu_p", "maximal_update"],
        summary: "the maximal update parametrization: start and learning rates by the width, biases zero",
        formula: "Var W = 1/fan_in, 1/(fan_in n_in) in the last layer; b = 0; lr · n_out/n_in (sgd) or lr/n_in (adam)",
        source: "Yang & Hu 2021; Yang et al. 2022, table 3",
        keys: vec![Key::required("base_width", Kind::COUNT, "the width of hidden layers at which nothing is scaled")],
        example: "{ type = \"mup\", base_width = 64 }".into(),
    };
    Entry { about, build: |values| Box::new(Mup { base: values.count("base_width") as f64 }) }
}

struct Mup {
    base: f64,
}

impl Mup {
    fn inputs(&self, slot: &Slot) -> f64 {
        if slot.first || slot.role == Role::Bias { 1.0 } else { slot.fan_in as f64 / self.base }
    }
}

impl Initialiser for Mup {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let smaller = if slot.last { self.inputs(slot) } else { 1.0 };
        let deviation = libm::sqrt(1.0 / (slot.fan_in as f64 * smaller));
        out.iter_mut().for_each(|w| *w = (deviation * stream.normal()) as f32);
    }

    fn rate(&self, slot: &Slot, scale_free: bool) -> f64 {
        let units = if slot.last || scale_free { 1.0 } else { slot.fan_out as f64 / self.base };
        units / self.inputs(slot)
    }
}
