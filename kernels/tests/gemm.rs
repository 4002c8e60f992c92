//! Matrix products, bit for bit against six lines, at sizes around the tiles and blocks, in every layout, from every
//! start, on everything this machine can run.

mod common;

use common::{Stream, assert_same_bits, cpus};
use kernels::gemm::{Order, Plan, gemm_as, gemm_near, transpose};
use kernels::{Cpu, Engine, Mat, MatMut, Scratch, Start, gemm, gemm_into};

/// What C holds before and after.
fn reference(start: Start<'_>, a: &[f32], b: &[f32], m: usize, k: usize, n: usize, c: &mut [f32]) {
    for i in 0..m {
        for j in 0..n {
            let first = match start {
                Start::Zero => 0.0,
                Start::Bias(bias) => bias[j],
                Start::Keep => c[i * n + j],
            };
            c[i * n + j] = (0..k).fold(first, |sum, p| a[i * k + p].mul_add(b[p * n + j], sum));
        }
    }
}

fn transposed(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    (0..cols * rows).map(|at| x[at % rows * cols + at / rows]).collect()
}

/// With nothing that may be read after every value and every row.
fn spread(x: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; rows * (2 * cols + 1)];
    for (at, &x) in x.iter().enumerate() {
        out[at / cols * (2 * cols + 1) + at % cols * 2] = x;
    }
    out
}

/// All layouts and all three starts of one shape, after each of the plans.
fn check(cpu: Cpu, plans: &[Option<Plan>], (m, k, n): (usize, usize, usize), scratch: &mut Scratch) {
    let mut stream = Stream((m * 1_000_003 + k * 1009 + n) as u64);
    let (a, b) = (stream.units(m * k), stream.units(k * n));
    let (bias, kept) = (stream.units(n), stream.units(m * n));
    let (a_t, b_t) = (transposed(&a, m, k), transposed(&b, k, n));
    let (a_spread, b_spread) = (spread(&a, m, k), spread(&b, k, n));
    for start in [Start::Zero, Start::Bias(&bias), Start::Keep] {
        let before = if let Start::Keep = start { kept.clone() } else { vec![f32::NAN; m * n] };
        let mut expected = before.clone();
        reference(start, &a, &b, m, k, n, &mut expected);
        for layout in 0..9 {
            let a = match layout % 3 {
                0 => Mat::new(&a, m, k),
                1 => Mat::new(&a_t, k, m).t(),
                _ => Mat::strided(&a_spread, m, k, 2 * k + 1, 2),
            };
            let b = match layout / 3 {
                0 => Mat::new(&b, k, n),
                1 => Mat::new(&b_t, n, k).t(),
                _ => Mat::strided(&b_spread, k, n, 2 * n + 1, 2),
            };
            for &plan in plans {
                let mut c = before.clone();
                gemm_as(cpu, plan, start, a, b, MatMut::new(&mut c, m, n), scratch);
                let start = ["zero", "a bias", "C"]
                    [usize::from(!matches!(start, Start::Zero)) + usize::from(matches!(start, Start::Keep))];
                let what = format!("{m}×{k}×{n} {} from {start}, layout {layout}, {plan:?}", cpu.isa());
                assert_same_bits(&c, &expected, &what);
            }
        }
    }
}

#[test]
fn every_shape_around_the_tiles() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for m in [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 23, 24, 25, 37] {
            for n in [1, 2, 10, 15, 16, 17, 18, 31, 32, 33, 47, 48, 49, 65] {
                for k in [0, 1, 2, 9] {
                    check(cpu, &[None], (m, k, n), &mut scratch);
                }
            }
        }
    }
}

#[test]
fn shapes_around_the_blocks() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for (m, k, n) in
            [(5, 511, 33), (13, 512, 32), (7, 513, 40), (26, 1025, 17), (1, 1030, 70), (300, 3, 20), (130, 70, 130)]
        {
            check(cpu, &[None], (m, k, n), &mut scratch);
        }
    }
}

