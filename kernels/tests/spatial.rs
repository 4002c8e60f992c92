//! Convolution and pooling, bit for bit against plain loops that follow their documentation, at sizes with every kind of
//! edge, on everything this machine can run; and a batch in pieces gives the bits of the whole.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::Scratch;
use kernels::spatial::{Axis, Conv, Pool, Pooling};

fn axis(input: usize, kernel: usize, stride: usize, (before, after): (usize, usize), dilation: usize) -> Axis {
    Axis { input, kernel, stride, before, after, dilation }
}

/// What a convolution is made of, for the loops of this test.
#[derive(Clone, Copy)]
struct Case {
    axes: [Axis; 2],
    groups: usize,
    inner: usize,
    outer: usize,
    rows: usize,
}

/// Sizes around the blocks of lanes, the tiles and the edges: signals and images, strides, padding on either side, dilation,
/// groups, as many channels as fill a tile or not.
fn cases() -> Vec<Case> {
    let plain = |n, k| axis(n, k, 1, (0, 0), 1);
    let case = |axes, groups, inner, outer, rows| Case { axes, groups, inner, outer, rows };
    vec![
        case([plain(6, 3), plain(7, 3)], 1, 2, 3, 5),
        case([plain(9, 5), plain(9, 5)], 1, 1, 8, 16),
        case([plain(6, 5), plain(12, 5)], 1, 8, 16, 18),
        case([plain(5, 1), plain(4, 1)], 1, 17, 33, 3),
        case([axis(7, 3, 2, (1, 1), 1), axis(8, 3, 2, (1, 1), 1)], 1, 3, 9, 17),
        case([axis(9, 3, 1, (2, 2), 2), axis(11, 3, 3, (0, 1), 2)], 1, 2, 5, 4),
        case([axis(5, 2, 1, (0, 1), 1), axis(6, 4, 1, (1, 2), 1)], 2, 3, 18, 6),
        case([plain(4, 3), plain(5, 2)], 6, 1, 1, 20),
        case([Axis::POINT, axis(40, 5, 2, (1, 1), 1)], 1, 1, 25, 50),
        case([Axis::POINT, axis(19, 3, 2, (1, 1), 1)], 1, 25, 25, 33),
        case([Axis::POINT, axis(21, 9, 1, (4, 4), 1)], 1, 2, 3, 2),
        case([Axis::POINT, axis(13, 7, 4, (3, 3), 1)], 2, 2, 4, 2),
        case([axis(3, 2, 3, (0, 0), 1), axis(70, 3, 1, (1, 1), 1)], 1, 2, 20, 3),
    ]
}

impl Case {
    fn conv(&self) -> Conv {
        Conv::new(self.axes, self.groups, self.inner, self.outer)
    }

    fn input(&self) -> usize {
        self.groups * self.inner * self.axes[0].input * self.axes[1].input
    }

    fn output(&self) -> usize {
        self.groups * self.outer * self.places()
    }

    fn places(&self) -> usize {
        self.axes[0].output() * self.axes[1].output()
    }

    fn taps(&self) -> usize {
        self.inner * self.axes[0].kernel * self.axes[1].kernel
    }

    /// For every result of a row of a channel: its place in `y`, and for each number of its window, by channel, row and
    /// column, the row of the weights and the place in `x`, none in the padding.
    fn each(&self, group: usize, outer: usize, mut work: impl FnMut(usize, &[(usize, Option<usize>)])) {
        let [tall, wide] = self.axes;
        for place in 0..self.places() {
            let (y, x) = (place / wide.output(), place % wide.output());
            let mut window = Vec::new();
            for tap in 0..self.taps() {
                let (channel, row, col) =
                    (tap / tall.kernel / wide.kernel, tap / wide.kernel % tall.kernel, tap % wide.kernel);
                let row = (y * tall.stride + row * tall.dilation).checked_sub(tall.before).filter(|r| *r < tall.input);
                let col = (x * wide.stride + col * wide.dilation).checked_sub(wide.before).filter(|c| *c < wide.input);
                let at = |(row, col)| ((group * self.inner + channel) * tall.input + row) * wide.input + col;
                window.push((tap, row.zip(col).map(at)));
            }
            work((group * self.outer + outer) * self.places() + place, &window);
        }
    }

    fn channels(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let outer = self.outer;
        (0..self.groups * outer).map(move |o| (o / outer, o % outer))
    }
}

fn forward(case: &Case, weight: &[f32], bias: Option<&[f32]>, x: &[f32]) -> Vec<f32> {
    let all = case.groups * case.outer;
    let mut y = vec![f32::NAN; case.rows * case.output()];
    for (x, y) in x.chunks(case.input()).zip(y.chunks_mut(case.output())) {
        for (group, outer) in case.channels() {
            let o = group * case.outer + outer;
            case.each(group, outer, |at, window| {
                let start = bias.map_or(0.0, |bias| bias[o]);
                let taken = window.iter().filter_map(|(tap, from)| Some((tap, (*from)?)));
                y[at] = taken.fold(start, |sum, (tap, from)| weight[tap * all + o].mul_add(x[from], sum));
            });
        }
    }
    y
}

