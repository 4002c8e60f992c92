//! `pytorch`: what `torch.nn.Linear` does, and what most published numbers assume.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "pytorch",
        aliases: &["pytorch_default"],
        summary: "PyTorch's default: uniform by the number of inputs, biases too",
        formula: "W, b ~ U(-1/√fan_in, 1/√fan_in)",
        source: "PyTorch, torch.nn.Linear",
        keys: vec![],
        example: "\"pytorch\"".into(),
    };
    Entry { about, build: |_| Box::new(Pytorch) }
}

struct Pytorch;

impl Initialiser for Pytorch {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let bound = 1.0 / libm::sqrt(slot.fan_in as f64);
        out.iter_mut().for_each(|w| *w = stream.symmetric(bound) as f32);
    }

    fn biases(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        self.weights(slot, stream, out);
    }
}
