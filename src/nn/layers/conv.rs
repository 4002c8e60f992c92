//! `conv1d` and `conv2d`: the same small weighted sum at every place of a signal or an image (LeCun et al. 1989). A row is
//! `(channels, length)` or `(channels, height, width)`, as in PyTorch. Weights are stored `(C/groups * window, out)`, the
//! transpose of PyTorch's `(out, C/groups, window)`.

use std::ops::Range;

use kernels::isa::LANES;
use kernels::spatial::{self, Axis, Conv, Pool};

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::nn::activation::{ACTIVATIONS, build};
use crate::nn::chain::Work;
use crate::nn::layer::{Draws, Io, Layer, Layout, Pass, Trace, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::dense::MOST_WEIGHTS;
use super::window::{self, PADDINGS_OR_WORD, SIZES};
use super::{PlaceLayer, pool};

pub(super) fn one() -> Entry<PlaceLayer> {
    entry(
        "conv1d",
        &["convolution1d"],
        "the same weighted sum at every place of a signal, then an activation",
        "{ type = \"conv1d\", channels = 25, kernel_size = 5, stride = 2, padding = 1, activation = \"relu\" }",
        |chosen, placing| place(chosen, 1, placing),
    )
}

pub(super) fn two() -> Entry<PlaceLayer> {
    entry(
        "conv2d",
        &["convolution2d"],
        "the same weighted sum at every place of an image, then an activation",
        "{ type = \"conv2d\", channels = 8, kernel_size = 5, padding = \"same\", activation = \"relu\" }",
        |chosen, placing| place(chosen, 2, placing),
    )
}

fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    example: &str,
    build: PlaceLayer,
) -> Entry<PlaceLayer> {
    let function = Kind::Member { registry: || &*ACTIVATIONS, common: &[] };
    let groups = "parts that the channels fall into: each output channel sees the input channels of its part alone";
    Entry {
        about: About {
            name,
            aliases,
            summary,
            formula: "y[o][p] = f(b[o] + Σ W[o][c][t] x[c][stride p - padding + dilation t])",
            source: "LeCun et al. 1989; the names are PyTorch's",
            keys: vec![
                Key::required("channels", Kind::COUNT, "output channels").or(&["out_channels", "filters"]),
                Key::required("kernel_size", SIZES, "the window: a number for all axes, or one for each")
                    .or(&["kernel"]),
                Key::preset("stride", SIZES, "1", "how far the window moves at a time").or(&["strides"]),
                Key::preset(
                    "padding",
                    PADDINGS_OR_WORD,
                    "0",
                    "zeros before and after each axis, `\"same\"` or `\"valid\"`",
                ),
                Key::preset("dilation", SIZES, "1", "the distance between the numbers of a window")
                    .or(&["dilation_rate"]),
                Key::preset("groups", Kind::COUNT, "1", groups),
                Key::preset("bias", Kind::Flag, "true", "whether b is there").or(&["use_bias"]),
                Key::preset("activation", function, "\"identity\"", "f: `runner list activation`"),
            ],
            example: example.into(),
        },
        build,
    }
}

fn place(chosen: &Chosen, dims: usize, placing: &mut Placing<'_>) -> Option<()> {
    let (values, (inputs, extents)) = (&chosen.values, window::planes(chosen, dims, placing)?);
    let (channels, groups) = (values.count("channels"), values.count("groups"));
    if !inputs.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
        let message = format!("{groups} groups do not divide {inputs} input and {channels} output channels");
        placing.misfit(values.place("groups"), message, "take a divisor of both");
        return None;
    }
    let axes = axes(chosen, &extents, placing)?;
    let (inner, outer) = (inputs / groups, channels / groups);
    let window = axes[0].kernel * axes[1].kernel;
    let fits =
        |of: &[usize]| of.iter().try_fold(1_usize, |all, n| all.checked_mul(*n)).is_some_and(|n| n <= MOST_WEIGHTS);
    if !fits(&[inner, window, channels]) || !fits(&[channels, axes[0].output(), axes[1].output()]) {
        let message = format!("{channels} channels are more than {MOST_WEIGHTS} weights, or as many results of a row");
        placing.misfit(values.place("channels"), message, "give the layer fewer channels");
        return None;
    }
    let conv = Conv::new(axes, groups, inner, outer);
    let fan = (inner * window, channels * window);
    let kernel = axes[2 - dims..].iter().map(|axis| axis.kernel);
    let weight = placing.slot_with("weight", Role::Weight, &[conv.taps(), channels], fan, |slot| {
        slot.layout.extents = [channels, inner].into_iter().chain(kernel).collect();
    });
    let bias = values.flag("bias").then(|| placing.slot("bias", Role::Bias, &[channels], fan));
    let shape = Shape(window::shape(channels, &axes, dims));
    let conv = match values.member("activation") {
        function if function.name == "identity" => conv,
        function => conv.with_function(build(function)),
    };
    placing.push(Box::new(Convolution { conv, pool: None, axes, groups, weight, bias }), shape);
    Some(())
}

