//! `normal`: every weight from one normal distribution, however wide the layer.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "normal",
        aliases: &["random_normal", "gaussian"],
        summary: "normal with the same deviation in every layer, biases zero",
        formula: "W ~ N(mean, std²), b = 0",
        source: "PyTorch, torch.nn.init.normal_",
        keys: moments(),
        example: "{ type = \"normal\", std = 0.02 }".into(),
    };
    Entry { about, build: |values| Box::new(Normal { mean: values.number("mean"), std: values.number("std") }) }
}

/// Mean and standard deviation, with PyTorch's defaults.
pub(super) fn moments() -> Vec<Key> {
    vec![
        Key::preset("mean", Kind::Number(Bounds::Any), "0.0", "the mean"),
        Key::preset("std", Kind::Number(Bounds::AtLeast(0.0)), "1.0", "the standard deviation").or(&["stddev"]),
    ]
}

struct Normal {
    mean: f64,
    std: f64,
}

impl Initialiser for Normal {
    fn weights(&self, _slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        out.iter_mut().for_each(|w| *w = (self.mean + self.std * stream.normal()) as f32);
    }
}
