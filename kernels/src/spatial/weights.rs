//! The gradient of a convolution's weights: every one is one chain of fused multiply-adds over the rows of the batch, and
//! within a row over the places of the result, in order. Output channels are in the lanes; a tile in registers is some
//! rows of a window times some of its columns, so that a number of the plane is loaded for every product, from near the
//! last one, and nothing is copied but the gradient of the result, transposed, and a plane with padding.

use std::ops::Range;

use super::Axis;
use crate::isa::{LANES, Op, Simd};

/// The most columns of a window in a tile.
const WIDE: usize = 7;
/// The most rows: one pointer each.
const TALL: usize = 6;

/// Blocks of sums that fit the registers.
const fn budget<S: Simd>() -> usize {
    S::ACCUMULATORS
}

/// The sizes of a convolution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub axes: [Axis; 2],
    pub groups: usize,
    /// Channels of a group: of the input, of the result.
    pub inner: usize,
    pub outer: usize,
}

impl Sizes {
    /// A plane with its padding.
    fn padded(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.before + axis.input + axis.after)
    }

    fn is_padded(&self) -> bool {
        self.axes.iter().any(|axis| axis.before + axis.after > 0)
    }

    fn places(&self) -> usize {
        self.axes[0].output() * self.axes[1].output()
    }

    /// Floats that a place of a group takes: whole blocks.
    fn lanes(&self) -> usize {
        self.outer.next_multiple_of(LANES)
    }

    /// Numbers of an input row, and of a resulting one.
    pub fn widths(&self) -> (usize, usize) {
        let channels = self.groups * self.inner;
        (channels * self.axes[0].input * self.axes[1].input, self.groups * self.outer * self.places())
    }

    /// Floats of room that the gradient needs.
    pub fn room(&self) -> usize {
        let planes =
            if self.is_padded() { self.groups * self.inner * self.padded().iter().product::<usize>() } else { 0 };
        planes.next_multiple_of(LANES) + self.groups * self.places() * self.lanes()
    }
}

/// The gradient of the weights `taps`, counted in rows of `groups * outer` weights.
pub(super) struct Gradient<'a> {
    pub sizes: Sizes,
    pub taps: Range<usize>,
    /// `(B, in)` and `(B, out)`.
    pub x: &'a [f32],
    pub dy: &'a [f32],
    /// Whether the chains go on from what `out` holds.
    pub keep: bool,
    /// `(taps, groups * outer)`
    pub out: &'a mut [f32],
    /// At least [`Sizes::room`] floats.
    pub room: &'a mut [f32],
}

impl Op for Gradient<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Self { sizes, taps, x, dy, keep, out, room } = self;
        let (inputs, outputs) = sizes.widths();
        let channels = sizes.groups * sizes.outer;
        assert_eq!(x.len() * outputs, dy.len() * inputs, "rows of a convolution");
        assert_eq!(out.len(), taps.len() * channels, "gradients of a convolution's weights");
        if !keep {
            out.fill(0.0);
        }
        let slopes_len = sizes.groups * sizes.places() * sizes.lanes();
        let (slopes, planes) = room.split_at_mut(slopes_len);
        // the padding stays as it is while rows come and go
        planes.fill(0.0);
        for (x, dy) in x.chunks_exact(inputs).zip(dy.chunks_exact(outputs)) {
            for group in 0..sizes.groups {
                let width = sizes.lanes() * sizes.places();
                let dy = &dy[group * sizes.outer * sizes.places()..][..sizes.outer * sizes.places()];
                transpose(s, dy, sizes.places(), &mut slopes[group * width..][..width]);
            }
            let planes = if sizes.is_padded() {
                pad(&sizes, x, planes);
                &*planes
            } else {
                x
            };
            for group in 0..sizes.groups {
                let width = sizes.lanes() * sizes.places();
                let plane = sizes.padded().iter().product::<usize>();
                let row = Row {
                    sizes,
                    x: &planes[group * sizes.inner * plane..][..sizes.inner * plane],
                    dy: &slopes[group * width..][..width],
                };
                row.add(s, &taps, &mut out[group * sizes.outer..], channels);
            }
        }
    }
}

