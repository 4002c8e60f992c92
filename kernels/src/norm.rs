//! Normalisation: of a channel over the rows of a batch (Ioffe & Szegedy 2015), and of a row by itself (Ba, Kiros &
//! Hinton 2016; Zhang & Sennrich 2019). Means come first and the squares of the differences from them second, so no digits are
//! lost; a sum along a row is the sixteen chains of [`crate::reduce`], one across rows goes row by row.

use std::ops::Range;

use crate::elementwise::{load, store};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::reduce::chains;

/// Numbers `(B, channels, places)`: a channel is normalised over rows and places.
#[derive(Debug, Clone, Copy)]
pub struct Channels {
    /// Channels of a row.
    pub channels: usize,
    /// Numbers of a channel.
    pub places: usize,
}

/// What a channel is moved and multiplied by: `y = (x - mean) factor + offset`, each `(channels)`.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// Taken away first.
    pub mean: &'a [f32],
    /// Multiplied by.
    pub factor: &'a [f32],
    /// Added last.
    pub offset: &'a [f32],
}

/// Sums over a batch for every channel: of a term of one or two slices and the channel's mean.
struct Sums<'a, F> {
    of: Channels,
    x: &'a [f32],
    y: &'a [f32],
    mean: &'a [f32],
    out: &'a mut [f32],
    term: F,
}

/// A term of a sum: of `x`, `y` and the mean.
trait Term: Copy {
    fn eval<S: Simd>(self, s: S, sum: S::V, x: S::V, y: S::V, mean: S::V) -> S::V;
}

#[derive(Clone, Copy)]
struct Plain;
#[derive(Clone, Copy)]
struct Square;
#[derive(Clone, Copy)]
struct Along;

impl Term for Plain {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, sum: S::V, x: S::V, _: S::V, _: S::V) -> S::V {
        s.add(sum, x)
    }
}

impl Term for Square {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, sum: S::V, x: S::V, _: S::V, mean: S::V) -> S::V {
        let from = s.sub(x, mean);
        s.mul_add(from, from, sum)
    }
}

impl Term for Along {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, sum: S::V, x: S::V, y: S::V, mean: S::V) -> S::V {
        s.mul_add(s.sub(x, mean), y, sum)
    }
}

impl<F: Term> Op for Sums<'_, F> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Channels { channels, places } = self.of;
        let width = channels * places;
        if places == 1 {
            for from in (0..channels).step_by(LANES) {
                let to = channels.min(from + LANES);
                let mean = load(s, self.mean, from, to);
                let mut sum = s.zero();
                for (x, y) in self.x.chunks_exact(width).zip(self.y.chunks_exact(width)) {
                    sum = self.term.eval(s, sum, load(s, x, from, to), load(s, y, from, to), mean);
                }
                store(s, sum, self.out, from, to);
            }
            return;
        }
        for (c, out) in self.out.iter_mut().enumerate() {
            let mean = s.splat(self.mean[c]);
            let mut all = s.zero();
            for (x, y) in self.x.chunks_exact(width).zip(self.y.chunks_exact(width)) {
                let (x, y) = (&x[c * places..][..places], &y[c * places..][..places]);
                let row = chains(
                    s,
                    places,
                    #[inline(always)]
                    |sum, from, to| self.term.eval(s, sum, load(s, x, from, to), load(s, y, from, to), mean),
                );
                all = s.add(all, row);
            }
            *out = s.sum(all);
        }
    }
}

impl Channels {
    /// Numbers of a channel in `x`.
    fn count(self, x: &[f32]) -> f32 {
        (x.len() / self.channels) as f32
    }

    fn check(self, x: &[f32], others: &[&[f32]]) {
        assert!(x.len().is_multiple_of(self.channels * self.places), "rows of {self:?} in {} numbers", x.len());
        assert!(others.iter().all(|other| other.len() == self.channels), "a number for each of {self:?}");
    }

