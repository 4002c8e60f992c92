//! The product at the heart of a convolution and of the gradient of its input, on blocks of sixteen rows of a batch: every
//! result is one chain of fused multiply-adds from its start, over channels, then the rows of the window, then its columns.
//! A tile of it in registers is some channels of the result times some neighbouring places:
//!
//! ```text
//!                                   x at PLACES places, sixteen rows of the batch each
//!   a weight of CHANNELS channels,
//!   one at a time, to all lanes     results (CHANNELS, PLACES)
//! ```
//!
//! Places at the edges of a plane have no neighbours that take alike; there the same place of other blocks stands beside.

use super::finish::Finish;
use super::{Run, Tap};
use crate::isa::{LANES, Op, Simd};

/// Channels and places of the largest tile: as many registers as the instruction set has, the fewest loads for them.
const fn tile<S: Simd>() -> (usize, usize) {
    if S::TILES.len() > 1 { (8, PLACES) } else { (S::TILES[0], 1) }
}

/// The most channels and places of a tile of any instruction set.
const CHANNELS: usize = 8;
const PLACES: usize = 3;
/// Places that are made before they are finished: about, as whole rows of a plane.
const STRIP: usize = 48;

/// A sum over windows: what is taken, where, and by which weights.
pub(super) struct Product<'a> {
    /// What each row of a resulting plane takes, and runs of its columns.
    pub rows: &'a [Vec<Tap>],
    pub cols: &'a [Run],
    /// Height and width of a plane that is taken from, and of a resulting one.
    pub from: [usize; 2],
    pub to: [usize; 2],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    pub groups: usize,
    /// Channels that are taken from, and resulting ones, of a group.
    pub inner: usize,
    pub outer: usize,
    /// `(inner, height, width, groups * outer)`
    pub weight: &'a [f32],
    /// One start for each resulting channel; zeros where there is none.
    pub start: Option<&'a [f32]>,
    /// Blocks of `(groups * inner, from, 16)`.
    pub x: &'a [f32],
    /// What becomes of the results.
    pub finish: Finish<'a>,
    /// At least [`room`] floats for a [`Finish`] that pools.
    pub room: &'a mut [f32],
}

/// Floats of room for planes of this height and width, of which `rows` are pooled together.
pub(super) fn room([height, width]: [usize; 2], cols: &[Run], rows: usize) -> usize {
    LANES * (CHANNELS * at_once(cols) + 1) * width * strip([height, width], rows)
}

/// Blocks that are worked on together.
pub(super) fn at_once(cols: &[Run]) -> usize {
    if cols.iter().any(|run| run.count < PLACES) { PLACES } else { 1 }
}

/// Rows of a resulting plane that are made at a time: a multiple of `rows`.
fn strip([height, width]: [usize; 2], rows: usize) -> usize {
    (STRIP / width.max(1)).clamp(1, height.max(1)).next_multiple_of(rows)
}

/// `count` things in groups of at most `most` that differ in size by one: where each begins, and its size.
#[inline(always)]
pub(super) fn split(count: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let groups = count.div_ceil(most);
    let (small, larger) = (count / groups.max(1), count % groups.max(1));
    (0..groups).map(
        #[inline(always)]
        move |i| (i * small + i.min(larger), small + usize::from(i < larger)),
    )
}

impl Op for Product<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(mut self, s: S) {
        let inputs = self.groups * self.inner * area(self.from);
        let taps = self.inner * area(self.kernel);
        assert_eq!(self.weight.len(), taps * self.groups * self.outer, "weights of a convolution");
        assert!(self.start.is_none_or(|start| start.len() == self.groups * self.outer), "starts of a convolution");
        let blocks = self.x.len() / (inputs * LANES);
        assert_eq!(self.x.len(), blocks * inputs * LANES, "blocks of rows of a convolution");
        let windows = self.finish.window();
        let step = strip(self.to, windows[0]);
        // what no window of a pooling holds is not needed
        let height = self.to[0] / windows[0] * windows[0];
        for (first, count) in split(blocks, at_once(self.cols)) {
            let x = &self.x[first * inputs * LANES..][..count * inputs * LANES];
            for line in (0..height).step_by(step) {
                let lines = line..height.min(line + step);
                for group in 0..self.groups {
                    for (channel, channels) in split(self.outer, tile::<S>().0) {
                        let piece = Piece {
                            rows: &self.rows[lines.clone()],
                            cols: self.cols,
                            from: self.from,
                            width: self.to[1],
                            kernel: self.kernel,
                            inner: self.inner,
                            x: &x[group * self.inner * area(self.from) * LANES..],
                            weight: &self.weight[group * self.outer + channel..],
                            stride: self.groups * self.outer,
                            start: self.start.map(|start| &start[group * self.outer + channel..]),
                            channels,
                            blocks: (count, inputs * LANES),
                        };
                        let at = (first, group * self.outer + channel, lines.clone());
                        self.finish.piece(s, piece, at, (self.groups * self.outer, self.to), self.room);
                    }
                }
            }
        }
    }
}

