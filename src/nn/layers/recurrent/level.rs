//! A level of recurrent cells over the steps of its rows.
//!
//! A row is `(T, F)`: so many steps of so many features. At each step what comes in and the state are multiplied by their
//! weights, in one product for all rows, `x W_ih + h W_hh + b_ih + b_hh`, or in one for each where the cell looks at them
//! apart; the cell makes the new state.
//!
//! The gradients of the weights are products over `T B` rows. What they are made from is much more than a core's cache holds,
//! and worse, half of it is in another's. So on the way back, while the gradients of a step are at hand, their share is added to
//! a sum for each [`BLOCK`] rows of the batch, and in the end these sums are added up: in one order, however the batch is divided,
//! which it is at multiples of a block. What is kept of a step lies together then. A small level, of fewer than [`SMALL`]
//! weights, is in the cache anyway, and its products would be too short: there every sum is one chain over the rows and in
//! each row over its steps, and that is how they lie.

use std::fmt;
use std::ops::Range;

use kernels::elementwise;
use kernels::gemm::{Mat, Start, gemm, transpose};
use kernels::isa::{Cpu, LANES};
use kernels::recurrent::{Backward, Cell, Columns, Forward, Steps, give};

use crate::nn::chain::Work;
use crate::nn::gradients;
use crate::nn::layer::{Draws, Io, Layer, Pass, Trace, Traces};
use crate::nn::params::Slot;

use super::Way;
use super::memory::{Lie, Memories, stretch};

/// Rows whose gradients are summed apart from others'.
const BLOCK: usize = 16;
/// Weights from which on they are.
const SMALL: usize = 2048;
/// A level of cells.
pub(super) struct Level {
    pub cell: Box<dyn Cell>,
    /// `T`
    pub steps: usize,
    /// `F`
    pub features: usize,
    /// `H`
    pub hidden: usize,
    pub ways: Vec<Way>,
    /// Whether every state is given.
    pub whole: bool,
    /// Steps of a stretch that the gradient stays within.
    pub truncate: Option<usize>,
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} recurrent units x {} directions", self.hidden, self.ways.len())
    }
}

impl Level {
    fn columns(&self) -> usize {
        self.cell.gates() * self.hidden
    }

    fn width(&self) -> usize {
        self.ways.len() * self.hidden
    }

    /// Numbers that the products of a step are given: its input, the state, and a one for the bias.
    fn given(&self) -> usize {
        self.ways[0].joint.extents[0]
    }

    /// Floats per row and step of what every step has of its own: gates, what is kept, the second product.
    fn each(&self) -> [usize; 3] {
        let columns = self.columns();
        [columns, self.cell.kept() * self.hidden, if self.cell.splits() { columns } else { 0 }]
    }

    /// Floats per row of the stretches of [`Memories`]; those of many steps are such that the next begins at a cache line.
    fn sizes(&self) -> [usize; 9] {
        let [columns, kept, split] = self.each();
        let all = [self.given(), columns, kept, split].map(|size| (self.steps * size).next_multiple_of(LANES));
        let [given, gates, kept, all_split] = all;
        let carried = if self.cell.carries() { self.hidden } else { 0 };
        let p = if self.ahead() { 0 } else { columns };
        [given, gates, kept, all_split, self.hidden, carried, p, split, self.features]
    }

    fn lie(&self, rows: usize) -> Lie {
        if self.blocked() { Lie { row: 1, step: rows } } else { Lie { row: self.steps, step: 1 } }
    }

    /// Floats per row of all directions.
    fn of_row(&self) -> usize {
        self.ways.len() * self.sizes().iter().sum::<usize>()
    }

    /// Floats of what is the same for all rows: the sum of the biases, and the weights of the state and of the input, turned.
    fn of_all(&self) -> usize {
        (1 + self.hidden + self.features) * self.columns()
    }

    /// Whether the gradients of blocks of rows are summed apart.
    fn blocked(&self) -> bool {
        self.given() * self.columns() >= SMALL
    }

    /// Whether the products of the inputs are computed for all steps at once: where that is one of many small ones less.
    fn ahead(&self) -> bool {
        self.cell.splits() && !self.blocked()
    }

    /// Floats of the sums of the gradients that so many rows have: for each block those of all directions.
    fn sums(&self, rows: usize) -> usize {
        if self.blocked() { rows.div_ceil(BLOCK) * self.parameters() } else { 0 }
    }

    fn parameters(&self) -> usize {
        self.ways.iter().map(|way| way.range().len()).sum()
    }

    /// For so many numbers of output.
    fn rows(&self, y: &[f32]) -> usize {
        y.len() / if self.whole { self.steps * self.width() } else { self.width() }
    }

