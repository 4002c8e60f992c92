//! Softmax over what queries see, and its way back: the same bits on every instruction set, and near the equations in `f64`.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::attention::{Sight, softmax, softmax_slope};

const SCALE: f32 = 0.25;

#[test]
fn shares_and_slopes_of_what_is_seen() {
    for (steps, length) in [(1, 1), (5, 3), (16, 16), (33, 20), (70, 70)] {
        for causal in [false, true] {
            let sight = Sight { steps, length, causal };
            let mut stream = Stream(steps as u64);
            let mut draw = || -> Vec<f32> { stream.units(steps * steps).iter().map(|x| 20.0 * x).collect() };
            let (scores, pulls) = (draw(), draw());
            let both = |cpu| {
                let (mut shares, mut slopes) = (scores.clone(), pulls.clone());
                softmax(cpu, sight, SCALE, &mut shares);
                softmax_slope(cpu, sight, SCALE, &shares, &mut slopes);
                (shares, slopes)
            };
            let (shares, slopes) = both(cpus()[0]);
            for cpu in cpus() {
                let what = format!("{steps} steps, {length} seen on {}", cpu.isa());
                let (ours, back) = both(cpu);
                assert_same_bits(&ours, &shares, &what);
                assert_same_bits(&back, &slopes, &what);
            }
            for query in 0..steps {
                let seen = if causal { length.min(query + 1) } else { length };
                let row =
                    |x: &[f32]| -> Vec<f64> { x[query * steps..][..steps].iter().map(|x| f64::from(*x)).collect() };
                let e: Vec<f64> = row(&scores)[..seen].iter().map(|s| libm::exp(f64::from(SCALE) * s)).collect();
                let total: f64 = e.iter().sum();
                let right: Vec<f64> = e.iter().map(|e| e / total).collect();
                let mean: f64 = right.iter().zip(row(&pulls)).map(|(p, dp)| p * dp).sum();
                for key in 0..steps {
                    let (p, slope) = (row(&shares)[key], row(&slopes)[key]);
                    let p_right = right.get(key).copied().unwrap_or(0.0);
                    let right = f64::from(SCALE) * p_right * (row(&pulls)[key] - mean);
                    assert!((p - p_right).abs() < 1e-6, "{steps} steps: {p}, not {p_right}");
                    assert!((slope - right).abs() < 2e-6, "{steps} steps: slope {slope}, not {right}");
                }
            }
        }
    }
}
