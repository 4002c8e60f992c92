//! The layers by name. A member is one file: its keys, how it is placed, and its pair of functions.

use std::sync::LazyLock;

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::registry::Registry;
use crate::base::values::Chosen;

use super::constraint::CONSTRAINT;
use super::init;
use super::place::Placing;

mod activation;
mod attention;
mod batch_norm;
mod concat;
mod conv;
mod dense;
mod dropout;
mod embedding;
mod extent;
mod flatten;
mod gru;
mod lstm;
mod parallel;
mod per_step;
mod permute;
mod pool;
mod positional_embedding;
mod recurrent;
mod repeat;
mod reshape;
mod residual;
mod rnn;
mod row_norm;
mod scale;
mod spatial_dropout;
mod transpose;
mod upsample;
mod window;

/// What places a layer: checks the shape it is given, takes its slots, adds itself to the chain. Nothing is returned
/// when it does not fit, which it has reported.
pub type PlaceLayer = fn(&Chosen, &mut Placing<'_>) -> Option<()>;

/// Every layer there is.
pub static LAYERS: LazyLock<Registry<PlaceLayer>> = LazyLock::new(|| Registry {
    kind: "layer",
    entries: [
        vec![
            dense::entry(),
            activation::entry(),
            dropout::entry(),
            spatial_dropout::entry(),
            residual::entry(),
            repeat::entry(),
            concat::entry(),
            parallel::entry(),
            scale::entry(),
            permute::entry(),
            flatten::entry(),
            reshape::entry(),
            transpose::entry(),
            upsample::entry(),
            per_step::entry(),
            rnn::entry(),
            lstm::entry(),
            gru::entry(),
            embedding::entry(),
            positional_embedding::entry(),
            attention::entry(),
            conv::one(),
            conv::two(),
            batch_norm::entry(),
            row_norm::layer_norm(),
            row_norm::rms_norm(),
        ],
        pool::entries(),
    ]
    .into_iter()
    .flatten()
    .collect(),
});

/// What every layer takes. A layer that holds others hands it down: `lr` is multiplied, `frozen` holds for all of them,
/// `weight_decay`, `init` and `constraint` are for those that do not say their own, and what is shared is shared layer by layer.
pub static COMMON: &[Key] = &[
    Key::preset(
        "lr",
        Kind::Number(Bounds::AtLeast(0.0)),
        "1.0",
        "multiplies the learning rate for the parameters of this layer, and of the layers in it",
    )
    .or(&["lr_multiplier"]),
    Key::optional(
        "weight_decay",
        Kind::Number(Bounds::AtLeast(0.0)),
        "stands for the optimizer's weight decay for the parameters of this layer",
    ),
    Key::preset("frozen", Kind::Flag, "false", "whether the parameters of this layer keep their initial values"),
    Key::optional(
        "init",
        init::INITIALISER,
        "what the parameters of this layer start from, instead of the network's `init`",
    )
    .or(&["kernel_initializer"]),
    Key::optional(
        "constraint",
        CONSTRAINT,
        "what the incoming weights of every unit of this layer obey after each update: `runner list constraint`",
    )
    .or(&["kernel_constraint"]),
    Key::optional(
        "share",
        Kind::Text,
        "the earlier layer whose parameters this one, or the layers in it, use: its place in the network as checkpoints name \
         it, `\"0\"` for the first, `\"1.body.0\"` for the first within the second; their gradients add up",
    )
    .or(&["share_with"]),
];

/// A layer with what every layer takes.
pub const LAYER: Kind = Kind::Member { registry: || &*LAYERS, common: COMMON };

/// Steps and features of the rows that a layer over sequences gets, or a mistake.
fn sequence(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<(usize, usize)> {
    match placing.shape().0.as_slice() {
        [steps, features] => Some((*steps, *features)),
        _ => {
            no_sequence(chosen, placing);
            None
        }
    }
}

/// The same for a layer that is told the lengths of padded rows: it must get their steps.
fn sequence_with_lengths(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<(usize, usize)> {
    let (steps, features) = sequence(chosen, placing)?;
    match placing.padded() {
        Some(padded) if padded != steps => {
            let name = chosen.name;
            let message = format!(
                "rows have different lengths up to {padded} steps, and what `{name}` gets of each has {steps} steps"
            );
            let hint = "let it come before the layers that change the steps, or take rows of one length";
            placing.misfit(chosen.place, message, hint);
            None
        }
        _ => Some((steps, features)),
    }
}

/// Reports that a layer got rows that are no sequences.
fn no_sequence(chosen: &Chosen, placing: &mut Placing<'_>) {
    let shape = placing.shape();
    let message = format!("`{}` reads rows of steps x features, but gets rows of {shape}", chosen.name);
    let hint =
        format!("put `{{ type = \"reshape\", shape = [{}, 1] }}` before it for one number a step", shape.width());
    placing.misfit(chosen.place, message, hint);
}
