//! The elementary functions on an array in the first-level cache, on every instruction set: `benches/peers/functions.py`
//! starts this and prints it beside PyTorch and SLEEF.
//!
//! `cargo bench -p kernels --bench functions` prints a line of JSON: the clock in GHz, and nanoseconds for an element.
//! `cargo bench -p kernels --bench functions -- eval tanh` reads numbers of four bytes from the standard input and writes the
//! function's values, the same bytes on every instruction set.

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::Instant;

use kernels::isa::{Op, Simd};
use kernels::{Cpu, activation, math};

/// Numbers of the array: 16 KiB to read and as much to write.
const COUNT: usize = 4096;
/// They lie between minus this and this.
const SPREAD: f32 = 4.0;

/// A function on every number of an array.
type Apply = Box<dyn Fn(Cpu, &[f32], &mut [f32])>;

/// What no activation is: a function of the lanes, compiled by itself.
macro_rules! lanes {
    ($function:expr) => {{
        struct Each<'a>(&'a [f32], &'a mut [f32]);

        impl Op for Each<'_> {
            type Out = ();

            #[inline(always)]
            fn eval<S: Simd>(self, s: S) {
                for (x, y) in self.0.as_chunks().0.iter().zip(self.1.as_chunks_mut().0) {
                    s.store($function(s, s.load(x)), y);
                }
            }
        }

        Box::new(|cpu: Cpu, x: &[f32], y: &mut [f32]| cpu.run(Each(x, y)))
    }};
}

#[inline(always)]
fn sin<S: Simd>(s: S, x: S::V) -> S::V {
    math::sin_cos(s, x).0
}

fn functions() -> Vec<(&'static str, Apply)> {
    let activation = |name: &str, settings: &[f64]| -> Apply {
        let member = activation::ALL.iter().find(|member| member.name == name).expect("a member of the registry");
        let function = (member.build)(settings);
        Box::new(move |cpu, x, y| function.forward(cpu, x, y))
    };
    vec![
        ("exp", lanes!(math::exp)),
        ("ln", lanes!(math::ln)),
        ("tanh", activation("tanh", &[])),
        ("sigmoid", activation("sigmoid", &[])),
        ("silu", activation("silu", &[])),
        ("gelu", activation("gelu", &[0.0])),
        ("gelu, tanh", activation("gelu", &[1.0])),
        ("sin", lanes!(sin)),
    ]
}

/// Numbers that begin with a cache line, as a part of `room`.
fn aligned(room: &mut Vec<f32>, count: usize) -> &mut [f32] {
    room.resize(count + 16, 0.0);
    let first = room.as_ptr().align_offset(64);
    &mut room[first..first + count]
}

/// The median seconds of a call, over a few runs of so many calls that the clock can tell.
fn seconds(mut call: impl FnMut()) -> f64 {
    let (mut calls, mut each) = (1, Vec::new());
    while each.len() < 7 {
        let begun = Instant::now();
        (0..calls).for_each(|_| call());
        let taken = begun.elapsed().as_secs_f64();
        if taken < 5e-3 { calls *= 2 } else { each.push(taken / f64::from(calls)) }
    }
    each.sort_by(f64::total_cmp);
    each[each.len() / 2]
}

/// In GHz, from multiplications that each wait three cycles for the one before; nothing off x86-64, where they may take others.
fn clock() -> Option<f64> {
    const LENGTH: u32 = 1 << 16;
    let chain = || {
        let mut x = black_box(3_u64);
        (0..LENGTH).for_each(|_| x = x.wrapping_mul(x));
        black_box(x);
    };
    cfg!(target_arch = "x86_64").then(|| 3e-9 * f64::from(LENGTH) / seconds(chain))
}

fn times() -> String {
    // equal draws for all: a linear congruential generator's upper bits
    let draw = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        SPREAD * (*state as f32 / 2.0_f32.powi(31) - 1.0)
    };
    let (mut room, mut other) = (Vec::new(), Vec::new());
    let (x, y) = (aligned(&mut room, COUNT), aligned(&mut other, COUNT));
    let mut state = 1;
    x.iter_mut().for_each(|x| *x = draw(&mut state));
    let mut parts = Vec::from_iter(clock().map(|clock| format!("\"clock\": {clock}")));
    for cpu in Cpu::all() {
        let each = functions().into_iter().map(|(name, apply)| {
            let taken = seconds(|| apply(cpu, black_box(x), black_box(y)));
            format!("\"{name}\": {}", 1e9 * taken / COUNT as f64)
        });
        parts.push(format!("\"{}\": {{{}}}", cpu.isa(), each.collect::<Vec<_>>().join(", ")));
    }
    format!("{{{}}}", parts.join(", "))
}

/// The values of a function at the numbers of the standard input.
fn values(name: &str) -> std::io::Result<()> {
    let (_, apply) = functions().into_iter().find(|(known, _)| *known == name).expect("a function of the table");
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let mut x: Vec<f32> = bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
    let count = x.len();
    x.resize(count.next_multiple_of(16), 0.0);
    let mut y = vec![0.0; x.len()];
    apply(Cpu::best(), &x, &mut y);
    let bytes: Vec<u8> = y[..count].iter().flat_map(|y| y.to_le_bytes()).collect();
    std::io::stdout().write_all(&bytes)
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["eval", name] => values(name),
        _ => writeln!(std::io::stdout(), "{}", times()),
    }
}