    /// What a direction has of the level's memory, to write to; after it what all rows share, and the sums of the gradients.
    fn own<'a>(&self, kept: &'a mut [f32], rows: usize, way: usize) -> (Memories<&'a mut [f32]>, [&'a mut [f32]; 2]) {
        let sizes = self.sizes();
        let (kept, all) = kept.split_at_mut(rows * self.of_row());
        let mut rest = &mut kept[rows * way * sizes.iter().sum::<usize>()..];
        let own = Memories::of(sizes.map(|size| rest.split_off_mut(..rows * size).expect("the level's memory")));
        (own, all.split_at_mut(self.of_all()).into())
    }

    /// The same, to read.
    fn trace<'a>(&self, trace: Trace<'a>, way: usize) -> Memories<&'a [f32]> {
        let sizes = self.sizes();
        let mut rest = &trace.kept[trace.rows * way * sizes.iter().sum::<usize>()..];
        Memories::of(sizes.map(|size| rest.split_off(..trace.rows * size).expect("the level's memory")))
    }

    fn steps<'a>(&self, rows: usize, way: usize, pass: &Pass<'a>) -> Steps<'a> {
        Steps { rows, count: self.steps, reverse: way == 1, lengths: pass.lengths }
    }

    fn columns_of<X>(&self, of: X, way: usize) -> Option<Columns<X>> {
        self.whole.then(|| Columns { of, width: self.width(), first: way * self.hidden })
    }

    /// The state among what a product is given.
    fn states<X>(&self, given: Columns<X>) -> Columns<X> {
        Columns { first: self.features, ..given }
    }

    /// What the chains of a step's product start from, or of its two.
    fn starts<'a>(&self, cpu: Cpu, params: &'a [f32], way: &Way, sum: &'a mut [f32]) -> [Start<'a>; 2] {
        let Some([input, hidden]) = &way.biases else { return [Start::Zero; 2] };
        let (input, hidden) = (&params[input.range()], &params[hidden.range()]);
        if self.cell.splits() {
            return [Start::Bias(input), Start::Bias(hidden)];
        }
        elementwise::add(cpu, input, hidden, sum);
        [Start::Bias(sum), Start::Zero]
    }

    /// The product of what a step is given, to `p`, or the two of its input and of the state, to `p` and `r`.
    fn products(
        &self,
        pass: &mut Pass<'_>,
        (way, params): (&Way, &[f32]),
        (rows, step, starts): (usize, usize, [Start<'_>; 2]),
        own: &mut Memories<&mut [f32]>,
    ) {
        let (columns, features, hidden) = (self.columns(), self.features, self.hidden);
        let mut product = |given: Mat<'_>, slot: &Slot, start, out: &mut [f32]| {
            let weight = Mat::strided(&params[slot.offset..], given.cols(), columns, columns, 1);
            gemm(pass.cpu, start, given, weight, out, pass.scratch);
        };
        // the first state is zero
        let states = if step == 0 { 0 } else { hidden };
        let given = |count: usize| self.lie(rows).mat(own.given, (rows, step, self.given()), 0, count);
        if self.cell.splits() {
            if !self.ahead() {
                product(given(features), &way.input, starts[0], own.p);
            }
            product(Mat::strided(own.h, rows, states, hidden, 1), &way.recurrent, starts[1], own.r);
        } else {
            product(given(features + states), &way.joint, starts[0], own.p);
        }
    }

    /// The weights of the state and, where it is wanted, of the input, turned.
    fn turned<'a>(
        &self,
        pass: &Pass<'_>,
        params: &[f32],
        way: &Way,
        wanted: bool,
        all: &'a mut [f32],
    ) -> (Mat<'a>, Option<Mat<'a>>) {
        let columns = self.columns();
        let (recurrent, input) = all.split_at_mut(self.hidden * columns);
        transpose(pass.cpu, &params[way.recurrent.range()], columns, recurrent);
        if wanted {
            transpose(pass.cpu, &params[way.input.range()], columns, input);
        }
        (Mat::new(recurrent, columns, self.hidden), wanted.then(|| Mat::new(input, columns, self.features)))
    }

    /// Puts the gradient of what came in at a step to its place; that of the second direction is added to that of the first.
    fn put(&self, cpu: Cpu, steps: Steps<'_>, step: usize, slopes: &[f32], dx: &mut [f32]) {
        for (row, slope) in slopes.chunks_exact(self.features).enumerate() {
            let (Ok(at) | Err(at)) = steps.place(row, step);
            let dx = &mut dx[at * self.features..][..self.features];
            if steps.reverse {
                elementwise::add_to(cpu, slope, dx);
            } else {
                dx.copy_from_slice(slope);
            }
        }
    }

    /// The gradients of a direction by the parameters in `part`, from shards of what products were given, and of the
    /// gradients of what they made.
    fn slopes<'a>(
        &self,
        pass: &mut Pass<'_>,
        way: &Way,
        part: &Range<usize>,
        shards: Range<usize>,
        of: &dyn Fn(usize) -> [&'a [f32]; 3],
        grads: &mut [f32],
    ) {
        let given = 0..self.given();
        let [gates, split] = [1, 2].map(|which| move |shard: usize| of(shard)[which]);
        let [by_gates, by_split] = [1, 2].map(|which| move |shard: usize| (of(shard)[0], of(shard)[which]));
        let all = way.range();
        if self.cell.splits() {
            let states = self.features..given.end;
            gradients::weight_of_columns(pass, &way.input, given, part, shards.clone(), &by_gates, grads);
            gradients::weight_of_columns(pass, &way.recurrent, states, part, shards.clone(), &by_split, grads);
        } else if part.start <= all.start && all.end <= part.end {
            gradients::weight_of_columns(pass, &way.joint, given, part, shards, &by_gates, grads);
            if let Some([first, second]) = &way.biases {
                // the same numbers: both are added to the same sum
                let from = first.offset - part.start;
                grads.copy_within(from..from + first.len(), second.offset - part.start);
            }
            return;
        } else {
            gradients::weight_of_columns(pass, &way.weights, given, part, shards.clone(), &by_gates, grads);
        }
        let Some([first, second]) = &way.biases else { return };
        gradients::bias(pass, first, part, shards.clone(), &gates, grads);
        if self.cell.splits() {
            gradients::bias(pass, second, part, shards, &split, grads);
        } else {
            gradients::bias(pass, second, part, shards, &gates, grads);
        }
    }

    /// Some of what the products of steps were given, and of the gradients of what they made.
    fn of_rows<'a>(&self, [given, gates, split]: [&'a [f32]; 3], rows: &Range<usize>) -> [&'a [f32]; 3] {
        let [columns, _, other] = self.each();
        [stretch(given, rows, self.given()), stretch(gates, rows, columns), stretch(split, rows, other)]
    }

    /// Adds the share of a step to the sums of the blocks.
    fn add_up(&self, pass: &mut Pass<'_>, way: &Way, (rows, step): (usize, usize), of: [&[f32]; 3], sums: &mut [f32]) {
        let (first, range) = (self.ways[0].input.offset, way.range());
        let within = range.start - first..range.end - first;
        for (block, sums) in sums.chunks_exact_mut(self.parameters()).enumerate() {
            let rows = step * rows + block * BLOCK..step * rows + rows.min((block + 1) * BLOCK);
            let shard = self.of_rows(of, &rows);
            // a shard that is not the first is added
            self.slopes(pass, way, &range, 1..2, &|_| shard, &mut sums[within.clone()]);
        }
    }

    /// The sum of the sums.
    fn total(&self, cpu: Cpu, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let first = &self.ways[0].input;
        let own = part.start.max(first.offset)..part.end.min(first.offset + self.parameters());
        if own.is_empty() {
            return;
        }
        let grads = &mut grads[own.start - part.start..own.end - part.start];
        let mut start = !first.again;
        for trace in (0..traces.count).map(|shard| (traces.of)(shard)) {
            let sums = &trace.kept[trace.rows * self.of_row() + self.of_all()..];
            for sums in sums.chunks_exact(self.parameters()) {
                let sums = &sums[own.start - first.offset..own.end - first.offset];
                if start {
                    grads.copy_from_slice(sums);
                } else {
                    elementwise::add_to(cpu, sums, grads);
                }
                start = false;
            }
        }
    }

    /// Ends the gradient of the states of rows that are past the start of a stretch.
    fn cut(&self, steps: Steps<'_>, step: usize, states: [&mut [f32]; 2]) {
        let past = |row: usize| steps.lengths.get(row).is_none_or(|length| step < *length as usize);
        for state in states {
            let rows = state.chunks_exact_mut(self.hidden).enumerate();
            rows.filter(|(row, _)| past(*row)).for_each(|(_, state)| state.fill(0.0));
        }
    }
}

