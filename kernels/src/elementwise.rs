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

/// `x[at..end]` of at most sixteen values; the lanes past them are zero.
#[inline(always)]
pub(crate) fn load<S: Simd>(s: S, x: &[f32], at: usize, end: usize) -> S::V {
    if end - at == LANES { s.load(block(x, at)) } else { s.load_part(&x[at..end]) }
}

/// Writes `x[at..end]`, at most sixteen values.
#[inline(always)]
pub(crate) fn store<S: Simd>(s: S, v: S::V, x: &mut [f32], at: usize, end: usize) {
    if end - at == LANES { s.store(v, block_mut(x, at)) } else { s.store_part(v, &mut x[at..end]) }
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

/// A function of what stands in a block and of `N` numbers, lane by lane.
pub(crate) trait Onto<const N: usize> {
    /// What stands there afterwards.
    fn eval<S: Simd>(&self, s: S, y: S::V, x: [S::V; N]) -> S::V;
}

/// `y[i] = f(y[i], x[0][i], ..., x[N-1][i])`.
pub(crate) struct InPlace<'a, const N: usize, F> {
    pub f: F,
    pub x: [&'a [f32]; N],
    pub y: &'a mut [f32],
}

impl<const N: usize, F: Onto<N>> Op for InPlace<'_, N, F> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        for x in self.x {
            assert_eq!(x.len(), self.y.len(), "what is changed, and by what");
        }
        let whole = self.y.len() / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let mut x = [s.zero(); N];
            for (v, from) in x.iter_mut().zip(self.x) {
                *v = s.load(block(from, at));
            }
            let y = self.f.eval(s, s.load(block(self.y, at)), x);
            s.store(y, block_mut(self.y, at));
        }
        if whole < self.y.len() {
            let mut x = [s.zero(); N];
            for (v, from) in x.iter_mut().zip(self.x) {
                *v = s.load_part(&from[whole..]);
            }
            let y = self.f.eval(s, s.load_part(&self.y[whole..]), x);
            s.store_part(y, &mut self.y[whole..]);
        }
    }
}

struct Plus;

impl Onto<1> for Plus {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, [x]: [S::V; 1]) -> S::V {
        s.add(y, x)
    }
}

/// `y += x`, both of one length.
pub fn add_to(cpu: Cpu, x: &[f32], y: &mut [f32]) {
    cpu.run(InPlace { f: Plus, x: [x], y });
}

struct Scale(f32);

impl Onto<0> for Scale {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, _: [S::V; 0]) -> S::V {
        s.mul(y, s.splat(self.0))
    }
}

/// `y *= a`
pub fn scale(cpu: Cpu, a: f32, y: &mut [f32]) {
    cpu.run(InPlace { f: Scale(a), x: [], y });
}

struct Settle;

impl Onto<0> for Settle {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, _: [S::V; 0]) -> S::V {
        s.settled(y)
    }
}

/// What is [negligible](crate::isa::NEGLIGIBLE) in `y` becomes zero.
pub fn settle(cpu: Cpu, y: &mut [f32]) {
    cpu.run(InPlace { f: Settle, x: [], y });
}

struct Clamp(f32);

impl Onto<0> for Clamp {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, _: [S::V; 0]) -> S::V {
        s.min(s.max(y, s.splat(-self.0)), s.splat(self.0))
    }
}

/// `y = min(max(y, -most), most)`; a NaN stays.
pub fn clamp(cpu: Cpu, most: f32, y: &mut [f32]) {
    cpu.run(InPlace { f: Clamp(most), x: [], y });
}

struct Blend(f32, f32);

impl Onto<1> for Blend {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, [x]: [S::V; 1]) -> S::V {
        s.settled(s.add(s.mul(s.splat(self.1), y), s.mul(s.splat(self.0), x)))
    }
}

/// `y = b y + a x`, each product and the sum rounded, zero where it is [negligible](crate::isa::NEGLIGIBLE); both slices of one
/// length.
pub fn blend(cpu: Cpu, a: f32, x: &[f32], b: f32, y: &mut [f32]) {
    cpu.run(InPlace { f: Blend(a, b), x: [x], y });
}

struct Toward(f32);

impl Onto<1> for Toward {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, [x]: [S::V; 1]) -> S::V {
        s.settled(s.mul_add(s.splat(self.0), s.sub(x, y), y))
    }
}

/// `y += a (x - y)`, the difference rounded, then one fused multiply-add, zero where it is
/// [negligible](crate::isa::NEGLIGIBLE); both slices of one length. Where `x` stays, `y` ends there, which the sum of two
/// products does not promise.
pub fn toward(cpu: Cpu, a: f32, x: &[f32], y: &mut [f32]) {
    cpu.run(InPlace { f: Toward(a), x: [x], y });
}

struct BySize(f32);

impl Onto<1> for BySize {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, [w]: [S::V; 1]) -> S::V {
        s.mul(y, s.add(s.and(w, s.bits(0x7fff_ffff)), s.splat(self.0)))
    }
}

/// `y *= |w| + eta`, both slices of one length.
pub fn by_size(cpu: Cpu, eta: f32, w: &[f32], y: &mut [f32]) {
    cpu.run(InPlace { f: BySize(eta), x: [w], y });
}

struct Penalty {
    l1: f32,
    l2: f32,
}

impl Onto<1> for Penalty {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, g: S::V, [w]: [S::V; 1]) -> S::V {
        let sign = s.or(s.and(w, s.bits(0x8000_0000)), s.splat(self.l1));
        let sign = s.select(s.eq(w, s.zero()), s.zero(), sign);
        s.add(s.add(g, sign), s.mul(s.splat(2.0 * self.l2), w))
    }
}

/// Adds the gradient of `l1 |w| + l2 w^2`, which is `l1 sign(w) + 2 l2 w` with `sign(0) = 0`, to `g`; both of one length.
pub fn penalize(cpu: Cpu, l1: f32, l2: f32, w: &[f32], g: &mut [f32]) {
    cpu.run(InPlace { f: Penalty { l1, l2 }, x: [w], y: g });
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
