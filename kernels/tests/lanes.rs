//! Every operation of the lanes against one line of plain Rust, bit for bit, on every instruction set: what all kernels are
//! made of, one by one, so that a wrong instruction is found under its own name. Soon done, also in emulation.

mod common;

use std::cell::RefCell;

use common::{Stream, cpus};
use kernels::isa::{LANES, NEGLIGIBLE, Op, Simd};

type Block = [f32; LANES];
/// What is done to three numbers.
type Plain = fn(f32, f32, f32) -> f32;

/// An operation by its name, what it gave for three blocks, and what it is to give lane by lane.
struct Case {
    name: &'static str,
    given: Block,
    plain: Plain,
}

struct Every<'a>([&'a Block; 3]);

fn bits(x: u32) -> f32 {
    f32::from_bits(x)
}

/// One where it holds.
fn truth(holds: bool) -> f32 {
    if holds { 1.0 } else { 0.0 }
}

const ARITHMETIC: [&str; 6] = ["add", "sub", "mul", "div", "sqrt", "mul_add"];

const TABLE: [f32; 8] = [3.0, -0.0, 1e-40, f32::INFINITY, -7.5, 0.1, 1e30, f32::MIN_POSITIVE];

/// A vector of the lanes and its numbers.
macro_rules! cases {
    ($s:ident, $($name:literal: $value:expr, $plain:expr;)*) => {
        vec![$(Case { name: $name, given: $s.lanes($value), plain: $plain }),*]
    };
}

impl Op for Every<'_> {
    type Out = Vec<Case>;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> Vec<Case> {
        let [a, b, c] = self.0.map(|block| s.load(block));
        let chosen = |m| s.select(m, s.splat(1.0), s.zero());
        cases! { s,
            "add": s.add(a, b), |a, b, _| a + b;
            "sub": s.sub(a, b), |a, b, _| a - b;
            "mul": s.mul(a, b), |a, b, _| a * b;
            "div": s.div(a, b), |a, b, _| a / b;
            "sqrt": s.sqrt(a), |a, _, _| a.sqrt();
            "mul_add": s.mul_add(a, b, c), |a, b, c| a.mul_add(b, c);
            "max": s.max(a, b), |a, b, _| if a < b { b } else { a };
            "min": s.min(a, b), |a, b, _| if b < a { b } else { a };
            "lt": chosen(s.lt(a, b)), |a, b, _| truth(a < b);
            "le": chosen(s.le(a, b)), |a, b, _| truth(a <= b);
            "eq": chosen(s.eq(a, b)), |a, b, _| truth(a == b);
            "select": s.select(s.lt(a, b), b, c), |a, b, c| if a < b { b } else { c };
            "lookup": s.lookup(&TABLE, a), |a, _, _| TABLE[(a.to_bits() & 7) as usize];
            "and": s.and(a, b), |a, b, _| bits(a.to_bits() & b.to_bits());
            "or": s.or(a, b), |a, b, _| bits(a.to_bits() | b.to_bits());
            "xor": s.xor(a, b), |a, b, _| bits(a.to_bits() ^ b.to_bits());
            "int_add": s.int_add(a, b), |a, b, _| bits(a.to_bits().wrapping_add(b.to_bits()));
            "int_sub": s.int_sub(a, b), |a, b, _| bits(a.to_bits().wrapping_sub(b.to_bits()));
            "int_mul, lower": s.int_mul(a, b).0, |a, b, _| bits(a.to_bits().wrapping_mul(b.to_bits()));
            "int_mul, upper": s.int_mul(a, b).1, |a, b, _| bits(((u64::from(a.to_bits()) * u64::from(b.to_bits())) >> 32) as u32);
            "shl 0": s.shl(a, 0), |a, _, _| a;
            "shl 9": s.shl(a, 9), |a, _, _| bits(a.to_bits() << 9);
            "shl 31": s.shl(a, 31), |a, _, _| bits(a.to_bits() << 31);
            "shr 0": s.shr(a, 0), |a, _, _| a;
            "shr 23": s.shr(a, 23), |a, _, _| bits(a.to_bits() >> 23);
            "shr 31": s.shr(a, 31), |a, _, _| bits(a.to_bits() >> 31);
            "abs": s.abs(a), |a, _, _| bits(a.to_bits() & 0x7fff_ffff);
            "neg": s.neg(a), |a, _, _| bits(a.to_bits() ^ 0x8000_0000);
            "at_least": s.at_least(f32::MIN_POSITIVE, a), |a, _, _| if a.is_subnormal() || a == 0.0 { 0.0 } else { a };
            "settled": s.settled(a), |a, _, _| if a.abs() < NEGLIGIBLE { 0.0 } else { a };
            "splat": s.splat(TABLE[5]), |_, _, _| TABLE[5];
        }
    }
}

