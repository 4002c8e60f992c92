//! The elementary functions against `f64`, over a grid of all magnitudes, and the same bits everywhere.

mod common;

use common::{assert_same_bits, cpus};
use kernels::Cpu;
use kernels::isa::{Op, Simd};
use kernels::math;

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Ln,
    Ln1p,
    Tanh,
    Sigmoid,
    Silu,
    Gelu,
    GeluByTanh,
    ExpM1,
    NormalCdf,
    NormalDensity,
    Sin,
    Cos,
}

struct Apply<'a>(Function, &'a mut [f32]);

impl Op for Apply<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        for block in self.1.as_chunks_mut().0 {
            let x = s.load(block);
            let y = match self.0 {
                Function::Exp => math::exp(s, x),
                Function::Ln => math::ln(s, x),
                Function::Ln1p => math::ln_1p(s, x),
                Function::Tanh => math::tanh(s, x),
                Function::Sigmoid => math::sigmoid(s, x),
                Function::Silu => math::silu(s, x),
                Function::Gelu => math::gelu(s, x),
                Function::GeluByTanh => math::gelu_by_tanh(s, x),
                Function::ExpM1 => math::exp_m1(s, x),
                Function::NormalCdf => math::normal(s, x).0,
                Function::NormalDensity => math::normal(s, x).1,
                Function::Sin => math::sin_cos(s, x).0,
                Function::Cos => math::sin_cos(s, x).1,
            };
            s.store(y, block);
        }
    }
}

fn apply(cpu: Cpu, function: Function, x: &[f32]) -> Vec<f32> {
    let mut y = x.to_vec();
    y.resize(x.len().next_multiple_of(16), 0.0);
    cpu.run(Apply(function, &mut y));
    y.truncate(x.len());
    y
}

/// The distance of `y` from the exact value in units of the last place of the float nearest to it.
fn ulps(y: f32, exact: f64) -> f64 {
    let near = exact as f32;
    if y == near || (y.is_nan() && near.is_nan()) {
        return if near.is_finite() { (f64::from(y) - exact).abs() / ulp(near) } else { 0.0 };
    }
    (f64::from(y) - exact).abs() / ulp(near)
}

fn ulp(x: f32) -> f64 {
    let exponent = (x.abs().to_bits() >> 23).max(1) as i32;
    2.0_f64.powi(exponent - 127 - 23)
}

/// Every float whose pattern is a multiple of `step`, of both signs, within the bounds.
fn grid(low: f32, high: f32, step: u32) -> Vec<f32> {
    let patterns = (0..=u32::MAX / step).map(|i| f32::from_bits(i * step));
    patterns.filter(|x| (low..=high).contains(x)).collect()
}

/// The largest error over a grid and over a denser one of the interesting part.
fn worst(function: Function, exact: impl Fn(f64) -> f64, x: &[f32]) -> f64 {
    let y = apply(Cpu::best(), function, x);
    for cpu in cpus() {
        let few: Vec<f32> = x.iter().copied().step_by(7).collect();
        let theirs: Vec<f32> = y.iter().copied().step_by(7).collect();
        assert_same_bits(&apply(cpu, function, &few), &theirs, &cpu.isa().to_string());
    }
    let errors = x.iter().zip(&y).map(|(&x, &y)| ulps(y, exact(f64::from(x))));
    let (error, at) =
        errors.zip(x).fold((0.0, 0.0), |worst, (e, &x)| if e > worst.0 || e.is_nan() { (e, x) } else { worst });
    println!("worst: {error:.3} ULP at {at:e}");
    error
}

const STEP: u32 = 1009;

#[test]
fn exp_is_within_one_ulp() {
    assert!(worst(Function::Exp, f64::exp, &grid(-103.0, 88.722_8, STEP)) < 1.0);
}

#[test]
fn ln_is_within_one_ulp() {
    assert!(worst(Function::Ln, f64::ln, &grid(f32::from_bits(1), f32::MAX, STEP)) < 1.0);
    let near_one: Vec<f32> = (0..200_000).map(|i| 0.7 + i as f32 * 4e-6).collect();
    assert!(worst(Function::Ln, f64::ln, &near_one) < 1.0);
}

#[test]
fn ln_1p_is_within_one_and_a_half_ulp() {
    assert!(worst(Function::Ln1p, f64::ln_1p, &grid(f32::from_bits(1), 1.0, STEP)) < 1.5);
}

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

/// A function, its exact value, and the bound of its error in ULP.
type Held = (Function, fn(f64) -> f64, f64);

/// What the activations of training are held to: the bounds that their documentation states.
const HELD: [Held; 6] = [
    (Function::Exp, f64::exp, 1.0),
    (Function::Tanh, f64::tanh, 1.1),
    (Function::Sigmoid, sigmoid, 1.7),
    (Function::Silu, |x| if x < -200.0 { -0.0 } else { x * sigmoid(x) }, 1.8),
    (Function::Gelu, |x| if x < -40.0 { -0.0 } else { 0.5 * x * libm::erfc(-x / std::f64::consts::SQRT_2) }, 1.7),
    (Function::GeluByTanh, |x| if x < -40.0 { -0.0 } else { x * sigmoid(gelu_argument(x)) }, 1.9),
];

fn gelu_argument(x: f64) -> f64 {
    (8.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)
}

#[test]
fn functions_of_training_are_within_their_bounds() {
    let numbers =
        [grid(f32::NEG_INFINITY, f32::INFINITY, STEP), (0..500_000).map(|i| i as f32 * 6e-5 - 15.0).collect()];
    for (function, exact, bound) in HELD {
        assert!(worst(function, exact, &numbers.concat()) < bound, "{function:?}");
    }
}

