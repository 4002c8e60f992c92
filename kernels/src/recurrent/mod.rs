//! What a recurrent layer does at a step beside its matrix products, for all rows in one pass over memory: the gates, the
//! new state, and on the way back the gradients of both products. A cell says what becomes of one unit; the loops over
//! rows and units, rows that are shorter than others, and the way in which what is kept lies in memory are here.
//!
//! With `p = W_ih x + b_ih`, `r = W_hh h + b_hh` and the state before the step, `h` and perhaps `c`, a cell is a function
//! `(p, r, h, c) -> (h', c')` of each unit alone, where `p` and `r` have one number for each of its gates. Most cells look at
//! `p + r` only, which is a single product then.
//!
//! ```text
//!             before                 after forward           after backward
//!   given     x, h before, 1         and h of the next                            F + H + 1
//!   gates                            what backward needs     the gradient of p    gates H
//!   kept                             more of that                                 kept H
//!   split                                                    the gradient of r    gates H, where it is not that of p
//! ```
//!
//! numbers for each row and step, in whatever order: a step has its [`Columns`] of each.

use crate::elementwise::{block, block_mut, load, store};
use crate::isa::{Cpu, LANES, Op, Simd};

mod gru;
mod lstm;
mod rnn;
mod steps;

pub use gru::gru;
pub use lstm::lstm;
pub use rnn::{rnn_relu, rnn_tanh};
pub use steps::{Steps, give};

use steps::copy;

/// What makes a kind of unit.
pub type Make = fn() -> Box<dyn Cell>;

/// Every kind of unit there is, by name.
pub const ALL: &[(&str, Make)] = &[("lstm", lstm), ("gru", gru), ("rnn, tanh", rnn_tanh), ("rnn, relu", rnn_relu)];

/// What a step forward reads and writes; `B` is the number of rows, `H` of units.
pub struct Forward<'a> {
    /// `p`, or `p + r` where that is all that the cell looks at; nothing where it stands in `gates`.
    pub p: Option<Columns<&'a [f32]>>,
    /// `r`, `(B, gates, H)`, where it is looked at alone.
    pub r: &'a [f32],
    /// What is left of the gates.
    pub gates: Columns<&'a mut [f32]>,
    /// What else backward needs.
    pub kept: Columns<&'a mut [f32]>,
    /// The state `h`, `(B, H)`.
    pub h: &'a mut [f32],
    /// Where the new one is put down for the next step.
    pub next: Option<Columns<&'a mut [f32]>>,
    /// The state `c`, `(B, H)`, where there is one.
    pub c: &'a mut [f32],
    /// Where the new `h` is put down too: every step's, or nothing.
    pub y: Option<Columns<&'a mut [f32]>>,
}

/// What a step back reads and writes.
pub struct Backward<'a> {
    /// What forward left, and the gradient of `p` in its place.
    pub gates: Columns<&'a mut [f32]>,
    /// What forward kept.
    pub kept: Columns<&'a [f32]>,
    /// The gradient of `r`, where it is not that of `p`.
    pub split: Columns<&'a mut [f32]>,
    /// `h` before the step.
    pub before: Columns<&'a [f32]>,
    /// The gradient of `h` after the step, and what of it goes to `h` before it other than through `r`, `(B, H)`.
    pub dh: &'a mut [f32],
    /// The gradient of `c`, likewise.
    pub dc: &'a mut [f32],
    /// The gradients of every step's output.
    pub dy: Option<Columns<&'a [f32]>>,
}

/// Columns from `first` on of rows that begin `width` numbers apart, one for each row of the batch, or of the output for each of
/// its steps, `(B, T)`.
#[derive(Clone, Copy, Debug)]
pub struct Columns<X> {
    /// All of it.
    pub of: X,
    /// From one row to the next.
    pub width: usize,
    /// The first that is meant.
    pub first: usize,
}

impl Columns<&[f32]> {
    #[inline(always)]
    fn row(&self, at: usize, count: usize) -> &[f32] {
        &self.of[at * self.width + self.first..][..count]
    }
}

impl Columns<&mut [f32]> {
    #[inline(always)]
    fn row(&mut self, at: usize, count: usize) -> &mut [f32] {
        &mut self.of[at * self.width + self.first..][..count]
    }
}

