//! `identity`: every layer begins by handing its input on, as far as it is wide enough.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "identity",
        aliases: &["eye"],
        summary: "ones on the diagonal, everything else zero",
        formula: "W[i, j] = 1 where i = j, else 0; b = 0",
        source: "PyTorch, torch.nn.init.eye_; Le, Jaitly & Hinton 2015",
        keys: vec![],
        example: "\"identity\"".into(),
    };
    Entry { about, build: |_| Box::new(Identity) }
}

struct Identity;

impl Initialiser for Identity {
    fn weights(&self, slot: &Slot, _stream: &mut Stream, out: &mut [f32]) {
        out.fill(0.0);
        out.chunks_mut(slot.row())
            .enumerate()
            .for_each(|(i, row)| row.iter_mut().skip(i).take(1).for_each(|w| *w = 1.0));
    }
}
