//! The kernels at the shapes of training small networks under criterion, which keeps every earlier run and draws
//! distributions: the cases of `runner bench`, group by group, on every instruction set of this machine.
//!
//! `cargo bench --bench kernels`, or with a part of a name: `cargo bench --bench kernels -- 'gemm forward'`.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use runner::bench::case::Unit;
use runner::bench::{GROUPS, Setup};

/// The groups that are measured in seconds a sample: `benches/runs.rs` has them.
const LONG: [&str; 2] = ["workloads", "overhead"];

fn kernels(c: &mut Criterion) {
    let setup = Setup::new(None);
    for group in GROUPS.iter().filter(|group| !LONG.contains(&group.name)) {
        for mut case in (group.cases)(&setup).expect("kernels need nothing") {
            let mut own = c.benchmark_group(format!("{} {}", group.name, case.name));
            own.throughput(match case.unit {
                Unit::Gigabytes => Throughput::Bytes(case.work as u64),
                _ => Throughput::Elements(case.work as u64),
            });
            own.bench_function(BenchmarkId::from_parameter(&case.with), |b| {
                b.iter_custom(|n| Duration::from_secs_f64(case.take(n).expect("kernels need nothing")));
            });
            own.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = kernels
}
criterion_main!(benches);