/// A kind of recurrent unit.
pub trait Cell: Send + Sync {
    /// Numbers of a unit in each of the two products.
    fn gates(&self) -> usize;
    /// Numbers of a unit that a step keeps beside those.
    fn kept(&self) -> usize;
    /// Whether there is a second state, `c`.
    fn carries(&self) -> bool;
    /// Whether the two products are looked at apart, and have different gradients; else their sum is.
    fn splits(&self) -> bool;
    /// The `step`-th step of all rows.
    fn forward(&self, cpu: Cpu, steps: Steps<'_>, step: usize, hidden: usize, of: Forward<'_>);
    /// Its way back.
    fn backward(&self, cpu: Cpu, steps: Steps<'_>, step: usize, hidden: usize, of: Backward<'_>);
    /// One step of one row in `f64`: `p` and `r` are `(gates, H)`, `h` and `c` `(H)`.
    fn reference(&self, p: &[f64], r: &[f64], h: &mut [f64], c: &mut [f64]);
}

/// What a step makes of a unit.
struct Made<V, const G: usize, const K: usize> {
    gates: [V; G],
    kept: [V; K],
    h: V,
    c: V,
}

/// What a step back makes of a unit.
struct Slopes<V, const G: usize> {
    p: [V; G],
    r: [V; G],
    h: V,
    c: V,
}

/// A cell of `G` gates that keeps `K` numbers more; [`Cell`] follows from it. Where there is no `c` it is zero, and what is
/// said of it is not looked at.
trait Unit<const G: usize, const K: usize>: Copy + Send + Sync + 'static {
    const CARRIES: bool;
    const SPLITS: bool;
    /// The gates that depend on others.
    const CLOSED: &'static [usize];
    /// A gate as far as it does not depend on another. Without `SPLITS`, `p` is the sum of both products.
    fn open<S: Simd>(self, s: S, gate: usize, p: S::V, r: S::V) -> S::V;
    /// The rest, from the state before the step.
    fn close<S: Simd>(self, s: S, open: [S::V; G], r: [S::V; G], h: S::V, c: S::V) -> Made<S::V, G, K>;
    /// From what forward left, `h` before the step, and the gradients of `h` and `c` after it.
    fn backward<S: Simd>(self, s: S, left: ([S::V; G], [S::V; K]), h: S::V, dh: S::V, dc: S::V) -> Slopes<S::V, G>;
    /// `(h', c')` in `f64`, independent of the others.
    fn reference(self, p: [f64; G], r: [f64; G], h: f64, c: f64) -> (f64, f64);
}

/// The same units `from..to` of each of `N` numbers a unit, which lie `hidden` apart.
#[inline(always)]
fn load_all<S: Simd, const N: usize>(s: S, x: &[f32], hidden: usize, from: usize, to: usize) -> [S::V; N] {
    let mut all = [s.zero(); N];
    for (i, v) in all.iter_mut().enumerate() {
        *v = load(s, x, i * hidden + from, i * hidden + to);
    }
    all
}

#[inline(always)]
fn store_all<S: Simd, const N: usize>(s: S, all: [S::V; N], x: &mut [f32], hidden: usize, from: usize, to: usize) {
    for (i, v) in all.into_iter().enumerate() {
        store(s, v, x, i * hidden + from, i * hidden + to);
    }
}

/// Each of them [settled](Simd::settled).
#[inline(always)]
fn settled<S: Simd, const N: usize>(s: S, mut all: [S::V; N]) -> [S::V; N] {
    for v in &mut all {
        *v = s.settled(*v);
    }
    all
}

struct Step<'a, U, B> {
    unit: U,
    steps: Steps<'a>,
    step: usize,
    hidden: usize,
    of: B,
}

/// A step forward.
struct Onward<'a, U, const G: usize, const K: usize>(Step<'a, U, Forward<'a>>);

/// Rows whose gates are computed before their states: functions that do not depend on each other are computed at the same
/// time.
const GROUP: usize = 8;

