//! Steps of recurrent cells: the same bits on every instruction set, forward near the cell's equations in `f64`, and backward
//! near their differences.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::Cpu;
use kernels::recurrent::{ALL, Backward, Cell, Columns, Forward, Steps};

fn cells() -> impl Iterator<Item = (&'static str, Box<dyn Cell>)> {
    ALL.iter().map(|(name, cell)| (*name, cell()))
}

/// What a step is given, and what it leaves.
#[derive(Clone)]
struct State {
    p: Vec<f32>,
    r: Vec<f32>,
    h: Vec<f32>,
    c: Vec<f32>,
    gates: Vec<f32>,
    kept: Vec<f32>,
    split: Vec<f32>,
    dh: Vec<f32>,
    dc: Vec<f32>,
}

impl State {
    fn drawn(cell: &dyn Cell, rows: usize, hidden: usize) -> Self {
        let mut stream = Stream((rows * 1000 + hidden) as u64);
        let (units, columns) = (rows * hidden, rows * hidden * cell.gates());
        let mut draw = |count: usize| -> Vec<f32> { stream.units(count).iter().map(|x| 2.0 * x).collect() };
        let (p, r) = (draw(columns), if cell.splits() { draw(columns) } else { vec![0.0; columns] });
        let (h, c) = (draw(units), if cell.carries() { draw(units) } else { vec![0.0; units] });
        let (dh, dc) = (draw(units), if cell.carries() { draw(units) } else { vec![0.0; units] });
        let (gates, kept, split) = (vec![0.0; columns], vec![0.0; units * cell.kept()], vec![0.0; columns]);
        State { p, r, h, c, gates, kept, split, dh, dc }
    }

    /// A step there and back.
    fn stepped(mut self, cell: &dyn Cell, cpu: Cpu, steps: Steps<'_>, hidden: usize, step: usize) -> Self {
        let columns = |count: usize| count * hidden;
        let (wide, kept) = (columns(cell.gates()), columns(cell.kept()));
        let before = self.h.clone();
        let forward = Forward {
            p: Some(Columns { of: &self.p, width: wide, first: 0 }),
            r: &self.r,
            gates: Columns { of: &mut self.gates, width: wide, first: 0 },
            kept: Columns { of: &mut self.kept, width: kept, first: 0 },
            h: &mut self.h,
            next: None,
            c: &mut self.c,
            y: None,
        };
        cell.forward(cpu, steps, step, hidden, forward);
        let backward = Backward {
            gates: Columns { of: &mut self.gates, width: wide, first: 0 },
            kept: Columns { of: &self.kept, width: kept, first: 0 },
            split: Columns { of: &mut self.split, width: wide, first: 0 },
            before: Columns { of: &before, width: hidden, first: 0 },
            dh: &mut self.dh,
            dc: &mut self.dc,
            dy: None,
        };
        cell.backward(cpu, steps, step, hidden, backward);
        self
    }
}

#[test]
fn steps_have_the_same_bits_everywhere() {
    for (name, cell) in cells() {
        for (rows, hidden) in [(1, 1), (3, 16), (9, 7), (17, 40), (33, 64)] {
            let lengths: Vec<u32> = (0..rows as u32).map(|row| 1 + row % 3).collect();
            for (reverse, lengths) in [(false, &[][..]), (true, &lengths[..])] {
                let steps = Steps { rows, count: 3, reverse, lengths };
                let given = State::drawn(&*cell, rows, hidden);
                let first = given.clone().stepped(&*cell, cpus()[0], steps, hidden, 1);
                for cpu in cpus() {
                    let state = given.clone().stepped(&*cell, cpu, steps, hidden, 1);
                    let what = format!("{name} of {hidden} units, {rows} rows on {}", cpu.isa());
                    for (ours, theirs) in [
                        (&state.h, &first.h),
                        (&state.c, &first.c),
                        (&state.gates, &first.gates),
                        (&state.kept, &first.kept),
                        (&state.split, &first.split),
                        (&state.dh, &first.dh),
                        (&state.dc, &first.dc),
                    ] {
                        assert_same_bits(ours, theirs, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn steps_are_near_their_equations() {
    const ROWS: usize = 4;
    const HIDDEN: usize = 19;
    for (name, cell) in cells() {
        let wide = cell.gates() * HIDDEN;
        let given = State::drawn(&*cell, ROWS, HIDDEN);
        let steps = Steps { rows: ROWS, count: 1, reverse: false, lengths: &[] };
        let made = given.clone().stepped(&*cell, Cpu::all()[0], steps, HIDDEN, 0);
        let of = |x: &[f32], row: usize, width: usize| -> Vec<f64> {
            x[row * width..][..width].iter().map(|x| f64::from(*x)).collect()
        };
        for row in 0..ROWS {
            let (p, r) = (of(&given.p, row, wide), of(&given.r, row, wide));
            let (h, c) = (of(&given.h, row, HIDDEN), of(&given.c, row, HIDDEN));
            let (dh, dc) = (of(&given.dh, row, HIDDEN), of(&given.dc, row, HIDDEN));
            let step = |p: &[f64], r: &[f64]| {
                let (mut h, mut c) = (h.clone(), c.clone());
                cell.reference(p, r, &mut h, &mut c);
                (h, c)
            };
            // what the gradients are of
            let value = |(h, c): (Vec<f64>, Vec<f64>)| -> f64 {
                let carried: f64 = if cell.carries() { c.iter().zip(&dc).map(|(c, d)| c * d).sum() } else { 0.0 };
                h.iter().zip(&dh).map(|(h, d)| h * d).sum::<f64>() + carried
            };
            let (right, _) = step(&p, &r);
            for (ours, right) in made.h[row * HIDDEN..][..HIDDEN].iter().zip(right) {
                assert!((f64::from(*ours) - right).abs() < 1e-6, "{name}: {ours}, not {right}");
            }
            for i in 0..wide {
                let moved = |x: &[f64], by: f64| {
                    let mut x = x.to_vec();
                    x[i] += by;
                    x
                };
                const BY: f64 = 1e-5;
                let slope = (value(step(&moved(&p, BY), &r)) - value(step(&moved(&p, -BY), &r))) / (2.0 * BY);
                let ours = f64::from(made.gates[row * wide + i]);
                assert!((ours - slope).abs() < 1e-5, "{name}: the gradient of p is {ours}, not {slope}");
                if cell.splits() {
                    let slope = (value(step(&p, &moved(&r, BY))) - value(step(&p, &moved(&r, -BY)))) / (2.0 * BY);
                    let ours = f64::from(made.split[row * wide + i]);
                    assert!((ours - slope).abs() < 1e-5, "{name}: the gradient of r is {ours}, not {slope}");
                }
            }
        }
    }
}
