//! Pooling: each plane by itself, a window to a number, in blocks of sixteen rows.

use super::{Axis, Tap, each};
use crate::isa::{Cpu, LANES, Op, Simd};

/// What is made of the numbers of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// The largest, of equal ones the first; NaN where there is one.
    Max,
    /// The mean; padding counts as zeros.
    Average,
    /// The root of the sum of squares.
    Norm,
}

/// A pooling's sizes, and what each result of it takes.
#[derive(Debug, Clone)]
pub struct Pool {
    pooling: Pooling,
    channels: usize,
    axes: [Axis; 2],
    rows: Vec<Vec<Tap>>,
    cols: Vec<Vec<Tap>>,
}

impl Pool {
    /// Windows on `channels` planes; each must fit at least once, and hold a number that is no padding.
    pub fn new(pooling: Pooling, axes: [Axis; 2], channels: usize) -> Self {
        let [rows, cols] = axes.map(|axis| each(&axis.windows()));
        assert!([&rows, &cols].iter().all(|taps| !taps.is_empty() && taps.iter().all(|taps| !taps.is_empty())));
        Self { pooling, channels, axes, rows, cols }
    }

    fn inputs(&self) -> usize {
        self.axes[0].input * self.axes[1].input
    }

    fn outputs(&self) -> usize {
        self.axes[0].output() * self.axes[1].output()
    }

    /// Numbers of a row of input, and of output.
    pub fn widths(&self) -> (usize, usize) {
        (self.channels * self.inputs(), self.channels * self.outputs())
    }

    /// Floats per row that [`Pool::forward`] keeps for [`Pool::backward`].
    pub fn kept(&self) -> usize {
        if self.pooling == Pooling::Max { self.widths().1 } else { 0 }
    }

    /// What is made of the numbers of a window.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// The axes of its windows.
    pub fn axes(&self) -> [Axis; 2] {
        self.axes
    }

    /// `y` from `x`, in blocks of sixteen rows.
    pub fn forward(&self, cpu: Cpu, x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let (inputs, outputs) = self.widths();
        assert_eq!(x.len() * outputs, y.len() * inputs, "rows of a pooling");
        assert_eq!(kept.len() * outputs, y.len() * self.kept(), "what a pooling keeps");
        cpu.run(Forward { pool: self, x, y, kept });
    }

    /// The gradient `dx` of the input from `dy`, with `x`, `y` and what [`Pool::forward`] kept: every number of it a sum over
    /// the windows that hold it, in order.
    pub fn backward(&self, cpu: Cpu, (x, y, kept): (&[f32], &[f32], &[f32]), dy: &[f32], dx: &mut [f32]) {
        let (inputs, outputs) = self.widths();
        assert_eq!(dx.len() * outputs, dy.len() * inputs, "rows of a pooling");
        assert_eq!(kept.len() * outputs, dy.len() * self.kept(), "what a pooling keeps");
        assert!(self.pooling != Pooling::Norm || (x.len() == dx.len() && y.len() == dy.len()), "rows of a pooling");
        cpu.run(Backward { pool: self, x, y, kept, dy, dx });
    }

    /// Every window of a plane: its place among the results, and for each of its numbers the place in the window and in the
    /// plane.
    #[inline(always)]
    fn each_window(&self, mut work: impl FnMut(usize, &[Tap], &[Tap])) {
        for (y, rows) in self.rows.iter().enumerate() {
            for (x, cols) in self.cols.iter().enumerate() {
                work(y * self.cols.len() + x, rows, cols);
            }
        }
    }

    /// The window's numbers in order.
    #[inline(always)]
    fn each_tap(&self, rows: &[Tap], cols: &[Tap], mut work: impl FnMut(usize, usize)) {
        for row in rows {
            for col in cols {
                work(row.tap * self.axes[1].kernel + col.tap, row.from * self.axes[1].input + col.from);
            }
        }
    }

    /// How many numbers a window has, padding included.
    fn count(&self) -> f32 {
        (self.axes[0].kernel * self.axes[1].kernel) as f32
    }
}

/// A number of a plane in all lanes.
#[inline(always)]
fn at<S: Simd>(s: S, plane: &[[f32; LANES]], i: usize) -> S::V {
    s.load(&plane[i])
}

struct Forward<'a> {
    pool: &'a Pool,
    x: &'a [f32],
    y: &'a mut [f32],
    kept: &'a mut [f32],
}

