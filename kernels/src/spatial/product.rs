//! The product at the heart of a convolution and of the gradient of its input, on sixteen rows of a batch: every result
//! is one chain of fused multiply-adds from its start, over channels, then the rows of the window, then its columns. A
//! tile of it in registers is some channels of the result times some neighbouring places:
//!
//! ```text
//!                                   x at PLACES places, sixteen rows of the batch each
//!   a weight of CHANNELS channels,
//!   one at a time, to all lanes     results (CHANNELS, PLACES)
//! ```

use super::{Run, Tap, lanes};
use crate::isa::{LANES, Op, Simd};

/// Channels and places of the largest tile: as many registers as the instruction set has, the fewest loads for them.
const fn tile<S: Simd>() -> (usize, usize) {
    if S::TILES.len() > 1 { (8, 3) } else { (S::TILES[0], 1) }
}

/// The most channels of a tile of any instruction set.
pub(super) const CHANNELS: usize = 8;
/// Places whose results are made before they are handed back to the rows: about, as whole rows of a plane.
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
    /// `(B, groups * inner, from)` and `(B, groups * outer, to)`.
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    /// At least [`room`] floats, on a boundary of sixteen where that matters for speed.
    pub room: &'a mut [f32],
}

/// Floats of room for a product from rows of `inputs` numbers to planes of so many places in rows of `width`.
pub(super) fn room(inputs: usize, [height, width]: [usize; 2]) -> usize {
    LANES * (inputs + CHANNELS * width * strip(height, width))
}

/// Rows of a resulting plane that are made at a time.
fn strip(height: usize, width: usize) -> usize {
    (STRIP / width.max(1)).clamp(1, height.max(1))
}

/// `count` things in groups of at most `most` that differ in size by one: how many groups, how many larger ones, and the
/// size of the smaller.
#[inline(always)]
fn split(count: usize, most: usize) -> (usize, usize, usize) {
    let groups = count.div_ceil(most);
    (groups, count % groups, count / groups)
}

impl Op for Product<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let (inputs, outputs) = (self.groups * self.inner * area(self.from), self.groups * self.outer * area(self.to));
        let taps = self.inner * area(self.kernel);
        assert_eq!(self.weight.len(), taps * self.groups * self.outer, "weights of a convolution");
        assert!(self.start.is_none_or(|start| start.len() == self.groups * self.outer), "starts of a convolution");
        assert_eq!(self.x.len() * outputs, self.y.len() * inputs, "rows of a convolution");
        let (block, buffer) = self.room.split_at_mut(inputs * LANES);
        let blocks = self.x.chunks(LANES * inputs).zip(self.y.chunks_mut(LANES * outputs));
        let strip = strip(self.to[0], self.to[1]);
        for (x, y) in blocks {
            lanes::spread(s, x, inputs, block);
            for first in (0..self.to[0]).step_by(strip) {
                let lines = first..self.to[0].min(first + strip);
                for group in 0..self.groups {
                    let (tiles, larger, small) = split(self.outer, tile::<S>().0);
                    for t in 0..tiles {
                        let channels = small + usize::from(t < larger);
                        let channel = group * self.outer + t * small + t.min(larger);
                        let places = lines.len() * self.to[1];
                        let made = &mut buffer[..channels * places * LANES];
                        let piece = Piece {
                            rows: &self.rows[lines.clone()],
                            cols: self.cols,
                            from: self.from,
                            width: self.to[1],
                            kernel: self.kernel,
                            inner: self.inner,
                            x: &block[group * self.inner * area(self.from) * LANES..],
                            weight: &self.weight[channel..],
                            stride: self.groups * self.outer,
                            start: self.start.map(|start| &start[channel..][..channels]),
                            channels,
                        };
                        piece.compute(s, made);
                        for (c, made) in made.chunks_exact(places * LANES).enumerate() {
                            let at = (channel + c) * area(self.to) + first * self.to[1];
                            lanes::collect(s, made, y, outputs, at);
                        }
                    }
                }
            }
        }
    }
}

fn area([height, width]: [usize; 2]) -> usize {
    height * width
}

/// Some resulting channels of some rows of a plane.
#[derive(Clone, Copy)]
struct Piece<'a> {
    rows: &'a [Vec<Tap>],
    cols: &'a [Run],
    from: [usize; 2],
    /// Of a resulting plane.
    width: usize,
    kernel: [usize; 2],
    inner: usize,
    /// The group's planes, in lanes.
    x: &'a [f32],
    /// From the first channel; the same of the next tap is `stride` later.
    weight: &'a [f32],
    stride: usize,
    start: Option<&'a [f32]>,
    channels: usize,
}

