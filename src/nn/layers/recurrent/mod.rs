//! What recurrent layers have in common: levels on top of each other, one direction or both, the state at the end or every
//! state. A member of the registry is a cell, which is a kernel, its keys and the name of the gate that remembers; nothing
//! here knows which cells there are. What is placed here is computed in `level`.

use std::ops::Range;

use kernels::member::Bounds;
use kernels::recurrent::Cell;

use crate::base::key::{Key, Kind};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::nn::init::INITIALISER;
use crate::nn::params::{Memory, Remembered, Role, Slot};
use crate::nn::place::Placing;

use super::{dense, dropout};

mod level;
mod memory;

use level::Level;

/// What a recurrent layer is told, with the keys of its own.
pub(super) fn keys(own: Vec<Key>) -> Vec<Key> {
    let mut keys = vec![
        Key::required("units", Kind::COUNT, "numbers of the state").or(&["hidden_size"]),
        Key::preset("layers", Kind::COUNT, "1", "levels, each on the states of the one below").or(&["num_layers"]),
        Key::preset(
            "bidirectional",
            Kind::Flag,
            "false",
            "whether a second one reads each row backwards, its states beside those of the first",
        ),
        Key::preset(
            "return_sequences",
            Kind::Flag,
            "false",
            "whether the state after every step is given, or the last one, of each direction its own",
        ),
        Key::preset("bias", Kind::Flag, "true", "whether b_ih and b_hh are there").or(&["use_bias"]),
        Key::preset(
            "dropout",
            Kind::Number(Bounds::Below(0.0, 1.0)),
            "0.0",
            "the probability of a zero between two levels, as in the layer `dropout`",
        ),
        Key::optional(
            "truncate",
            Kind::COUNT,
            "truncated backpropagation through time: no gradient flows from one stretch of so many steps to the one before",
        ),
        Key::optional("recurrent_init", INITIALISER, "what W_hh starts from, instead of the layer's `init`")
            .or(&["recurrent_initializer"]),
    ];
    keys.extend(own);
    keys
}

const FORGET: Kind = Kind::Either(&[
    Kind::Number(Bounds::Any),
    Kind::Word(&[("chrono", "ln u, u uniform from 1 to T - 1: memories as long as the rows (Tallec & Ollivier 2018)")]),
]);

/// The key of a cell with a gate that keeps the state.
pub(super) const FORGET_BIAS: Key = Key::optional(
    "forget_bias",
    FORGET,
    "what the biases of the gate that keeps the state start from, b_ih and b_hh together, instead of the initialiser's rule",
);

/// Where a cell keeps its state, for `forget_bias`.
#[derive(Clone, Copy)]
pub(super) struct Keeps {
    /// The place of the gate.
    pub gate: usize,
    /// The place of the gate that starts from the opposite in `chrono`.
    pub opposite: Option<usize>,
}

/// Places the levels of a layer of such cells.
pub(super) fn place(
    chosen: &Chosen,
    placing: &mut Placing<'_>,
    cell: impl Fn() -> Box<dyn Cell>,
    keeps: Option<Keeps>,
) -> Option<()> {
    let values = &chosen.values;
    let levels = values.count("layers");
    for level in 0..levels {
        if level > 0 && values.number("dropout") > 0.0 {
            dropout::push(values.number("dropout"), placing);
        }
        let whole = level + 1 < levels || values.flag("return_sequences");
        place_level(chosen, placing, (level, whole), cell(), keeps)?;
    }
    Some(())
}

