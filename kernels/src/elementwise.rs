//! Kernels that treat every element alike, and the one loop behind them: whole blocks of sixteen, then the ragged end
//! through masks. An operation gets its lanes and gives lanes back, it never sees where a block lies.

use crate::isa::{Cpu, LANES, Op, Simd};

/// A function of `N` numbers, lane by lane.
pub(crate) trait Lanes<const N: usize> {
    /// The function on a block.
    fn eval<S: Simd>(&self, s: S, x: [S::V; N]) -> S::V;
}

/// `out[i] = f(x[0][i], ..., x[N-1][i])`.
pub(crate) struct Map<'a, const N: usize, F> {
    pub f: F,
    pub x: [&'a [f32]; N],
    pub out: &'a mut [f32],
}

impl<const N: usize, F: Lanes<N>> Op for Map<'_, N, F> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        for x in self.x {
            assert_eq!(x.len(), self.out.len(), "input and output of an elementwise kernel");
        }
        let whole = self.out.len() / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let mut x = [s.zero(); N];
            for (v, from) in x.iter_mut().zip(self.x) {
                *v = s.load(block(from, at));
            }
            s.store(self.f.eval(s, x), block_mut(self.out, at));
        }
        if whole < self.out.len() {
            let mut x = [s.zero(); N];
            for (v, from) in x.iter_mut().zip(self.x) {
                *v = s.load_part(&from[whole..]);
            }
            s.store_part(self.f.eval(s, x), &mut self.out[whole..]);
        }
    }
}

/// The block of a slice that begins at `at`.
#[inline(always)]
pub(crate) fn block(x: &[f32], at: usize) -> &[f32; LANES] {
    x[at..].first_chunk().expect("a whole block")
}

/// The block of a slice that begins at `at`, to write to.
#[inline(always)]
pub(crate) fn block_mut(x: &mut [f32], at: usize) -> &mut [f32; LANES] {
    x[at..].first_chunk_mut().expect("a whole block")
}

struct Add;

impl Lanes<2> for Add {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [a, b]: [S::V; 2]) -> S::V {
        s.add(a, b)
    }
}

/// `out = a + b`, all of one length.
pub fn add(cpu: Cpu, a: &[f32], b: &[f32], out: &mut [f32]) {
    cpu.run(Map { f: Add, x: [a, b], out });
}

struct AddTo<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Op for AddTo<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let (x, x_end) = self.x.as_chunks();
        let (y, y_end) = self.y.as_chunks_mut();
        for (x, y) in x.iter().zip(y) {
            s.store(s.add(s.load(y), s.load(x)), y);
        }
        s.store_part(s.add(s.load_part(y_end), s.load_part(x_end)), y_end);
    }
}

/// `y += x`, both of one length.
pub fn add_to(cpu: Cpu, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "add_to: `x` and `y`");
    cpu.run(AddTo { x, y });
}

struct Times(f32);

impl Lanes<1> for Times {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [x]: [S::V; 1]) -> S::V {
        s.mul(s.splat(self.0), x)
    }
}

/// `out = factor x`, both of one length.
pub fn times(cpu: Cpu, factor: f32, x: &[f32], out: &mut [f32]) {
    cpu.run(Map { f: Times(factor), x: [x], out });
}

struct Product;

impl Lanes<2> for Product {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [a, b]: [S::V; 2]) -> S::V {
        s.mul(a, b)
    }
}

struct TimesRow<'a> {
    factors: &'a [f32],
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Op for TimesRow<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let cols = self.factors.len();
        for (x, out) in self.x.chunks_exact(cols).zip(self.out.chunks_exact_mut(cols)) {
            Map { f: Product, x: [self.factors, x], out }.eval(s);
        }
    }
}

/// `out[r][j] = factors[j] x[r][j]`: every row times the same one; `x` and `out` are `(rows, cols)`, `factors` `(cols)`.
pub fn times_row(cpu: Cpu, factors: &[f32], x: &[f32], out: &mut [f32]) {
    assert_eq!(x.len(), out.len(), "times_row: `x` and `out`");
    assert!(x.len().is_multiple_of(factors.len()), "times_row: {} values in rows of {}", x.len(), factors.len());
    cpu.run(TimesRow { factors, x, out });
}
