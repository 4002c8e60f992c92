//! The gradient of a convolution's weights. The sixteen rows of a block are in the lanes: in each of them a weight has one
//! chain of fused multiply-adds over the blocks of the batch, and within a block over the places of the result, in order; at
//! the end the chains of a weight meet in the fixed tree. A tile in registers is some weights of a window times some channels
//! of the result, so that all lanes are full whatever a window and the number of channels are. The sums wait in memory while
//! the tiles go over a slab of the result that fits the first cache.

use std::ops::Range;

use super::finish::expand;
use super::product::{area, split};
use super::{Axis, padded};
use crate::isa::{LANES, Op, Simd};

/// The most weights of a window, and channels, in a tile.
const TAPS: usize = 6;
const CHANNELS: usize = 4;
/// Weights of a window whose sums wait at the same time, about.
const CHUNK: usize = 128;
/// Numbers of the result in a slab, about.
const SLAB: usize = 256;

/// Weights of a window and channels in the largest tile.
const fn tile<S: Simd>() -> (usize, usize) {
    if S::ACCUMULATORS >= TAPS * CHANNELS {
        (TAPS, CHANNELS)
    } else if S::ACCUMULATORS >= 6 {
        (3, 2)
    } else {
        (2, 2)
    }
}

/// The sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub axes: [Axis; 2],
    pub groups: usize,
    /// Channels of a group: of the input, of the result.
    pub inner: usize,
    pub outer: usize,
    /// Height and width of the windows that the result is pooled over; 1 and 1 where it is not.
    pub window: [usize; 2],
}

impl Sizes {
    /// A plane with its padding.
    pub fn padded(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.before + axis.input + axis.after)
    }

    pub fn is_padded(&self) -> bool {
        self.axes.iter().any(|axis| axis.before + axis.after > 0)
    }

    /// Height and width of a plane of the product, and of the result after pooling.
    pub fn made(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.output())
    }

    pub fn pooled(&self) -> [usize; 2] {
        let [height, width] = self.made();
        [height / self.window[0], width / self.window[1]]
    }

    pub fn is_pooled(&self) -> bool {
        self.window != [1, 1]
    }

    /// Blocks and rows of planes in a slab.
    fn slab(&self) -> (usize, usize) {
        let ([height, width], most) = (self.made(), SLAB / CHANNELS);
        let blocks = (most / area([height, width])).max(1);
        let rows = (most / width).clamp(1, height).next_multiple_of(self.window[0]);
        (blocks, if blocks > 1 { height } else { rows })
    }

    /// Floats of room that the gradient needs.
    pub fn room(&self) -> usize {
        let (blocks, rows) = self.slab();
        LANES * (LANES + CHANNELS * (CHUNK + blocks * rows * self.made()[1]))
    }
}

/// What forward and backward left of some rows of the batch, in blocks of sixteen.
#[derive(Clone, Copy)]
pub(super) struct Shard<'a> {
    /// Rows, without what fills the last block.
    pub rows: usize,
    /// Padded planes, `(groups * inner, height, width)`.
    pub x: &'a [f32],
    /// The gradient of the result, pooled, `(groups * outer, height, width)`.
    pub slopes: &'a [f32],
    /// Where in its window each number of the result was; empty where it was not pooled.
    pub places: &'a [f32],
}

/// The gradient of some weights.
pub(super) struct Gradient<'a, 'f> {
    pub sizes: Sizes,
    /// Rows of weights; without them, of one weight that multiplies 1 everywhere, which a bias is.
    pub taps: Option<Range<usize>>,
    /// Channels of the result, of all groups.
    pub channels: Range<usize>,
    /// How many shards the batch has, and each of them; all but the last have whole blocks.
    pub count: usize,
    pub shard: &'f dyn Fn(usize) -> Shard<'a>,
    /// Whether it is added to what `out` holds.
    pub keep: bool,
    /// `(taps, channels)`
    pub out: &'a mut [f32],
    /// At least [`Sizes::room`] floats.
    pub room: &'a mut [f32],
}

