//! Pooling, `max_pool1d` to `l2_pool2d`: a window of each channel to a number: its largest, its mean, or the root of the sum of
//! its squares. Windows lie side by side unless a stride is said; `kernel_size = "global"` is all of a channel.

use kernels::spatial::{Axis, Pool, Pooling};

use crate::base::key::Key;
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::nn::layer::{Draws, Io, Layer, Layout, Pass};
use crate::nn::place::Placing;

use super::PlaceLayer;
use super::window::{self, PADDINGS, SIZES, SIZES_OR_GLOBAL};

pub(super) fn entries() -> Vec<Entry<PlaceLayer>> {
    let max = "y[p] = max x[stride p - padding + dilation t]";
    let average = "y[p] = Σ x[stride p - padding + t] / n, n the numbers of a window, padding included";
    let norm = "y[p] = √(Σ x[stride p + t]²)";
    vec![
        entry(
            "max_pool1d",
            &["max_pooling1d"],
            "the largest number of each window of a signal",
            max,
            |chosen, placing| place(chosen, (Pooling::Max, 1), placing),
        ),
        entry(
            "max_pool2d",
            &["max_pooling2d"],
            "the largest number of each window of an image",
            max,
            |chosen, placing| place(chosen, (Pooling::Max, 2), placing),
        ),
        entry(
            "avg_pool1d",
            &["average_pooling1d"],
            "the mean of each window of a signal",
            average,
            |chosen, placing| place(chosen, (Pooling::Average, 1), placing),
        ),
        entry(
            "avg_pool2d",
            &["average_pooling2d"],
            "the mean of each window of an image",
            average,
            |chosen, placing| place(chosen, (Pooling::Average, 2), placing),
        ),
        entry("l2_pool1d", &["lp_pool1d"], "the length of each window of a signal", norm, |chosen, placing| {
            place(chosen, (Pooling::Norm, 1), placing)
        }),
        entry("l2_pool2d", &["lp_pool2d"], "the length of each window of an image", norm, |chosen, placing| {
            place(chosen, (Pooling::Norm, 2), placing)
        }),
    ]
}

fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    formula: &'static str,
    build: PlaceLayer,
) -> Entry<PlaceLayer> {
    let size = "the window: a number for all axes, one for each, or `\"global\"`";
    let mut keys = vec![
        Key::required("kernel_size", SIZES_OR_GLOBAL, size).or(&["pool_size", "kernel"]),
        Key::optional("stride", SIZES, "how far the window moves at a time, instead of its own size").or(&["strides"]),
    ];
    let source = if name.starts_with("l2") {
        "Sermanet, Chintala & LeCun 2012; PyTorch's LPPool of norm_type 2"
    } else {
        let what = "places before and after each axis, at most half of the window";
        keys.push(Key::preset("padding", PADDINGS, "0", what));
        "Zhou & Chellappa 1988; the name is PyTorch's"
    };
    if name.starts_with("max") {
        keys.push(Key::preset("dilation", SIZES, "1", "the distance between the numbers of a window"));
    }
    let example = format!("{{ type = \"{name}\", kernel_size = 2 }}");
    Entry { about: About { name, aliases, summary, formula, source, keys, example }, build }
}

fn place(chosen: &Chosen, (pooling, dims): (Pooling, usize), placing: &mut Placing<'_>) -> Option<()> {
    let (channels, extents) = window::planes(chosen, dims, placing)?;
    let global = matches!(chosen.values.value("kernel_size"), Value::Text(_));
    let kernel = if global { extents.clone() } else { window::sizes(chosen, "kernel_size", dims, placing)? };
    let known = |key: &str| chosen.values.items.iter().any(|(name, _)| *name == key) && chosen.values.has(key);
    let mut read = |key: &str, otherwise: Vec<usize>| {
        if known(key) { window::sizes(chosen, key, dims, placing) } else { Some(otherwise) }
    };
    let (stride, padding) = (read("stride", kernel.clone())?, read("padding", vec![0; dims])?);
    let dilation = read("dilation", vec![1; dims])?;
    if let Some(i) = (0..dims).find(|i| padding[*i] > kernel[*i] / 2) {
        let message = format!("a padding of {} is more than half of a window of {}", padding[i], kernel[i]);
        placing.misfit(chosen.values.place("padding"), message, "some windows would hold nothing but padding");
        return None;
    }
    let of = |i: usize| Axis {
        input: extents[i],
        kernel: kernel[i],
        stride: stride[i],
        before: padding[i],
        after: padding[i],
        dilation: dilation[i],
    };
    let axes = window::axes(chosen, &extents, of, placing)?;
    let shape = Shape(window::shape(channels, &axes, dims));
    let pool = Pool::new(pooling, axes, channels);
    if !placing.absorb(&pool, &shape) {
        placing.push(Box::new(Pooled { pool }), shape);
    }
    Some(())
}

#[derive(Debug)]
struct Pooled {
    pool: Pool,
}

impl Layer for Pooled {
    fn layout(&self) -> Layout {
        Layout::Lanes
    }

    fn reads_output(&self) -> bool {
        true
    }

    fn kept(&self) -> usize {
        self.pool.kept()
    }

    fn forward(&self, pass: &mut Pass<'_>, _params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        self.pool.forward(pass.cpu, x, y, kept);
    }

    fn backward(&self, pass: &mut Pass<'_>, _params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        if !dx.is_empty() {
            self.pool.backward(pass.cpu, (io.x, io.y, kept), io.dy, dx);
        }
    }

    fn reference(&self, _params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        reference(&self.pool, x)
    }
}

/// The pooling of one row in f64.
pub(super) fn reference(pool: &Pool, x: &[f64]) -> Vec<f64> {
    let [tall, wide] = pool.axes();
    let places = tall.output() * wide.output();
    let result = |i: usize| {
        let (channel, y, x0) = (i / places, i % places / wide.output(), i % wide.output());
        let tap = |tap: usize| {
            let row = (y * tall.stride + tap / wide.kernel * tall.dilation).wrapping_sub(tall.before);
            let col = (x0 * wide.stride + tap % wide.kernel * wide.dilation).wrapping_sub(wide.before);
            (row < tall.input && col < wide.input).then(|| x[(channel * tall.input + row) * wide.input + col])
        };
        let taps = tall.kernel * wide.kernel;
        let window = (0..taps).filter_map(tap);
        match pool.pooling() {
            Pooling::Max => window.fold(f64::NEG_INFINITY, f64::max),
            Pooling::Average => window.sum::<f64>() / taps as f64,
            Pooling::Norm => libm::sqrt(window.map(|x| x * x).sum()),
        }
    };
    (0..pool.widths().1).map(result).collect()
}
