//! Instruction sets by name, the exact fused multiply-add, and the edges of the lanes.

mod common;

use common::Stream;
use kernels::isa::mul_add_in_f64;
use kernels::{Cpu, Engine, Isa, Missing};

#[test]
fn names_go_both_ways() {
    for isa in Isa::ALL {
        assert_eq!(isa.to_string().parse(), Ok(isa));
    }
    for engine in Engine::ALL {
        assert_eq!(engine.to_string().parse(), Ok(engine));
    }
    assert_eq!("sse9".parse::<Isa>(), Err(Missing::UnknownIsa("sse9".to_owned())));
}

#[test]
fn a_missing_isa_is_an_error_that_says_what_is_there() {
    let there = Cpu::all();
    assert!(there.contains(&Cpu::best()) && there.iter().any(|cpu| cpu.isa() == Isa::Portable));
    let absent: Vec<Isa> = Isa::ALL.into_iter().filter(|&isa| there.iter().all(|cpu| cpu.isa() != isa)).collect();
    assert!(!absent.is_empty(), "no machine is an x86-64 and an AArch64 at once");
    for isa in absent {
        let message = Cpu::with(isa).expect_err("it is absent").to_string();
        assert!(
            message.starts_with(&format!("this machine has no `{isa}`; it has ")) && message.contains("`portable`")
        );
    }
    assert!(Missing::UnknownEngine("blas".to_owned()).to_string().contains("`simd`, `matrixmultiply`"));
}

#[test]
fn the_engine_is_part_of_the_cpu() {
    let cpu = Cpu::best().engine(Engine::MatrixMultiply);
    assert_eq!((cpu.multiplier(), cpu.isa()), (Engine::MatrixMultiply, Cpu::best().isa()));
    assert_ne!(cpu, Cpu::best());
}

/// `f32::mul_add` of the standard library rounds once by definition, with the instruction or through libm.
#[test]
fn fused_multiply_add_in_f64_is_exact() {
    let mut stream = Stream(5);
    let check = |a: f32, b: f32, c: f32| {
        let (ours, exact) = (mul_add_in_f64(a, b, c), a.mul_add(b, c));
        assert!(
            ours.to_bits() == exact.to_bits() || (ours.is_nan() && exact.is_nan()),
            "{a:e} {b:e} {c:e}: {ours:e}, not {exact:e}"
        );
    };
    for round in 0..3_000_000_u64 {
        let mut any = || f32::from_bits(stream.bits() as u32);
        let (a, b, c) = (any(), any(), any());
        check(a, b, c);
        // Where a second rounding would show: c close to a multiple of half the last place of the product.
        let product = a * b;
        let near = f32::from_bits(product.to_bits() ^ (round as u32 & 7));
        check(a, b, -near);
        check(a, b, near * 2.0_f32.powi(24 - (round % 50) as i32));
    }
    let edges = [0.0, -0.0, 1.0, -1.0, f32::MIN_POSITIVE, f32::from_bits(1), f32::MAX, f32::INFINITY, f32::NAN];
    for a in edges {
        for b in edges {
            for c in edges {
                check(a, b, c);
                check(a, b, -c);
            }
        }
    }
    // 1 + 2^-24 + 2^-60: a sum rounded to nearest twice would drop to 1.
    check(1.0 + 2.0_f32.powi(-12), 2.0_f32.powi(-24) - 2.0_f32.powi(-36), 1.0);
}