pub(super) fn area([height, width]: [usize; 2]) -> usize {
    height * width
}

/// Some resulting channels of some rows of a plane, in some blocks.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    rows: &'a [Vec<Tap>],
    cols: &'a [Run],
    from: [usize; 2],
    /// Of a resulting plane.
    pub width: usize,
    kernel: [usize; 2],
    inner: usize,
    /// From the group's first plane of the first block.
    x: &'a [f32],
    /// From the first channel; the same of the next tap is `stride` later.
    weight: &'a [f32],
    stride: usize,
    start: Option<&'a [f32]>,
    pub channels: usize,
    /// How many, and from one to the next in `x`.
    pub blocks: (usize, usize),
}

impl Piece<'_> {
    /// Computes `(rows, width, 16)` of every channel and block; they begin `plane` and `block` floats after each other.
    #[inline(always)]
    pub fn compute<S: Simd>(self, s: S, made: &mut [f32], (plane, block): (usize, usize)) {
        let (blocks, from_block) = self.blocks;
        let last = (self.channels - 1) * plane + (blocks - 1) * block + self.rows.len() * self.width * LANES;
        assert!(self.channels <= tile::<S>().0 && made.len() >= last);
        assert!(self.x.len() >= (blocks - 1) * from_block + self.inner * area(self.from) * LANES);
        assert!(self.weight.len() + self.stride >= self.inner * area(self.kernel) * self.stride + self.channels);
        assert!(self.start.is_none_or(|start| start.len() >= self.channels));
        match self.channels {
            1 => self.with_channels::<S, 1>(s, made.as_mut_ptr(), (plane, block)),
            2 => self.with_channels::<S, 2>(s, made.as_mut_ptr(), (plane, block)),
            3 => self.with_channels::<S, 3>(s, made.as_mut_ptr(), (plane, block)),
            4 => self.with_channels::<S, 4>(s, made.as_mut_ptr(), (plane, block)),
            5 => self.with_channels::<S, 5>(s, made.as_mut_ptr(), (plane, block)),
            6 => self.with_channels::<S, 6>(s, made.as_mut_ptr(), (plane, block)),
            7 => self.with_channels::<S, 7>(s, made.as_mut_ptr(), (plane, block)),
            _ => self.with_channels::<S, 8>(s, made.as_mut_ptr(), (plane, block)),
        }
    }

    #[inline(always)]
    fn with_channels<S: Simd, const C: usize>(self, s: S, made: *mut f32, (plane, block): (usize, usize)) {
        let (blocks, from_block) = self.blocks;
        let most = tile::<S>().1;
        let across = |run: &Run| run.count < most.min(blocks);
        for b in 0..blocks {
            for (line, rows) in self.rows.iter().enumerate() {
                for run in self.cols.iter().filter(|run| !across(run)) {
                    let to = made.wrapping_add(b * block + (line * self.width + run.first) * LANES);
                    let steps = (run.advance * LANES, run.step * LANES);
                    let strip = Strip { piece: self, rows, run, x: b * from_block, to, plane, steps };
                    strip.compute::<S, C>(s, run.count);
                }
            }
        }
        for (line, rows) in self.rows.iter().enumerate() {
            for run in self.cols.iter().filter(|run| across(run)) {
                for i in 0..run.count {
                    let to = made.wrapping_add((line * self.width + run.first + i * run.step) * LANES);
                    let x = i * run.advance * LANES;
                    let strip = Strip { piece: self, rows, run, x, to, plane, steps: (from_block, block) };
                    strip.compute::<S, C>(s, blocks);
                }
            }
        }
    }
}

