//! Pooling: each plane by itself, a window to a number.

use super::{Axis, Tap, each, lanes};
use crate::gemm::Scratch;
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

    /// Floats of [`Scratch::room`] that each of the functions needs at most.
    pub fn room(&self) -> usize {
        let (inputs, outputs) = self.widths();
        2 * LANES * (inputs + outputs)
    }

    /// `y` `(B, out)` from `x` `(B, in)`.
    pub fn forward(&self, cpu: Cpu, x: &[f32], y: &mut [f32], kept: &mut [f32], scratch: &mut Scratch) {
        let (inputs, outputs) = self.widths();
        assert_eq!(x.len() * outputs, y.len() * inputs, "rows of a pooling");
        assert_eq!(kept.len() * outputs, y.len() * self.kept(), "what a pooling keeps");
        cpu.run(Forward { pool: self, x, y, kept, room: scratch.room(self.room()) });
    }

    /// The gradient `dx` `(B, in)` of the input from `dy` `(B, out)`, with `x`, `y` and what [`Pool::forward`] kept: every
    /// number of it a sum over the windows that hold it, in order.
    pub fn backward(
        &self,
        cpu: Cpu,
        (x, y, kept): (&[f32], &[f32], &[f32]),
        dy: &[f32],
        dx: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let (inputs, outputs) = self.widths();
        assert_eq!(dx.len() * outputs, dy.len() * inputs, "rows of a pooling");
        assert_eq!(kept.len() * outputs, dy.len() * self.kept(), "what a pooling keeps");
        assert!(self.pooling != Pooling::Norm || (x.len() == dx.len() && y.len() == dy.len()), "rows of a pooling");
        cpu.run(Backward { pool: self, x, y, kept, dy, dx, room: scratch.room(self.room()) });
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
    room: &'a mut [f32],
}

impl Op for Forward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { pool, x, y, kept, room } = self;
        let (inputs, outputs) = pool.widths();
        let (from, to) = room.split_at_mut(LANES * inputs);
        let to = &mut to[..LANES * outputs];
        let blocks = x.chunks(LANES * inputs).zip(y.chunks_mut(LANES * outputs));
        for (b, (x, y)) in blocks.enumerate() {
            let rows = x.len() / inputs;
            lanes::spread(s, x, inputs, from);
            let places = kept.get_mut(b * LANES * pool.kept()..).unwrap_or_default();
            let ((from, _), (to_blocks, _)) = (from.as_chunks(), to.as_chunks_mut());
            let planes = from.chunks_exact(pool.inputs()).zip(to_blocks.chunks_exact_mut(pool.outputs()));
            for (channel, (x, y)) in planes.enumerate() {
                match pool.pooling {
                    Pooling::Max => pool.each_window(
                        #[inline(always)]
                        |window, taps, cols| {
                            let (value, place) = largest(s, pool, x, (taps, cols));
                            s.store(value, &mut y[window]);
                            let at = (channel * pool.outputs() + window) * rows;
                            s.store_part(place, &mut places[at..at + rows]);
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
            lanes::collect(s, to, y, outputs, 0);
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
    room: &'a mut [f32],
}

impl Op for Backward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { pool, x, y, kept, dy, dx, room } = self;
        let (inputs, outputs) = pool.widths();
        let (from, rest) = room.split_at_mut(LANES * outputs);
        let (to, rest) = rest.split_at_mut(LANES * inputs);
        let (values, results) = rest.split_at_mut(LANES * inputs);
        let blocks = dy.chunks(LANES * outputs).zip(dx.chunks_mut(LANES * inputs));
        for (b, (dy, dx)) in blocks.enumerate() {
            let rows = dy.len() / outputs;
            lanes::spread(s, dy, outputs, from);
            let first = b * LANES;
            if pool.pooling == Pooling::Norm {
                lanes::spread(s, &x[first * inputs..][..dx.len()], inputs, values);
                lanes::spread(s, &y[first * outputs..][..dy.len()], outputs, results);
            }
            to.fill(0.0);
            let places = kept.get(first * pool.kept()..).unwrap_or_default();
            let ((slopes, _), (to_blocks, _)) = (from.as_chunks(), to.as_chunks_mut::<LANES>());
            let ((values, _), (results, _)) = (values.as_chunks(), results.as_chunks());
            for channel in 0..pool.channels {
                let (inner, outer) = (channel * pool.inputs(), channel * pool.outputs());
                let to = &mut to_blocks[inner..][..pool.inputs()];
                pool.each_window(
                    #[inline(always)]
                    |window, taps, cols| {
                        let dy = at(s, slopes, outer + window);
                        let along = match pool.pooling {
                            Pooling::Max => s.load_part(&places[(outer + window) * rows..][..rows]),
                            Pooling::Average => s.div(dy, s.splat(pool.count())),
                            Pooling::Norm => {
                                // the slope at zero is taken to be zero, as PyTorch does
                                let y = at(s, results, outer + window);
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
                                    Pooling::Norm => s.mul(along, at(s, values, inner + i)),
                                };
                                s.store(s.add(s.load(&to[i]), share), &mut to[i]);
                            },
                        );
                    },
                );
            }
            lanes::collect(s, to, dx, inputs, 0);
        }
    }
}