/// Strides of more than a page, where A, B or both are packed, and more rows and `k` than are packed at once.
#[test]
fn shapes_that_are_packed() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for (m, k, n) in [(70, 1030, 70), (1030, 390, 64), (64, 390, 1025)] {
            check(cpu, &[None], (m, k, n), &mut scratch);
        }
        let (order, all) = (Order::Panels, usize::MAX);
        let panels = Plan { order, pack_a: false, pack_b: true, rows: all, depth: all, height: all };
        check(cpu, &[Some(panels)], (7, 1030, 1100), &mut scratch);
    }
}

/// Blocks, or tall panels, where each instruction set has them: more than one in every direction, and edges of all of them.
#[test]
fn shapes_in_blocks() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for shape in [(130, 400, 531), (257, 386, 370), (520, 130, 510)] {
            check(cpu, &[None], shape, &mut scratch);
        }
    }
}

/// What is too large for six lines: the way that is chosen against the one for small products.
#[test]
fn large_products_agree() {
    let mut scratch = Scratch::new();
    let all = usize::MAX;
    let direct = Plan { order: Order::Direct, pack_a: false, pack_b: false, rows: all, depth: all, height: all };
    for (m, k, n) in [(512, 1024, 1030), (520, 700, 1900)] {
        let mut stream = Stream(m as u64);
        let (a, b) = (stream.units(m * k), stream.units(k * n));
        for cpu in cpus() {
            let mut both = [None, Some(direct)].map(|plan| {
                let mut c = vec![f32::NAN; m * n];
                let (a, b, to) = (Mat::new(&a, m, k), Mat::new(&b, k, n), MatMut::new(&mut c, m, n));
                gemm_as(cpu, plan, Start::Zero, a, b, to, &mut scratch);
                c
            });
            let [chosen, direct] = &mut both;
            assert_same_bits(chosen, direct, &format!("{m}×{k}×{n} {}", cpu.isa()));
        }
    }
}

/// Every way to split a product, to copy and to turn, with blocks that are far too small.
#[test]
fn no_plan_shows() {
    let mut plans = Vec::new();
    let orders = [Order::Direct, Order::Turned, Order::Panels, Order::Blocks, Order::Column];
    let packs = [(false, false), (false, true), (true, false), (true, true)];
    for (order, (pack_a, pack_b)) in orders.into_iter().flat_map(|order| packs.map(|pack| (order, pack))) {
        for (rows, depth, height) in
            [(1, 1, 1), (5, 3, 7), (usize::MAX, usize::MAX, usize::MAX), (8, 16, 50), (4, 40, 3)]
        {
            plans.push(Some(Plan { order, pack_a, pack_b, rows, depth, height }));
        }
    }
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for shape in
            [(1, 1, 1), (3, 0, 2), (70, 21, 1), (17, 5, 33), (50, 41, 10), (10, 20, 70), (53, 33, 49), (16, 32, 96)]
        {
            check(cpu, &plans, shape, &mut scratch);
        }
    }
}