/// Results beside each other: neighbours along a run, or the same place of several blocks.
#[derive(Clone, Copy)]
struct Strip<'a> {
    piece: Piece<'a>,
    rows: &'a [Tap],
    run: &'a Run,
    /// Where the first takes from, before its taps, and where it belongs, of the first channel.
    x: usize,
    to: *mut f32,
    /// From channel to channel where they belong.
    plane: usize,
    /// From one to the next: where they take from, and where they belong.
    steps: (usize, usize),
}

impl Strip<'_> {
    #[inline(always)]
    fn compute<S: Simd, const C: usize>(self, s: S, count: usize) {
        let most = tile::<S>().1;
        let tiles = count.div_ceil(most);
        let (small, larger) = (count / tiles, count % tiles);
        for (first, tiles, places) in [(0, larger, small + 1), (larger * (small + 1), tiles - larger, small)] {
            let (x, to) = (self.x + first * self.steps.0, self.to.wrapping_add(first * self.steps.1));
            let strip = Strip { x, to, ..self };
            match (tiles, places) {
                (0, _) => {}
                (_, 1) => s.call(Tile::<C, 1>(strip, tiles)),
                (_, 2) => s.call(Tile::<C, 2>(strip, tiles)),
                _ => s.call(Tile::<C, 3>(strip, tiles)),
            }
        }
    }
}

/// So many tiles of `C` channels and `P` results. Made by [`Piece::compute`] alone, which has checked the sizes.
struct Tile<'a, const C: usize, const P: usize>(Strip<'a>, usize);

#[expect(clippy::needless_range_loop, reason = "constant loops over two indices are what is unrolled into registers")]
impl<const C: usize, const P: usize> Op for Tile<'_, C, P> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Tile(Strip { piece, rows, run, x: begin, to, plane, steps }, tiles) = self;
        let ([height, width], [tall, wide]) = (piece.from, piece.kernel);
        let (first, (tap_step, from_step)) = run.progression();
        let (tap_step, from_step) = (tap_step * piece.stride as isize, from_step * LANES);
        let mut start = [s.zero(); C];
        for c in 0..C {
            start[c] = s.splat(piece.start.map_or(0.0, |start| start[c]));
        }
        for t in 0..tiles {
            let begin = begin + t * P * steps.0;
            let mut acc = [[s.zero(); P]; C];
            for c in 0..C {
                acc[c] = [start[c]; P];
            }
            for channel in 0..piece.inner {
                for row in rows {
                    let from = ((channel * height + row.from) * width + first.from) * LANES;
                    let mut x = piece.x.as_ptr().wrapping_add(begin + from);
                    let tap = (channel * tall + row.tap) * wide + first.tap;
                    let mut w = piece.weight.as_ptr().wrapping_add(tap * piece.stride);
                    for _ in &run.taps {
                        let mut v = [s.zero(); P];
                        for p in 0..P {
                            // SAFETY: taps are taken from within a plane, of which there are `inner` in every block, in
                            // sixteen lanes, as `Piece::compute` has checked.
                            v[p] = unsafe { s.load_ptr(x.wrapping_add(p * steps.0)) };
                        }
                        for c in 0..C {
                            // SAFETY: there are weights for every tap of `inner` channels and the channels of the
                            // piece, as `Piece::compute` has checked.
                            let weight = s.splat(unsafe { *w.wrapping_add(c) });
                            for p in 0..P {
                                acc[c][p] = s.mul_add(weight, v[p], acc[c][p]);
                            }
                        }
                        x = x.wrapping_add(from_step);
                        w = w.wrapping_offset(tap_step);
                    }
                }
            }
            for c in 0..C {
                for p in 0..P {
                    let at = c * plane + (t * P + p) * steps.1;
                    // SAFETY: the results of a run lie in a row of the plane, those across in as many blocks, and there
                    // are `C` planes in what is made, as `Piece::compute` has checked.
                    unsafe { s.store_ptr(acc[c][p], to.add(at)) };
                }
            }
        }
    }
}