/// `(channels, places)` as `(places, channels)` in whole blocks, zero past the last channel.
#[inline(always)]
fn transpose<S: Simd>(s: S, from: &[f32], places: usize, to: &mut [f32]) {
    let channels = from.len() / places;
    let width = channels.next_multiple_of(LANES);
    for channel in (0..channels).step_by(LANES) {
        for place in (0..places).step_by(LANES) {
            let mut square = [s.zero(); LANES];
            for (row, v) in from[channel * places..].chunks_exact(places).zip(&mut square) {
                *v = match row[place..].first_chunk() {
                    Some(whole) => s.load(whole),
                    None => s.load_part(&row[place..]),
                };
            }
            for (v, row) in s.transpose(square).into_iter().zip(to[place * width..].chunks_exact_mut(width)) {
                s.store(v, row[channel..].first_chunk_mut().expect("rows of whole blocks"));
            }
        }
    }
}

/// Copies the planes of a row into the middle of padded ones.
fn pad(sizes: &Sizes, x: &[f32], planes: &mut [f32]) {
    let ([tall, wide], [height, width]) = (sizes.axes, sizes.padded());
    let from = x.chunks_exact(tall.input * wide.input);
    for (plane, x) in planes.chunks_exact_mut(height * width).zip(from) {
        let lines = plane[tall.before * width..].chunks_mut(width);
        for (line, x) in lines.zip(x.chunks_exact(wide.input)) {
            line[wide.before..][..wide.input].copy_from_slice(x);
        }
    }
}

/// One group of one row of the batch.
#[derive(Clone, Copy)]
struct Row<'a> {
    sizes: Sizes,
    /// The padded planes.
    x: &'a [f32],
    /// `(places, lanes)`
    dy: &'a [f32],
}

impl Row<'_> {
    /// Adds the row's part to the gradients of the group's weights: `out` begins at the group's first channel of the first
    /// tap, `stride` is from tap to tap.
    #[inline(always)]
    fn add<S: Simd>(self, s: S, taps: &Range<usize>, out: &mut [f32], stride: usize) {
        let wide = self.sizes.axes[1].kernel;
        let mut tap = taps.start;
        while tap < taps.end {
            // what is left of this row of the window, and then rows of which all is wanted
            let (line, col) = (tap / wide, tap % wide);
            let cols = (wide - col).min(taps.end - tap);
            let lines = if cols == wide { (taps.end - tap) / wide } else { 1 };
            let out = &mut out[(tap - taps.start) * stride..];
            self.lines(s, (line, lines), col..col + cols, out, stride);
            tap += lines * cols;
        }
    }

    /// Rows of windows, counted through all channels, and the same columns of each.
    #[inline(always)]
    fn lines<S: Simd>(self, s: S, (first, count): (usize, usize), cols: Range<usize>, out: &mut [f32], stride: usize) {
        // numbers of a window that do not lie side by side are taken one by one
        let most = if self.sizes.axes[1].dilation == 1 { WIDE.min(budget::<S>()) } else { 1 };
        let (wide, blocks) = (self.sizes.axes[1].kernel, self.sizes.outer.div_ceil(LANES));
        let pieces = cols.len().div_ceil(most);
        let (small, larger) = (cols.len() / pieces, cols.len() % pieces);
        let mut col = cols.start;
        for piece in 0..pieces {
            let width = small + usize::from(piece < larger);
            for block in (0..blocks).step_by(2) {
                // two blocks of channels where they leave room for more than a few numbers
                let both = block + 1 < blocks && 2 * width <= budget::<S>();
                for block in if both { block..block + 1 } else { block..blocks.min(block + 2) } {
                    let blocks = if both { 2 } else { 1 };
                    let most = (budget::<S>() / (width * blocks)).clamp(1, TALL);
                    let groups = count.div_ceil(most);
                    let mut line = 0;
                    for group in 0..groups {
                        let lines = count / groups + usize::from(group < count % groups);
                        let at = (line * wide + col - cols.start) * stride;
                        let tile = Tile {
                            row: self,
                            first: first + line,
                            col,
                            block,
                            stride,
                            channels: self.sizes.outer - block * LANES,
                            out: &mut out[at..],
                        };
                        tile.compute(s, (lines, width, blocks));
                        line += lines;
                    }
                }
            }
            col += width;
        }
    }
}

/// Some rows and columns of a window, for one or two blocks of channels.
struct Tile<'a> {
    row: Row<'a>,
    first: usize,
    col: usize,
    /// The first block of channels, and the channels from it on.
    block: usize,
    channels: usize,
    stride: usize,
    /// From the first row and column on, at the group's first channel.
    out: &'a mut [f32],
}

