//! Convolution (cross-correlation, as everywhere in deep learning): `z[o][p] = b[o] + Σ w[c][t][o] x[c][p s - pad + t d]` over the
//! channels `c` of the group of `o` and the numbers `t` of the window; then, if there is one, a function `y = f(z)`, and the
//! largest y of windows side by side. Weights are stored `(inner, height, width, channels)`, `inner` being the channels of a
//! group: the transpose of PyTorch's, as everywhere here. Rows of a batch are in blocks of sixteen: see [`spread`](super::spread).

use std::fmt;
use std::ops::Range;

use super::finish::{Finish, expand};
use super::pool::{Pool, Pooling};
use super::product::{self, Product, area};
use super::weights::{self, Gradient, Sizes};
use super::{Axis, Run, Tap, each};
use crate::activation::Activation;
use crate::gemm::Scratch;
use crate::isa::{Cpu, LANES, Op, Simd};

/// A convolution's sizes, what each result of it takes, worked out once, and what becomes of the results.
pub struct Conv {
    sizes: Sizes,
    windows: (Vec<Vec<Tap>>, Vec<Run>),
    holders: (Vec<Vec<Tap>>, Vec<Run>),
    function: Option<Box<dyn Activation>>,
}

impl fmt::Debug for Conv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conv").field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

/// What a convolution left of some rows of a batch, in blocks of sixteen: what the gradients of its parameters are made from.
#[derive(Clone, Copy)]
pub struct Trace<'a> {
    /// Rows, without what fills the last block.
    pub rows: usize,
    /// The input.
    pub x: &'a [f32],
    /// The gradient of the output.
    pub dy: &'a [f32],
    /// What [`Conv::forward`] and [`Conv::backward`] kept.
    pub kept: &'a [f32],
}

/// The traces of a batch, in the order of their rows: how many, and each of them. All but the last have whole blocks.
pub type Traces<'a, 'f> = (usize, &'f dyn Fn(usize) -> Trace<'a>);

/// What is kept of a row.
struct Kept<T> {
    /// Padded planes; nothing where there is no padding.
    x: T,
    /// Results before the function, of a window the one that was the largest; nothing without a function.
    z: T,
    /// Which of its window that was; nothing without windows.
    places: T,
    /// The gradient of z, made on the way back; nothing without a function.
    slopes: T,
}

impl Conv {
    /// From `inner` to `outer` channels in each of so many groups, the window moving over rows and columns; it must fit
    /// each axis at least once.
    pub fn new(axes: [Axis; 2], groups: usize, inner: usize, outer: usize) -> Self {
        assert!(axes.iter().all(|axis| axis.output() > 0), "a window of {axes:?} does not fit");
        let [tall, wide] = axes;
        Self {
            sizes: Sizes { axes, groups, inner, outer, window: [1, 1] },
            windows: (each(&tall.windows()), wide.windows()),
            holders: (each(&tall.holders()), wide.holders()),
            function: None,
        }
    }

    /// The same with a function of every result.
    #[must_use]
    pub fn with_function(self, function: Box<dyn Activation>) -> Self {
        Self { function: Some(function), ..self }
    }

    /// That function.
    pub fn function(&self) -> Option<&dyn Activation> {
        self.function.as_deref()
    }

    /// Takes over the pooling of its results, where it can do both at once: the largest of windows side by side, without
    /// padding. Says whether it did.
    pub fn absorb(&mut self, pool: &Pool) -> bool {
        let axes = pool.axes();
        let beside = |axis: &Axis| axis.stride == axis.kernel && axis.dilation == 1 && axis.before + axis.after == 0;
        let can = pool.pooling() == Pooling::Max && axes.iter().all(beside) && !self.sizes.is_pooled();
        if can {
            assert_eq!(axes.map(|axis| axis.input), self.sizes.made(), "a pooling of other planes");
            self.sizes.window = axes.map(|axis| axis.kernel);
        }
        can
    }

