//! Optimizers: one pass over the flat buffers of parameters, gradients and memory. Every parameter is treated alike, so a
//! range of the buffers may be cut anywhere without a change in the bits. An optimizer is one file: its equations over
//! lanes, with PyTorch's names, defaults and order of operations; [`ALL`] is the registry.

mod adamw;
mod sgd;

use crate::elementwise::{block, block_mut};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::member::{Bounds, Form, Member, Setting};

/// Which step it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its number, from 1.
    pub number: u64,
    /// The learning rate of this step.
    pub lr: f64,
}

/// The most floats of memory per parameter that any optimizer has.
pub const PLANES: usize = 3;

/// An optimizer.
pub trait Optimizer: Send + Sync {
    /// Floats of memory per parameter.
    fn planes(&self) -> usize;
    /// Whether the size of a gradient does not matter to its step, as in Adam: parametrizations of a network by its width
    /// scale learning rates by it.
    fn scale_free(&self) -> bool {
        false
    }
    /// One step. `params`, `grads` and the first [`Optimizer::planes`] of `memory` have one length, the other planes are
    /// empty; memory is zero before step 1.
    fn step(&self, cpu: Cpu, step: Step, params: &mut [f32], grads: &[f32], memory: [&mut [f32]; PLANES]);
}

/// A registry entry.
pub type Entry = Member<fn(&[f64]) -> Box<dyn Optimizer>>;

/// Every optimizer, in the order lists show them. The first setting is always `lr`.
pub static ALL: &[Entry] = &[sgd::MEMBER, adamw::MEMBER];

/// The learning rate, every optimizer's first setting.
const fn lr(default: Option<&'static [f64]>) -> Setting {
    Setting {
        name: "lr",
        aliases: &["learning_rate"],
        form: Form::Number,
        default,
        bounds: Bounds::Above(0.0),
        summary: "learning rate",
    }
}

/// The rule of one step with `N` planes of memory, its numbers worked out.
trait Rule<const N: usize> {
    /// New parameter and memory from parameter `p`, gradient `g` and memory `m`.
    fn update<S: Simd>(&self, s: S, p: S::V, g: S::V, m: [S::V; N]) -> (S::V, [S::V; N]);
}

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
        let whole = params.len() / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            let mut m = [s.zero(); N];
            for (m, plane) in m.iter_mut().zip(&memory) {
                *m = s.load(block(plane, at));
            }
            let (p, m) = rule.update(s, s.load(block(params, at)), s.load(block(grads, at)), m);
            s.store(p, block_mut(params, at));
            for (m, plane) in m.into_iter().zip(&mut memory) {
                s.store(m, block_mut(plane, at));
            }
        }
        if whole < params.len() {
            let mut m = [s.zero(); N];
            for (m, plane) in m.iter_mut().zip(&memory) {
                *m = s.load_part(&plane[whole..]);
            }
            let (p, m) = rule.update(s, s.load_part(&params[whole..]), s.load_part(&grads[whole..]), m);
            s.store_part(p, &mut params[whole..]);
            for (m, plane) in m.into_iter().zip(&mut memory) {
                s.store_part(m, &mut plane[whole..]);
            }
        }
    }
}

/// Runs a rule over the buffers, with the first `N` planes of `memory`.
fn pass<const N: usize>(cpu: Cpu, rule: impl Rule<N>, params: &mut [f32], grads: &[f32], memory: [&mut [f32]; PLANES]) {
    const { assert!(N <= PLANES, "an optimizer has at most PLANES floats of memory per parameter") };
    let mut planes = memory.into_iter();
    let memory: [&mut [f32]; N] = std::array::from_fn(|_| planes.next().expect("N is at most PLANES"));
    assert_eq!(params.len(), grads.len(), "optimizer: parameters and gradients");
    for plane in &memory {
        assert_eq!(params.len(), plane.len(), "optimizer: parameters and memory");
    }
    cpu.run(Pass { rule, params, grads, memory });
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