/// Over the output channels, and of each over the places in order.
fn backward(case: &Case, weight: &[f32], dy: &[f32]) -> Vec<f32> {
    let all = case.groups * case.outer;
    let mut dx = vec![0.0; case.rows * case.input()];
    for (dy, dx) in dy.chunks(case.output()).zip(dx.chunks_mut(case.input())) {
        for (group, outer) in case.channels() {
            case.each(group, outer, |at, window| {
                for (tap, from) in window {
                    let Some(from) = *from else { continue };
                    dx[from] = weight[tap * all + group * case.outer + outer].mul_add(dy[at], dx[from]);
                }
            });
        }
    }
    dx
}

/// Over the rows of the batch, and of each over the places in order.
fn gradient(case: &Case, x: &[f32], dy: &[f32], start: &[f32]) -> Vec<f32> {
    let all = case.groups * case.outer;
    let mut dw = start.to_vec();
    for (x, dy) in x.chunks(case.input()).zip(dy.chunks(case.output())) {
        for (group, outer) in case.channels() {
            case.each(group, outer, |at, window| {
                for (tap, from) in window {
                    let to = &mut dw[tap * all + group * case.outer + outer];
                    *to = from.map_or(0.0, |from| x[from]).mul_add(dy[at], *to);
                }
            });
        }
    }
    dw
}

#[test]
fn convolutions_are_the_chains_they_say() {
    let mut scratch = Scratch::new();
    for (number, case) in cases().into_iter().enumerate() {
        let (conv, all) = (case.conv(), case.groups * case.outer);
        assert_eq!(conv.widths(), (case.input(), case.output()));
        let mut stream = Stream(number as u64);
        let weight = stream.units(case.taps() * all);
        let (bias, kept) = (stream.units(all), stream.units(case.taps() * all));
        let (x, dy) = (stream.units(case.rows * case.input()), stream.units(case.rows * case.output()));
        let expected = [
            forward(&case, &weight, Some(&bias), &x),
            forward(&case, &weight, None, &x),
            backward(&case, &weight, &dy),
            gradient(&case, &x, &dy, &vec![0.0; weight.len()]),
            gradient(&case, &x, &dy, &kept),
        ];
        for cpu in cpus() {
            let what = |what: &str| format!("{what} of case {number} on {}", cpu.isa());
            for (bias, expected) in [(Some(bias.as_slice()), &expected[0]), (None, &expected[1])] {
                let mut y = vec![f32::NAN; dy.len()];
                conv.forward(cpu, (&weight, bias), &x, &mut y, &mut scratch);
                assert_same_bits(&y, expected, &what("result"));
            }
            let mut dx = vec![f32::NAN; x.len()];
            conv.backward(cpu, &weight, &dy, &mut dx, &mut scratch);
            assert_same_bits(&dx, &expected[2], &what("gradient of the input"));
            // whole, in two stretches that cut a row of the window, and one by one
            let middle = case.taps() / 2;
            let mut cuts = vec![vec![0, case.taps()], vec![0, middle, case.taps()]];
            cuts.push((0..=case.taps()).collect());
            for (cuts, keep) in cuts.iter().flat_map(|cuts| [(cuts, false), (cuts, true)]) {
                let mut dw = kept.clone();
                for taps in cuts.windows(2).map(|pair| pair[0]..pair[1]) {
                    let out = &mut dw[taps.start * all..taps.end * all];
                    conv.weight_gradient(cpu, taps, (&x, &dy), keep, out, &mut scratch);
                }
                assert_same_bits(&dw, &expected[3 + usize::from(keep)], &what("gradient of the weights"));
            }
        }
    }
}

#[test]
fn a_batch_in_pieces_has_the_bits_of_the_whole() {
    let mut scratch = Scratch::new();
    for case in cases() {
        let (conv, all) = (case.conv(), case.groups * case.outer);
        let mut stream = Stream(99);
        let weight = stream.units(case.taps() * all);
        let (x, dy) = (stream.units(case.rows * case.input()), stream.units(case.rows * case.output()));
        for cpu in cpus() {
            let mut run = |cuts: &[usize]| {
                let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
                let (mut dw, mut db) = (vec![f32::NAN; weight.len()], vec![f32::NAN; all]);
                for (piece, pair) in cuts.windows(2).enumerate() {
                    let (input, output) = (case.input(), case.output());
                    let (inputs, outputs) = (pair[0] * input..pair[1] * input, pair[0] * output..pair[1] * output);
                    let (x, dy, keep) = (&x[inputs.clone()], &dy[outputs.clone()], piece > 0);
                    conv.forward(cpu, (&weight, None), x, &mut y[outputs], &mut scratch);
                    conv.backward(cpu, &weight, dy, &mut dx[inputs], &mut scratch);
                    conv.weight_gradient(cpu, 0..case.taps(), (x, dy), keep, &mut dw, &mut scratch);
                    conv.bias_gradient(cpu, 0..all / 2, dy, keep, &mut db[..all / 2]);
                    conv.bias_gradient(cpu, all / 2..all, dy, keep, &mut db[all / 2..]);
                }
                [y, dx, dw, db].concat()
            };
            let whole = run(&[0, case.rows]);
            assert!(whole.iter().all(|x| x.is_finite()));
            assert_same_bits(&run(&[0, 1, case.rows / 2 + 1, case.rows]), &whole, "in pieces");
        }
    }
}

