//! `lstm`: long short-term memory. Gates decide what of a second state `c` is kept, written and shown at every step, so that
//! it can carry something over many of them.

use kernels::recurrent;

use crate::base::registry::{About, Entry};

use super::PlaceLayer;
use super::recurrent::{FORGET_BIAS, Keeps, keys, place};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "lstm",
            aliases: &[],
            summary: "long short-term memory: gates decide what a state keeps, takes and shows",
            formula: "[i f g o] = x W_ih + b_ih + h W_hh + b_hh; c' = σ(f) c + σ(i) tanh(g); h' = σ(o) tanh(c')",
            source: "Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; PyTorch, torch.nn.LSTM",
            keys: keys(vec![FORGET_BIAS]),
            example: "{ type = \"lstm\", units = 5 }".into(),
        },
        build: |chosen, placing| place(chosen, placing, recurrent::lstm, Some(Keeps { gate: 1, opposite: Some(0) })),
    }
}
