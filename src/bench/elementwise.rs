//! What is done to every number alike: activations, losses and optimizers of the registries and the units of recurrent layers,
//! on arrays that lie in the first-level cache.

use std::rc::Rc;

use kernels::loss::Targets;
use kernels::optimizer::{Buffers, PLANES, Step};
use kernels::recurrent::{self, Backward, Columns, Forward, Steps};
use kernels::{Cpu, Scratch, activation, loss, optimizer};

use crate::base::error::Result;

use super::case::{Case, Unit};
use super::{Setup, numbers};

/// Numbers of an array: six such arrays have 30 KiB, as much as the first-level cache of most machines holds.
const ELEMENTS: usize = 1280;
/// Outputs of a row of losses.
const WIDTH: usize = 10;
/// Columns of the tensor that an optimizer steps.
const COLUMNS: usize = 64;

/// Rows and units of a recurrent layer: what a step of an LSTM looks at has 26 KiB.
const CELLS: [usize; 2] = [8, 64];

/// A case of one function on every instruction set.
fn everywhere<F: FnMut() + 'static>(setup: &Setup, name: &str, make: impl Fn(Cpu) -> F) -> Vec<Case> {
    let case = |&cpu: &Cpu| Case::of(name, cpu.isa(), Unit::NsPerElement, ELEMENTS as f64, make(cpu));
    setup.cpus.iter().map(case).collect()
}

pub(super) fn activations(setup: &Setup) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let (x, dy) = (Rc::new(numbers(ELEMENTS)), Rc::new(numbers(ELEMENTS)));
    for member in activation::ALL {
        let function: Rc<dyn activation::Activation> = Rc::from((member.build)(&member.defaults().unwrap_or_default()));
        cases.extend(everywhere(setup, member.name, |cpu| {
            let (function, x, mut y) = (function.clone(), x.clone(), vec![0.0; ELEMENTS]);
            move || function.forward(cpu, &x, &mut y)
        }));
        cases.extend(everywhere(setup, &format!("{}, gradient", member.name), |cpu| {
            let (function, x, dy) = (function.clone(), x.clone(), dy.clone());
            let (mut y, mut dx) = (vec![0.0; ELEMENTS], vec![0.0; ELEMENTS]);
            function.forward(cpu, &x, &mut y);
            move || function.backward(cpu, &x, &y, &dy, &mut dx)
        }));
    }
    Ok(cases)
}

/// With their gradients, as in training.
pub(super) fn losses(setup: &Setup) -> Result<Vec<Case>> {
    let rows = ELEMENTS / WIDTH;
    let (z, values) = (Rc::new(numbers(ELEMENTS)), Rc::new(numbers(ELEMENTS)));
    let classes: Rc<Vec<u32>> = Rc::new((0..rows as u32).map(|row| row % WIDTH as u32).collect());
    let mut cases = Vec::new();
    for member in loss::ALL {
        let loss: Rc<dyn loss::Loss> = Rc::from((member.build)(&member.defaults().unwrap_or_default()));
        cases.extend(everywhere(setup, member.name, |cpu| {
            let (loss, z, classes, values) = (loss.clone(), z.clone(), classes.clone(), values.clone());
            let (mut each, mut slope) = (vec![0.0; rows], vec![0.0; ELEMENTS]);
            move || {
                let classed = loss.takes_classes();
                let targets = if classed { Targets::Classes(&classes) } else { Targets::Values(&values) };
                loss.rows(cpu, WIDTH, &z, targets, &mut each, Some((&mut slope, 1.0)));
            }
        }));
    }
    Ok(cases)
}

pub(super) fn optimizers(setup: &Setup) -> Result<Vec<Case>> {
    let grads = Rc::new(numbers(ELEMENTS));
    let mut cases = Vec::new();
    for member in optimizer::ALL {
        // the learning rate has no default everywhere
        let settings: Vec<f64> = member
            .settings
            .iter()
            .flat_map(|s| s.default.map_or_else(|| vec![1e-3; s.form.width().unwrap_or(0)], <[f64]>::to_vec))
            .collect();
        let optimizer: Rc<dyn optimizer::Optimizer> = Rc::from((member.build)(&settings));
        cases.extend(everywhere(setup, member.name, |cpu| {
            let (optimizer, grads, mut params) = (optimizer.clone(), grads.clone(), numbers(ELEMENTS));
            let mut memory: [Vec<f32>; PLANES] =
                std::array::from_fn(|plane| vec![0.0; if plane < optimizer.planes() { ELEMENTS } else { 0 }]);
            let (mut number, mut scratch) = (0, Scratch::new());
            move || {
                number += 1;
                let memory = memory.each_mut().map(Vec::as_mut_slice);
                let extents = &[ELEMENTS / COLUMNS, COLUMNS];
                let buffers = Buffers { params: &mut params, grads: &grads, memory, extents };
                let step = Step { number, lr: 1e-3, momentum: None, product: 0.5 };
                optimizer.step(cpu, step, buffers, &mut scratch);
            }
        }));
    }
    Ok(cases)
}

/// A step forward and back, for each unit of each row: gates, states and their gradients, without the matrix products.
pub(super) fn cells(setup: &Setup) -> Result<Vec<Case>> {
    let [rows, hidden] = CELLS;
    let mut cases = Vec::new();
    for (name, make) in recurrent::ALL {
        for &cpu in &setup.cpus {
            let cell = make();
            let (gates, kept) = (cell.gates() * hidden, cell.kept() * hidden);
            let (split, carried) = (if cell.splits() { gates } else { 0 }, if cell.carries() { hidden } else { 0 });
            let (p, r, before) = (numbers(rows * gates), numbers(rows * split), numbers(rows * hidden));
            let mut made = [gates, kept, split, hidden, carried].map(|size| vec![0.0; rows * size]);
            let step = move || {
                let [of_gates, of_kept, of_split, h, c] = &mut made;
                let steps = Steps { rows, count: 1, reverse: false, lengths: &[] };
                h.copy_from_slice(&before);
                c.fill(0.5);
                let of = Forward {
                    p: Some(Columns { of: &p, width: gates, first: 0 }),
                    r: &r,
                    gates: Columns { of: of_gates, width: gates, first: 0 },
                    kept: Columns { of: of_kept, width: kept, first: 0 },
                    h,
                    next: None,
                    c,
                    y: None,
                };
                cell.forward(cpu, steps, 0, hidden, of);
                let of = Backward {
                    gates: Columns { of: of_gates, width: gates, first: 0 },
                    kept: Columns { of: of_kept, width: kept, first: 0 },
                    split: Columns { of: of_split, width: split, first: 0 },
                    before: Columns { of: &before, width: hidden, first: 0 },
                    dh: h,
                    dc: c,
                    dy: None,
                };
                cell.backward(cpu, steps, 0, hidden, of);
            };
            cases.push(Case::of(*name, cpu.isa(), Unit::NsPerElement, (rows * hidden) as f64, step));
        }
    }
    Ok(cases)
}