impl Op for Forward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { pool, x, y, kept } = self;
        let ((x, _), (y, _), (kept, _)) = (x.as_chunks(), y.as_chunks_mut(), kept.as_chunks_mut::<LANES>());
        let planes = x.chunks_exact(pool.inputs()).zip(y.chunks_exact_mut(pool.outputs()));
        for (plane, (x, y)) in planes.enumerate() {
            match pool.pooling {
                Pooling::Max => pool.each_window(
                    #[inline(always)]
                    |window, taps, cols| {
                        let (value, place) = largest(s, pool, x, (taps, cols));
                        s.store(value, &mut y[window]);
                        s.store(place, &mut kept[plane * pool.outputs() + window]);
                    },
                ),
                Pooling::Average => pool.each_window(
                    #[inline(always)]
                    |window, taps, cols| {
                        let mut sum = s.zero();
                        pool.each_tap(
                            taps,
                            cols,
                            #[inline(always)]
                            |_, i| sum = s.add(sum, at(s, x, i)),
                        );
                        s.store(s.div(sum, s.splat(pool.count())), &mut y[window]);
                    },
                ),
                Pooling::Norm => pool.each_window(
                    #[inline(always)]
                    |window, taps, cols| {
                        let mut sum = s.zero();
                        pool.each_tap(
                            taps,
                            cols,
                            #[inline(always)]
                            |_, i| sum = s.mul_add(at(s, x, i), at(s, x, i), sum),
                        );
                        s.store(s.sqrt(sum), &mut y[window]);
                    },
                ),
            }
        }
    }
}

/// The largest number of a window, and where in the window it is.
#[inline(always)]
fn largest<S: Simd>(s: S, pool: &Pool, x: &[[f32; LANES]], (rows, cols): (&[Tap], &[Tap])) -> (S::V, S::V) {
    let (mut best, mut place) = (s.splat(f32::NEG_INFINITY), s.splat(-1.0));
    pool.each_tap(
        rows,
        cols,
        #[inline(always)]
        |tap, i| {
            let (x, tap) = (at(s, x, i), s.splat(tap as f32));
            // the first number is taken as it is, a later one when it is larger or NaN
            let first = s.lt(place, s.zero());
            let (larger, number) = (s.lt(best, x), s.eq(x, x));
            place = s.select(number, s.select(larger, tap, s.select(first, tap, place)), tap);
            best = s.select(number, s.select(larger, x, best), x);
        },
    );
    (best, place)
}

struct Backward<'a> {
    pool: &'a Pool,
    x: &'a [f32],
    y: &'a [f32],
    kept: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl Op for Backward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { pool, x, y, kept, dy, dx } = self;
        dx.fill(0.0);
        let ((x, _), (y, _), (kept, _)) = (x.as_chunks(), y.as_chunks(), kept.as_chunks());
        let ((dy, _), (dx, _)) = (dy.as_chunks(), dx.as_chunks_mut::<LANES>());
        let planes = dy.chunks_exact(pool.outputs()).zip(dx.chunks_exact_mut(pool.inputs()));
        for (plane, (dy, dx)) in planes.enumerate() {
            let (inner, outer) = (plane * pool.inputs(), plane * pool.outputs());
            pool.each_window(
                #[inline(always)]
                |window, taps, cols| {
                    let dy = at(s, dy, window);
                    let along = match pool.pooling {
                        Pooling::Max => at(s, kept, outer + window),
                        Pooling::Average => s.div(dy, s.splat(pool.count())),
                        Pooling::Norm => {
                            // the slope at zero is taken to be zero, as PyTorch does
                            let y = at(s, y, outer + window);
                            s.select(s.eq(y, s.zero()), s.zero(), s.div(dy, y))
                        }
                    };
                    pool.each_tap(
                        taps,
                        cols,
                        #[inline(always)]
                        |tap, i| {
                            let share = match pool.pooling {
                                Pooling::Max => s.select(s.eq(along, s.splat(tap as f32)), dy, s.zero()),
                                Pooling::Average => along,
                                Pooling::Norm => s.mul(along, at(s, x, inner + i)),
                            };
                            s.store(s.add(s.load(&dx[i]), share), &mut dx[i]);
                        },
                    );
                },
            );
        }
    }
}
