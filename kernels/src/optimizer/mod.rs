//! Optimizers: one pass over the flat buffers of parameters, gradients and memory. Most treat every parameter alike, so a
//! stretch of the buffers may be cut anywhere without a change in the bits; those that look at a tensor as a whole say so
//! ([`Optimizer::whole`]) and are handed one tensor at a time. An optimizer is one file: its equations over lanes, with
//! PyTorch's names, defaults and order of operations; [`ALL`] is the registry.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod lars;
mod lion;
mod muon;
mod nadam;
mod perceptron;
mod radam;
mod rmsprop;
mod settings;
mod sgd;

use crate::gemm::Scratch;
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::member::Member;

/// Which step it is, and what is the same in it for all parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its number, from 1.
    pub number: u64,
    /// The learning rate of this step.
    pub lr: f64,
    /// What a schedule puts in place of `momentum`, or of the first of `betas`.
    pub momentum: Option<f64>,
    /// The product of [`Optimizer::factor`] over the steps up to this one.
    pub product: f64,
}

/// The most floats of memory per parameter that any optimizer has.
pub const PLANES: usize = 4;

/// A stretch of the flat buffers. `params`, `grads` and the first [`Optimizer::planes`] of `memory` have one length, the
/// other planes are empty; memory is zero before step 1.
pub struct Buffers<'a> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients.
    pub grads: &'a [f32],
    /// What the optimizer keeps.
    pub memory: [&'a mut [f32]; PLANES],
    /// The extents of the tensor that the stretch is, where an optimizer asks for [`Optimizer::whole`] tensors: `(in, out)`
    /// for a weight, `(out)` for a bias. No other optimizer looks at them.
    pub extents: &'a [usize],
}

/// An optimizer.
pub trait Optimizer: Send + Sync {
    /// Floats of memory per parameter.
    fn planes(&self) -> usize;

    /// Whether the size of a component of the gradient does not matter to its step, as in Adam: parametrizations of a
    /// network by its width scale learning rates by it.
    fn scale_free(&self) -> bool {
        false
    }

    /// Whether it takes one whole tensor at a time, because what it does to a parameter depends on the others.
    fn whole(&self) -> bool {
        false
    }

    /// What a step contributes to [`Step::product`], for equations with a product over steps.
    fn factor(&self, _step: Step) -> f64 {
        1.0
    }

    /// One step. `scratch` is for those that multiply matrices.
    fn step(&self, cpu: Cpu, step: Step, buffers: Buffers<'_>, scratch: &mut Scratch);
}

/// A registry entry.
pub type Entry = Member<fn(&[f64]) -> Box<dyn Optimizer>>;

/// Every optimizer, in the order lists show them. The first setting is always `lr`, and every one has a `weight_decay`.
pub static ALL: &[Entry] = &[
    sgd::MEMBER,
    perceptron::MEMBER,
    adam::MEMBER,
    adamw::MEMBER,
    nadam::MEMBER,
    radam::MEMBER,
    adamax::MEMBER,
    rmsprop::MEMBER,
    adagrad::MEMBER,
    adadelta::MEMBER,
    lion::MEMBER,
    lars::MEMBER,
    muon::MEMBER,
];

/// The rule of one step with `N` planes of memory, its numbers worked out.
trait Rule<const N: usize> {
    /// New parameter and memory from parameter `p`, gradient `g` and memory `m`.
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, m: [S::V; N]) -> (S::V, [S::V; N]);
}

/// Blocks of parameters that are fetched ahead: the other threads of a trial have read them, and a line that two cores have
/// takes three times as long to write to, waited for one by one.
const AHEAD: usize = 16;

struct Pass<'a, const N: usize, R> {
    rule: R,
    params: &'a mut [f32],
    grads: &'a [f32],
    memory: [&'a mut [f32]; N],
}

impl<const N: usize, R: Rule<N>> Op for Pass<'_, N, R> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Pass { rule, params, grads, mut memory } = self;
        for plane in &memory {
            assert_eq!(params.len(), plane.len(), "optimizer: parameters and memory");
        }
        let whole = params.len() / LANES * LANES;
        let blocks = params.as_chunks_mut().0.iter_mut().zip(grads.as_chunks().0);
        let mut planes = memory.each_mut().map(|plane| plane.as_chunks_mut::<LANES>().0);
        for (i, (params, grads)) in blocks.enumerate() {
            s.prefetch_to_write(params.as_ptr().wrapping_add(AHEAD * LANES));
            let mut m = [s.zero(); N];
            for (m, plane) in m.iter_mut().zip(&planes) {
                *m = s.load(&plane[i]);
            }
            let (p, m) = rule.update(s, s.load(params), s.load(grads), m);
            s.store(s.settled(p), params);
            // no subnormals, but the range of squares stays that of gradients twice as near to zero: `eps` may be as small
            for (m, plane) in m.into_iter().zip(&mut planes) {
                s.store(s.at_least(f32::MIN_POSITIVE, m), &mut plane[i]);
            }
        }
        if whole < params.len() {
            let mut m = [s.zero(); N];
            for (m, plane) in m.iter_mut().zip(&memory) {
                *m = s.load_part(&plane[whole..]);
            }
            let (p, m) = rule.update(s, s.load_part(&params[whole..]), s.load_part(&grads[whole..]), m);
            s.store_part(s.settled(p), &mut params[whole..]);
            for (m, plane) in m.into_iter().zip(&mut memory) {
                s.store_part(s.at_least(f32::MIN_POSITIVE, m), &mut plane[whole..]);
            }
        }
    }
}

