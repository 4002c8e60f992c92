//! The kernels at the shapes of training small networks: the product on every instruction set of this machine beside
//! `matrixmultiply`, in the three forms that a dense layer needs; activations, losses and optimizers on arrays in cache.
//!
//! `cargo bench --bench kernels`. Throughput is in floating-point operations for products, in elements for the rest.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kernels::loss::Targets;
use kernels::optimizer::{Buffers, Step};
use kernels::{Cpu, Engine, Mat, Scratch, Start, gemm};

/// (rows, inputs, units)
const SHAPES: &[(usize, usize, usize)] =
    &[(32, 64, 32), (32, 128, 10), (64, 784, 256), (64, 256, 256), (128, 784, 512), (512, 512, 512)];

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 + 11) % 101) as f32 / 50.5 - 1.0).collect()
}

/// Every instruction set with our engine, and the second engine once.
fn engines() -> Vec<(String, Cpu)> {
    let mut all: Vec<(String, Cpu)> = Cpu::all().into_iter().map(|cpu| (cpu.isa().to_string(), cpu)).collect();
    all.push(("matrixmultiply".to_owned(), Cpu::best().engine(Engine::MatrixMultiply)));
    all
}

fn products(c: &mut Criterion) {
    for &(rows, inputs, units) in SHAPES {
        let (x, w, dy) = (numbers(rows * inputs), numbers(inputs * units), numbers(rows * units));
        let mut group = c.benchmark_group(format!("product {rows}x{inputs}x{units}"));
        group.throughput(Throughput::Elements(2 * (rows * inputs * units) as u64));
        for (name, cpu) in engines() {
            let mut scratch = Scratch::new();
            let (mut y, mut dw, mut dx) =
                (vec![0.0; rows * units], vec![0.0; inputs * units], vec![0.0; rows * inputs]);
            let (x, w, dy) = (Mat::new(&x, rows, inputs), Mat::new(&w, inputs, units), Mat::new(&dy, rows, units));
            group.bench_function(BenchmarkId::new("forward", &name), |b| {
                b.iter(|| gemm(cpu, Start::Zero, x, w, &mut y, &mut scratch));
            });
            group.bench_function(BenchmarkId::new("weights", &name), |b| {
                b.iter(|| gemm(cpu, Start::Zero, x.t(), dy, &mut dw, &mut scratch));
            });
            group.bench_function(BenchmarkId::new("inputs", &name), |b| {
                b.iter(|| gemm(cpu, Start::Zero, dy, w.t(), &mut dx, &mut scratch));
            });
        }
        group.finish();
    }
}

const ELEMENTS: usize = 4096;

fn elementwise(c: &mut Criterion) {
    let (x, dy) = (numbers(ELEMENTS), numbers(ELEMENTS));
    for member in kernels::activation::ALL {
        let function = (member.build)(&member.defaults().unwrap_or_default());
        let mut group = c.benchmark_group(format!("activation {}", member.name));
        group.throughput(Throughput::Elements(ELEMENTS as u64));
        for cpu in Cpu::all() {
            let (mut y, mut dx) = (vec![0.0; ELEMENTS], vec![0.0; ELEMENTS]);
            group.bench_function(BenchmarkId::new("forward", cpu.isa()), |b| {
                b.iter(|| function.forward(cpu, &x, &mut y));
            });
            group.bench_function(BenchmarkId::new("backward", cpu.isa()), |b| {
                b.iter(|| function.backward(cpu, &x, &y, &dy, &mut dx));
            });
        }
        group.finish();
    }
}

fn losses(c: &mut Criterion) {
    const WIDTH: usize = 10;
    let rows = ELEMENTS / 16;
    let (z, values) = (numbers(rows * WIDTH), numbers(rows * WIDTH));
    let classes: Vec<u32> = (0..rows as u32).map(|r| r % WIDTH as u32).collect();
    for member in kernels::loss::ALL {
        let loss = (member.build)(&member.defaults().unwrap_or_default());
        let targets = if loss.takes_classes() { Targets::Classes(&classes) } else { Targets::Values(&values) };
        let mut group = c.benchmark_group(format!("loss {}", member.name));
        group.throughput(Throughput::Elements((rows * WIDTH) as u64));
        for cpu in Cpu::all() {
            let (mut each, mut slope) = (vec![0.0; rows], vec![0.0; rows * WIDTH]);
            group.bench_function(BenchmarkId::new("with gradient", cpu.isa()), |b| {
                b.iter(|| loss.rows(cpu, WIDTH, &z, targets, &mut each, Some((&mut slope, 1.0))));
            });
        }
        group.finish();
    }
}

fn optimizers(c: &mut Criterion) {
    let grads = numbers(ELEMENTS);
    for member in kernels::optimizer::ALL {
        // the learning rate has no default everywhere
        let settings: Vec<f64> = member
            .settings
            .iter()
            .flat_map(|s| s.default.map_or_else(|| vec![1e-3; s.form.width().unwrap_or(0)], <[f64]>::to_vec))
            .collect();
        let optimizer = (member.build)(&settings);
        let mut group = c.benchmark_group(format!("optimizer {}", member.name));
        group.throughput(Throughput::Elements(ELEMENTS as u64));
        for cpu in Cpu::all() {
            let mut params = numbers(ELEMENTS);
            let mut memory: [Vec<f32>; kernels::optimizer::PLANES] =
                std::array::from_fn(|plane| vec![0.0; if plane < optimizer.planes() { ELEMENTS } else { 0 }]);
            let (mut number, mut scratch) = (0, Scratch::new());
            group.bench_function(BenchmarkId::new("step", cpu.isa()), |b| {
                b.iter(|| {
                    number += 1;
                    let memory = memory.each_mut().map(Vec::as_mut_slice);
                    let buffers = Buffers { params: &mut params, grads: &grads, memory, extents: &[ELEMENTS / 64, 64] };
                    let step = Step { number, lr: 1e-3, momentum: None, product: 0.5 };
                    optimizer.step(cpu, step, buffers, &mut scratch);
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, products, elementwise, losses, optimizers);
criterion_main!(benches);