    /// The mean of each channel and its variance, the mean of the squares of the differences from it; both `(channels)`.
    /// A channel of one number per row is summed row by row; else the sixteen chains of a row are added to those of the
    /// rows before, and meet at the end.
    pub fn moments(self, cpu: Cpu, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
        self.check(x, &[mean, variance]);
        let count = self.count(x);
        // the mean is not read
        cpu.run(Sums { of: self, x, y: x, mean: variance, out: mean, term: Plain });
        mean.iter_mut().for_each(|mean| *mean /= count);
        cpu.run(Sums { of: self, x, y: x, mean, out: variance, term: Square });
        variance.iter_mut().for_each(|variance| *variance /= count);
    }

    /// `along[c] = Σ (x - mean[c]) dy` and `total[c] = Σ dy`, by the order of [`Channels::moments`].
    pub fn slopes(self, cpu: Cpu, (x, dy): (&[f32], &[f32]), mean: &[f32], along: &mut [f32], total: &mut [f32]) {
        self.check(x, &[mean, along, total]);
        assert_eq!(x.len(), dy.len(), "values and slopes");
        cpu.run(Sums { of: self, x, y: dy, mean, out: along, term: Along });
        cpu.run(Sums { of: self, x: dy, y: dy, mean, out: total, term: Plain });
    }

    /// `y = (x - mean) factor + offset`
    pub fn normalise(self, cpu: Cpu, affine: Affine<'_>, x: &[f32], y: &mut [f32]) {
        self.check(x, &[affine.mean, affine.factor, affine.offset]);
        assert_eq!(x.len(), y.len(), "values and results");
        cpu.run(Normalise { of: self, affine, x, y });
    }

    /// The slopes of `x` through [`Channels::moments`] and [`Channels::normalise`]:
    /// `dx = factor (dy - total - (x - mean) along)`, where `along` and `total`, which stands in `affine.offset`, are means
    /// over the channel, the former divided by the variance.
    pub fn unnormalise(self, cpu: Cpu, affine: Affine<'_>, along: &[f32], (x, dy): (&[f32], &[f32]), dx: &mut [f32]) {
        self.check(x, &[affine.mean, affine.factor, affine.offset, along]);
        assert!(x.len() == dy.len() && x.len() == dx.len(), "values and slopes");
        cpu.run(Unnormalise { of: self, affine, along, x, dy, dx });
    }
}

/// Does something with each block of numbers of one channel, or of neighbouring channels of one number each. It is given
/// the place of the block, and what the tables have for its channels in the lanes.
#[inline(always)]
fn each_block<S: Simd, const N: usize>(
    s: S,
    of: Channels,
    len: usize,
    tables: [&[f32]; N],
    mut work: impl FnMut(Range<usize>, [S::V; N]),
) {
    let Channels { channels, places } = of;
    for row in (0..len).step_by(channels * places) {
        if places == 1 {
            for from in (0..channels).step_by(LANES) {
                let to = channels.min(from + LANES);
                let mut of = [s.zero(); N];
                for (v, table) in of.iter_mut().zip(tables) {
                    *v = load(s, table, from, to);
                }
                work(row + from..row + to, of);
            }
            continue;
        }
        for c in 0..channels {
            let mut of = [s.zero(); N];
            for (v, table) in of.iter_mut().zip(tables) {
                *v = s.splat(table[c]);
            }
            for from in (0..places).step_by(LANES) {
                let at = row + c * places;
                work(at + from..at + places.min(from + LANES), of);
            }
        }
    }
}

struct Normalise<'a> {
    of: Channels,
    affine: Affine<'a>,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Op for Normalise<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Affine { mean, factor, offset } = self.affine;
        each_block(
            s,
            self.of,
            self.x.len(),
            [mean, factor, offset],
            #[inline(always)]
            |at, [mean, factor, offset]| {
                let x = load(s, self.x, at.start, at.end);
                store(s, s.mul_add(s.sub(x, mean), factor, offset), self.y, at.start, at.end);
            },
        );
    }
}