impl Piece<'_> {
    /// Computes `(channels, rows, width, 16)`.
    #[inline(always)]
    fn compute<S: Simd>(self, s: S, made: &mut [f32]) {
        let places = self.rows.len() * self.width;
        assert!(self.channels <= tile::<S>().0 && made.len() == self.channels * places * LANES);
        assert!(self.x.len() >= self.inner * area(self.from) * LANES);
        assert!(self.weight.len() + self.stride >= self.inner * area(self.kernel) * self.stride + self.channels);
        match self.channels {
            1 => self.with_channels::<S, 1>(s, made),
            2 => self.with_channels::<S, 2>(s, made),
            3 => self.with_channels::<S, 3>(s, made),
            4 => self.with_channels::<S, 4>(s, made),
            5 => self.with_channels::<S, 5>(s, made),
            6 => self.with_channels::<S, 6>(s, made),
            7 => self.with_channels::<S, 7>(s, made),
            _ => self.with_channels::<S, 8>(s, made),
        }
    }

    #[inline(always)]
    fn with_channels<S: Simd, const C: usize>(self, s: S, made: &mut [f32]) {
        for (line, rows) in self.rows.iter().enumerate() {
            for run in self.cols {
                let (tiles, larger, small) = split(run.count, tile::<S>().1);
                let to = made[(line * self.width + run.first) * LANES..].as_mut_ptr();
                for (first, tiles, places) in [(0, larger, small + 1), (larger * (small + 1), tiles - larger, small)] {
                    let strip = Strip { piece: self, rows, run, first, tiles, to };
                    match (tiles, places) {
                        (0, _) => {}
                        (_, 1) => s.call(Tile::<C, 1>(strip)),
                        (_, 2) => s.call(Tile::<C, 2>(strip)),
                        _ => s.call(Tile::<C, 3>(strip)),
                    }
                }
            }
        }
    }
}

/// Tiles beside each other along a run.
struct Strip<'a> {
    piece: Piece<'a>,
    rows: &'a [Tap],
    run: &'a Run,
    /// The first place of the run, and how many tiles.
    first: usize,
    tiles: usize,
    /// Where the result of the run's first place belongs, of the first channel.
    to: *mut f32,
}

/// Tiles of `C` channels and `P` places. Made by [`Piece::compute`] alone, which has checked the sizes.
struct Tile<'a, const C: usize, const P: usize>(Strip<'a>);

#[expect(clippy::needless_range_loop, reason = "constant loops over two indices are what is unrolled into registers")]
impl<const C: usize, const P: usize> Op for Tile<'_, C, P> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Strip { piece, rows, run, first, tiles, to } = self.0;
        let ([height, width], [tall, wide]) = (piece.from, piece.kernel);
        let plane = piece.rows_places() * LANES;
        let mut start = [s.zero(); C];
        for c in 0..C {
            start[c] = s.splat(piece.start.map_or(0.0, |start| start[c]));
        }
        let advance = run.advance * LANES;
        for t in 0..tiles {
            let place = first + t * P;
            let mut acc = [[s.zero(); P]; C];
            for c in 0..C {
                acc[c] = [start[c]; P];
            }
            for channel in 0..piece.inner {
                for row in rows {
                    let x = ((channel * height + row.from) * width + place * run.advance) * LANES;
                    let w = (channel * tall + row.tap) * wide;
                    for col in &run.taps {
                        let (x, w) = (x + col.from * LANES, (w + col.tap) * piece.stride);
                        let mut v = [s.zero(); P];
                        for p in 0..P {
                            // SAFETY: taps are taken from within a plane, of which there are `inner`, in blocks of
                            // sixteen, as `Piece::compute` has checked.
                            v[p] = unsafe { s.load_ptr(piece.x.as_ptr().add(x + p * advance)) };
                        }
                        for c in 0..C {
                            // SAFETY: there are weights for every tap of `inner` channels and the channels of the
                            // piece, as `Piece::compute` has checked.
                            let weight = s.splat(unsafe { *piece.weight.as_ptr().add(w + c) });
                            for p in 0..P {
                                acc[c][p] = s.mul_add(weight, v[p], acc[c][p]);
                            }
                        }
                    }
                }
            }
            for c in 0..C {
                for p in 0..P {
                    let at = c * plane + (place + p) * run.step * LANES;
                    // SAFETY: the places of a run lie in a row of the plane, and there are `C` planes in what is made,
                    // as `Piece::compute` has checked.
                    unsafe { s.store_ptr(acc[c][p], to.add(at)) };
                }
            }
        }
    }
}

impl Piece<'_> {
    fn rows_places(&self) -> usize {
        self.rows.len() * self.width
    }
}
