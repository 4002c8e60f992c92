//! Convolution and pooling, bit for bit against plain loops that follow their documentation, at sizes with every kind of
//! edge, on everything this machine can run; a batch in pieces gives the bits of the whole, and a convolution that pools
//! those of both one after the other.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::isa::{Cpu, LANES};
use kernels::spatial::{Axis, Conv, Pool, Pooling, Trace, collect, padded, spread};
use kernels::{Scratch, activation};

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

/// The sum of sixteen chains by the fixed tree.
fn tree(mut lanes: [f32; LANES]) -> f32 {
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}

/// A chain for every row of a block of sixteen, over the blocks and the places of each in order.
fn gradient(case: &Case, x: &[f32], dy: &[f32]) -> Vec<f32> {
    let all = case.groups * case.outer;
    let mut dw = vec![[0.0_f32; LANES]; case.taps() * all];
    for (row, (x, dy)) in x.chunks(case.input()).zip(dy.chunks(case.output())).enumerate() {
        for (group, outer) in case.channels() {
            case.each(group, outer, |at, window| {
                for (tap, from) in window {
                    let to = &mut dw[tap * all + group * case.outer + outer][row % LANES];
                    *to = from.map_or(0.0, |from| x[from]).mul_add(dy[at], *to);
                }
            });
        }
    }
    dw.into_iter().map(tree).collect()
}

/// The same of the gradients of the results alone.
fn bias_gradient(case: &Case, dy: &[f32]) -> Vec<f32> {
    let mut db = vec![[0.0_f32; LANES]; case.groups * case.outer];
    for (row, dy) in dy.chunks(case.output()).enumerate() {
        for (dy, db) in dy.chunks(case.places()).zip(&mut db) {
            dy.iter().for_each(|dy| db[row % LANES] += dy);
        }
    }
    db.into_iter().map(tree).collect()
}

fn blocks(cpu: Cpu, x: &[f32], width: usize) -> Vec<f32> {
    let mut blocks = vec![f32::NAN; padded(x.len() / width) * width];
    spread(cpu, x, width, &mut blocks);
    blocks
}

fn rows(cpu: Cpu, blocks: &[f32], width: usize, rows: usize) -> Vec<f32> {
    let mut y = vec![f32::NAN; rows * width];
    collect(cpu, blocks, width, &mut y);
    y
}

/// What a convolution gives for a batch that is divided at these rows: y, dx, and the gradients of weights and bias, each
/// in stretches that are cut at `taps` and `channels`.
struct Results {
    y: Vec<f32>,
    dx: Vec<f32>,
    dw: Vec<f32>,
    db: Vec<f32>,
}

fn run(
    cpu: Cpu,
    conv: &Conv,
    (weight, bias): (&[f32], Option<&[f32]>),
    (x, dy): (&[f32], &[f32]),
    (cuts, taps): (&[usize], &[usize]),
    scratch: &mut Scratch,
) -> Results {
    let ((input, output), all) = (conv.widths(), conv.channels());
    let (mut whole, mut back, mut traces) = (Vec::new(), Vec::new(), Vec::new());
    for pair in cuts.windows(2) {
        let count = pair[1] - pair[0];
        let x = blocks(cpu, &x[pair[0] * input..pair[1] * input], input);
        let dy = blocks(cpu, &dy[pair[0] * output..pair[1] * output], output);
        let (mut y, mut dx) = (vec![f32::NAN; dy.len()], vec![f32::NAN; x.len()]);
        let mut kept = vec![f32::NAN; padded(count) * conv.kept()];
        conv.forward(cpu, (weight, bias), &x, (&mut y, &mut kept), scratch);
        conv.backward(cpu, weight, (&y, &dy), (&mut dx, &mut kept), scratch);
        whole.extend(rows(cpu, &y, output, count));
        back.extend(rows(cpu, &dx, input, count));
        traces.push((count, x, dy, kept));
    }
    let of = |i: usize| {
        let (rows, x, dy, kept) = &traces[i];
        Trace { rows: *rows, x, dy, kept }
    };
    let (mut dw, mut db) = (vec![f32::NAN; weight.len()], vec![f32::NAN; all]);
    for taps in taps.windows(2).map(|pair| pair[0]..pair[1]) {
        let out = &mut dw[taps.start * all..taps.end * all];
        conv.weight_gradient(cpu, taps, (traces.len(), &of), (false, out), scratch);
    }
    for channels in [0..all / 2, all / 2..all] {
        conv.bias_gradient(cpu, channels.clone(), (traces.len(), &of), (false, &mut db[channels]), scratch);
    }
    Results { y: whole, dx: back, dw, db }
}

/// All in one, divided at blocks of rows, and the last taps one by one.
fn cuts(case: &Case) -> [(Vec<usize>, Vec<usize>); 3] {
    let (rows, taps) = (case.rows, case.taps());
    let middle = (rows / 2).next_multiple_of(LANES).min(rows);
    let singly = (0..=taps).filter(|tap| *tap == 0 || *tap + 4 > taps).collect();
    [(vec![0, rows], vec![0, taps]), (vec![0, middle, rows], vec![0, taps / 2, taps]), (vec![0, rows], singly)]
}