impl<U: Unit<G, K>, const G: usize, const K: usize> Onward<'_, U, G, K> {
    /// The gates of a row.
    #[inline(always)]
    fn open<S: Simd>(&mut self, s: S, row: usize) {
        let Step { unit, hidden, of, .. } = &mut self.0;
        let (hidden, columns) = (*hidden, G * *hidden);
        let (p, gates) = (of.p.as_ref().map(|p| p.row(row, columns)), of.gates.row(row, columns));
        let r = if U::SPLITS { &of.r[row * columns..][..columns] } else { &[][..] };
        for gate in 0..G {
            for from in (gate * hidden..(gate + 1) * hidden).step_by(LANES) {
                let p = s.load(block(p.unwrap_or(gates), from));
                let r = if U::SPLITS { s.load(block(r, from)) } else { s.zero() };
                s.store(unit.open(s, gate, p, r), block_mut(gates, from));
            }
        }
    }

    /// Its new state, and unless they are `OPEN` already the gates.
    #[inline(always)]
    fn close<S: Simd, const OPEN: bool>(&mut self, s: S, row: usize, place: usize) {
        let Step { unit, hidden, of, .. } = &mut self.0;
        let (hidden, columns) = (*hidden, G * *hidden);
        let (p, gates) = (of.p.as_ref().map(|p| p.row(row, columns)), of.gates.row(row, columns));
        let r = if U::SPLITS { &of.r[row * columns..][..columns] } else { &[][..] };
        let (kept, h) = (of.kept.row(row, K * hidden), &mut of.h[row * hidden..][..hidden]);
        let c = if U::CARRIES { &mut of.c[row * hidden..][..hidden] } else { &mut [][..] };
        let mut next = of.next.as_mut().map(|next| next.row(row, hidden));
        let mut y = of.y.as_mut().map(|y| y.row(place, hidden));
        for from in (0..hidden).step_by(LANES) {
            let to = hidden.min(from + LANES);
            let r = if U::SPLITS { load_all::<S, G>(s, r, hidden, from, to) } else { [s.zero(); G] };
            let open = match OPEN {
                true => load_all::<S, G>(s, gates, hidden, from, to),
                false => {
                    let mut open = load_all::<S, G>(s, p.unwrap_or(gates), hidden, from, to);
                    for gate in 0..G {
                        open[gate] = unit.open(s, gate, open[gate], r[gate]);
                    }
                    open
                }
            };
            let c_old = if U::CARRIES { load(s, c, from, to) } else { s.zero() };
            let mut made = unit.close(s, open, r, load(s, h, from, to), c_old);
            (made.h, made.c) = (s.settled(made.h), s.settled(made.c));
            for (gate, made) in made.gates.into_iter().enumerate() {
                if !OPEN || U::CLOSED.contains(&gate) {
                    store(s, made, gates, gate * hidden + from, gate * hidden + to);
                }
            }
            store_all(s, made.kept, kept, hidden, from, to);
            store(s, made.h, h, from, to);
            if U::CARRIES {
                store(s, made.c, c, from, to);
            }
            if let Some(next) = &mut next {
                store(s, made.h, next, from, to);
            }
            if let Some(y) = &mut y {
                store(s, made.h, y, from, to);
            }
        }
    }

    /// A row that waits keeps its state.
    #[inline(always)]
    fn wait<S: Simd>(&mut self, s: S, row: usize, place: usize) {
        let Step { hidden, of, .. } = &mut self.0;
        if let Some(next) = &mut of.next {
            copy(s, &of.h[row * *hidden..][..*hidden], next.row(row, *hidden));
        }
        if let Some(y) = &mut of.y {
            y.row(place, *hidden).fill(0.0);
        }
    }

    /// All rows, group by group or each at once.
    #[inline(always)]
    fn rows<S: Simd, const OPEN: bool>(&mut self, s: S) {
        let Step { steps, step, .. } = self.0;
        for first in (0..steps.rows).step_by(GROUP) {
            let rows = first..steps.rows.min(first + GROUP);
            for row in rows.clone() {
                // a closure given to an iterator would not be inlined
                if OPEN && steps.place(row, step).is_ok() {
                    self.open(s, row);
                }
            }
            for row in rows {
                match steps.place(row, step) {
                    Ok(place) => self.close::<S, OPEN>(s, row, place),
                    Err(place) => self.wait(s, row, place),
                }
            }
        }
    }
}

impl<U: Unit<G, K>, const G: usize, const K: usize> Op for Onward<'_, U, G, K> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        // what was written through a mask cannot be read at once
        if self.0.hidden.is_multiple_of(LANES) { self.rows::<S, true>(s) } else { self.rows::<S, false>(s) }
    }
}