impl Layer for Level {
    fn kept_of(&self, rows: usize) -> usize {
        rows * self.of_row() + self.of_all() + self.sums(rows)
    }

    fn block(&self) -> usize {
        if self.blocked() { BLOCK } else { 1 }
    }

    /// The slopes of the gates take the gates' place.
    fn repeats(&self) -> bool {
        false
    }

    /// The gradient of a state is needed whoever needs that of the inputs, but for the first of a stretch.
    fn work(&self) -> Option<Work> {
        let of = |steps: usize, given: usize| self.ways.len() * steps * self.columns() * given;
        let inner = self.steps - 1 - self.truncate.map_or(0, |stretch| (self.steps - 1) / stretch);
        let (inputs, states) = (of(self.steps, self.features), of(self.steps, self.hidden));
        Some(Work { forward: inputs + states, backward: inputs + of(inner, self.hidden), spared: inputs })
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let (rows, hidden, features, width) = (self.rows(y), self.hidden, self.features, self.given());
        let (lie, [gates, kept_each, _]) = (self.lie(rows), self.each());
        for (number, way) in self.ways.iter().enumerate() {
            let (mut own, [all, _]) = self.own(kept, rows, number);
            let steps = self.steps(rows, number, pass);
            for step in 0..self.steps {
                give(pass.cpu, steps, step, x, features, lie.step(own.given, step, width));
            }
            if width > features + hidden {
                own.given.chunks_exact_mut(width).for_each(|given| given[features + hidden] = 1.0);
            }
            for row in 0..rows {
                own.given[row * lie.row * width + features..][..hidden].fill(0.0);
            }
            own.h.fill(0.0);
            own.c.fill(0.0);
            let starts = self.starts(pass.cpu, params, way, &mut all[..self.columns()]);
            if self.ahead() {
                let x = Mat::strided(own.given, rows * self.steps, features, width, 1);
                let weight = Mat::new(&params[way.input.range()], features, self.columns());
                gemm(pass.cpu, starts[0], x, weight, &mut own.gates[..rows * self.steps * gates], pass.scratch);
            }
            for step in 0..self.steps {
                let next = step + 1;
                self.products(pass, (way, params), (rows, step, starts), &mut own);
                let of = Forward {
                    p: (!self.ahead()).then_some(Columns { of: &*own.p, width: gates, first: 0 }),
                    r: own.r,
                    gates: lie.step(own.gates, step, gates),
                    kept: lie.step(own.kept, step, kept_each),
                    h: own.h,
                    next: (next < self.steps).then(|| self.states(lie.step(own.given, next, width))),
                    c: own.c,
                    y: self.columns_of(&mut *y, number),
                };
                self.cell.forward(pass.cpu, steps, step, hidden, of);
            }
            if !self.whole {
                for (y, h) in y.chunks_exact_mut(self.width()).zip(own.h.chunks_exact(hidden)) {
                    y[number * hidden..][..hidden].copy_from_slice(h);
                }
            }
        }
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let (rows, hidden, width, columns) = (self.rows(io.y), self.hidden, self.given(), self.columns());
        let (lie, [gates, kept_each, split]) = (self.lie(rows), self.each());
        for (number, way) in self.ways.iter().enumerate() {
            let (own, [all, sums]) = self.own(kept, rows, number);
            if number == 0 {
                sums.fill(0.0);
            }
            let steps = self.steps(rows, number, pass);
            let (recurrent, input) = self.turned(pass, params, way, !dx.is_empty(), &mut all[columns..]);
            own.c.fill(0.0);
            own.h.fill(0.0);
            if !self.whole {
                for (dh, dy) in own.h.chunks_exact_mut(hidden).zip(io.dy.chunks_exact(self.width())) {
                    dh.copy_from_slice(&dy[number * hidden..][..hidden]);
                }
            }
            for step in (0..self.steps).rev() {
                let of = Backward {
                    gates: lie.step(own.gates, step, gates),
                    kept: lie.seen(own.kept, step, kept_each),
                    split: lie.step(own.split, step, split),
                    before: self.states(lie.seen(own.given, step, width)),
                    dh: own.h,
                    dc: own.c,
                    dy: self.columns_of(io.dy, number),
                };
                self.cell.backward(pass.cpu, steps, step, hidden, of);
                self.add_up(pass, way, (rows, step), [own.given, own.gates, own.split], sums);
                let place = (rows, step, columns);
                if let Some(input) = input {
                    gemm(pass.cpu, Start::Zero, lie.mat(own.gates, place, 0, columns), input, own.dx, pass.scratch);
                    self.put(pass.cpu, steps, step, own.dx, dx);
                }
                if step == 0 {
                    break;
                }
                if self.truncate.is_some_and(|stretch| step.is_multiple_of(stretch)) {
                    self.cut(steps, step, [own.h, own.c]);
                } else {
                    let slope = if self.cell.splits() { &own.split } else { &own.gates };
                    let slope = lie.mat(slope, place, 0, columns);
                    gemm(pass.cpu, Start::Keep, slope, recurrent, own.h, pass.scratch);
                }
            }
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        if self.blocked() {
            return self.total(pass.cpu, part, traces, grads);
        }
        for (number, way) in self.ways.iter().enumerate() {
            let of = |shard: usize| {
                let trace = (traces.of)(shard);
                let own = self.trace(trace, number);
                self.of_rows([own.given, own.gates, own.split], &(0..trace.rows * self.steps))
            };
            self.slopes(pass, way, part, 0..traces.count, &of, grads);
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