struct Unnormalise<'a> {
    of: Channels,
    affine: Affine<'a>,
    along: &'a [f32],
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl Op for Unnormalise<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Affine { mean, factor, offset } = self.affine;
        each_block(
            s,
            self.of,
            self.x.len(),
            [mean, factor, offset, self.along],
            #[inline(always)]
            |at, [mean, factor, total, along]| {
                let (x, dy) = (load(s, self.x, at.start, at.end), load(s, self.dy, at.start, at.end));
                let rest = s.sub(s.sub(dy, total), s.mul(s.sub(x, mean), along));
                store(s, s.mul(rest, factor), self.dx, at.start, at.end);
            },
        );
    }
}

/// Normalisation of rows of `width` numbers, each by itself: `y = (x - mean) / √(variance + eps) factor + offset`; without
/// `centred` the mean is taken to be zero.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// Numbers of a row.
    pub width: usize,
    /// Whether the mean is taken away.
    pub centred: bool,
    /// Added to the variance.
    pub eps: f32,
}

impl Rows {
    /// `y` `(rows, width)` from `x`, and for each row its mean and what it was multiplied by in `kept`, `(rows, 2)`;
    /// `factor` and `offset` are `(width)`, absent for ones and zeros.
    pub fn forward(
        self,
        cpu: Cpu,
        (factor, offset): (Option<&[f32]>, Option<&[f32]>),
        x: &[f32],
        y: &mut [f32],
        kept: &mut [f32],
    ) {
        self.check(x, y, kept, [factor, offset]);
        cpu.run(RowsForward { rows: self, factor, offset, x, y, kept });
    }

    /// The slopes of `x` from those of the result.
    pub fn backward(self, cpu: Cpu, factor: Option<&[f32]>, kept: &[f32], (x, dy): (&[f32], &[f32]), dx: &mut [f32]) {
        self.check(x, dy, kept, [factor, None]);
        assert_eq!(x.len(), dx.len(), "rows and their slopes");
        cpu.run(RowsBackward { rows: self, factor, kept, x, dy, dx });
    }

    /// The slope of some factors: `out[j] = Σ dy (x - mean) scale` over the rows in order, from zero or, with `keep`, from
    /// what `out` holds. That of the offset is [`crate::reduce::column_sums`] of `dy`.
    pub fn factor_gradient(
        self,
        cpu: Cpu,
        columns: Range<usize>,
        kept: &[f32],
        (x, dy): (&[f32], &[f32]),
        keep: bool,
        out: &mut [f32],
    ) {
        self.check(x, dy, kept, [None, None]);
        assert!(columns.len() == out.len() && columns.end <= self.width, "columns {columns:?} of {}", self.width);
        cpu.run(Factors { rows: self, start: columns.start, kept, x, dy, keep, out });
    }

    fn check(self, x: &[f32], y: &[f32], kept: &[f32], tables: [Option<&[f32]>; 2]) {
        assert!(x.len() == y.len() && x.len() * 2 == kept.len() * self.width, "rows of {}", self.width);
        assert!(tables.iter().flatten().all(|table| table.len() == self.width), "factors of {}", self.width);
    }
}

struct RowsForward<'a> {
    rows: Rows,
    factor: Option<&'a [f32]>,
    offset: Option<&'a [f32]>,
    x: &'a [f32],
    y: &'a mut [f32],
    kept: &'a mut [f32],
}

