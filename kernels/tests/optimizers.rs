//! What every optimizer owes: the same bits on every instruction set, and for every cut of its buffers where it does not
//! take whole tensors. A new one is tested by being listed; PyTorch's own numbers are compared by the runner's tests.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::isa::NEGLIGIBLE;
use kernels::optimizer::{self, Buffers, Optimizer, PLANES, Step};
use kernels::{Cpu, Form, Scratch};

/// Every optimizer as it is by default (0.1 where there is none), and with every setting in use.
fn optimizers() -> Vec<(&'static str, Box<dyn Optimizer>)> {
    let mut all = Vec::new();
    for member in optimizer::ALL {
        let usual = member.settings.iter().flat_map(|setting| setting.default.unwrap_or(&[0.1]).to_vec());
        all.push((member.name, (member.build)(&usual.collect::<Vec<f64>>())));
        let busy = member.settings.iter().flat_map(|setting| match setting.form {
            Form::Flag => vec![1.0],
            _ => setting.default.map_or(vec![0.1], |x| x.iter().map(|&x| if x == 0.0 { 0.5 } else { x }).collect()),
        });
        all.push((member.name, (member.build)(&busy.collect::<Vec<f64>>())));
    }
    all
}

/// Parameters, and what is kept for them between steps.
struct State {
    params: Vec<f32>,
    memory: [Vec<f32>; PLANES],
    product: f64,
    scratch: Scratch,
}

impl State {
    fn new(optimizer: &dyn Optimizer, params: Vec<f32>) -> Self {
        let plane = |plane| vec![0.0; if plane < optimizer.planes() { params.len() } else { 0 }];
        State { memory: std::array::from_fn(plane), params, product: 1.0, scratch: Scratch::new() }
    }

    /// One step of the tensor with these extents, in two parts.
    fn step(
        &mut self,
        cpu: Cpu,
        optimizer: &dyn Optimizer,
        (step, grads): (Step, &[f32]),
        extents: &[usize],
        cut: usize,
    ) {
        self.product *= optimizer.factor(step);
        let step = Step { product: self.product, ..step };
        let halves = self.memory.each_mut().map(|plane| {
            let cut = cut.min(plane.len());
            plane.split_at_mut(cut)
        });
        let (head, tail) = self.params.split_at_mut(cut);
        let [(a, b), (c, d), (e, f), (g, h)] = halves;
        if cut > 0 {
            let head = Buffers { params: head, grads: &grads[..cut], memory: [a, c, e, g], extents };
            optimizer.step(cpu, step, head, &mut self.scratch);
        }
        let tail = Buffers { params: tail, grads: &grads[cut..], memory: [b, d, f, h], extents };
        optimizer.step(cpu, step, tail, &mut self.scratch);
    }
}

/// Parameters and memory after some steps, every step in two parts. At the third and fourth a schedule sets the momentum.
fn train(cpu: Cpu, optimizer: &dyn Optimizer, extents: &[usize], cut: usize) -> Vec<f32> {
    let len = extents.iter().product();
    let mut state = State::new(optimizer, Stream(1).units(len));
    for number in 1..=5 {
        let momentum = (number == 3 || number == 4).then_some(0.5 + 0.1 * number as f64);
        let step = Step { number, lr: 0.01 / number as f64, momentum, product: 1.0 };
        state.step(cpu, optimizer, (step, &Stream(number).units(len)), extents, cut);
    }
    state.params.into_iter().chain(state.memory.concat()).collect()
}

#[test]
fn the_same_bits_for_every_cut_of_the_buffers() {
    for (name, optimizer) in optimizers().into_iter().filter(|(_, optimizer)| !optimizer.whole()) {
        let whole = train(Cpu::best(), &*optimizer, &[53], 0);
        for cpu in cpus() {
            for cut in [0, 1, 15, 16, 17, 40, 53] {
                assert_same_bits(&train(cpu, &*optimizer, &[53], cut), &whole, name);
            }
        }
    }
}

#[test]
fn the_same_bits_for_whole_tensors() {
    let mut count = 0;
    for (name, optimizer) in optimizers().into_iter().filter(|(_, optimizer)| optimizer.whole()) {
        for extents in [&[53][..], &[5, 7], &[40, 17], &[1, 1], &[20, 20]] {
            let ours = train(Cpu::best(), &*optimizer, extents, 0);
            assert!(ours.iter().all(|x| x.is_finite()), "{name} {extents:?}");
            for cpu in cpus() {
                assert_same_bits(&train(cpu, &*optimizer, extents, 0), &ours, name);
            }
        }
        count += 1;
    }
    assert!(count >= 4, "lars and muon take whole tensors");
}

fn built(name: &str, settings: &[f64]) -> Box<dyn Optimizer> {
    let member = optimizer::ALL.iter().find(|member| member.name == name).expect("a member");
    (member.build)(settings)
}

#[track_caller]
fn close(ours: f32, theirs: f64, what: &str) {
    let ours = f64::from(ours);
    assert!((ours - theirs).abs() <= 1e-5 * theirs.abs().max(1.0), "{what}: {ours:e}, not {theirs:e}");
}

