//! `rnn`: a state that is made anew at every step of a row, of the step's features and of itself.

use kernels::recurrent;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};

use super::PlaceLayer;
use super::recurrent::{keys, place};

const NONLINEARITY: Kind = Kind::Word(&[("tanh", "the hyperbolic tangent"), ("relu", "max(x, 0)")]);

pub(super) fn entry() -> Entry<PlaceLayer> {
    let f = Key::preset("nonlinearity", NONLINEARITY, "\"tanh\"", "f").or(&["activation"]);
    Entry {
        about: About {
            name: "rnn",
            aliases: &["simple_rnn", "elman"],
            summary: "a state made at every step of a row's features and of itself",
            formula: "h' = f(x W_ih + b_ih + h W_hh + b_hh), h = 0 before the first step",
            source: "Elman 1990; PyTorch, torch.nn.RNN",
            keys: keys(vec![f]),
            example: "{ type = \"rnn\", units = 5 }".into(),
        },
        build: |chosen, placing| {
            let relu = chosen.values.text("nonlinearity") == "relu";
            place(chosen, placing, || if relu { recurrent::rnn_relu() } else { recurrent::rnn_tanh() }, None)
        },
    }
}