/// A step back.
struct Back<'a, U, const G: usize, const K: usize>(Step<'a, U, Backward<'a>>);

impl<U: Unit<G, K>, const G: usize, const K: usize> Op for Back<'_, U, G, K> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Step { unit, steps, step, hidden, of } = self.0;
        let Backward { mut gates, kept, mut split, before, dh, dc, dy } = of;
        let columns = G * hidden;
        for (row, dh) in dh.chunks_exact_mut(hidden).enumerate() {
            let gates = gates.row(row, columns);
            let split = if U::SPLITS { split.row(row, columns) } else { &mut [][..] };
            let Ok(place) = steps.place(row, step) else {
                gates.fill(0.0);
                split.fill(0.0);
                continue;
            };
            let kept = kept.row(row, K * hidden);
            let (before, dy) = (before.row(row, hidden), dy.as_ref().map(|dy| dy.row(place, hidden)));
            let dc = if U::CARRIES { &mut dc[row * hidden..][..hidden] } else { &mut [][..] };
            for from in (0..hidden).step_by(LANES) {
                let to = hidden.min(from + LANES);
                let left = (load_all::<S, G>(s, gates, hidden, from, to), load_all::<S, K>(s, kept, hidden, from, to));
                let mut slope = load(s, dh, from, to);
                if let Some(dy) = dy {
                    slope = s.add(slope, load(s, dy, from, to));
                }
                let carry = if U::CARRIES { load(s, dc, from, to) } else { s.zero() };
                // gradients vanish on the way back through the steps
                let slopes = unit.backward(s, left, load(s, before, from, to), slope, carry);
                store_all(s, settled(s, slopes.p), gates, hidden, from, to);
                if U::SPLITS {
                    store_all(s, settled(s, slopes.r), split, hidden, from, to);
                }
                store(s, s.settled(slopes.h), dh, from, to);
                if U::CARRIES {
                    store(s, s.settled(slopes.c), dc, from, to);
                }
            }
        }
    }
}

/// A unit as a [`Cell`].
struct Of<U, const G: usize, const K: usize>(U);

impl<U: Unit<G, K>, const G: usize, const K: usize> Cell for Of<U, G, K> {
    fn gates(&self) -> usize {
        G
    }

    fn kept(&self) -> usize {
        K
    }

    fn carries(&self) -> bool {
        U::CARRIES
    }

    fn splits(&self) -> bool {
        U::SPLITS
    }

    fn forward(&self, cpu: Cpu, steps: Steps<'_>, step: usize, hidden: usize, of: Forward<'_>) {
        assert_eq!(of.h.len(), steps.rows * hidden, "a recurrent step: states and rows");
        cpu.run(Onward::<U, G, K>(Step { unit: self.0, steps, step, hidden, of }));
    }

    fn backward(&self, cpu: Cpu, steps: Steps<'_>, step: usize, hidden: usize, of: Backward<'_>) {
        assert_eq!(of.dh.len(), steps.rows * hidden, "a recurrent step: gradients of states and rows");
        cpu.run(Back::<U, G, K>(Step { unit: self.0, steps, step, hidden, of }));
    }

    fn reference(&self, p: &[f64], r: &[f64], h: &mut [f64], c: &mut [f64]) {
        let hidden = h.len();
        for i in 0..hidden {
            let of = |x: &[f64]| std::array::from_fn(|g| x[g * hidden + i]);
            let carried = c.get(i).copied().unwrap_or(0.0);
            let (new, carried) = self.0.reference(of(p), of(r), h[i], carried);
            h[i] = new;
            if let Some(c) = c.get_mut(i) {
                *c = carried;
            }
        }
    }
}

/// `dy y (1 - y)`: the gradient of what a sigmoid was taken of.
#[inline(always)]
fn through_sigmoid<S: Simd>(s: S, y: S::V, dy: S::V) -> S::V {
    s.mul(dy, s.mul(y, s.sub(s.splat(1.0), y)))
}

/// `dy (1 - y^2)`: the gradient of what a hyperbolic tangent was taken of.
#[inline(always)]
fn through_tanh<S: Simd>(s: S, y: S::V, dy: S::V) -> S::V {
    s.mul(dy, s.mul_add(s.neg(y), y, s.splat(1.0)))
}

/// `1 / (1 + e^-x)` in `f64`.
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