/// Pooling of one row by plain loops.
fn pooled(pooling: Pooling, axes: [Axis; 2], channels: usize, x: &[f32], dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let case = Case { axes, groups: channels, inner: 1, outer: 1, rows: 1 };
    let (mut y, mut dx) = (vec![f32::NAN; case.output()], vec![0.0; case.input()]);
    let count = (axes[0].kernel * axes[1].kernel) as f32;
    for channel in 0..channels {
        case.each(channel, 0, |at, window| {
            let taken: Vec<usize> = window.iter().filter_map(|(_, from)| *from).collect();
            match pooling {
                Pooling::Max => {
                    let larger = |best: usize, i: &usize| if x[*i] > x[best] || x[*i].is_nan() { *i } else { best };
                    let best = taken.iter().fold(taken[0], larger);
                    y[at] = x[best];
                    taken.iter().for_each(|i| dx[*i] += if *i == best { dy[at] } else { 0.0 });
                }
                Pooling::Average => {
                    y[at] = taken.iter().fold(0.0, |sum, i| sum + x[*i]) / count;
                    taken.iter().for_each(|i| dx[*i] += dy[at] / count);
                }
                Pooling::Norm => {
                    y[at] = taken.iter().fold(0.0_f32, |sum, i| x[*i].mul_add(x[*i], sum)).sqrt();
                    let along = if y[at] == 0.0 { 0.0 } else { dy[at] / y[at] };
                    taken.iter().for_each(|i| dx[*i] += along * x[*i]);
                }
            }
        });
    }
    (y, dx)
}

#[test]
fn pools_are_what_they_say() {
    let mut scratch = Scratch::new();
    let windows = [
        [axis(6, 2, 2, (0, 0), 1), axis(8, 2, 2, (0, 0), 1)],
        [axis(7, 3, 2, (1, 1), 1), axis(9, 3, 1, (1, 0), 2)],
        [Axis::POINT, axis(11, 4, 3, (2, 2), 1)],
        [axis(5, 5, 5, (0, 0), 1), axis(4, 4, 4, (0, 0), 1)],
    ];
    for (axes, pooling) in windows
        .into_iter()
        .flat_map(|axes| [Pooling::Max, Pooling::Average, Pooling::Norm].map(|pooling| (axes, pooling)))
    {
        let channels = 3;
        let pool = Pool::new(pooling, axes, channels);
        let (input, output) = pool.widths();
        for rows in [1, 15, 16, 33] {
            let mut stream = Stream(rows as u64);
            // equal numbers, zeros and, for the maximum, what is no number or has no size
            let mut x: Vec<f32> = stream.units(rows * input).iter().map(|x| (4.0 * x).round() / 4.0).collect();
            if pooling == Pooling::Max && rows > 1 {
                x[..3].copy_from_slice(&[f32::NAN, f32::NEG_INFINITY, f32::INFINITY]);
                x[input..2 * input].fill(f32::NEG_INFINITY);
            }
            x[(rows - 1) * input..][..input / 2].fill(0.0);
            let dy = stream.units(rows * output);
            let (y, dx): (Vec<_>, Vec<_>) =
                x.chunks(input).zip(dy.chunks(output)).map(|(x, dy)| pooled(pooling, axes, channels, x, dy)).unzip();
            for cpu in cpus() {
                let (mut ours, mut slopes) = (vec![f32::NAN; rows * output], vec![f32::NAN; rows * input]);
                let mut kept = vec![f32::NAN; rows * pool.kept()];
                pool.forward(cpu, &x, &mut ours, &mut kept, &mut scratch);
                pool.backward(cpu, (&x, &ours, &kept), &dy, &mut slopes, &mut scratch);
                assert_same_bits(&ours, &y.concat(), &format!("{pooling:?} of {rows} rows on {}", cpu.isa()));
                assert_same_bits(&slopes, &dx.concat(), &format!("slopes of {pooling:?} on {}", cpu.isa()));
            }
        }
    }
}
