//! `gru`: the gated recurrent unit, which has one state, and gates for how much of it stays and how much of it is looked at.

use kernels::recurrent;

use crate::base::registry::{About, Entry};

use super::PlaceLayer;
use super::recurrent::{FORGET_BIAS, Keeps, keys, place};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "gru",
            aliases: &[],
            summary: "the gated recurrent unit: gates decide how much of the state stays",
            formula: "[p_r p_z p_n] = x W_ih + b_ih, [q_r q_z q_n] = h W_hh + b_hh; r = σ(p_r + q_r), z = σ(p_z + q_z); \
                      h' = (1 - z) tanh(p_n + r q_n) + z h",
            source: "Cho et al. 2014; PyTorch, torch.nn.GRU",
            keys: keys(vec![FORGET_BIAS]),
            example: "{ type = \"gru\", units = 5 }".into(),
        },
        build: |chosen, placing| place(chosen, placing, recurrent::gru, Some(Keeps { gate: 1, opposite: None })),
    }
}