impl Op for RowsForward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Rows { width, centred, eps } = self.rows;
        let rows = self.x.chunks_exact(width).zip(self.y.chunks_exact_mut(width));
        for ((x, y), kept) in rows.zip(self.kept.chunks_exact_mut(2)) {
            let mut mean = 0.0;
            if centred {
                let total = chains(
                    s,
                    width,
                    #[inline(always)]
                    |sum, from, to| s.add(sum, load(s, x, from, to)),
                );
                mean = s.sum(total) / width as f32;
            }
            let squares = s.sum(chains(
                s,
                width,
                #[inline(always)]
                |sum, from, to| {
                    let x = s.sub(load(s, x, from, to), s.splat(mean));
                    s.mul_add(x, x, sum)
                },
            ));
            let scale = 1.0 / (squares / width as f32 + eps).sqrt();
            kept.copy_from_slice(&[mean, scale]);
            let (mean, scale) = (s.splat(mean), s.splat(scale));
            for from in (0..width).step_by(LANES) {
                let to = width.min(from + LANES);
                let mut v = s.mul(s.sub(load(s, x, from, to), mean), scale);
                if let Some(factor) = self.factor {
                    v = s.mul(v, load(s, factor, from, to));
                }
                if let Some(offset) = self.offset {
                    v = s.add(v, load(s, offset, from, to));
                }
                store(s, v, y, from, to);
            }
        }
    }
}

/// A row with the slopes of its result.
#[derive(Clone, Copy)]
struct Line<'a, V> {
    x: &'a [f32],
    dy: &'a [f32],
    factor: Option<&'a [f32]>,
    mean: V,
    scale: V,
}

impl<V: Copy> Line<'_, V> {
    /// The normalised numbers of a block.
    #[inline(always)]
    fn normal<S: Simd<V = V>>(self, s: S, from: usize, to: usize) -> V {
        s.mul(s.sub(load(s, self.x, from, to), self.mean), self.scale)
    }

    /// Their slopes.
    #[inline(always)]
    fn slope<S: Simd<V = V>>(self, s: S, from: usize, to: usize) -> V {
        let dy = load(s, self.dy, from, to);
        match self.factor {
            Some(factor) => s.mul(dy, load(s, factor, from, to)),
            None => dy,
        }
    }
}

struct RowsBackward<'a> {
    rows: Rows,
    factor: Option<&'a [f32]>,
    kept: &'a [f32],
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl Op for RowsBackward<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Rows { width, centred, .. } = self.rows;
        let rows = self.x.chunks_exact(width).zip(self.dy.chunks_exact(width)).zip(self.kept.chunks_exact(2));
        for (((x, dy), kept), dx) in rows.zip(self.dx.chunks_exact_mut(width)) {
            let line = Line { x, dy, factor: self.factor, mean: s.splat(kept[0]), scale: s.splat(kept[1]) };
            let along = chains(
                s,
                width,
                #[inline(always)]
                |sum, from, to| s.mul_add(line.slope(s, from, to), line.normal(s, from, to), sum),
            );
            let mut total = s.zero();
            if centred {
                total = chains(
                    s,
                    width,
                    #[inline(always)]
                    |sum, from, to| s.add(sum, line.slope(s, from, to)),
                );
            }
            let [along, total] = [along, total].map(|chains| s.splat(s.sum(chains) / width as f32));
            for from in (0..width).step_by(LANES) {
                let to = width.min(from + LANES);
                let rest = s.sub(s.sub(line.slope(s, from, to), total), s.mul(line.normal(s, from, to), along));
                store(s, s.mul(rest, line.scale), dx, from, to);
            }
        }
    }
}

struct Factors<'a> {
    rows: Rows,
    start: usize,
    kept: &'a [f32],
    x: &'a [f32],
    dy: &'a [f32],
    keep: bool,
    out: &'a mut [f32],
}

impl Op for Factors<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let width = self.rows.width;
        let count = self.out.len();
        for from in (0..count).step_by(LANES) {
            let to = count.min(from + LANES);
            let (first, last) = (self.start + from, self.start + to);
            let mut sum = if self.keep { load(s, self.out, from, to) } else { s.zero() };
            let rows = self.x.chunks_exact(width).zip(self.dy.chunks_exact(width));
            for ((x, dy), kept) in rows.zip(self.kept.chunks_exact(2)) {
                let normal = s.mul(s.sub(load(s, x, first, last), s.splat(kept[0])), s.splat(kept[1]));
                sum = s.mul_add(load(s, dy, first, last), normal, sum);
            }
            store(s, sum, self.out, from, to);
        }
    }
}