/// The window of a convolution over planes of these extents.
fn axes(chosen: &Chosen, extents: &[usize], placing: &mut Placing<'_>) -> Option<[Axis; 2]> {
    let dims = extents.len();
    let [kernel, stride, dilation] =
        ["kernel_size", "stride", "dilation"].map(|key| window::sizes(chosen, key, dims, placing));
    let (kernel, stride, dilation) = (kernel?, stride?, dilation?);
    let same = matches!(chosen.values.value("padding"), Value::Text(word) if word == "same");
    let padding = match chosen.values.value("padding") {
        Value::Text(_) => vec![0; dims],
        _ => window::sizes(chosen, "padding", dims, placing)?,
    };
    let of = |i: usize| {
        let (input, before) = (extents[i], padding[i]);
        let plain = Axis { input, kernel: kernel[i], stride: stride[i], before, after: before, dilation: dilation[i] };
        if !same {
            return plain;
        }
        let wanted = (input.div_ceil(plain.stride) - 1) * plain.stride + plain.span();
        let padding = wanted.saturating_sub(input);
        Axis { before: padding / 2, after: padding - padding / 2, ..plain }
    };
    window::axes(chosen, extents, of, placing)
}

#[derive(Debug)]
struct Convolution {
    conv: Conv,
    /// The pooling that it has taken over.
    pool: Option<Pool>,
    axes: [Axis; 2],
    groups: usize,
    weight: Slot,
    bias: Option<Slot>,
}

impl Layer for Convolution {
    fn layout(&self) -> Layout {
        Layout::Lanes
    }

    fn kept(&self) -> usize {
        self.conv.kept()
    }

    fn block(&self) -> usize {
        LANES
    }

    fn absorb(&mut self, pool: &Pool) -> bool {
        let does = self.conv.absorb(pool);
        self.pool = self.pool.take().or_else(|| does.then(|| pool.clone()));
        does
    }

    fn reads_output(&self) -> bool {
        true
    }

    fn room(&self) -> usize {
        self.conv.room()
    }

    fn work(&self) -> Option<Work> {
        Some(Work::products(self.conv.places() * self.weight.len()))
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let bias = self.bias.as_ref().map(|bias| &params[bias.range()]);
        self.conv.forward(pass.cpu, (&params[self.weight.range()], bias), x, (y, kept), pass.scratch);
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        self.conv.backward(pass.cpu, &params[self.weight.range()], (io.y, io.dy), (dx, kept), pass.scratch);
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let of = |shard: usize| {
            let Trace { rows, x, dy, kept } = (traces.of)(shard);
            spatial::Trace { rows, x, dy, kept }
        };
        let traces: spatial::Traces<'_, '_> = (traces.count, &of);
        if let Some((taps, within)) = self.weight.rows_within(part) {
            let keep = self.weight.carries_on(0);
            self.conv.weight_gradient(pass.cpu, taps, traces, (keep, &mut grads[within]), pass.scratch);
        }
        let Some(bias) = &self.bias else { return };
        if let Some((channels, within)) = bias.rows_within(part) {
            let keep = bias.carries_on(0);
            self.conv.bias_gradient(pass.cpu, channels, traces, (keep, &mut grads[within]), pass.scratch);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let ([tall, wide], channels) = (self.axes, self.conv.channels());
        let (weight, inner) = (&params[self.weight.range()], self.conv.taps() / (tall.kernel * wide.kernel));
        let result = |i: usize| {
            let (o, y, x0) = (i / self.conv.places(), i % self.conv.places() / wide.output(), i % wide.output());
            let group = o / (channels / self.groups);
            let mut sum = self.bias.as_ref().map_or(0.0, |bias| params[bias.offset + o]);
            for tap in 0..self.conv.taps() {
                let (c, row, col) =
                    (tap / wide.kernel / tall.kernel, tap / wide.kernel % tall.kernel, tap % wide.kernel);
                let row = (y * tall.stride + row * tall.dilation).wrapping_sub(tall.before);
                let col = (x0 * wide.stride + col * wide.dilation).wrapping_sub(wide.before);
                if row < tall.input && col < wide.input {
                    sum += weight[tap * channels + o] * x[((group * inner + c) * tall.input + row) * wide.input + col];
                }
            }
            self.conv.function().map_or(sum, |function| function.reference(sum))
        };
        let all: Vec<f64> = (0..channels * self.conv.places()).map(result).collect();
        match &self.pool {
            Some(pool) => pool::reference(pool, &all),
            None => all,
        }
    }
}