impl Op for Gradient<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { sizes, taps, channels, count, shard, keep, out, room } = self;
        let rows = taps.as_ref().map_or(1, Range::len);
        assert_eq!(out.len(), rows * channels.len(), "gradients of a convolution's weights");
        let mut offsets = [0; CHUNK];
        for (begin, length) in split(rows, CHUNK) {
            let offsets = &mut offsets[..length];
            if let Some(taps) = &taps {
                sizes.offsets(taps.start + begin, offsets);
            }
            for group in 0..sizes.groups {
                let own = channels.start.max(group * sizes.outer)..channels.end.min((group + 1) * sizes.outer);
                for (first, tile) in split(own.len(), tile::<S>().1) {
                    let first = own.start + first;
                    let (sums, room) = room.split_at_mut(length.next_multiple_of(LANES) * CHANNELS * LANES);
                    sums.fill(0.0);
                    let strip = Strip { sizes, offsets, ones: taps.is_none(), group, first, tile };
                    for i in 0..count {
                        strip.add(s, shard(i), sums, room);
                    }
                    let (sums, _) = sums.as_chunks();
                    for (at, sums) in sums.chunks(LANES).enumerate() {
                        let mut square = [s.zero(); LANES];
                        for (v, sum) in square.iter_mut().zip(sums) {
                            *v = s.load(sum);
                        }
                        let meet = s.lanes(s.sums(square));
                        for (i, sum) in meet.into_iter().enumerate().map(|(i, sum)| (at * LANES + i, sum)) {
                            if i < length * tile {
                                let at = (begin + i / tile) * channels.len() + first + i % tile - channels.start;
                                out[at] = if keep { out[at] + sum } else { sum };
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Sizes {
    /// Where the weights from `tap` on take from in the planes of a group, in floats, for the first place of the result.
    fn offsets(&self, tap: usize, offsets: &mut [usize]) {
        let ([tall, wide], [height, width]) = (self.axes, self.padded());
        for (tap, offset) in (tap..).zip(offsets) {
            let (channel, row, col) =
                (tap / wide.kernel / tall.kernel, tap / wide.kernel % tall.kernel, tap % wide.kernel);
            *offset = ((channel * height + row * tall.dilation) * width + col * wide.dilation) * LANES;
        }
    }
}

/// Weights times channels of a group whose sums wait.
struct Strip<'a> {
    sizes: Sizes,
    offsets: &'a [usize],
    /// Whether x is 1 everywhere.
    ones: bool,
    group: usize,
    /// The first channel, and how many.
    first: usize,
    tile: usize,
}

impl Strip<'_> {
    /// Adds what a shard gives to the sums `(weights, channels, 16)`.
    #[inline(always)]
    fn add<S: Simd>(&self, s: S, shard: Shard<'_>, sums: &mut [f32], room: &mut [f32]) {
        let (sizes, [height, width]) = (self.sizes, self.sizes.made());
        let plane = area(sizes.padded());
        let (inputs, outputs) = (sizes.groups * sizes.inner * plane, sizes.groups * sizes.outer * area(sizes.pooled()));
        let blocks = padded(shard.rows) / LANES;
        assert_eq!((shard.x.len(), shard.slopes.len()), (blocks * inputs * LANES, blocks * outputs * LANES), "a shard");
        let (most, rows) = sizes.slab();
        let whole = shard.rows / LANES;
        let mut block = 0;
        while block < blocks {
            // lanes that hold no row keep what they have, so a block that has such is taken by itself
            let (count, lanes) = match whole.saturating_sub(block) {
                0 => (1, shard.rows % LANES),
                left => (left.min(most), LANES),
            };
            for line in (0..height).step_by(rows) {
                let lines = line..height.min(line + rows);
                let (slopes, distances) = self.slopes(s, &shard, (block, count), lines.clone(), room);
                let [tall, wide] = sizes.axes;
                let across = sizes.padded()[1] * LANES;
                let from = (block * inputs + self.group * sizes.inner * plane) * LANES + line * tall.stride * across;
                let (x, steps) = if self.ones {
                    (&[1.0; LANES][..], [0; 3])
                } else {
                    (&shard.x[from..], [inputs * LANES, tall.stride * across, wide.stride * LANES])
                };
                let slab = Slab { extents: [count, lines.len(), width], x, steps, slopes, distances, lanes };
                slab.check(self.offsets, self.tile);
                let mut sums = &mut *sums;
                for (first, taps) in split(self.offsets.len(), tile::<S>().0) {
                    let (own, rest) = sums.split_at_mut(taps * self.tile * LANES);
                    slab.compute(s, &self.offsets[first..first + taps], self.tile, own);
                    sums = rest;
                }
            }
            block += count;
        }
    }

    /// The gradients of some rows of the planes of the channels in some blocks, and the distances from block to block and
    /// from channel to channel.
    #[inline(always)]
    fn slopes<'b, S: Simd>(
        &self,
        s: S,
        shard: &Shard<'b>,
        (block, count): (usize, usize),
        lines: Range<usize>,
        room: &'b mut [f32],
    ) -> (&'b [f32], [usize; 2]) {
        let (made, pooled) = (self.sizes.made(), area(self.sizes.pooled()));
        let all = self.sizes.groups * self.sizes.outer;
        let at = |b: usize, c: usize| (((block + b) * all + self.first + c) * pooled) * LANES;
        if !self.sizes.is_pooled() {
            return (&shard.slopes[at(0, 0) + lines.start * made[1] * LANES..], [all * pooled * LANES, pooled * LANES]);
        }
        let plane = lines.len() * made[1] * LANES;
        let each = (0..count).flat_map(|b| (0..self.tile).map(move |c| (b, c)));
        for ((b, c), out) in each.zip(room.chunks_exact_mut(plane)) {
            let own = at(b, c)..at(b, c) + pooled * LANES;
            let slopes = (&shard.slopes[own.clone()], &shard.places[own]);
            expand(s, slopes, (made, self.sizes.window), lines.clone(), out);
        }
        (room, [self.tile * plane, plane])
    }
}

/// Numbers of the result that are taken together: blocks, rows of the planes, places of a row.
#[derive(Clone, Copy)]
struct Slab<'a> {
    extents: [usize; 3],
    /// From where the first weight of a group takes for the first of them.
    x: &'a [f32],
    /// In `x`, from block to block, row to row and place to place.
    steps: [usize; 3],
    slopes: &'a [f32],
    /// In `slopes`, from block to block and channel to channel.
    distances: [usize; 2],
    /// Lanes that hold a row.
    lanes: usize,
}

impl Slab<'_> {
    /// That everything lies where it is taken from.
    fn check(&self, offsets: &[usize], channels: usize) {
        let [blocks, rows, places] = self.extents.map(|extent| extent - 1);
        let x = offsets.iter().max().expect("weights")
            + blocks * self.steps[0]
            + rows * self.steps[1]
            + places * self.steps[2];
        let slope =
            blocks * self.distances[0] + (channels - 1) * self.distances[1] + (rows * self.extents[2] + places) * LANES;
        assert!(x + LANES <= self.x.len() && slope + LANES <= self.slopes.len(), "{:?} of a slab", self.extents);
    }

    /// Adds to the sums of some weights `(weights, channels, 16)`.
    #[inline(always)]
    fn compute<S: Simd>(self, s: S, offsets: &[usize], channels: usize, sums: &mut [f32]) {
        match offsets.len() {
            1 => self.with_taps::<S, 1>(s, offsets, channels, sums),
            2 => self.with_taps::<S, 2>(s, offsets, channels, sums),
            3 => self.with_taps::<S, 3>(s, offsets, channels, sums),
            4 => self.with_taps::<S, 4>(s, offsets, channels, sums),
            5 => self.with_taps::<S, 5>(s, offsets, channels, sums),
            _ => self.with_taps::<S, TAPS>(s, offsets, channels, sums),
        }
    }

    #[inline(always)]
    fn with_taps<S: Simd, const T: usize>(self, s: S, offsets: &[usize], channels: usize, sums: &mut [f32]) {
        // constants, so that what no instruction set has registers for is not compiled for it
        if const { T > tile::<S>().0 } {
            unreachable!("{T} weights are more than there are registers");
        }
        let offsets = offsets.first_chunk().expect("as many as matched");
        match channels {
            1 => s.call(Kernel::<T, 1> { slab: self, offsets, sums }),
            2 => s.call(Kernel::<T, 2> { slab: self, offsets, sums }),
            3 if const { tile::<S>().1 > 2 } => s.call(Kernel::<T, 3> { slab: self, offsets, sums }),
            4 if const { tile::<S>().1 > 2 } => s.call(Kernel::<T, CHANNELS> { slab: self, offsets, sums }),
            _ => unreachable!("{channels} channels are more than there are registers"),
        }
    }
}

/// `T` weights of a window, `O` channels of the result. Made by [`Slab::compute`] alone, of a slab that was checked.
struct Kernel<'a, const T: usize, const O: usize> {
    slab: Slab<'a>,
    offsets: &'a [usize; T],
    sums: &'a mut [f32],
}

