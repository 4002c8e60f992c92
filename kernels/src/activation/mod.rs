//! Activation functions. Each is one small file with `f`, its slope over lanes, and `f` again in `f64`, written
//! independently, which the gradient tests difference; [`ALL`] is the registry.

mod celu;
mod elu;
mod gelu;
mod hard_sigmoid;
mod hard_swish;
mod hard_tanh;
mod identity;
mod leaky_relu;
mod mish;
mod relu;
mod selu;
mod sigmoid;
mod silu;
mod sine;
mod softplus;
mod softsign;
mod square;
mod tanh;

use crate::elementwise::{InPlace, Lanes, Map, Onto};
use crate::isa::{Cpu, Simd};
use crate::member::Member;

/// A function applied to every element, and its derivative.
pub trait Activation: Send + Sync {
    /// `y = f(x)`, elementwise.
    fn forward(&self, cpu: Cpu, x: &[f32], y: &mut [f32]);
    /// `dx = dy f'(x)`, elementwise, with `y = f(x)`.
    fn backward(&self, cpu: Cpu, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]);
    /// Whether the slope can be told from `y` alone, so that the two that follow may be used.
    fn in_place(&self) -> bool;
    /// `y = f(y)`, elementwise.
    fn forward_in_place(&self, cpu: Cpu, y: &mut [f32]);
    /// `d = d f'(x)`, elementwise, with `y = f(x)`.
    fn backward_in_place(&self, cpu: Cpu, y: &[f32], d: &mut [f32]);
    /// `f(x)` in `f64`.
    fn reference(&self, x: f64) -> f64;
}

/// A registry entry.
pub type Entry = Member<fn(&[f64]) -> Box<dyn Activation>>;

/// Every activation, in the order lists show them.
pub static ALL: &[Entry] = &[
    identity::MEMBER,
    relu::MEMBER,
    tanh::MEMBER,
    sigmoid::MEMBER,
    leaky_relu::MEMBER,
    elu::MEMBER,
    selu::MEMBER,
    celu::MEMBER,
    gelu::MEMBER,
    silu::MEMBER,
    mish::MEMBER,
    softplus::MEMBER,
    softsign::MEMBER,
    hard_tanh::MEMBER,
    hard_sigmoid::MEMBER,
    hard_swish::MEMBER,
    square::MEMBER,
    sine::MEMBER,
];

/// An activation lane by lane; [`Activation`] follows from it.
trait Pointwise: Copy + Send + Sync + 'static {
    /// Whether the slope may be given `y` in the place of `x` and says the same.
    const FROM_OUTPUT: bool = false;
    /// Whether it gives numbers far nearer to zero than it was given: what is [negligible](crate::isa::NEGLIGIBLE) becomes zero.
    const FADES: bool = false;
    /// `f(x)`
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V;
    /// `f'(x)`, with `y = f(x)`.
    fn slope<S: Simd>(self, s: S, x: S::V, y: S::V) -> S::V;
    /// `f(x)` in `f64`, independent of [`Pointwise::value`].
    fn reference(self, x: f64) -> f64;
}

struct Value<P>(P);

impl<P: Pointwise> Value<P> {
    #[inline(always)]
    fn of<S: Simd>(&self, s: S, x: S::V) -> S::V {
        let y = self.0.value(s, x);
        if P::FADES { s.settled(y) } else { y }
    }
}

impl<P: Pointwise> Lanes<1> for Value<P> {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [x]: [S::V; 1]) -> S::V {
        self.of(s, x)
    }
}

struct Slope<P>(P);

impl<P: Pointwise> Lanes<3> for Slope<P> {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, [x, y, dy]: [S::V; 3]) -> S::V {
        s.settled(s.mul(dy, self.0.slope(s, x, y)))
    }
}

impl<P: Pointwise> Onto<0> for Value<P> {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, y: S::V, _: [S::V; 0]) -> S::V {
        self.of(s, y)
    }
}

impl<P: Pointwise> Onto<1> for Slope<P> {
    #[inline(always)]
    fn eval<S: Simd>(&self, s: S, d: S::V, [y]: [S::V; 1]) -> S::V {
        s.settled(s.mul(d, self.0.slope(s, y, y)))
    }
}

impl<P: Pointwise> Activation for P {
    fn forward(&self, cpu: Cpu, x: &[f32], y: &mut [f32]) {
        cpu.run(Map { f: Value(*self), x: [x], out: y });
    }

    fn backward(&self, cpu: Cpu, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
        cpu.run(Map { f: Slope(*self), x: [x, y, dy], out: dx });
    }

    fn in_place(&self) -> bool {
        P::FROM_OUTPUT
    }

    fn forward_in_place(&self, cpu: Cpu, y: &mut [f32]) {
        assert!(P::FROM_OUTPUT, "an activation in place, whose slope cannot be told from its output");
        cpu.run(InPlace { f: Value(*self), x: [], y });
    }

    fn backward_in_place(&self, cpu: Cpu, y: &[f32], d: &mut [f32]) {
        assert!(P::FROM_OUTPUT, "an activation in place, whose slope cannot be told from its output");
        cpu.run(InPlace { f: Slope(*self), x: [y], y: d });
    }

    fn reference(&self, x: f64) -> f64 {
        Pointwise::reference(*self, x)
    }
}
