//! Reductions and elementwise sums, bit for bit against plain loops that follow the contract.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::Cpu;
use kernels::elementwise::{add, add_to, blend, by_size, clamp, penalize, scale, times, times_row, toward};
use kernels::reduce::{argmax_rows, column_dots, column_sums, dot, norm, row_sums, sum};

const LENGTHS: [usize; 12] = [0, 1, 5, 15, 16, 17, 31, 32, 33, 100, 257, 1000];

fn tree(mut lanes: [f32; 16]) -> f32 {
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

#[test]
fn sums_are_sixteen_chains_and_a_tree() {
    for cpu in cpus() {
        for len in LENGTHS {
            let mut stream = Stream(len as u64);
            let (x, y) = (stream.units(len), stream.units(len));
            let (mut plain, mut fused) = ([0.0; 16], [0.0; 16]);
            for i in 0..len {
                plain[i % 16] += x[i];
                fused[i % 16] = x[i].mul_add(y[i], fused[i % 16]);
            }
            assert_same_bits(&[sum(cpu, &x), dot(cpu, &x, &y)], &[tree(plain), tree(fused)], "sum and dot");
        }
    }
}

#[test]
fn a_row_is_summed_alone() {
    for cpu in cpus() {
        for cols in LENGTHS {
            let x = Stream(7).units(5 * cols);
            let expected: Vec<f32> = (0..5).map(|r| sum(cpu, &x[r * cols..][..cols])).collect();
            let mut out = [f32::NAN; 5];
            row_sums(cpu, &x, cols, &mut out);
            assert_same_bits(&out, &expected, "row sums");
        }
    }
}

#[test]
fn columns_are_summed_in_order_of_rows() {
    for cpu in cpus() {
        for (rows, cols) in [(0, 5), (1, 1), (3, 15), (4, 16), (7, 17), (9, 63), (9, 64), (5, 65), (33, 200)] {
            let x = Stream(3).units(rows * cols);
            let y = Stream(5).units(rows * cols);
            let kept = Stream(4).units(cols);
            for range in [0..cols, 0..cols / 2, cols / 3..cols, cols..cols] {
                for keep in [false, true] {
                    let mut expected = if keep { kept[range.clone()].to_vec() } else { vec![0.0; range.len()] };
                    let mut dots = expected.clone();
                    for at in (0..rows).flat_map(|r| range.clone().map(move |c| r * cols + c)) {
                        let column = at % cols - range.start;
                        expected[column] += x[at];
                        dots[column] = x[at].mul_add(y[at], dots[column]);
                    }
                    let mut out = if keep { kept[range.clone()].to_vec() } else { vec![f32::NAN; range.len()] };
                    column_sums(cpu, &x, cols, range.clone(), keep, &mut out);
                    assert_same_bits(&out, &expected, "column sums");
                    let mut out = if keep { kept[range.clone()].to_vec() } else { vec![f32::NAN; range.len()] };
                    column_dots(cpu, (&x, &y), cols, range.clone(), keep, &mut out);
                    assert_same_bits(&out, &dots, "column dots");
                }
            }
        }
    }
}

#[test]
fn the_first_maximum_wins() {
    for cpu in cpus() {
        for cols in [1, 2, 10, 15, 16, 17, 40, 100] {
            let mut stream = Stream(cols as u64);
            // Few values, so that ties are common; and rows of the least value there is.
            let mut x: Vec<f32> = (0..50 * cols).map(|_| stream.below(7) as f32 - 3.0).collect();
            x[..cols].fill(f32::NEG_INFINITY);
            let mut expected: Vec<u32> = (x.chunks_exact(cols))
                .map(|row| (0..cols).fold(0, |best, i| if row[i] > row[best] { i } else { best }) as u32)
                .collect();
            x[3 * cols + cols / 2] = f32::NAN;
            expected[3] = 0;
            let mut out = vec![u32::MAX; 50];
            argmax_rows(cpu, &x, cols, &mut out);
            assert_eq!(out, expected, "{} {cols}", cpu.isa());
        }
    }
}

#[test]
fn elementwise_sums() {
    for cpu in cpus() {
        for len in LENGTHS {
            let mut stream = Stream(len as u64);
            let (x, y) = (stream.units(len), stream.units(len));
            let expected: Vec<f32> = x.iter().zip(&y).map(|(x, y)| x + y).collect();
            let mut out = vec![f32::NAN; len];
            add(cpu, &x, &y, &mut out);
            assert_same_bits(&out, &expected, "add");
            let mut out = y.clone();
            add_to(cpu, &x, &mut out);
            assert_same_bits(&out, &expected, "add_to");
            times(cpu, 0.3, &x, &mut out);
            assert_same_bits(&out, &x.iter().map(|x| 0.3 * x).collect::<Vec<_>>(), "times");
            if len > 0 {
                let twice = [x.clone(), y.clone()].concat();
                let mut out = vec![f32::NAN; 2 * len];
                times_row(cpu, &x, &twice, &mut out);
                let expected: Vec<f32> = twice.iter().enumerate().map(|(i, t)| x[i % len] * t).collect();
                assert_same_bits(&out, &expected, "times_row");
            }
        }
    }
}

/// What becomes of `y` under a kernel that changes it.
fn changed(y: &[f32], by: impl Fn(&mut [f32])) -> Vec<f32> {
    let mut y = y.to_vec();
    by(&mut y);
    y
}

#[test]
fn what_is_changed_in_place() {
    for cpu in cpus() {
        for len in LENGTHS {
            let (mut x, y) = (Stream(len as u64).units(len), Stream(3).units(len));
            x.iter_mut().step_by(3).for_each(|x| *x = 0.0);
            let each = |f: fn(f32, f32) -> f32| -> Vec<f32> { y.iter().zip(&x).map(|(y, x)| f(*y, *x)).collect() };
            assert_same_bits(&changed(&y, |y| scale(cpu, 0.3, y)), &each(|y, _| y * 0.3), "scale");
            assert_same_bits(&changed(&y, |y| clamp(cpu, 0.25, y)), &each(|y, _| y.clamp(-0.25, 0.25)), "clamp");
            let blended = each(|y, x| 0.7 * y + 0.3 * x);
            assert_same_bits(&changed(&y, |y| blend(cpu, 0.3, &x, 0.7, y)), &blended, "blend");
            let drawn = each(|y, x| (x - y).mul_add(0.3, y));
            assert_same_bits(&changed(&y, |y| toward(cpu, 0.3, &x, y)), &drawn, "toward");
            let sized = each(|y, x| y * (x.abs() + 0.01));
            assert_same_bits(&changed(&y, |y| by_size(cpu, 0.01, &x, y)), &sized, "by_size");
            let sign = |w: f32| if w == 0.0 { 0.0 } else { w.signum() };
            let penalized: Vec<f32> = y.iter().zip(&x).map(|(g, w)| g + 0.1 * sign(*w) + 0.5 * w).collect();
            assert_same_bits(&changed(&y, |g| penalize(cpu, 0.1, 0.25, &x, g)), &penalized, "penalize");
        }
        let mut odd = [f32::NAN, f32::INFINITY, 0.1];
        clamp(cpu, 0.25, &mut odd);
        assert!(odd[0].is_nan() && odd[1..] == [0.25, 0.1], "{odd:?}");
    }
}

#[test]
fn a_norm_is_as_exact_over_many_numbers_as_over_few() {
    for len in [0, 1, 17, 1024, 1025, 300_000] {
        let x = Stream(5).units(len);
        let exact = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        for cpu in cpus() {
            let ours = norm(cpu, &x);
            assert!((ours - exact).abs() <= 2e-7 * exact, "{len}: {ours}, not {exact}");
            assert_eq!(ours.to_bits(), norm(Cpu::best(), &x).to_bits(), "{len}");
        }
    }
}