#[test]
fn convolutions_are_the_chains_they_say() {
    let mut scratch = Scratch::new();
    for (number, case) in cases().into_iter().enumerate() {
        let (conv, all) = (case.conv(), case.groups * case.outer);
        assert_eq!(conv.widths(), (case.input(), case.output()));
        let mut stream = Stream(number as u64);
        let (weight, bias) = (stream.units(case.taps() * all), stream.units(all));
        let (x, dy) = (stream.units(case.rows * case.input()), stream.units(case.rows * case.output()));
        let expected = [forward(&case, &weight, Some(&bias), &x), forward(&case, &weight, None, &x)];
        let (dx, dw, db) = (backward(&case, &weight, &dy), gradient(&case, &x, &dy), bias_gradient(&case, &dy));
        for cpu in cpus() {
            let what = |what: &str| format!("{what} of case {number} on {}", cpu.isa());
            for (bias, y) in [Some(bias.as_slice()), None].into_iter().zip(&expected) {
                for (rows, taps) in cuts(&case) {
                    let ours = run(cpu, &conv, (&weight, bias), (&x, &dy), (&rows, &taps), &mut scratch);
                    assert_same_bits(&ours.y, y, &what("result"));
                    assert_same_bits(&ours.dx, &dx, &what("gradient of the input"));
                    assert_same_bits(&ours.dw, &dw, &what("gradient of the weights"));
                    assert_same_bits(&ours.db, &db, &what("gradient of the bias"));
                }
            }
        }
    }
}

/// A convolution with a function and a pooling has the bits of the three one after the other.
#[test]
fn what_is_done_at_once_has_the_bits_of_one_after_the_other() {
    let mut scratch = Scratch::new();
    let build = || (activation::ALL.iter().find(|entry| entry.name == "elu").expect("there is one").build)(&[1.0]);
    for (number, case) in cases().into_iter().enumerate() {
        let (conv, all) = (case.conv(), case.groups * case.outer);
        let beside = |places: usize, k: usize| axis(places, k.min(places), k.min(places), (0, 0), 1);
        let windows = [beside(case.axes[0].output(), 2), beside(case.axes[1].output(), 2 + number % 2)];
        let pool = Pool::new(Pooling::Max, windows, all);
        let mut both = case.conv().with_function(build());
        assert!(both.absorb(&pool) && !both.absorb(&pool));
        let mut stream = Stream(50 + number as u64);
        let (weight, bias) = (stream.units(case.taps() * all), stream.units(all));
        let (x, dy) = (stream.units(case.rows * case.input()), stream.units(case.rows * pool.widths().1));
        for cpu in cpus() {
            let parameters = (weight.as_slice(), Some(bias.as_slice()));
            let whole = [0, case.rows];
            let mut alone =
                |dz: &[f32]| run(cpu, &conv, parameters, (&x, dz), (&whole, &[0, case.taps()]), &mut scratch);
            let z = alone(&vec![0.0; case.rows * case.output()]).y;
            let mut a = vec![f32::NAN; z.len()];
            build().forward(cpu, &z, &mut a);
            let a = blocks(cpu, &a, case.output());
            let (mut y, mut da) = (blocks(cpu, &dy, pool.widths().1), vec![f32::NAN; a.len()]);
            let (slopes, mut kept) = (y.clone(), y.clone());
            pool.forward(cpu, &a, &mut y, &mut kept);
            pool.backward(cpu, (&a, &y, &kept), &slopes, &mut da);
            let [a, da] = [&a, &da].map(|of| rows(cpu, of, case.output(), case.rows));
            let mut dz = vec![f32::NAN; z.len()];
            build().backward(cpu, &z, &a, &da, &mut dz);
            let expected = alone(&dz);
            for (cuts, taps) in cuts(&case) {
                let ours = run(cpu, &both, parameters, (&x, &dy), (&cuts, &taps), &mut scratch);
                let what = |what: &str| format!("{what} of case {number} on {}", cpu.isa());
                assert_same_bits(&ours.y, &rows(cpu, &y, pool.widths().1, case.rows), &what("result"));
                assert_same_bits(&ours.dx, &expected.dx, &what("gradient of the input"));
                assert_same_bits(&ours.dw, &expected.dw, &what("gradient of the weights"));
                assert_same_bits(&ours.db, &expected.db, &what("gradient of the bias"));
            }
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
        for count in [1, 15, 16, 33] {
            let mut stream = Stream(count as u64);
            // equal numbers, zeros and, for the maximum, what is no number or has no size
            let mut x: Vec<f32> = stream.units(count * input).iter().map(|x| (4.0 * x).round() / 4.0).collect();
            if pooling == Pooling::Max && count > 1 {
                x[..3].copy_from_slice(&[f32::NAN, f32::NEG_INFINITY, f32::INFINITY]);
                x[input..2 * input].fill(f32::NEG_INFINITY);
            }
            x[(count - 1) * input..][..input / 2].fill(0.0);
            let dy = stream.units(count * output);
            let (y, dx): (Vec<_>, Vec<_>) =
                x.chunks(input).zip(dy.chunks(output)).map(|(x, dy)| pooled(pooling, axes, channels, x, dy)).unzip();
            for cpu in cpus() {
                let (from, along) = (blocks(cpu, &x, input), blocks(cpu, &dy, output));
                let (mut ours, mut slopes) = (vec![f32::NAN; along.len()], vec![f32::NAN; from.len()]);
                let mut kept = vec![f32::NAN; padded(count) * pool.kept()];
                pool.forward(cpu, &from, &mut ours, &mut kept);
                pool.backward(cpu, (&from, &ours, &kept), &along, &mut slopes);
                let [ours, slopes] = [(&ours, output), (&slopes, input)].map(|(of, width)| rows(cpu, of, width, count));
                assert_same_bits(&ours, &y.concat(), &format!("{pooling:?} of {count} rows on {}", cpu.isa()));
                assert_same_bits(&slopes, &dx.concat(), &format!("slopes of {pooling:?} on {}", cpu.isa()));
            }
        }
    }
}