impl Tile<'_> {
    #[inline(always)]
    fn compute<S: Simd>(self, s: S, (lines, width, blocks): (usize, usize, usize)) {
        match width {
            1 => self.with_width::<S, 1>(s, lines, blocks),
            2 => self.with_width::<S, 2>(s, lines, blocks),
            3 => self.with_width::<S, 3>(s, lines, blocks),
            4 => self.with_width::<S, 4>(s, lines, blocks),
            5 => self.with_width::<S, 5>(s, lines, blocks),
            6 => self.with_width::<S, 6>(s, lines, blocks),
            _ => self.with_width::<S, 7>(s, lines, blocks),
        }
    }

    #[inline(always)]
    fn with_width<S: Simd, const W: usize>(self, s: S, lines: usize, blocks: usize) {
        match lines {
            1 => self.with_lines::<S, 1, W>(s, blocks),
            2 => self.with_lines::<S, 2, W>(s, blocks),
            3 => self.with_lines::<S, 3, W>(s, blocks),
            4 => self.with_lines::<S, 4, W>(s, blocks),
            5 => self.with_lines::<S, 5, W>(s, blocks),
            _ => self.with_lines::<S, TALL, W>(s, blocks),
        }
    }

    #[inline(always)]
    fn with_lines<S: Simd, const H: usize, const W: usize>(self, s: S, blocks: usize) {
        // constants, so that kernels which no instruction set has registers for are not compiled for it
        if const { H * W <= budget::<S>() || H == 1 } && blocks == 1 {
            s.call(Kernel::<H, W, 1>(self));
        } else if const { 2 * H * W <= budget::<S>() } && blocks == 2 {
            s.call(Kernel::<H, W, 2>(self));
        } else {
            unreachable!("{H} rows of {W} in {blocks} blocks are more than there are registers");
        }
    }
}

/// `H` rows and `W` columns of a window, `B` blocks of channels.
struct Kernel<'a, const H: usize, const W: usize, const B: usize>(Tile<'a>);

#[expect(clippy::needless_range_loop, reason = "constant loops over indices are what is unrolled into registers")]
impl<const H: usize, const W: usize, const B: usize> Op for Kernel<'_, H, W, B> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let Tile { row, first, col, block, channels, stride, out } = self.0;
        let ([tall, wide], [height, width]) = (row.sizes.axes, row.sizes.padded());
        let (lanes, outputs) = (row.sizes.lanes(), [tall.output(), wide.output()]);
        // where each row of the window begins
        let start = |h: usize| {
            let (channel, line) = ((first + h) / tall.kernel, (first + h) % tall.kernel);
            (channel * height + line * tall.dilation) * width + col * wide.dilation
        };
        let last = start(H - 1) + (outputs[0] - 1) * tall.stride * width + (outputs[1] - 1) * wide.stride + W - 1;
        assert!(last < row.x.len() && row.dy.len() >= outputs[0] * outputs[1] * lanes && (block + B) * LANES <= lanes);
        assert!(W == 1 || wide.dilation == 1);
        let part = |b: usize| channels.saturating_sub(b * LANES).min(LANES);
        let mut acc = [[[s.zero(); B]; W]; H];
        for h in 0..H {
            for w in 0..W {
                for b in 0..B {
                    let at = (h * wide.kernel + w) * stride + (block + b) * LANES;
                    acc[h][w][b] = s.load_part(&out[at..at + part(b)]);
                }
            }
        }
        let mut dy = row.dy[block * LANES..].as_ptr();
        for y in 0..outputs[0] {
            let mut x = [row.x.as_ptr(); H];
            for h in 0..H {
                x[h] = row.x[start(h) + y * tall.stride * width..].as_ptr();
            }
            for _ in 0..outputs[1] {
                let mut slope = [s.zero(); B];
                for b in 0..B {
                    // SAFETY: there are as many rows of whole blocks in `dy` as places, checked above.
                    slope[b] = unsafe { s.load_ptr(dy.add(b * LANES)) };
                }
                for h in 0..H {
                    for w in 0..W {
                        // SAFETY: the last number of the last row's last window is in the planes, checked above; the
                        // others lie before it.
                        let x = s.splat(unsafe { *x[h].add(w) });
                        for b in 0..B {
                            acc[h][w][b] = s.mul_add(x, slope[b], acc[h][w][b]);
                        }
                    }
                }
                for h in 0..H {
                    x[h] = x[h].wrapping_add(wide.stride);
                }
                dy = dy.wrapping_add(lanes);
            }
        }
        for h in 0..H {
            for w in 0..W {
                for b in 0..B {
                    let at = (h * wide.kernel + w) * stride + (block + b) * LANES;
                    s.store_part(acc[h][w][b], &mut out[at..at + part(b)]);
                }
            }
        }
    }
}