/// `cargo test --release -p kernels --test math -- --ignored`: a quarter of an hour of one core.
#[test]
#[ignore = "every float there is takes a long time"]
fn functions_of_training_are_within_their_bounds_everywhere() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (function, exact, bound) in HELD {
        let part = |first: usize| {
            let ends = (first << 16..1 << 32).step_by(threads << 16);
            let worst = |worst: f64, low: usize| {
                let x: Vec<f32> = (low..low + (1 << 16)).map(|bits| f32::from_bits(bits as u32)).collect();
                let y = apply(Cpu::best(), function, &x);
                let errors = x.iter().zip(&y).map(|(&x, &y)| ulps(y, exact(f64::from(x))));
                errors.fold(worst, |worst, error| if error > worst || error.is_nan() { error } else { worst })
            };
            ends.fold(0.0, worst)
        };
        let worst: Vec<f64> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
            workers.into_iter().map(|worker| worker.join().expect("it does not panic")).collect()
        });
        println!("{function:?}: worst {worst:.4?} ULP");
        assert!(worst.iter().all(|&error| error < bound), "{function:?}");
    }
}

#[test]
fn exp_m1_is_within_one_and_a_half_ulp() {
    assert!(worst(Function::ExpM1, f64::exp_m1, &grid(-110.0, 0.0, STEP)) < 1.5);
}

#[test]
fn the_normal_distribution_is_within_its_bounds() {
    // below -13 the tail is a subnormal, whose own steps are coarser than the bound
    let x = [grid(-13.0, 20.0, STEP), (0..400_000).map(|i| -8.0 + i as f32 * 4e-5).collect()].concat();
    let cdf = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    assert!(worst(Function::NormalCdf, cdf, &x) < 2.1);
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let x: Vec<f32> = x.into_iter().filter(|x| x.abs() < 13.0).collect();
    assert!(worst(Function::NormalDensity, density, &x) < 2.2);
}

#[test]
fn sine_and_cosine_are_within_two_ulp() {
    let multiples = (1..600_000).map(|n| (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32);
    let x =
        [grid(-1e6, 1e6, STEP), (0..400_000).map(|i| -8.0 + i as f32 * 4e-5).collect(), multiples.collect()].concat();
    assert!(worst(Function::Sin, f64::sin, &x) < 2.0);
    assert!(worst(Function::Cos, f64::cos, &x) < 2.0);
}

#[test]
fn the_ends_are_right() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let least = f32::from_bits(1);
    for cpu in cpus() {
        let same = |function, x: &[f32], y: &[f32]| assert_same_bits(&apply(cpu, function, x), y, "ends");
        same(Function::Exp, &[0.0, -0.0, -inf, inf, -104.5, 89.5, f32::MAX], &[1.0, 1.0, 0.0, inf, 0.0, inf, inf]);
        same(Function::Exp, &[-103.28], &[least]);
        same(Function::Ln, &[1.0, 0.0, -0.0, inf, 2.0], &[0.0, -inf, -inf, inf, 2.0_f32.ln()]);
        same(Function::Ln1p, &[0.0, least, 1.0], &[0.0, least, 2.0_f32.ln()]);
        same(Function::Tanh, &[0.0, -0.0, inf, -inf, 9.1, least], &[0.0, -0.0, 1.0, -1.0, 1.0, least]);
        same(Function::Sigmoid, &[0.0, inf, -inf, 1e30], &[0.5, 1.0, 0.0, 1.0]);
        same(Function::Silu, &[0.0, -0.0, inf, f32::MAX, -inf, -f32::MAX], &[0.0, -0.0, inf, f32::MAX, -0.0, -0.0]);
        same(Function::Gelu, &[0.0, -0.0, inf, f32::MAX, -inf, -f32::MAX], &[0.0, -0.0, inf, f32::MAX, 0.0, 0.0]);
        same(
            Function::GeluByTanh,
            &[0.0, -0.0, inf, f32::MAX, -inf, -f32::MAX],
            &[0.0, -0.0, inf, f32::MAX, -0.0, -0.0],
        );
        same(Function::ExpM1, &[0.0, -least, -inf, -30.0], &[0.0, -least, -1.0, -1.0]);
        same(Function::NormalCdf, &[0.0, inf, -inf, f32::MAX, -f32::MAX], &[0.5, 1.0, 0.0, 1.0, 0.0]);
        same(Function::NormalDensity, &[inf, -inf, f32::MAX], &[0.0, 0.0, 0.0]);
        same(Function::Sin, &[0.0, least, -least], &[0.0, least, -least]);
        same(Function::Cos, &[0.0, -0.0, least], &[1.0, 1.0, 1.0]);
        use Function::*;
        for function in [Sin, Cos] {
            assert!(apply(cpu, function, &[inf, -inf, 1.1e6, -f32::MAX]).iter().all(|y| y.is_nan()));
        }
        for function in
            [Exp, Ln, Ln1p, Tanh, Sigmoid, Silu, Gelu, GeluByTanh, ExpM1, NormalCdf, NormalDensity, Sin, Cos]
        {
            assert!(apply(cpu, function, &[nan, -nan]).iter().all(|y| y.is_nan()));
        }
        assert!(apply(cpu, Function::Ln, &[-1.0, -least, -inf]).iter().all(|y| y.is_nan()));
    }
}
