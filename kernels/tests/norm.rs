//! Normalisation, bit for bit against plain loops that follow its documentation, and near the same in `f64`.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::norm::{Affine, Channels, Rows};

fn tree(mut lanes: [f32; 16]) -> f32 {
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

/// A sum over the rows of a batch of a term of `(x, y, mean)`, by the documented order.
fn channel_sum(of: Channels, x: &[f32], y: &[f32], c: usize, term: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let Channels { channels, places } = of;
    let mut all = [0.0_f32; 16];
    for (x, y) in x.chunks(channels * places).zip(y.chunks(channels * places)) {
        let (x, y) = (&x[c * places..][..places], &y[c * places..][..places]);
        if places == 1 {
            all[0] = term(all[0], x[0], y[0]);
            continue;
        }
        let mut row = [0.0_f32; 16];
        for i in 0..places {
            row[i % 16] = term(row[i % 16], x[i], y[i]);
        }
        all.iter_mut().zip(row).for_each(|(all, row)| *all += row);
    }
    if places == 1 { all[0] } else { tree(all) }
}

#[test]
fn channels_over_a_batch() {
    for (channels, places, rows) in [(1, 1, 2), (17, 1, 5), (40, 1, 33), (3, 7, 4), (2, 16, 3), (5, 36, 6), (1, 100, 1)]
    {
        let of = Channels { channels, places };
        let mut stream = Stream(places as u64);
        let (x, dy) = (stream.units(rows * channels * places), stream.units(rows * channels * places));
        let (factor, offset, along) = (stream.units(channels), stream.units(channels), stream.units(channels));
        let count = (rows * places) as f32;
        let each = |f: &dyn Fn(usize) -> f32| (0..channels).map(f).collect::<Vec<f32>>();
        let mean = each(&|c| channel_sum(of, &x, &x, c, |sum, x, _| sum + x) / count);
        let square = |m: f32| move |sum: f32, x: f32, _: f32| (x - m).mul_add(x - m, sum);
        let variance = each(&|c| channel_sum(of, &x, &x, c, square(mean[c])) / count);
        let alongs = each(&|c| channel_sum(of, &x, &dy, c, |sum, x, dy| (x - mean[c]).mul_add(dy, sum)));
        let totals = each(&|c| channel_sum(of, &dy, &dy, c, |sum, dy, _| sum + dy));
        let channel = |i: usize| i / places % channels;
        let y: Vec<f32> = x
            .iter()
            .enumerate()
            .map(|(i, x)| (x - mean[channel(i)]).mul_add(factor[channel(i)], offset[channel(i)]))
            .collect();
        let slope = |(i, (x, dy)): (usize, (&f32, &f32))| {
            ((dy - offset[channel(i)]) - (x - mean[channel(i)]) * along[channel(i)]) * factor[channel(i)]
        };
        let dx: Vec<f32> = x.iter().zip(&dy).enumerate().map(slope).collect();
        for cpu in cpus() {
            let (mut m, mut v) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
            of.moments(cpu, &x, &mut m, &mut v);
            assert_same_bits(&m, &mean, "means");
            assert_same_bits(&v, &variance, "variances");
            let (mut a, mut t) = (vec![f32::NAN; channels], vec![f32::NAN; channels]);
            of.slopes(cpu, (&x, &dy), &mean, &mut a, &mut t);
            assert_same_bits(&a, &alongs, "sums along the differences");
            assert_same_bits(&t, &totals, "sums of slopes");
            let affine = Affine { mean: &mean, factor: &factor, offset: &offset };
            let mut out = vec![f32::NAN; x.len()];
            of.normalise(cpu, affine, &x, &mut out);
            assert_same_bits(&out, &y, "results");
            of.unnormalise(cpu, affine, &along, (&x, &dy), &mut out);
            assert_same_bits(&out, &dx, "slopes");
        }
    }
}

/// In `f64`: value and slopes of one row, `dy` given.
fn row(rows: Rows, factor: &[f32], offset: &[f32], x: &[f32], dy: &[f32]) -> (Vec<f64>, Vec<f64>) {
    let n = rows.width as f64;
    let wide = |x: &[f32]| x.iter().map(|x| f64::from(*x)).collect::<Vec<f64>>();
    let (x, factor, offset) = (wide(x), wide(factor), wide(offset));
    let mean = if rows.centred { x.iter().sum::<f64>() / n } else { 0.0 };
    let scale = 1.0 / (x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n + f64::from(rows.eps)).sqrt();
    let normal: Vec<f64> = x.iter().map(|x| (x - mean) * scale).collect();
    let slope: Vec<f64> = wide(dy).iter().zip(&factor).map(|(dy, factor)| dy * factor).collect();
    let along = slope.iter().zip(&normal).map(|(s, x)| s * x).sum::<f64>() / n;
    let total = if rows.centred { slope.iter().sum::<f64>() / n } else { 0.0 };
    let dx = slope.iter().zip(&normal).map(|(s, x)| (s - total - x * along) * scale).collect();
    (normal.iter().zip(&factor).zip(&offset).map(|((x, f), o)| x * f + o).collect(), dx)
}

#[test]
fn rows_by_themselves() {
    for (width, centred) in [1, 2, 15, 16, 17, 40, 128].into_iter().flat_map(|width| [(width, true), (width, false)]) {
        let (rows, count) = (Rows { width, centred, eps: 1e-3 }, 5);
        let mut stream = Stream(width as u64);
        let (x, dy) = (stream.units(count * width), stream.units(count * width));
        let (factor, offset, start) = (stream.units(width), stream.units(width), stream.units(width));
        let mut first: Option<Vec<f32>> = None;
        for cpu in cpus() {
            let (mut y, mut dx, mut kept) =
                (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()], vec![f32::NAN; 2 * count]);
            rows.forward(cpu, (Some(&factor), Some(&offset)), &x, &mut y, &mut kept);
            rows.backward(cpu, Some(&factor), &kept, (&x, &dy), &mut dx);
            // the gradient of the factors in two stretches of columns and two of rows is one chain all the same
            let (mut whole, mut parts) = (start.clone(), vec![f32::NAN; width]);
            rows.factor_gradient(cpu, 0..width, &kept, (&x, &dy), true, &mut whole);
            for columns in [0..width / 2, width / 2..width] {
                for (keep, rows_of) in [(false, 0..2), (true, 2..count)] {
                    let at = rows_of.start * width..rows_of.end * width;
                    let (kept, out) = (&kept[2 * rows_of.start..2 * rows_of.end], &mut parts[columns.clone()]);
                    rows.factor_gradient(cpu, columns.clone(), kept, (&x[at.clone()], &dy[at]), keep, out);
                }
            }
            let chain = |start: f32, j: usize| {
                let term = |sum: f32, r: usize| {
                    dy[r * width + j].mul_add((x[r * width + j] - kept[2 * r]) * kept[2 * r + 1], sum)
                };
                (0..count).fold(start, term)
            };
            assert_same_bits(&whole, &(0..width).map(|j| chain(start[j], j)).collect::<Vec<_>>(), "slopes of factors");
            assert_same_bits(&parts, &(0..width).map(|j| chain(0.0, j)).collect::<Vec<_>>(), "the same in parts");
            for r in 0..count {
                let at = r * width..(r + 1) * width;
                let (values, slopes) = row(rows, &factor, &offset, &x[at.clone()], &dy[at.clone()]);
                for (ours, theirs) in y[at.clone()].iter().zip(values).chain(dx[at].iter().zip(slopes)) {
                    assert!((f64::from(*ours) - theirs).abs() < 2e-5 * theirs.abs().max(1.0), "{ours}, not {theirs}");
                }
            }
            let all = [y, dx, kept].concat();
            assert_same_bits(&all, first.get_or_insert_with(|| all.clone()), "on another instruction set");
        }
    }
}
