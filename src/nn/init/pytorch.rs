//! `pytorch`: what the layers of `torch.nn` do, and what most published numbers assume.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "pytorch",
        aliases: &["pytorch_default"],
        summary: "PyTorch's default: uniform by the number of inputs, biases too",
        formula: "W, b ~ U(-1/√n, 1/√n), n = fan_in, in recurrent layers the units; embeddings ~ N(0, 1); attention as torch.nn has it",
        source: "PyTorch, torch.nn.Linear and torch.nn.RNNBase",
        keys: vec![],
        example: "\"pytorch\"".into(),
    };
    Entry { about, build: |_| Box::new(Pytorch) }
}

struct Pytorch;

impl Initialiser for Pytorch {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let bound = 1.0 / libm::sqrt(slot.fan_pytorch);
        out.iter_mut().for_each(|w| *w = stream.symmetric(bound) as f32);
    }

    fn embedding(&self, _slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        out.iter_mut().for_each(|w| *w = stream.normal() as f32);
    }

    fn biases(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        self.weights(slot, stream, out);
    }
}