/// Parts of C that are written apart, wherever it is divided, are what the whole product has there, and nothing beside them
/// is touched.
#[test]
fn no_part_shows() {
    let mut scratch = Scratch::new();
    let orders = [Order::Direct, Order::Turned, Order::Panels, Order::Blocks, Order::Column];
    let mut plans: Vec<Option<Plan>> = vec![None];
    for order in orders {
        plans.push(Some(Plan { order, pack_a: false, pack_b: true, rows: 5, depth: 16, height: 50 }));
    }
    for cpu in cpus() {
        for (m, k, n) in [(9, 7, 33), (40, 41, 96), (31, 20, 129), (5, 3, 2), (70, 300, 257)] {
            let mut stream = Stream((m + k + n) as u64);
            let (a, b, bias, kept) = (stream.units(m * k), stream.units(k * n), stream.units(n), stream.units(m * n));
            for start in [Start::Zero, Start::Bias(&bias), Start::Keep] {
                let mut expected = kept.clone();
                reference(start, &a, &b, m, k, n, &mut expected);
                for (&plan, (down, along)) in
                    plans.iter().flat_map(|plan| [(1, 1), (m / 2, n / 2), (m, 0)].map(|at| (plan, at)))
                {
                    let mut c = kept.clone();
                    let (above, below) = MatMut::new(&mut c, m, n).split_rows(down);
                    // what is written too far would be seen in what was there before
                    for (row, part) in [(down, below), (0, above)] {
                        let (left, right) = part.split_cols(along);
                        for (column, part) in [(along, right), (0, left)] {
                            let (rows, cols) = (part.rows(), part.cols());
                            if rows * cols == 0 {
                                continue;
                            }
                            let start = if let Start::Bias(bias) = start {
                                Start::Bias(&bias[column..column + cols])
                            } else {
                                start
                            };
                            let a = Mat::new(&a[row * k..(row + rows) * k], rows, k);
                            let b = Mat::strided(&b[column..], k, cols, n, 1);
                            gemm_as(cpu, plan, start, a, b, part, &mut scratch);
                        }
                    }
                    assert_same_bits(&c, &expected, &format!("{m}×{k}×{n} {} at {down}, {along}, {plan:?}", cpu.isa()));
                }
            }
        }
    }
}

/// What is near has one row of C for all.
#[test]
fn near_is_one_row_for_all() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for (m, k, n) in [(1, 1, 1), (5, 7, 10), (40, 33, 70), (300, 300, 300)] {
            let mut stream = Stream((m * n + k) as u64);
            let (a, b) = (stream.units(m * k), stream.units(k * n));
            let (a_first, b_first) = (&a[..k], &b[..n]);
            for (a_down, b_down) in [(false, false), (true, false), (false, true), (true, true)] {
                let a = if a_down { Mat::new(&a, k, m).t() } else { Mat::new(&a, m, k) };
                let b = if b_down { Mat::new(&b, n, k).t() } else { Mat::new(&b, k, n) };
                let mut c = vec![f32::NAN; m * n];
                gemm_near(cpu, a, b, &mut c, &mut scratch);
                assert!(c[..n].iter().all(|x| x.is_finite()), "{m}×{k}×{n} {}: a row is written", cpu.isa());
                assert!(c[n..].iter().all(|x| x.is_nan()), "{m}×{k}×{n} {}: and no other", cpu.isa());
                if m * k * n < 1000 && !a_down && !b_down {
                    let chain = |b: f32| a_first.iter().fold(0.0_f32, |sum, a| a.mul_add(b, sum));
                    let expected: Vec<f32> = b_first.iter().map(|&b| chain(b)).collect();
                    assert_same_bits(&c[..n], &expected, "all of k with one row of B");
                }
            }
        }
    }
}

#[test]
fn parts_have_their_rows() {
    let mut values: Vec<f32> = (0..20).map(|i| i as f32).collect();
    let mut whole = MatMut::new(&mut values, 4, 5);
    assert_eq!(whole.again().whole().map(|all| all.len()), Some(20));
    let (_, below) = whole.again().split_rows(1);
    let (mut left, mut right) = below.split_cols(2);
    assert_eq!((left.rows(), left.cols(), right.cols()), (3, 2, 3));
    assert_eq!((left.row(2), right.row(0)), (&mut [15.0, 16.0][..], &mut [7.0, 8.0, 9.0][..]));
    assert!(left.whole().is_none());
    assert_eq!(whole.split_rows(3).1.split_cols(2).1.whole(), Some(&mut [17.0, 18.0, 19.0][..]));
    let (_, mut nothing) = MatMut::new(&mut [], 0, usize::MAX).split_cols(usize::MAX);
    assert_eq!(nothing.whole(), Some(&mut [][..]));
    assert_eq!(MatMut::new(&mut [], 3, 0).row(2), &mut []);
}

