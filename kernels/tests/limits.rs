//! The measures of the machine do the work they state: a pass that left some out would measure a machine that is not there.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::isa::LANES;
use kernels::limits::{FLOPS_PER_ROUND, LOADS, flops_loading, fma_chains, loading_chains, read, triad};

#[test]
fn chains_of_fused_multiply_adds_are_as_long_as_stated() {
    for cpu in cpus() {
        for rounds in [0, 1, 2] {
            // with a factor of two, a chain from `x` is at `2^n (x - 1) + 1` after `n` steps, which tells their number
            let at = |chains: u32, steps: i32| -> f32 {
                (0..chains).map(|x| 16.0 * ((x as f32 - 1.0) * 2.0_f32.powi(steps) + 1.0)).sum()
            };
            let sum = fma_chains(cpu, rounds, 2.0);
            let steps = (rounds * FLOPS_PER_ROUND / (2 * LANES * 12)) as i32;
            let (many, few) = (at(12, steps), at(6, 2 * steps));
            assert!(sum == many || sum == few, "{} {rounds}: {sum}, not {many} or {few}", cpu.isa());
        }
    }
}

#[test]
fn chains_load_as_often_as_stated() {
    for cpu in cpus() {
        for every in LOADS {
            for (blocks, rounds) in [(48, 1), (48, 3), (100, 2)] {
                // `x = x + 1` in every lane of every chain counts the multiply-adds, whatever is loaded
                let ones = vec![1.0; blocks * LANES];
                let steps = rounds * flops_loading(every, ones.len()) / 2;
                assert_eq!(loading_chains(cpu, every, rounds, &ones, 1.0), steps as f32, "{} {every}", cpu.isa());
                // after zeros every chain is at one, and the last load takes as many of them to two as it is used for
                let mut last = vec![0.0; blocks / (48 / every) * (48 / every) * LANES];
                last[(blocks / (48 / every) * (48 / every) - 1) * LANES..].fill(1.0);
                let chains = if cpu.isa().to_string() == "avx512" { 12 } else { 6 };
                let sum = loading_chains(cpu, every, rounds, &last, 1.0);
                assert_eq!(sum, ((chains + every) * LANES) as f32, "{} {every}", cpu.isa());
            }
        }
    }
}

#[test]
fn a_pass_touches_every_element() {
    for cpu in cpus() {
        for len in [0, 1, 15, 16, 95, 96, 97, 300] {
            let ones = vec![1.0; len];
            assert_eq!(read(cpu, &ones), len as f32, "{}", cpu.isa());
            let mut stream = Stream(len as u64);
            let (x, y) = (stream.units(len), stream.units(len));
            let mut out = vec![f32::NAN; len];
            triad(cpu, &x, 0.7, &y, &mut out);
            let expected: Vec<f32> = x.iter().zip(&y).map(|(x, y)| y.mul_add(0.7, *x)).collect();
            assert_same_bits(&out, &expected, "triad");
        }
    }
}