/// Runs a rule over the buffers, with the first `N` planes of memory.
fn pass<const N: usize>(cpu: Cpu, rule: impl Rule<N>, buffers: Buffers<'_>) {
    const { assert!(N <= PLANES, "an optimizer has at most PLANES floats of memory per parameter") };
    let Buffers { params, grads, memory, .. } = buffers;
    let mut planes = memory.into_iter();
    let memory: [&mut [f32]; N] = std::array::from_fn(|_| planes.next().expect("N is at most PLANES"));
    assert_eq!(params.len(), grads.len(), "optimizer: parameters and gradients");
    cpu.run(Pass { rule, params, grads, memory });
}

/// `g + weight_decay p`: decay that is coupled to the gradient.
#[inline(always)]
fn decayed<S: Simd>(s: S, g: S::V, weight_decay: f32, p: S::V) -> S::V {
    s.add(g, s.mul(s.splat(weight_decay), p))
}

/// `m + (1 - b)(g - m)`: a running mean, zero where it is negligible: one that no gradient feeds any more shrinks for ever.
#[inline(always)]
fn mean<S: Simd>(s: S, m: S::V, fresh: f32, g: S::V) -> S::V {
    s.settled(s.add(m, s.mul(s.splat(fresh), s.sub(g, m))))
}

/// `b v + (1 - b) g^2`: a running mean of squares. One that would be subnormal counts as zero.
#[inline(always)]
fn mean_square<S: Simd>(s: S, v: S::V, keep: f32, fresh: f32, g: S::V) -> S::V {
    let g = not_below(s, g, (f32::MIN_POSITIVE / fresh).sqrt());
    s.add(s.mul(v, s.splat(keep)), s.mul(s.mul(s.splat(fresh), g), g))
}

/// `g`, but zero where it is less in size.
#[inline(always)]
fn not_below<S: Simd>(s: S, g: S::V, size: f32) -> S::V {
    s.select(s.lt(s.abs(g), s.splat(size)), s.zero(), g)
}

/// `p + rate d / scale`, in the order in which PyTorch rounds.
#[inline(always)]
fn along<S: Simd>(s: S, p: S::V, rate: f32, d: S::V, scale: S::V) -> S::V {
    s.add(p, s.div(s.mul(s.splat(rate), d), scale))
}

/// A divisor that is known before what it divides.
#[derive(Clone, Copy)]
struct Divisor {
    by: f32,
    inverse: f32,
}

impl Divisor {
    fn new(by: f32) -> Self {
        Divisor { by, inverse: 1.0 / by }
    }

    /// `x / by` with the bits of a division, in a tenth of its time: the product with the rounded inverse, corrected by what
    /// it misses (Markstein 1990), which is exact unless it is subnormal. For `x` that is no root of something positive
    /// that may not hold.
    #[inline(always)]
    fn divide_root<S: Simd>(self, s: S, x: S::V) -> S::V {
        let inverse = s.splat(self.inverse);
        let near = s.mul(x, inverse);
        let missing = s.mul_add(s.neg(near), s.splat(self.by), x);
        let exact = s.mul_add(missing, inverse, near);
        // of what is not finite nothing is missing
        s.select(s.lt(x, s.splat(f32::INFINITY)), exact, near)
    }
}

/// `x^n` by squaring: only multiplications, the same on every platform.
fn power(x: f64, mut n: u64) -> f64 {
    let (mut square, mut result) = (x, 1.0);
    while n > 0 {
        if n & 1 == 1 {
            result *= square;
        }
        square *= square;
        n >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elementwise::{Lanes, Map};

    impl Lanes<1> for Divisor {
        #[inline(always)]
        fn eval<S: Simd>(&self, s: S, [x]: [S::V; 1]) -> S::V {
            self.divide_root(s, x)
        }
    }

    #[test]
    fn a_root_divided_by_what_is_known_has_the_bits_of_a_division() {
        let betas = [0.9, 0.95, 0.99, 0.999, 0.9999];
        let corrections =
            betas.into_iter().flat_map(|b| [1, 2, 3, 10, 1000].map(|n| (1.0 - power(b, n)).sqrt() as f32));
        // every value between two powers of 4, and the ends of what a root can be
        let mut x: Vec<f32> = (1.0_f32.to_bits()..4.0_f32.to_bits()).step_by(3).map(f32::from_bits).collect();
        let least = f32::from_bits(1).sqrt();
        x.extend([0.0, least, f32::MIN_POSITIVE.sqrt(), 1.8446743e19, f32::INFINITY, f32::NAN]);
        x.extend((0..1 << 16).map(|i| f32::from_bits(least.to_bits() + i)));
        let mut y = vec![0.0; x.len()];
        for by in corrections {
            for cpu in Cpu::all() {
                cpu.run(Map { f: Divisor::new(by), x: [&x], out: &mut y });
                for (x, y) in x.iter().zip(&y) {
                    let right = x / by;
                    assert!(right.to_bits() == y.to_bits() || right.is_nan() && y.is_nan(), "{x:e} / {by:e} is {y:e}");
                }
            }
        }
    }
}
