//! What goes on into products is zero or not negligible: what functions, recurrent units and softmaxes make of very small and
//! very large numbers, on the way there and back.

mod common;

use common::{Stream, cpus};
use kernels::attention::{Sight, softmax, softmax_slope};
use kernels::isa::NEGLIGIBLE;
use kernels::recurrent::{self, Backward, Columns, Forward, Steps};
use kernels::{Cpu, activation, elementwise};

#[track_caller]
fn settled(x: &[f32], what: &str) {
    if let Some(x) = x.iter().find(|x| **x != 0.0 && x.abs() < NEGLIGIBLE) {
        panic!("{what}: {x:e} is neither zero nor above {NEGLIGIBLE:e}");
    }
}

/// Numbers of both signs from 2^-60 to 1700.
fn sizes() -> Vec<f32> {
    let up = (0..1000).map(|i| (0.0708 * i as f32 - 60.0).exp2());
    up.flat_map(|x| [x, -x]).collect()
}

#[test]
fn functions_and_their_slopes() {
    let x = sizes();
    for member in activation::ALL {
        let numbers = member.settings.iter().flat_map(|setting| setting.default.unwrap_or(&[0.1]).to_vec());
        let function = (member.build)(&numbers.collect::<Vec<f64>>());
        for cpu in cpus() {
            let what = format!("{} on {}", member.name, cpu.isa());
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            function.forward(cpu, &x, &mut y);
            settled(&y, &what);
            for dy in [1.0, 3e-20, NEGLIGIBLE] {
                function.backward(cpu, &x, &y, &vec![dy; x.len()], &mut dx);
                settled(&dx, &format!("the slope of {what}"));
            }
        }
    }
}

#[test]
fn what_is_settled() {
    for cpu in cpus() {
        for len in [1, 16, 37] {
            let mut x: Vec<f32> = (0..len).map(|i| if i % 3 == 0 { 1e-30 } else { 1e-28 }).collect();
            elementwise::settle(cpu, &mut x);
            let right: Vec<f32> = (0..len).map(|i| if i % 3 == 0 { 0.0 } else { 1e-28 }).collect();
            assert_eq!(x, right, "{len} on {}", cpu.isa());
        }
    }
}

/// Gradients that have come back through many steps, and states that have been forgotten for many.
#[test]
fn recurrent_units() {
    let (rows, hidden) = (3, 21);
    let units = rows * hidden;
    for (name, cell) in recurrent::ALL {
        let cell = cell();
        let columns = units * cell.gates();
        for cpu in cpus() {
            let mut stream = Stream(5);
            let mut draw = |count: usize, by: f32| -> Vec<f32> { stream.units(count).iter().map(|x| by * x).collect() };
            let only = |has: bool, x: Vec<f32>| if has { x } else { vec![0.0; x.len()] };
            let (p, r) = (draw(columns, 90.0), only(cell.splits(), draw(columns, 90.0)));
            let (mut h, mut c) = (draw(units, 1e-28), only(cell.carries(), draw(units, 1e-28)));
            let (mut dh, mut dc) = (draw(units, 1e-28), only(cell.carries(), draw(units, 1e-28)));
            let (mut gates, mut kept, mut split) =
                (vec![0.0; columns], vec![0.0; units * cell.kept()], vec![0.0; columns]);
            let (wide, few, before) = (cell.gates() * hidden, cell.kept() * hidden, h.clone());
            let steps = Steps { rows, count: 1, reverse: false, lengths: &[] };
            let forward = Forward {
                p: Some(Columns { of: &p, width: wide, first: 0 }),
                r: &r,
                gates: Columns { of: &mut gates, width: wide, first: 0 },
                kept: Columns { of: &mut kept, width: few, first: 0 },
                h: &mut h,
                next: None,
                c: &mut c,
                y: None,
            };
            cell.forward(cpu, steps, 0, hidden, forward);
            let backward = Backward {
                gates: Columns { of: &mut gates, width: wide, first: 0 },
                kept: Columns { of: &kept, width: few, first: 0 },
                split: Columns { of: &mut split, width: wide, first: 0 },
                before: Columns { of: &before, width: hidden, first: 0 },
                dh: &mut dh,
                dc: &mut dc,
                dy: None,
            };
            cell.backward(cpu, steps, 0, hidden, backward);
            for (x, part) in [(&h, "h"), (&c, "c"), (&dh, "dh"), (&dc, "dc"), (&gates, "gates"), (&split, "split")] {
                settled(x, &format!("{part} of {name} on {}", cpu.isa()));
            }
        }
    }
}

#[test]
fn shares_of_a_softmax() {
    let sight = Sight { steps: 40, length: 40, causal: false };
    let scores: Vec<f32> = Stream(2).units(1600).iter().map(|x| 60.0 * x).collect();
    for cpu in cpus() {
        let (mut shares, mut slopes) = (scores.clone(), Stream(3).units(1600));
        softmax(cpu, sight, 1.0, &mut shares);
        softmax_slope(cpu, sight, 1.0, &shares, &mut slopes);
        assert!(shares.iter().filter(|x| **x == 0.0).count() > 10, "none is negligible");
        settled(&shares, &format!("shares on {}", cpu.isa()));
        settled(&slopes, &format!("slopes on {}", cpu.isa()));
    }
}

/// Averages of parameters that have become zero shrink for ever.
#[test]
fn averages() {
    let (mut x, mut y) = (vec![1.0; 20], vec![1.0; 20]);
    for _ in 0..800 {
        elementwise::toward(Cpu::best(), 0.1, &[0.0; 20], &mut x);
        elementwise::blend(Cpu::best(), 0.1, &[0.0; 20], 0.9, &mut y);
        settled(&x, "toward");
        settled(&y, "blend");
    }
    assert_eq!((x, y), (vec![0.0; 20], vec![0.0; 20]));
}