/// Numbers of all kinds, and some that meet: equal ones, and the opposites of products.
fn blocks(stream: &mut Stream) -> [Block; 3] {
    const EDGES: [f32; 16] = [
        0.0,
        -0.0,
        NEGLIGIBLE,
        -NEGLIGIBLE,
        NEGLIGIBLE.next_down(),
        -NEGLIGIBLE.next_down(),
        1.0,
        -1.0,
        f32::MIN_POSITIVE,
        1e-45,
        -1e-40,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    let stream = RefCell::new(stream);
    let below = |n| stream.borrow_mut().below(n);
    let any = |_| match below(4) {
        0 => EDGES[below(EDGES.len() as u64) as usize],
        1 => stream.borrow_mut().unit(),
        _ => bits(below(1 << 32) as u32),
    };
    let [a, mut b, mut c]: [Block; 3] = std::array::from_fn(|_| std::array::from_fn(any));
    for i in 0..LANES {
        match below(4) {
            0 => b[i] = a[i],
            1 => c[i] = -(a[i] * b[i]),
            _ => (),
        }
    }
    [a, b, c]
}

#[test]
fn every_operation_is_its_line() {
    for cpu in cpus() {
        let mut stream = Stream(3);
        for _ in 0..2000 {
            let [a, b, c] = blocks(&mut stream);
            for case in cpu.run(Every([&a, &b, &c])) {
                for i in 0..LANES {
                    let (given, plain) = (case.given[i], (case.plain)(a[i], b[i], c[i]));
                    // which NaN comes out of arithmetic is nobody's promise
                    let nan = ARITHMETIC.contains(&case.name) && given.is_nan() && plain.is_nan();
                    assert!(
                        nan || given.to_bits() == plain.to_bits(),
                        "{} of {:e}, {:e}, {:e} on {}: {given:e}, not {plain:e}",
                        case.name,
                        a[i],
                        b[i],
                        c[i],
                        cpu.isa()
                    );
                }
            }
        }
    }
}

struct Scale<'a>(&'a Block, i32);

impl Op for Scale<'_> {
    type Out = Block;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> Block {
        s.lanes(s.scale(s.load(self.0), s.splat(self.1 as f32)))
    }
}

/// In `f64`, which holds all that is scaled here, so that `as f32` is the one rounding.
#[test]
fn scaling_rounds_once() {
    for cpu in cpus() {
        let mut stream = Stream(4);
        for n in -252..=252 {
            let y: Block = std::array::from_fn(|_| (1.0 + stream.unit().abs()) * if n % 2 == 0 { 1.0 } else { -1.0 });
            let expected = y.map(|y| (f64::from(y) * 2.0_f64.powi(n)) as f32);
            common::assert_same_bits(&cpu.run(Scale(&y, n)), &expected, &format!("2^{n} on {}", cpu.isa()));
        }
    }
}

/// A square, of whose columns so many are turned.
struct Square([Block; LANES], usize);

impl Op for Square {
    /// Transposed in registers, turned in memory; the sums of the rows, the same one by one, and the largest of the rows.
    type Out = ([Block; LANES], [Block; LANES], [Block; 3]);

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> Self::Out {
        let rows = self.0.map(|row| s.load(&row));
        let mut turned = [[0.0; LANES]; LANES];
        // without gaps, so that the last row ends where the memory does
        let narrow: Vec<f32> = self.0.iter().flat_map(|row| &row[..self.1]).copied().collect();
        // SAFETY: these are sixteen rows of as many columns, one behind the other, and a square of sixteen.
        unsafe { s.turn(narrow.as_ptr(), self.1, self.1, turned.as_mut_ptr().cast(), LANES) };
        let of_rows = [s.lanes(s.sums(rows)), rows.map(|row| s.sum(row)), s.lanes(s.largests(rows))];
        (s.transpose(rows).map(|row| s.lanes(row)), turned, of_rows)
    }
}

#[test]
fn squares_turn_and_rows_are_summed_by_their_tree() {
    for cpu in cpus() {
        let mut stream = Stream(5);
        let rows: [Block; LANES] = std::array::from_fn(|_| std::array::from_fn(|_| stream.unit()));
        let tree = |row: Block, f: fn(f32, f32) -> f32| {
            let mut row = row;
            for width in [8, 4, 2, 1] {
                (0..width).for_each(|i| row[i] = f(row[i], row[i + width]));
            }
            row[0]
        };
        for cols in 4..LANES {
            let (_, turned, _) = cpu.run(Square(rows, cols));
            for (i, j) in (0..LANES).flat_map(|i| (0..LANES).map(move |j| (i, j))) {
                let expected = if i < cols { rows[j][i] } else { 0.0 };
                assert_eq!(turned[i][j], expected, "{i}, {j} of {cols} columns on {}", cpu.isa());
            }
        }
        let (transposed, turned, [sums, alone, largest]) = cpu.run(Square(rows, LANES));
        for i in 0..LANES {
            for j in 0..LANES {
                assert_eq!((transposed[i][j], turned[i][j]), (rows[j][i], rows[j][i]), "{i}, {j} on {}", cpu.isa());
            }
            let sum = tree(rows[i], |a, b| a + b);
            assert_eq!([sums[i], alone[i]], [sum, sum], "sum of row {i} on {}", cpu.isa());
            assert_eq!(largest[i], tree(rows[i], f32::max), "largest of row {i} on {}", cpu.isa());
        }
    }
}

struct Part<'a>(&'a [f32], &'a mut [f32]);

impl Op for Part<'_> {
    type Out = [Block; 2];

    /// The numbers and zeros behind them, and ones in as many lanes.
    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> Self::Out {
        let v = s.load_part(self.0);
        s.store_part(v, self.1);
        [s.lanes(v), s.lanes(s.select(s.first(self.0.len()), s.splat(1.0), s.zero()))]
    }
}

#[test]
fn a_part_of_a_block_reads_and_writes_no_more() {
    let x: Vec<f32> = (1..=16).map(|i| i as f32).collect();
    for cpu in cpus() {
        for n in 0..=LANES {
            let mut y = [-1.0; LANES];
            let [read, ones] = cpu.run(Part(&x[..n], &mut y[..n]));
            for i in 0..LANES {
                let want = if i < n { [x[i], 1.0, x[i]] } else { [0.0, 0.0, -1.0] };
                assert_eq!([read[i], ones[i], y[i]], want, "lane {i} of {n} on {}", cpu.isa());
            }
        }
    }
}