#[test]
fn nothing_to_do() {
    let mut scratch = Scratch::new();
    for cpu in cpus() {
        for (m, k, n) in [(0, 3, 4), (3, 4, 0), (0, 0, 0)] {
            check(cpu, &[None], (m, k, n), &mut scratch);
        }
    }
}

#[test]
fn matrixmultiply_agrees_to_rounding() {
    let (m, k, n) = (33, 200, 45);
    let mut stream = Stream(1);
    let (a, b, bias) = (stream.units(m * k), stream.units(k * n), stream.units(n));
    let mut scratch = Scratch::new();
    let [ours, theirs] = [Engine::Simd, Engine::MatrixMultiply].map(|engine| {
        let mut c = vec![f32::NAN; m * n];
        let cpu = Cpu::best().engine(engine);
        gemm(cpu, Start::Bias(&bias), Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c, &mut scratch);
        gemm(cpu, Start::Keep, Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c, &mut scratch);
        c
    });
    for (a, b) in ours.iter().zip(&theirs) {
        assert!((a - b).abs() <= 1e-4, "{a} {b}");
    }
}

#[test]
fn matrixmultiply_writes_parts() {
    let (m, k, n) = (9, 7, 33);
    let mut stream = Stream(5);
    let (a, b, kept) = (stream.units(m * k), stream.units(k * n), stream.units(m * n));
    let (cpu, mut scratch) = (Cpu::best().engine(Engine::MatrixMultiply), Scratch::new());
    let mut expected = kept.clone();
    gemm(cpu, Start::Keep, Mat::new(&a, m, k), Mat::new(&b, k, n), &mut expected, &mut scratch);
    let mut c = kept;
    let (left, right) = MatMut::new(&mut c, m, n).split_cols(10);
    for (column, part) in [(10, right), (0, left)] {
        let b = Mat::strided(&b[column..], k, part.cols(), n, 1);
        gemm_into(cpu, Start::Keep, Mat::new(&a, m, k), b, part, &mut scratch);
    }
    for (ours, whole) in c.iter().zip(&expected) {
        assert!((ours - whole).abs() < 1e-5, "{ours}, not {whole}");
    }
}

#[test]
fn transposes_of_whole_and_ragged_squares() {
    for cpu in cpus() {
        for (rows, cols) in [(1, 1), (1, 17), (5, 3), (16, 16), (16, 32), (18, 6), (33, 47), (64, 16)] {
            let x = Stream((rows * 100 + cols) as u64).units(rows * cols);
            let mut out = vec![f32::NAN; rows * cols];
            transpose(cpu, &x, cols, &mut out);
            assert_same_bits(&out, &transposed(&x, rows, cols), &format!("{rows}×{cols} {}", cpu.isa()));
        }
    }
}

#[test]
fn a_view_is_a_part_of_a_matrix() {
    let data: Vec<f32> = (0..12).map(|i| i as f32).collect();
    // The middle two columns of a 3×4 matrix.
    let part = Mat::strided(&data[1..], 3, 2, 4, 1);
    let mut c = [f32::NAN; 4];
    gemm(Cpu::best(), Start::Zero, part.t(), part, &mut c, &mut Scratch::new());
    let (x, y) = ([1.0, 5.0, 9.0_f32], [2.0, 6.0, 10.0]);
    let dot = |x: [f32; 3], y: [f32; 3]| x.iter().zip(&y).map(|(x, y)| x * y).sum::<f32>();
    assert_eq!(c, [dot(x, x), dot(x, y), dot(y, x), dot(y, y)]);
}

#[test]
#[should_panic(expected = "A is 2×3 but B is 4×5")]
fn shapes_must_fit() {
    let x = [0.0; 20];
    gemm(Cpu::best(), Start::Zero, Mat::new(&x[..6], 2, 3), Mat::new(&x, 4, 5), &mut [0.0; 10], &mut Scratch::new());
}

#[test]
#[should_panic(expected = "3×5 with strides 5, 1 in 14 values")]
fn a_view_must_lie_inside() {
    Mat::strided(&[0.0; 14], 3, 5, 5, 1);
}
