//! Convolution (cross-correlation, as everywhere in deep learning): `y[o][p] = b[o] + Σ w[c][t][o] x[c][p s - pad + t d]` over the
//! channels `c` of the group of `o` and the numbers `t` of the window. Weights are stored `(inner, height, width, channels)`,
//! `inner` being the channels of a group: the transpose of PyTorch's, as everywhere here.

use std::ops::Range;

use super::product::{self, Product};
use super::weights::{Gradient, Sizes};
use super::{Axis, Run, Tap, each};
use crate::gemm::Scratch;
use crate::isa::Cpu;
use crate::reduce;

/// A convolution's sizes, and what each result of it takes, worked out once.
#[derive(Debug, Clone)]
pub struct Conv {
    sizes: Sizes,
    windows: (Vec<Vec<Tap>>, Vec<Run>),
    holders: (Vec<Vec<Tap>>, Vec<Run>),
}

impl Conv {
    /// From `inner` to `outer` channels in each of so many groups, the window moving over rows and columns; it must fit
    /// each axis at least once.
    pub fn new(axes: [Axis; 2], groups: usize, inner: usize, outer: usize) -> Self {
        assert!(axes.iter().all(|axis| axis.output() > 0), "a window of {axes:?} does not fit");
        let [tall, wide] = axes;
        Self {
            sizes: Sizes { axes, groups, inner, outer },
            windows: (each(&tall.windows()), wide.windows()),
            holders: (each(&tall.holders()), wide.holders()),
        }
    }

    /// Numbers of a row of input, and of output.
    pub fn widths(&self) -> (usize, usize) {
        self.sizes.widths()
    }

    /// Rows of the weights: numbers in a window of all channels of a group.
    pub fn taps(&self) -> usize {
        self.sizes.inner * self.sizes.axes[0].kernel * self.sizes.axes[1].kernel
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        self.sizes.groups * self.sizes.outer
    }

    /// Places of a resulting plane.
    pub fn places(&self) -> usize {
        self.sizes.axes[0].output() * self.sizes.axes[1].output()
    }

    /// Floats of [`Scratch::room`] that each of the functions needs at most.
    pub fn room(&self) -> usize {
        let (inputs, outputs) = self.widths();
        let forward = product::room(inputs, self.outputs());
        let backward = self.weights() + product::room(outputs, self.inputs());
        forward.max(backward).max(self.sizes.room())
    }

    fn weights(&self) -> usize {
        self.taps() * self.channels()
    }

    fn inputs(&self) -> [usize; 2] {
        self.sizes.axes.map(|axis| axis.input)
    }

    fn outputs(&self) -> [usize; 2] {
        self.sizes.axes.map(|axis| axis.output())
    }

    fn kernel(&self) -> [usize; 2] {
        self.sizes.axes.map(|axis| axis.kernel)
    }

    /// `y` `(B, out)` from `x` `(B, in)`: every number of it one chain from the bias over channels, rows and columns.
    pub fn forward(
        &self,
        cpu: Cpu,
        (weight, bias): (&[f32], Option<&[f32]>),
        x: &[f32],
        y: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let (rows, cols) = &self.windows;
        cpu.run(Product {
            rows,
            cols,
            from: self.inputs(),
            to: self.outputs(),
            kernel: self.kernel(),
            groups,
            inner,
            outer,
            weight,
            start: bias,
            x,
            y,
            room: scratch.room(self.room()),
        });
    }

    /// The gradient `dx` `(B, in)` of the input from `dy` `(B, out)`: one chain from zero over the output channels of the
    /// group and the places that the number was taken for, in order.
    pub fn backward(&self, cpu: Cpu, weight: &[f32], dy: &[f32], dx: &mut [f32], scratch: &mut Scratch) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let (rows, cols) = &self.holders;
        let (turned, room) = scratch.room(self.room()).split_at_mut(self.weights());
        self.turn(weight, turned);
        cpu.run(Product {
            rows,
            cols,
            from: self.outputs(),
            to: self.inputs(),
            kernel: self.kernel(),
            groups,
            inner: outer,
            outer: inner,
            weight: turned,
            start: None,
            x: dy,
            y: dx,
            room,
        });
    }

    /// The weights from `(inner, window, groups, outer)` to `(outer, window, groups, inner)`.
    fn turn(&self, weight: &[f32], turned: &mut [f32]) {
        let Sizes { groups, inner, outer, .. } = self.sizes;
        let window: usize = self.kernel().iter().product();
        for (at, weights) in weight.chunks_exact(outer).enumerate() {
            let (channel, tap, group) = (at / groups / window, at / groups % window, at % groups);
            for (o, weight) in weights.iter().enumerate() {
                turned[((o * window + tap) * groups + group) * inner + channel] = *weight;
            }
        }
    }

    /// The gradient of the weights in the rows `taps`, `(taps, channels)`: one chain over the rows of the batch and the
    /// places of each, in order, from zero or, with `keep`, from what `out` holds.
    pub fn weight_gradient(
        &self,
        cpu: Cpu,
        taps: Range<usize>,
        (x, dy): (&[f32], &[f32]),
        keep: bool,
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        assert!(taps.end <= self.taps(), "rows {taps:?} of {}", self.taps());
        cpu.run(Gradient { sizes: self.sizes, taps, x, dy, keep, out, room: scratch.room(self.sizes.room()) });
    }

    /// The gradient of the bias of some channels: the sums over the places of a row as [`reduce::sum`] has them, row by row,
    /// from zero or, with `keep`, from what `out` holds.
    pub fn bias_gradient(&self, cpu: Cpu, channels: Range<usize>, dy: &[f32], keep: bool, out: &mut [f32]) {
        if !keep {
            out.fill(0.0);
        }
        for row in dy.chunks_exact(self.widths().1) {
            for (out, channel) in out.iter_mut().zip(channels.clone()) {
                *out += reduce::sum(cpu, &row[channel * self.places()..][..self.places()]);
            }
        }
    }
}
