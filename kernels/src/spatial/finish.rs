//! What becomes of the results of a product, strip by strip, while they are still in the first cache: a function of each, the
//! largest of each window. So a convolution whose results are pooled never writes them down: of a window it keeps the largest
//! result, before and after the function, and its place, and the gradient of all of them is made from that.

use std::ops::Range;

use super::product::{Piece, area};
use crate::activation::Activation;
use crate::isa::{Cpu, LANES, Simd};

/// What becomes of the results `z` of a product. Everything is in blocks of sixteen rows.
pub(super) enum Finish<'a> {
    /// They are the result.
    Plain(&'a mut [f32]),
    /// `y = f(z)`, and z is kept.
    Function { cpu: Cpu, function: &'a dyn Activation, z: &'a mut [f32], y: &'a mut [f32] },
    /// `y = max f(z)` over windows side by side.
    Pool {
        cpu: Cpu,
        function: Option<&'a dyn Activation>,
        /// Height and width of a window.
        window: [usize; 2],
        y: &'a mut [f32],
        /// Which number of its window it was.
        taps: &'a mut [f32],
        /// The z of each; empty without a function.
        z: &'a mut [f32],
    },
}

impl Finish<'_> {
    /// Height and width of what is finished together.
    pub fn window(&self) -> [usize; 2] {
        match self {
            Finish::Plain(_) | Finish::Function { .. } => [1, 1],
            Finish::Pool { window, .. } => *window,
        }
    }

    /// Computes and finishes a piece that stands at a block, a channel and rows of planes `(height, width)`, of which
    /// `channels` make a row of the batch.
    #[inline(always)]
    pub fn piece<S: Simd>(
        &mut self,
        s: S,
        piece: Piece<'_>,
        (block, channel, lines): (usize, usize, Range<usize>),
        (channels, [height, width]): (usize, [usize; 2]),
        room: &mut [f32],
    ) {
        let (count, places, plane) = (piece.blocks.0, lines.len() * width, height * width);
        let at = |b: usize, c: usize| (((block + b) * channels + channel + c) * plane + lines.start * width) * LANES;
        let (spare, room) = match self {
            Finish::Pool { .. } => room.split_at_mut(places * LANES),
            _ => (&mut [][..], room),
        };
        let (made, distances) = match self {
            Finish::Plain(z) | Finish::Function { z, .. } => {
                (&mut z[at(0, 0)..], (plane * LANES, channels * plane * LANES))
            }
            Finish::Pool { .. } => (&mut *room, (places * LANES, piece.channels * places * LANES)),
        };
        piece.compute(s, made, distances);
        let each = (0..count).flat_map(|b| (0..piece.channels).map(move |c| (b, c)));
        match self {
            Finish::Plain(_) => {}
            Finish::Function { cpu, function, z, y } => {
                for (b, c) in each {
                    let strip = at(b, c)..at(b, c) + places * LANES;
                    function.forward(*cpu, &z[strip.clone()], &mut y[strip]);
                }
            }
            Finish::Pool { cpu, function, window, y, taps, z } => {
                let pooled = [height / window[0], width / window[1]];
                for ((b, c), made) in each.zip(room.chunks_exact(places * LANES)) {
                    let first =
                        ((block + b) * channels + channel + c) * area(pooled) + lines.start / window[0] * pooled[1];
                    let strip = first * LANES..(first + lines.len() / window[0] * pooled[1]) * LANES;
                    let acted = match function {
                        Some(function) => {
                            function.forward(*cpu, made, spare);
                            &*spare
                        }
                        None => made,
                    };
                    let z = if z.is_empty() { &mut [][..] } else { &mut z[strip.clone()] };
                    let to = (&mut y[strip.clone()], &mut taps[strip], z);
                    match *window {
                        // known to the compiler, which unrolls it
                        [2, 2] => largest(s, (made, acted), (width, [2, 2]), to),
                        window => largest(s, (made, acted), (width, window), to),
                    }
                }
            }
        }
    }
}

/// The largest `a` of every window of some rows of a plane, of equal ones the first, NaN where there is one; which of the
/// window it is; and the `z` at its place.
#[inline(always)]
fn largest<S: Simd>(
    s: S,
    (z, a): (&[f32], &[f32]),
    (width, [tall, wide]): (usize, [usize; 2]),
    (y, taps, best_z): (&mut [f32], &mut [f32], &mut [f32]),
) {
    let ((z, _), (a, _)) = (z.as_chunks::<LANES>(), a.as_chunks::<LANES>());
    let ((y, _), (taps, _), (best_z, _)) = (y.as_chunks_mut(), taps.as_chunks_mut(), best_z.as_chunks_mut());
    let cols = width / wide;
    for (row, (y, taps)) in y.chunks_exact_mut(cols).zip(taps.chunks_exact_mut(cols)).enumerate() {
        let lines = row * tall * width..(row + 1) * tall * width;
        let (z, a) = (&z[lines.clone()], &a[lines]);
        for (col, (y, place)) in y.iter_mut().zip(taps).enumerate() {
            let first = col * wide;
            let (mut best, mut tap, mut of) = (s.load(&a[first]), s.zero(), s.load(&z[first]));
            for line in 0..tall {
                for i in usize::from(line == 0)..wide {
                    let at = first + line * width + i;
                    let x = s.load(&a[at]);
                    let (larger, number) = (s.lt(best, x), s.eq(x, x));
                    best = s.select(number, s.select(larger, x, best), x);
                    let this = s.splat((line * wide + i) as f32);
                    tap = s.select(number, s.select(larger, this, tap), this);
                    let x = s.load(&z[at]);
                    of = s.select(number, s.select(larger, x, of), x);
                }
            }
            s.store(best, y);
            s.store(tap, place);
            if let Some(best_z) = best_z.get_mut(row * cols + col) {
                s.store(of, best_z);
            }
        }
    }
}

/// The gradient of all numbers of the rows `lines` of a plane of a pooled result from that of the largest of each window:
/// zero for the others. `lines` begins with a window.
#[inline(always)]
pub(super) fn expand<S: Simd>(
    s: S,
    pooled: (&[f32], &[f32]),
    (plane, window): ([usize; 2], [usize; 2]),
    lines: Range<usize>,
    out: &mut [f32],
) {
    match window {
        // known to the compiler, which unrolls it
        [2, 2] => expand_over(s, pooled, (plane, [2, 2]), lines, out),
        window => expand_over(s, pooled, (plane, window), lines, out),
    }
}

#[inline(always)]
fn expand_over<S: Simd>(
    s: S,
    (slopes, taps): (&[f32], &[f32]),
    ([height, width], [tall, wide]): ([usize; 2], [usize; 2]),
    lines: Range<usize>,
    out: &mut [f32],
) {
    let (rows, cols) = (height / tall, width / wide);
    if width % wide > 0 || lines.end > rows * tall {
        out.fill(0.0);
    }
    let ((slopes, _), (taps, _)) = (slopes.as_chunks::<LANES>(), taps.as_chunks::<LANES>());
    let (out, _) = out.as_chunks_mut();
    for row in lines.start / tall..rows.min(lines.end / tall) {
        for col in 0..cols {
            let (slope, place) = (s.load(&slopes[row * cols + col]), s.load(&taps[row * cols + col]));
            let first = (row * tall - lines.start) * width + col * wide;
            for line in 0..tall {
                for i in 0..wide {
                    let own = s.eq(place, s.splat((line * wide + i) as f32));
                    s.store(s.select(own, slope, s.zero()), &mut out[first + line * width + i]);
                }
            }
        }
    }
}