#[expect(clippy::needless_range_loop, reason = "constant loops over two indices are what is unrolled into registers")]
impl<const T: usize, const O: usize> Op for Kernel<'_, T, O> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { slab, offsets, sums } = self;
        let [blocks, rows, places] = slab.extents;
        let (sums, _) = sums.as_chunks_mut::<LANES>();
        assert_eq!(sums.len(), T * O, "sums of a tile");
        let mut acc = [[s.zero(); O]; T];
        for t in 0..T {
            for o in 0..O {
                acc[t][o] = s.load(&sums[t * O + o]);
            }
        }
        for block in 0..blocks {
            let mut slopes = slab.slopes.as_ptr().wrapping_add(block * slab.distances[0]);
            let begin = slab.x.as_ptr().wrapping_add(block * slab.steps[0]);
            for row in 0..rows {
                let mut x = [begin; T];
                for t in 0..T {
                    x[t] = begin.wrapping_add(row * slab.steps[1] + offsets[t]);
                }
                for place in 0..places {
                    let mut slope = [s.zero(); O];
                    for o in 0..O {
                        // SAFETY: the last block, row and place of the last channel are in the slab, as was checked.
                        slope[o] = unsafe { s.load_ptr(slopes.wrapping_add(o * slab.distances[1])) };
                    }
                    for t in 0..T {
                        // SAFETY: what the last of these weights takes from for the last of the places was checked.
                        let v = unsafe { s.load_ptr(x[t].wrapping_add(place * slab.steps[2])) };
                        for o in 0..O {
                            acc[t][o] = s.mul_add(v, slope[o], acc[t][o]);
                        }
                    }
                    slopes = slopes.wrapping_add(LANES);
                }
            }
        }
        for t in 0..T {
            for o in 0..O {
                match slab.lanes {
                    LANES => s.store(acc[t][o], &mut sums[t * O + o]),
                    lanes => s.store_part(acc[t][o], &mut sums[t * O + o][..lanes]),
                }
            }
        }
    }
}
