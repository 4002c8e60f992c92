//! What recurrent layers have in common: levels on top of each other, one direction or both, the state at the end or every
//! state. A member of the registry is a cell, which is a kernel, its keys and the name of the gate that remembers; nothing
//! here knows which cells there are.
//!
//! A row is `(T, F)`: so many steps of so many features. The input products of all steps, `p = x W_ih + b_ih`, are one
//! matrix product over `B T` rows; then step by step `r = h W_hh + b_hh` is one over `B`, and the cell makes the new state of both.
//! The gradients of the weights are matrix products over `B T` rows again: chains that go through the rows of the batch
//! and, within a row, through its steps in the order in which they lie there.

use std::fmt;
use std::ops::Range;

use kernels::gemm::{Mat, Start, gemm};
use kernels::member::Bounds;
use kernels::recurrent::{Backward, Cell, Columns, Forward, Steps};

use crate::base::key::{Key, Kind};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::nn::gradients;
use crate::nn::init::INITIALISER;
use crate::nn::layer::{Draws, Io, Layer, Pass, Trace, Traces};
use crate::nn::params::{Memory, Remembered, Role, Slot};
use crate::nn::place::Placing;

use super::{dense, dropout};

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
        Self { input, recurrent, biases }
    }

    /// What the chains of a product start from.
    fn start<'a>(&self, which: usize, params: &'a [f32]) -> Start<'a> {
        self.biases.as_ref().map_or(Start::Zero, |biases| Start::Bias(&params[biases[which].range()]))
    }
}

/// A level of cells.
struct Level {
    cell: Box<dyn Cell>,
    /// `T`
    steps: usize,
    /// `F`
    features: usize,
    /// `H`
    hidden: usize,
    ways: Vec<Way>,
    /// Whether every state is given.
    whole: bool,
    truncate: Option<usize>,
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} recurrent units x {} directions", self.hidden, self.ways.len())
    }
}

/// The memory of one direction: what the kernels call so, `(B, ...)` each.
struct Memories<X> {
    gates: X,
    kept: X,
    before: X,
    split: X,
    h: X,
    c: X,
    recurrent: X,
}

impl<X> Memories<X> {
    /// From stretches in this order, of the sizes of [`Level::sizes`].
    fn of([gates, kept, before, split, h, c, recurrent]: [X; 7]) -> Self {
        Self { gates, kept, before, split, h, c, recurrent }
    }
}

impl Memories<&mut [f32]> {
    /// The same, lent.
    fn again(&mut self) -> Memories<&mut [f32]> {
        let Self { gates, kept, before, split, h, c, recurrent } = self;
        Memories { gates, kept, before, split, h, c, recurrent }
    }
}

impl Level {
    fn columns(&self) -> usize {
        self.cell.gates() * self.hidden
    }

    fn width(&self) -> usize {
        self.ways.len() * self.hidden
    }

    /// Floats per row of the stretches of [`Memories`].
    fn sizes(&self) -> [usize; 7] {
        let (each, of) = (self.steps * self.hidden, |is: bool| usize::from(is));
        let gates = self.cell.gates();
        let split = of(self.cell.splits()) * each * gates;
        let carried = of(self.cell.carries()) * self.hidden;
        [each * gates, each * self.cell.kept(), each, split, self.hidden, carried, self.columns()]
    }

    /// What a direction has of the level's memory, to write to.
    fn own<'a>(&self, kept: &'a mut [f32], rows: usize, way: usize) -> Memories<&'a mut [f32]> {
        let sizes = self.sizes();
        let mut rest = &mut kept[rows * way * sizes.iter().sum::<usize>()..];
        Memories::of(sizes.map(|size| rest.split_off_mut(..rows * size).expect("the level's memory")))
    }

    /// The same, to read.
    fn trace<'a>(&self, trace: Trace<'a>, way: usize) -> Memories<&'a [f32]> {
        let sizes = self.sizes();
        let rows = trace.kept.len() / self.kept();
        let mut rest = &trace.kept[rows * way * sizes.iter().sum::<usize>()..];
        Memories::of(sizes.map(|size| rest.split_off(..rows * size).expect("the level's memory")))
    }

    /// The gradient of a recurrent product, of all steps.
    fn recurrent_slope<X>(&self, own: Memories<X>) -> X {
        if self.cell.splits() { own.split } else { own.gates }
    }

    fn columns_of<X>(&self, of: X, way: usize) -> Option<Columns<X>> {
        self.whole.then(|| Columns { of, width: self.width(), first: way * self.hidden })
    }

    /// Ends the gradient of the states of rows that are past the start of a stretch.
    fn cut(&self, steps: Steps<'_>, step: usize, own: &mut Memories<&mut [f32]>) {
        let past = |row: usize| steps.lengths.get(row).is_none_or(|length| step < *length as usize);
        for state in [&mut own.h, &mut own.c] {
            let rows = state.chunks_exact_mut(self.hidden).enumerate();
            rows.filter(|(row, _)| past(*row)).for_each(|(_, state)| state.fill(0.0));
        }
    }
}

impl Layer for Level {
    fn kept(&self) -> usize {
        self.ways.len() * self.sizes().iter().sum::<usize>()
    }