    /// Numbers of a row of input, and of output.
    pub fn widths(&self) -> (usize, usize) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        (groups * inner * area(self.inputs()), groups * outer * area(self.sizes.pooled()))
    }

    /// Rows of the weights: numbers in a window of all channels of a group.
    pub fn taps(&self) -> usize {
        self.sizes.inner * area(self.kernel())
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        self.sizes.groups * self.sizes.outer
    }

    /// Places of a plane of results before they are pooled.
    pub fn places(&self) -> usize {
        area(self.sizes.made())
    }

    /// Floats per row that [`Conv::forward`] and [`Conv::backward`] keep.
    pub fn kept(&self) -> usize {
        let Kept { x, z, places, slopes } = self.sizes_kept();
        x + z + places + slopes
    }

    fn sizes_kept(&self) -> Kept<usize> {
        let (sizes, outputs) = (&self.sizes, self.widths().1);
        let function = if self.function.is_some() { outputs } else { 0 };
        Kept {
            x: if sizes.is_padded() { sizes.groups * sizes.inner * area(sizes.padded()) } else { 0 },
            z: function,
            places: if sizes.is_pooled() { outputs } else { 0 },
            slopes: function,
        }
    }

    fn kept_of<'a>(&self, kept: &'a [f32]) -> Kept<&'a [f32]> {
        let (sizes, blocks) = (self.sizes_kept(), kept.len() / self.kept().max(1));
        let (x, kept) = kept.split_at(sizes.x * blocks);
        let (z, kept) = kept.split_at(sizes.z * blocks);
        let (places, slopes) = kept.split_at(sizes.places * blocks);
        Kept { x, z, places, slopes }
    }

    fn kept_of_mut<'a>(&self, kept: &'a mut [f32]) -> Kept<&'a mut [f32]> {
        let (sizes, blocks) = (self.sizes_kept(), kept.len() / self.kept().max(1));
        let (x, kept) = kept.split_at_mut(sizes.x * blocks);
        let (z, kept) = kept.split_at_mut(sizes.z * blocks);
        let (places, slopes) = kept.split_at_mut(sizes.places * blocks);
        Kept { x, z, places, slopes }
    }

    /// Floats of [`Scratch::room`] that each of the functions needs at most.
    pub fn room(&self) -> usize {
        let forward = product::room(self.sizes.made(), &self.windows.1, self.sizes.window[0]);
        forward.max(self.weights() + self.expanded()).max(self.sizes.room())
    }

    /// Room for the gradients of all results of the blocks that are worked on together, where they are pooled.
    fn expanded(&self) -> usize {
        let all = product::at_once(&self.holders.1) * self.channels() * self.places() * LANES;
        if self.sizes.is_pooled() { all } else { 0 }
    }

    fn weights(&self) -> usize {
        self.taps() * self.channels()
    }

    fn inputs(&self) -> [usize; 2] {
        self.sizes.axes.map(|axis| axis.input)
    }

    fn kernel(&self) -> [usize; 2] {
        self.sizes.axes.map(|axis| axis.kernel)
    }

    /// `y` from `x`: every number of z one chain from the bias over channels, rows and columns.
    pub fn forward(
        &self,
        cpu: Cpu,
        (weight, bias): (&[f32], Option<&[f32]>),
        x: &[f32],
        (y, kept): (&mut [f32], &mut [f32]),
        scratch: &mut Scratch,
    ) {
        let (inputs, outputs) = self.widths();
        assert_eq!(x.len() * outputs, y.len() * inputs, "rows of a convolution");
        assert_eq!(kept.len() * outputs, y.len() * self.kept(), "what a convolution keeps");
        let kept = self.kept_of_mut(kept);
        if self.sizes.is_padded() {
            self.pad(x, kept.x);
        }
        let function = self.function.as_deref();
        let finish = match function {
            _ if self.sizes.is_pooled() => {
                let (window, z, taps) = (self.sizes.window, kept.z, kept.places);
                Finish::Pool { cpu, function, window, y, taps, z }
            }
            Some(function) => Finish::Function { cpu, function, z: kept.z, y },
            None => Finish::Plain(y),
        };
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let (rows, cols) = &self.windows;
        cpu.run(Product {
            rows,
            cols,
            from: self.inputs(),
            to: self.sizes.made(),
            kernel: self.kernel(),
            groups,
            inner,
            outer,
            weight,
            start: bias,
            x,
            finish,
            room: scratch.room(self.room()),
        });
    }

    /// Copies planes into the middle of padded ones.
    fn pad(&self, x: &[f32], planes: &mut [f32]) {
        let ([tall, wide], [height, width]) = (self.sizes.axes, self.sizes.padded());
        let from = x.chunks_exact(tall.input * wide.input * LANES);
        for (plane, x) in planes.chunks_exact_mut(height * width * LANES).zip(from) {
            let (before, rest) = plane.split_at_mut(tall.before * width * LANES);
            let (lines, after) = rest.split_at_mut(tall.input * width * LANES);
            before.fill(0.0);
            after.fill(0.0);
            for (line, x) in lines.chunks_exact_mut(width * LANES).zip(x.chunks_exact(wide.input * LANES)) {
                let (before, rest) = line.split_at_mut(wide.before * LANES);
                let (middle, after) = rest.split_at_mut(x.len());
                before.fill(0.0);
                middle.copy_from_slice(x);
                after.fill(0.0);
            }
        }
    }

    /// The gradient `dx` of the input from `dy`: one chain from zero over the output channels of the group and the places
    /// that the number was taken for, in order. An empty `dx` is not made. What the parameters' gradients need is kept.
    pub fn backward(
        &self,
        cpu: Cpu,
        weight: &[f32],
        (y, dy): (&[f32], &[f32]),
        (dx, kept): (&mut [f32], &mut [f32]),
        scratch: &mut Scratch,
    ) {
        let (inputs, outputs) = self.widths();
        assert!(dx.is_empty() || dx.len() * outputs == dy.len() * inputs, "rows of a convolution");
        assert_eq!(kept.len() * outputs, dy.len() * self.kept(), "what a convolution keeps");
        let kept = self.kept_of_mut(kept);
        let slopes = match &self.function {
            Some(function) => {
                function.backward(cpu, kept.z, y, dy, kept.slopes);
                &*kept.slopes
            }
            None => dy,
        };
        if dx.is_empty() {
            return;
        }
        let (turned, room) = scratch.room(self.room()).split_at_mut(self.weights());
        self.turn(weight, turned);
        if !self.sizes.is_pooled() {
            return self.onto(cpu, turned, slopes, dx);
        }
        let together = product::at_once(&self.holders.1) * LANES;
        let slopes = slopes.chunks(together * outputs).zip(kept.places.chunks(together * outputs));
        for ((slopes, places), dx) in slopes.zip(dx.chunks_mut(together * inputs)) {
            let all = &mut room[..dx.len() / inputs * self.channels() * self.places()];
            cpu.run(Expand { sizes: self.sizes, slopes, places, out: all });
            self.onto(cpu, turned, all, dx);
        }
    }

    /// `dx` from the gradients of all results before pooling.
    fn onto(&self, cpu: Cpu, turned: &[f32], slopes: &[f32], dx: &mut [f32]) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let (rows, cols) = &self.holders;
        cpu.run(Product {
            rows,
            cols,
            from: self.sizes.made(),
            to: self.inputs(),
            kernel: self.kernel(),
            groups,
            inner: outer,
            outer: inner,
            weight: turned,
            start: None,
            x: slopes,
            finish: Finish::Plain(dx),
            room: &mut [],
        });
    }

    /// The weights from `(inner, window, groups, outer)` to `(outer, window, groups, inner)`.
    fn turn(&self, weight: &[f32], turned: &mut [f32]) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let window = area(self.kernel());
        for (at, weights) in weight.chunks_exact(outer).enumerate() {
            let (channel, tap, group) = (at / groups / window, at / groups % window, at % groups);
            for (o, weight) in weights.iter().enumerate() {
                turned[((o * window + tap) * groups + group) * inner + channel] = *weight;
            }
        }
    }

    /// The gradient of the weights in the rows `taps`, `(taps, channels)`: in every lane one chain from zero over the blocks of
    /// the batch and the places of each, in order, padding counting as zeros; then the lanes by the fixed tree of
    /// [`Simd::sum`](crate::isa::Simd::sum). With `keep` it is added to what `out` holds.
    pub fn weight_gradient(
        &self,
        cpu: Cpu,
        taps: Range<usize>,
        traces: Traces<'_, '_>,
        (keep, out): (bool, &mut [f32]),
        scratch: &mut Scratch,
    ) {
        assert!(taps.end <= self.taps(), "rows {taps:?} of {}", self.taps());
        self.gradient(cpu, (Some(taps), 0..self.channels()), traces, (keep, out), scratch);
    }

    /// The gradient of the bias of some channels: the same sums of the results' gradients.
    pub fn bias_gradient(
        &self,
        cpu: Cpu,
        channels: Range<usize>,
        traces: Traces<'_, '_>,
        (keep, out): (bool, &mut [f32]),
        scratch: &mut Scratch,
    ) {
        assert!(channels.end <= self.channels(), "channels {channels:?} of {}", self.channels());
        self.gradient(cpu, (None, channels), traces, (keep, out), scratch);
    }

    fn gradient(
        &self,
        cpu: Cpu,
        (taps, channels): (Option<Range<usize>>, Range<usize>),
        (count, of): Traces<'_, '_>,
        (keep, out): (bool, &mut [f32]),
        scratch: &mut Scratch,
    ) {
        let shard = |i: usize| {
            let trace = of(i);
            let kept = self.kept_of(trace.kept);
            weights::Shard {
                rows: trace.rows,
                x: if self.sizes.is_padded() { kept.x } else { trace.x },
                slopes: if self.function.is_some() { kept.slopes } else { trace.dy },
                places: kept.places,
            }
        };
        let (sizes, room) = (self.sizes, scratch.room(self.room()));
        cpu.run(Gradient { sizes, taps, channels, count, shard: &shard, keep, out, room });
    }
}

/// The gradients of all results from those of what was the largest in its window.
struct Expand<'a> {
    sizes: Sizes,
    slopes: &'a [f32],
    places: &'a [f32],
    out: &'a mut [f32],
}

impl Op for Expand<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let (made, pooled) = (self.sizes.made(), area(self.sizes.pooled()) * LANES);
        let slopes = self.slopes.chunks_exact(pooled).zip(self.places.chunks_exact(pooled));
        for (slopes, out) in slopes.zip(self.out.chunks_exact_mut(area(made) * LANES)) {
            expand(s, slopes, (made, self.sizes.window), 0..made[0], out);
        }
    }
}