/// One parameter, trained for 100 steps on a gradient that depends on it.
fn follow(optimizer: &dyn Optimizer, lr: f64) -> f32 {
    let mut state = State::new(optimizer, vec![1.5]);
    for number in 1..=100 {
        let g = [2.0 * state.params[0] + (number as f32 * 0.7).sin()];
        let step = Step { number, lr, momentum: None, product: 1.0 };
        state.step(Cpu::best(), optimizer, (step, &g), &[1], 0);
    }
    state.params[0]
}

#[test]
fn sgd_follows_its_equations() {
    for nesterov in [false, true] {
        let (mut p, mut v) = (1.5_f64, 0.0);
        for number in 1..=100 {
            let g = 2.0 * p + f64::from((number as f32 * 0.7).sin()) + 0.01 * p;
            v = 0.9 * v + g;
            p -= 0.02 * if nesterov { g + 0.9 * v } else { v };
        }
        close(follow(&*built("sgd", &[0.02, 0.9, f64::from(u8::from(nesterov)), 0.01, 0.0]), 0.02), p, "sgd");
    }
}

#[test]
fn adamw_follows_its_equations() {
    let (mut p, mut m, mut v) = (1.5_f64, 0.0, 0.0);
    for number in 1..=100 {
        let g = 2.0 * p + f64::from((number as f32 * 0.7).sin());
        p *= 1.0 - 0.02 * 0.1;
        m = 0.9 * m + 0.1 * g;
        v = 0.99 * v + 0.01 * g * g;
        let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(number)), v / (1.0 - 0.99_f64.powi(number)));
        p -= 0.02 * m_hat / (v_hat.sqrt() + 1e-8);
    }
    close(follow(&*built("adamw", &[0.02, 0.9, 0.99, 1e-8, 0.1, 0.0]), 0.02), p, "adamw");
}

/// The singular values of what Muon steps along are near one, whatever those of the gradient are.
#[test]
fn muon_steps_along_a_nearly_orthogonal_matrix() {
    let muon = built("muon", &[1.0, 0.0, 0.0, 0.0, 5.0, 1e-7, 0.0, 1e-3]);
    let (rows, cols) = (6, 4);
    let mut state = State::new(&*muon, vec![0.0; rows * cols]);
    let grads = Stream(3).units(rows * cols);
    let step = Step { number: 1, lr: 1.0, momentum: None, product: 1.0 };
    state.step(Cpu::best(), &*muon, (step, &grads), &[rows, cols], 0);
    for i in 0..cols {
        for j in 0..cols {
            let product: f32 = (0..rows).map(|r| state.params[r * cols + i] * state.params[r * cols + j]).sum();
            let wanted = if i == j { 0.4..1.6 } else { -0.4..0.4 };
            assert!(wanted.contains(&product), "{i} {j}: {product}");
        }
    }
    let along: f32 = state.params.iter().zip(&grads).map(|(p, g)| p * g).sum();
    assert!(along < 0.0, "downhill, not {along}");
}

/// What decays for ever is zero in the end: parameters that go into products long before they are subnormal.
#[test]
fn parameters_are_no_small_fry() {
    let decay = |setting: &kernels::Setting| match setting.name {
        "weight_decay" => vec![0.5],
        "lr" => vec![0.1],
        _ => setting.default.map_or(vec![0.1], <[f64]>::to_vec),
    };
    for cpu in cpus() {
        let member = optimizer::ALL.iter().find(|member| member.name == "adamw").expect("it is there");
        let numbers: Vec<f64> = member.settings.iter().flat_map(decay).collect();
        let optimizer = (member.build)(&numbers);
        let mut state = State::new(&*optimizer, vec![1.0; 20]);
        for number in 1..=2000 {
            let step = Step { number, lr: 0.1, momentum: None, product: 1.0 };
            state.step(cpu, &*optimizer, (step, &[0.0; 20]), &[20], 0);
            assert!(!state.params.iter().any(|p| *p != 0.0 && p.abs() < NEGLIGIBLE), "{cpu:?}, step {number}");
        }
        assert_eq!(state.params, vec![0.0; 20], "{cpu:?}");
    }
}

/// A mean of gradients that have become zero shrinks, and is zero before it would be a subnormal number for ever.
#[test]
fn what_is_remembered_is_no_subnormal() {
    for cpu in cpus() {
        for (name, optimizer) in optimizers().into_iter().filter(|(_, optimizer)| !optimizer.whole()) {
            let mut state = State::new(&*optimizer, vec![0.0; 20]);
            for number in 1..=300 {
                let step = Step { number, lr: 0.01, momentum: None, product: 1.0 };
                let grads = [if number == 1 { 1e-33 } else { 0.0 }; 20];
                state.step(cpu, &*optimizer, (step, &grads), &[20], 0);
                assert!(!state.memory.iter().flatten().any(|m| m.is_subnormal()), "{name} on {cpu:?}, step {number}");
            }
        }
    }
}