    fn multiply_adds(&self) -> Option<usize> {
        Some(self.ways.len() * self.steps * self.columns() * (self.features + self.hidden))
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let rows = kept.len() / self.kept();
        let (hidden, columns) = (self.hidden, self.columns());
        let x = Mat::new(x, rows * self.steps, self.features);
        for (at, way) in self.ways.iter().enumerate() {
            let mut own = self.own(kept, rows, at);
            let steps = Steps { count: self.steps, reverse: at == 1, lengths: pass.lengths };
            let weight = Mat::new(&params[way.input.range()], self.features, columns);
            gemm(pass.cpu, way.start(0, params), x, weight, own.gates, pass.scratch);
            own.h.fill(0.0);
            own.c.fill(0.0);
            for step in 0..self.steps {
                // the first state is zero
                let depth = if step == 0 { 0 } else { hidden };
                let h = Mat::strided(own.h, rows, depth, hidden, 1);
                let weight = Mat::strided(&params[way.recurrent.range()], depth, columns, columns, 1);
                gemm(pass.cpu, way.start(1, params), h, weight, own.recurrent, pass.scratch);
                let Memories { gates, kept, before, h, c, recurrent, .. } = own.again();
                let y = self.columns_of(&mut *y, at);
                let of = Forward { gates, kept, before, recurrent, h, c, y };
                self.cell.forward(pass.cpu, steps, step, hidden, of);
            }
            if !self.whole {
                for (y, h) in y.chunks_exact_mut(self.width()).zip(own.h.chunks_exact(hidden)) {
                    y[at * hidden..][..hidden].copy_from_slice(h);
                }
            }
        }
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let rows = kept.len() / self.kept();
        let (hidden, columns) = (self.hidden, self.columns());
        for (at, way) in self.ways.iter().enumerate() {
            let mut own = self.own(kept, rows, at);
            let steps = Steps { count: self.steps, reverse: at == 1, lengths: pass.lengths };
            own.c.fill(0.0);
            own.h.fill(0.0);
            if !self.whole {
                for (h, dy) in own.h.chunks_exact_mut(hidden).zip(io.dy.chunks_exact(self.width())) {
                    h.copy_from_slice(&dy[at * hidden..][..hidden]);
                }
            }
            let weight = Mat::new(&params[way.recurrent.range()], hidden, columns).t();
            for step in (0..self.steps).rev() {
                let Memories { gates, kept, before, split, h, c, recurrent } = own.again();
                let dy = self.columns_of(io.dy, at);
                let of = Backward { gates, kept, before, split, recurrent, dh: h, dc: c, dy };
                self.cell.backward(pass.cpu, steps, step, hidden, of);
                if step == 0 {
                    break;
                }
                if self.truncate.is_some_and(|stretch| step.is_multiple_of(stretch)) {
                    self.cut(steps, step, &mut own);
                } else {
                    let slope = Mat::new(own.recurrent, rows, columns);
                    gemm(pass.cpu, Start::Keep, slope, weight, own.h, pass.scratch);
                }
            }
            if !dx.is_empty() {
                let start = if at == 0 { Start::Zero } else { Start::Keep };
                let weight = Mat::new(&params[way.input.range()], self.features, columns).t();
                gemm(pass.cpu, start, Mat::new(own.gates, rows * self.steps, columns), weight, dx, pass.scratch);
            }
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        for (at, way) in self.ways.iter().enumerate() {
            let of = |shard: usize| ((traces.of)(shard).x, self.trace((traces.of)(shard), at).gates);
            let recurrent = |shard: usize| {
                let own = self.trace((traces.of)(shard), at);
                (own.before, self.recurrent_slope(own))
            };
            gradients::weight(pass, &way.input, part, traces.count, &of, grads);
            gradients::weight(pass, &way.recurrent, part, traces.count, &recurrent, grads);
            if let Some([input, hidden]) = &way.biases {
                gradients::bias(pass, input, part, traces.count, &|shard| of(shard).1, grads);
                if !self.cell.splits() && part.start <= input.offset && hidden.range().end <= part.end {
                    // the same numbers: both are added to the same sum
                    let from = input.offset - part.start;
                    grads.copy_within(from..from + input.len(), hidden.offset - part.start);
                } else {
                    gradients::bias(pass, hidden, part, traces.count, &|shard| recurrent(shard).1, grads);
                }
            }
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let (hidden, columns, width) = (self.hidden, self.columns(), self.width());
        let product = |x: &[f64], weight: &Slot, bias: Option<&Slot>| -> Vec<f64> {
            let weight = &params[weight.range()];
            let column = |j: usize| {
                let bias = bias.map_or(0.0, |bias| params[bias.offset + j]);
                bias + x.iter().enumerate().map(|(i, x)| x * weight[i * columns + j]).sum::<f64>()
            };
            (0..columns).map(column).collect()
        };
        let mut all = vec![0.0; self.steps * width];
        let mut last = Vec::new();
        for (at, way) in self.ways.iter().enumerate() {
            let bias = |which: usize| way.biases.as_ref().map(|biases| &biases[which]);
            let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; if self.cell.carries() { hidden } else { 0 }]);
            for step in 0..self.steps {
                let t = if at == 1 { self.steps - 1 - step } else { step };
                let p = product(&x[t * self.features..][..self.features], &way.input, bias(0));
                let r = product(&h, &way.recurrent, bias(1));
                self.cell.reference(&p, &r, &mut h, &mut c);
                all[t * width + at * hidden..][..hidden].copy_from_slice(&h);
            }
            last.extend(h);
        }
        if self.whole { all } else { last }
    }
}
