//! What a recurrent layer does at a step beside its matrix products, for all rows in one pass over memory: the gates, the
//! new state, and on the way back the gradients of both products. A cell says what becomes of one unit; the loops over
//! rows and units, rows that are shorter than others, and the way in which what is kept lies in memory are here.
//!
//! With `p = W_ih x + b_ih`, `r = W_hh h + b_hh` and the state before the step, `h` and perhaps `c`, a cell is a function
//! `(p, r, h, c) -> (h', c')` of each unit alone, where `p` and `r` have one number for each of its gates.
//!
//! ```text
//!                 forward reads         leaves            backward leaves
//!   gates         p                     what it needs     the gradient of p     (B, T, gates, H)
//!   kept                                more of that                            (B, T, kept, H)
//!   before                              h before a step                         (B, T, H)
//!   split                                                 the gradient of r     (B, T, gates, H) where it is not that of p
//! ```

use crate::elementwise::{load, store};
use crate::isa::{Cpu, LANES, Op, Simd};

mod gru;
mod lstm;
mod rnn;

pub use gru::gru;
pub use lstm::lstm;
pub use rnn::{rnn_relu, rnn_tanh};

/// The steps that rows take, `B` rows of `T` steps.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// `T`, of the longest row.
    pub count: usize,
    /// Whether rows are read from their last step to their first.
    pub reverse: bool,
    /// Steps that each row has, `(B)`; empty where all have all. What follows them is padding.
    pub lengths: &'a [u32],
}

impl Steps<'_> {
    /// Where a row is at the `step`-th thing it does, and whether there is something to do: a short row waits.
    #[inline(always)]
    fn place(self, row: usize, step: usize) -> (usize, bool) {
        let length = if self.lengths.is_empty() { self.count } else { self.lengths[row] as usize };
        match step < length {
            true if self.reverse => (length - 1 - step, true),
            busy => (step, busy),
        }
    }
}

/// What a step forward reads and writes; `B` is the number of rows, `H` of units.
pub struct Forward<'a> {
    /// `p` for every step, and what is left in its place.
    pub gates: &'a mut [f32],
    /// What else backward needs.
    pub kept: &'a mut [f32],
    /// `h` before every step.
    pub before: &'a mut [f32],
    /// `r`, `(B, gates, H)`.
    pub recurrent: &'a [f32],
    /// The state `h`, `(B, H)`.
    pub h: &'a mut [f32],
    /// The state `c`, `(B, H)`, where there is one.
    pub c: &'a mut [f32],
    /// Where the new `h` is put down too: every step's, or nothing.
    pub y: Option<Columns<&'a mut [f32]>>,
}

/// What a step back reads and writes.
pub struct Backward<'a> {
    /// What forward left, and the gradient of `p` in its place.
    pub gates: &'a mut [f32],
    /// What forward kept.
    pub kept: &'a [f32],
    /// `h` before every step.
    pub before: &'a [f32],
    /// The gradient of `r` at every step, where it is not that of `p`.
    pub split: &'a mut [f32],
    /// The gradient of `r` at this step, `(B, gates, H)`.
    pub recurrent: &'a mut [f32],
    /// The gradient of `h` after the step, and what of it goes to `h` before it other than through `r`, `(B, H)`.
    pub dh: &'a mut [f32],
    /// The gradient of `c`, likewise.
    pub dc: &'a mut [f32],
    /// The gradients of every step's output.
    pub dy: Option<Columns<&'a [f32]>>,
}

/// Columns `first..first + H` of `(B, T, width)`.
#[derive(Clone, Copy, Debug)]
pub struct Columns<X> {
    /// All of it.
    pub of: X,
    /// Numbers of a step.
    pub width: usize,
    /// The first that is meant.
    pub first: usize,
}

/// A kind of recurrent unit.
pub trait Cell: Send + Sync {
    /// Numbers of a unit in each of the two products.
    fn gates(&self) -> usize;
    /// Numbers of a unit that a step keeps beside those.
    fn kept(&self) -> usize;
    /// Whether there is a second state, `c`.
    fn carries(&self) -> bool;
    /// Whether the two products have different gradients.
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
    fn forward<S: Simd>(self, s: S, p: [S::V; G], r: [S::V; G], h: S::V, c: S::V) -> Made<S::V, G, K>;
    /// From what forward left, `h` before the step, and the gradients of `h` and `c` after it.
    fn backward<S: Simd>(self, s: S, left: ([S::V; G], [S::V; K]), h: S::V, dh: S::V, dc: S::V) -> Slopes<S::V, G>;
    /// `(h', c')` in `f64`, independent of [`Unit::forward`].
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

struct Step<'a, U, B> {
    unit: U,
    steps: Steps<'a>,
    step: usize,
    hidden: usize,
    of: B,
}