fn place_level(
    chosen: &Chosen,
    placing: &mut Placing<'_>,
    (level, whole): (usize, bool),
    cell: Box<dyn Cell>,
    keeps: Option<Keeps>,
) -> Option<()> {
    let values = &chosen.values;
    let (steps, features) = super::sequence_with_lengths(chosen, placing)?;
    let hidden = values.count("units");
    let ways = if values.flag("bidirectional") { 2 } else { 1 };
    if features.max(ways * hidden).checked_mul(cell.gates() * hidden).is_none_or(|n| n > dense::MOST_WEIGHTS) {
        let message = format!("{hidden} units are more than {} weights", dense::MOST_WEIGHTS);
        placing.misfit(values.place("units"), message, "give the layer fewer units");
        return None;
    }
    let memory = keeps.and_then(|keeps| memory(chosen, keeps, steps));
    let ways = ["", "_reverse"][..ways].iter();
    let ways =
        ways.map(|way| Way::place(chosen, placing, &format!("l{level}{way}"), (features, hidden), &*cell, &memory));
    let ways: Vec<Way> = ways.collect();
    let truncate = values.has("truncate").then(|| values.count("truncate"));
    let width = ways.len() * hidden;
    placing.push(
        Box::new(Level { cell, steps, features, hidden, ways, whole, truncate }),
        if whole { Shape(vec![steps, width]) } else { Shape::flat(width) },
    );
    Some(())
}

/// What `forget_bias` says.
fn memory(chosen: &Chosen, keeps: Keeps, steps: usize) -> Option<Memory> {
    let units = chosen.values.count("units");
    let (bias, opposite) = match chosen.values.value("forget_bias") {
        Value::Number(bias) => (Remembered::Number(*bias as f32), None),
        Value::Text(_) => (Remembered::Chrono(steps), keeps.opposite),
        _ => return None,
    };
    Some(Memory { gate: keeps.gate, opposite, units, bias })
}

/// The parameters of one direction; a weight is `(F, gates H)` or `(H, gates H)`, a bias `(gates H)`.
#[derive(Debug)]
struct Way {
    input: Slot,
    recurrent: Slot,
    biases: Option<[Slot; 2]>,
    /// Both weights, and the first bias where one product is for all, as one matrix: they lie one after the other.
    joint: Slot,
    /// Both weights.
    weights: Slot,
}

impl Way {
    fn place(
        chosen: &Chosen,
        placing: &mut Placing<'_>,
        suffix: &str,
        (features, hidden): (usize, usize),
        cell: &dyn Cell,
        memory: &Option<Memory>,
    ) -> Self {
        let values = &chosen.values;
        let columns = cell.gates() * hidden;
        let mut slot = |name: &str, role, extents: &[usize], fan_in, change: &dyn Fn(&mut Slot)| {
            placing.slot_with(&format!("{name}_{suffix}"), role, extents, (fan_in, columns), |slot| {
                slot.fan_pytorch = hidden as f64;
                change(slot);
            })
        };
        let input = slot("weight_ih", Role::Weight, &[features, columns], features, &|_| {});
        let recurrent = slot("weight_hh", Role::Weight, &[hidden, columns], hidden, &|slot| {
            if values.has("recurrent_init") {
                slot.care.init = Some(values.member("recurrent_init").clone());
            }
        });
        let biases = values.flag("bias").then(|| {
            let remembers = |slot: &mut Slot| slot.memory.clone_from(memory);
            // the sum of both is what was asked for
            let remembers_nothing = |slot: &mut Slot| {
                slot.memory = memory.clone().map(|memory| Memory { bias: Remembered::Number(0.0), ..memory });
            };
            [
                slot("bias_ih", Role::Bias, &[columns], features, &remembers),
                slot("bias_hh", Role::Bias, &[columns], hidden, &remembers_nothing),
            ]
        });
        debug_assert!(recurrent.offset == 0 || recurrent.offset == input.range().end, "weights that lie together");
        let ones = usize::from(biases.is_some() && !cell.splits());
        let joint = Slot { extents: vec![features + hidden + ones, columns], ..input.clone() };
        let weights = Slot { extents: vec![features + hidden, columns], ..input.clone() };
        Self { input, recurrent, biases, joint, weights }
    }

    /// All parameters, which lie together.
    fn range(&self) -> Range<usize> {
        let last = self.biases.as_ref().map_or(&self.recurrent, |[_, last]| last);
        self.input.offset..last.range().end
    }
}
