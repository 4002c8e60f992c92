//! `sparse`: every unit listens to few inputs, however many there are, so that units stay different and unsaturated.
//! PyTorch's `sparse_` on a `Linear` thins out what leaves each input instead; here it is what enters each unit, as in the
//! paper.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "sparse",
        aliases: &[],
        summary: "normal, with the same share of the inputs of every unit cut off; biases zero",
        formula: "⌈sparsity · fan_in⌉ weights of every unit are 0, the others N(0, std²); b = 0",
        source: "Martens 2010",
        keys: vec![
            Key::required("sparsity", Kind::Number(Bounds::Within(0.0, 1.0)), "the share of weights that are zero"),
            Key::preset("std", Kind::Number(Bounds::AtLeast(0.0)), "0.01", "the standard deviation of the others")
                .or(&["stddev"]),
        ],
        example: "{ type = \"sparse\", sparsity = 0.9, std = 0.1 }".into(),
    };
    let build: Build = |values| Box::new(Sparse { sparsity: values.number("sparsity"), std: values.number("std") });
    Entry { about, build }
}

struct Sparse {
    sparsity: f64,
    std: f64,
}

impl Initialiser for Sparse {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let units = slot.row();
        let mut inputs: Vec<usize> = (0..out.len() / units).collect();
        let zeros = libm::ceil(self.sparsity * inputs.len() as f64) as usize;
        out.fill(0.0);
        for unit in 0..units {
            stream.shuffle(&mut inputs);
            for input in &inputs[zeros..] {
                out[input * units + unit] = (self.std * stream.normal()) as f32;
            }
        }
    }
}
