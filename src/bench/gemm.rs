//! Matrix products in the three forms that a dense layer needs, `(rows, inputs, units)` being (m, k, n) of the forward one:
//! forward `y = x W`, the gradients of the weights `dW = x' dy` and of the inputs `dx = dy W'`. Minibatches, few outputs, and
//! squares; ours on every instruction set beside `matrixmultiply`.

use std::rc::Rc;

use kernels::gemm::gemm_near;
use kernels::{Cpu, Engine, Floats, Mat, Scratch, Start, gemm};

use crate::base::error::Result;

use super::case::{Case, Unit};
use super::{Setup, numbers};

/// (rows, inputs, units)
pub type Shape = (usize, usize, usize);

/// Minibatches.
const MINIBATCHES: [Shape; 6] =
    [(32, 64, 32), (32, 784, 128), (64, 256, 256), (64, 784, 256), (128, 784, 512), (128, 1024, 1024)];
/// Few outputs, which fill no block.
const THIN: [Shape; 3] = [(32, 128, 10), (64, 128, 10), (128, 1024, 10)];
/// The sides of squares.
const SQUARES: [usize; 7] = [32, 64, 128, 256, 512, 1024, 2048];
/// Squares that take long are left out where plain code multiplies, and the last one also when there is little time.
const SLOW: usize = 512;

/// Who else multiplies.
pub const PEER: &str = "matrixmultiply";

/// A form of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// y = x W
    Forward,
    /// dW = x' dy
    Weights,
    /// dx = dy W'
    Inputs,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 3] = [Form::Forward, Form::Weights, Form::Inputs];

    /// As it is named.
    pub fn word(self) -> &'static str {
        match self {
            Form::Forward => "forward",
            Form::Weights => "weights",
            Form::Inputs => "inputs",
        }
    }
}

/// What a product's name says.
pub fn name(form: Form, (rows, inputs, units): Shape) -> String {
    format!("{} {rows}x{inputs}x{units}", form.word())
}

/// The name of the same work with everything in the nearest cache.
pub fn near(product: &str) -> String {
    format!("{product}, near")
}

/// The form and the shape of a product by its name.
pub fn named(name: &str) -> Option<(Form, Shape)> {
    let (form, shape) = name.split_once(' ')?;
    let form = Form::ALL.into_iter().find(|f| f.word() == form)?;
    let mut sides = shape.split('x').map(|side| side.parse().ok());
    Some((form, (sides.next()??, sides.next()??, sides.next()??)))
}

/// What a shape is typical of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The layers of small networks.
    Minibatch,
    /// Their last layers.
    Thin,
    /// Large layers, and what others measure.
    Square,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Minibatch, Kind::Thin, Kind::Square];

    /// The kind of a shape.
    pub fn of(shape: Shape) -> Self {
        match shape {
            shape if THIN.contains(&shape) => Kind::Thin,
            (m, k, n) if m == k && k == n => Kind::Square,
            _ => Kind::Minibatch,
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Minibatch => "minibatches",
            Kind::Thin => "few outputs",
            Kind::Square => "squares",
        }
    }
}

pub(super) fn cases(setup: &Setup) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for shape in MINIBATCHES.into_iter().chain(THIN) {
        Form::ALL.into_iter().for_each(|form| cases.extend(product(setup, form, shape, false)));
    }
    for side in SQUARES.into_iter().filter(|side| !setup.quick || *side <= SLOW) {
        cases.extend(product(setup, Form::Forward, (side, side, side), side > SLOW));
    }
    Ok(cases)
}

/// One product by everybody who can.
fn product(setup: &Setup, form: Form, shape: Shape, slow: bool) -> Vec<Case> {
    let ours = setup.cpus.iter().filter(|cpu| !slow || **cpu == setup.cpus[0]);
    let mut by: Vec<(String, Cpu)> = ours.map(|cpu| (cpu.isa().to_string(), *cpu)).collect();
    by.push((PEER.to_owned(), setup.cpus[0].engine(Engine::MatrixMultiply)));
    let (m, k, n) = shape;
    let (a, b) = match form {
        Form::Forward => (m * k, k * n),
        Form::Weights => (m * k, m * n),
        Form::Inputs => (m * n, k * n),
    };
    let (a, b) = (Rc::new(Floats::from(numbers(a))), Rc::new(Floats::from(numbers(b))));
    let (work, bytes) = (2.0 * (m * k * n) as f64, 4.0 * (m * k + k * n + m * n) as f64);
    let case = |name: String, with: &str, cpu: Cpu, near: bool| {
        let (a, b) = (a.clone(), b.clone());
        let (mut c, mut scratch) = (Floats::zeros(m * k + k * n + m * n - a.len() - b.len()), Scratch::new());
        let multiply = move || {
            let (a, b) = match form {
                Form::Forward => (Mat::new(&a, m, k), Mat::new(&b, k, n)),
                Form::Weights => (Mat::new(&a, m, k).t(), Mat::new(&b, m, n)),
                Form::Inputs => (Mat::new(&a, m, n), Mat::new(&b, k, n).t()),
            };
            if near {
                gemm_near(cpu, a, b, &mut c, &mut scratch);
            } else {
                gemm(cpu, Start::Zero, a, b, &mut c, &mut scratch);
            }
        };
        Case::of(name, with, Unit::Gflops, work, multiply)
    };
    let name = name(form, shape);
    let mut cases = Vec::new();
    for (with, cpu) in &by {
        cases.push(case(name.clone(), with, *cpu, false).multiplying(work, cpu.isa(), bytes));
        if cases.len() == 1 {
            cases.push(case(near(&name), with, *cpu, true));
        }
    }
    cases
}