/// A step forward.
struct Onward<'a, U, const G: usize, const K: usize>(Step<'a, U, Forward<'a>>);

impl<U: Unit<G, K>, const G: usize, const K: usize> Op for Onward<'_, U, G, K> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Step { unit, steps, step, hidden, of } = self.0;
        let Forward { gates, kept, before, recurrent, h, c, mut y } = of;
        for (row, h) in h.chunks_exact_mut(hidden).enumerate() {
            let (t, busy) = steps.place(row, step);
            let at = row * steps.count + t;
            let gates = &mut gates[at * G * hidden..][..G * hidden];
            let kept = &mut kept[at * K * hidden..][..K * hidden];
            let before = &mut before[at * hidden..][..hidden];
            let mut y = y.as_mut().map(|y| &mut y.of[at * y.width + y.first..][..hidden]);
            if !busy {
                before.fill(0.0);
                if let Some(y) = y {
                    y.fill(0.0);
                }
                continue;
            }
            let recurrent = &recurrent[row * G * hidden..][..G * hidden];
            for from in (0..hidden).step_by(LANES) {
                let to = hidden.min(from + LANES);
                let p = load_all::<S, G>(s, gates, hidden, from, to);
                let r = load_all::<S, G>(s, recurrent, hidden, from, to);
                let old = load(s, h, from, to);
                let carried = row * hidden;
                let c_old = if U::CARRIES { load(s, c, carried + from, carried + to) } else { s.zero() };
                let made = unit.forward(s, p, r, old, c_old);
                store_all(s, made.gates, gates, hidden, from, to);
                store_all(s, made.kept, kept, hidden, from, to);
                store(s, old, before, from, to);
                store(s, made.h, h, from, to);
                if U::CARRIES {
                    store(s, made.c, c, carried + from, carried + to);
                }
                if let Some(y) = &mut y {
                    store(s, made.h, y, from, to);
                }
            }
        }
    }
}

/// A step back.
struct Back<'a, U, const G: usize, const K: usize>(Step<'a, U, Backward<'a>>);

impl<U: Unit<G, K>, const G: usize, const K: usize> Op for Back<'_, U, G, K> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Step { unit, steps, step, hidden, of } = self.0;
        let Backward { gates, kept, before, split, recurrent, dh, dc, dy } = of;
        for (row, dh) in dh.chunks_exact_mut(hidden).enumerate() {
            let (t, busy) = steps.place(row, step);
            let at = row * steps.count + t;
            let gates = &mut gates[at * G * hidden..][..G * hidden];
            let recurrent = &mut recurrent[row * G * hidden..][..G * hidden];
            let split = if U::SPLITS { &mut split[at * G * hidden..][..G * hidden] } else { &mut [][..] };
            if !busy {
                gates.fill(0.0);
                recurrent.fill(0.0);
                split.fill(0.0);
                continue;
            }
            let kept = &kept[at * K * hidden..][..K * hidden];
            let before = &before[at * hidden..][..hidden];
            let dy = dy.map(|dy| &dy.of[at * dy.width + dy.first..][..hidden]);
            for from in (0..hidden).step_by(LANES) {
                let to = hidden.min(from + LANES);
                let left = (load_all::<S, G>(s, gates, hidden, from, to), load_all::<S, K>(s, kept, hidden, from, to));
                let mut slope = load(s, dh, from, to);
                if let Some(dy) = dy {
                    slope = s.add(slope, load(s, dy, from, to));
                }
                let carried = row * hidden;
                let carry = if U::CARRIES { load(s, dc, carried + from, carried + to) } else { s.zero() };
                let slopes = unit.backward(s, left, load(s, before, from, to), slope, carry);
                store_all(s, slopes.p, gates, hidden, from, to);
                store_all(s, slopes.r, recurrent, hidden, from, to);
                if U::SPLITS {
                    store_all(s, slopes.r, split, hidden, from, to);
                }
                store(s, slopes.h, dh, from, to);
                if U::CARRIES {
                    store(s, slopes.c, dc, carried + from, carried + to);
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
        assert_eq!(of.recurrent.len(), of.h.len() * G, "a recurrent step: products and states");
        cpu.run(Onward::<U, G, K>(Step { unit: self.0, steps, step, hidden, of }));
    }

    fn backward(&self, cpu: Cpu, steps: Steps<'_>, step: usize, hidden: usize, of: Backward<'_>) {
        assert_eq!(of.recurrent.len(), of.dh.len() * G, "a recurrent step: products and states");
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
