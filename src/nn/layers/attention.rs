//! `attention`: every step of a sequence looks at the steps of the same row, in several ways at once, and takes a mean of
//! what it sees. Queries, keys and values of all rows are one matrix product; what follows is a softmax over a square of
//! scores for each row and head.

use std::ops::Range;

use kernels::attention::{Sight, softmax, softmax_slope};
use kernels::gemm::{Mat, Start, gemm};

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::nn::chain::Work;
use crate::nn::gradients;
use crate::nn::layer::{Draws, Io, Layer, Pass, Trace, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::{PlaceLayer, dense};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "attention",
            aliases: &["multi_head_attention", "self_attention"],
            summary: "every step takes a mean of the steps that it looks at, in several ways at once",
            formula: "[Q K V] = x W_in + b_in; y = [softmax(Q_h K_hᵀ / √d) V_h for each head h] W_out + b_out, d = F / heads",
            source: "Vaswani et al. 2017; PyTorch, torch.nn.MultiheadAttention",
            keys: vec![
                Key::preset("heads", Kind::COUNT, "1", "ways of looking; they divide the features among them")
                    .or(&["num_heads"]),
                Key::preset("causal", Kind::Flag, "false", "whether a step sees none that follow it")
                    .or(&["is_causal"]),
                Key::preset("bias", Kind::Flag, "true", "whether b_in and b_out are there").or(&["use_bias"]),
            ],
            example: "{ type = \"attention\", heads = 3, causal = true }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let (values, (steps, features)) = (&chosen.values, super::sequence_with_lengths(chosen, placing)?);
    let heads = values.count("heads");
    if !features.is_multiple_of(heads) {
        let message = format!("{features} features cannot be divided among {heads} heads");
        let divisors: Vec<String> =
            (1..=features.min(64)).filter(|n| features.is_multiple_of(*n)).map(|n| n.to_string()).collect();
        placing.misfit(values.place("heads"), message, format!("take one of {}", divisors.join(", ")));
        return None;
    }
    if features.checked_mul(3 * features).is_none_or(|n| n > dense::MOST_WEIGHTS) {
        let message = format!("{features} features need more than {} weights", dense::MOST_WEIGHTS);
        placing.misfit(chosen.place, message, "give the layer before it fewer units");
        return None;
    }
    let fan = (features, features);
    // what torch.nn.MultiheadAttention starts from: Glorot's uniform distribution, biases of zero
    let input = placing.slot_with("in_proj_weight", Role::Weight, &[features, 3 * features], fan, |slot| {
        slot.fan_out = 3 * features;
        slot.fan_pytorch = features as f64 / 1.5;
    });
    let zero = |slot: &mut Slot| slot.fan_pytorch = f64::INFINITY;
    let with_bias = values.flag("bias");
    let input_bias = with_bias
        .then(|| placing.slot_with("in_proj_bias", Role::Bias, &[3 * features], (features, 3 * features), zero));
    let output = placing.slot("out_proj.weight", Role::Weight, &[features, features], fan);
    let output_bias = with_bias.then(|| placing.slot_with("out_proj.bias", Role::Bias, &[features], fan, zero));
    let shape = placing.shape().clone();
    let (causal, scale) = (values.flag("causal"), (1.0 / libm::sqrt((features / heads) as f64)) as f32);
    let layer = Attention { steps, features, heads, causal, scale, input, input_bias, output, output_bias };
    placing.push(Box::new(layer), shape);
    Some(())
}

#[derive(Debug)]
struct Attention {
    /// `T`
    steps: usize,
    /// `F`
    features: usize,
    heads: usize,
    causal: bool,
    /// `1 / √d`
    scale: f32,
    input: Slot,
    input_bias: Option<Slot>,
    output: Slot,
    output_bias: Option<Slot>,
}

/// What a row keeps.
struct Memories<X> {
    /// Queries, keys and values, `(T, 3 F)`.
    seen: X,
    /// What they become in the end, `(T, F)`, before the output product.
    mixed: X,
    /// The softmax, `(heads, T, T)`.
    shares: X,
    /// The gradient of `seen`.
    dseen: X,
    /// The gradient of `mixed`.
    dmixed: X,
    /// The gradient of the softmax of one head, `(T, T)`.
    slopes: X,
    /// A product of one head, `(T, d)`.
    product: X,
}

impl Attention {
    fn sizes(&self) -> [usize; 7] {
        let (t, f) = (self.steps, self.features);
        [3 * t * f, t * f, self.heads * t * t, 3 * t * f, t * f, t * t, t * self.depth()]
    }

    /// `d`
    fn depth(&self) -> usize {
        self.features / self.heads
    }

    fn own<'a>(&self, kept: &'a mut [f32], rows: usize) -> Memories<&'a mut [f32]> {
        let mut rest = kept;
        let [seen, mixed, shares, dseen, dmixed, slopes, product] =
            self.sizes().map(|size| rest.split_off_mut(..rows * size).expect("the layer's memory"));
        Memories { seen, mixed, shares, dseen, dmixed, slopes, product }
    }

    /// The mixed values of all steps, and the gradient of what they were made of.
    fn trace<'a>(&self, trace: Trace<'a>) -> (&'a [f32], &'a [f32]) {
        let rows = trace.kept.len() / self.kept();
        let [seen, mixed, shares, dseen, ..] = self.sizes();
        let mixed_at = rows * seen;
        let dseen_at = rows * (seen + mixed + shares);
        (&trace.kept[mixed_at..][..rows * mixed], &trace.kept[dseen_at..][..rows * dseen])
    }

    fn sight(&self, pass: &Pass<'_>, row: usize) -> Sight {
        let length = pass.lengths.get(row).map_or(self.steps, |length| *length as usize);
        Sight { steps: self.steps, length, causal: self.causal }
    }

    /// The queries (0), keys (1) or values (2) of a head, `(T, d)`, of a row `(T, 3 F)`.
    fn part<'a>(&self, of: &'a [f32], which: usize, head: usize) -> Mat<'a> {
        let first = which * self.features + head * self.depth();
        Mat::strided(&of[first..], self.steps, self.depth(), 3 * self.features, 1)
    }

    /// Writes a product of a head into its columns of rows `width` wide.
    fn put(&self, product: &[f32], to: &mut [f32], width: usize, first: usize) {
        for (from, to) in product.chunks_exact(self.depth()).zip(to.chunks_exact_mut(width)) {
            to[first..][..self.depth()].copy_from_slice(from);
        }
    }

    fn weight<'a>(&self, slot: &Slot, params: &'a [f32]) -> Mat<'a> {
        Mat::new(&params[slot.range()], self.features, slot.row())
    }

    fn start<'a>(bias: Option<&Slot>, params: &'a [f32]) -> Start<'a> {
        bias.map_or(Start::Zero, |bias| Start::Bias(&params[bias.range()]))
    }

    /// The gradients of one row's queries, keys and values from that of its mixed values.
    fn row_back(&self, pass: &mut Pass<'_>, sight: Sight, of: Memories<&mut [f32]>) {
        let (t, f, d) = (self.steps, self.features, self.depth());
        let Memories { seen, shares, dseen, dmixed, slopes, product, .. } = of;
        for (head, shares) in shares.chunks_exact(t * t).enumerate() {
            let dmixed = Mat::strided(&dmixed[head * d..], t, d, f, 1);
            gemm(pass.cpu, Start::Zero, dmixed, self.part(seen, 2, head).t(), slopes, pass.scratch);
            softmax_slope(pass.cpu, sight, self.scale, shares, slopes);
            let slopes = Mat::new(slopes, t, t);
            let products = [
                (slopes, self.part(seen, 1, head)),
                (slopes.t(), self.part(seen, 0, head)),
                (Mat::new(shares, t, t).t(), dmixed),
            ];
            for (which, (a, b)) in products.into_iter().enumerate() {
                gemm(pass.cpu, Start::Zero, a, b, product, pass.scratch);
                self.put(product, dseen, 3 * f, which * f + head * d);
            }
        }
    }
}

impl Layer for Attention {
    fn kept(&self) -> usize {
        self.sizes().iter().sum()
    }

    /// Only the product that makes queries, keys and values is one of the layer's input: the gradients of the others are
    /// always needed, where a factor is no weight those of both.
    fn work(&self) -> Option<Work> {
        let (weights, scores) = (self.steps * self.features * self.features, self.steps * self.steps * self.features);
        Some(Work { spared: 3 * weights, ..Work::products(4 * weights + 2 * scores) })
    }

    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], kept: &mut [f32]) {
        let (t, f, d) = (self.steps, self.features, self.depth());
        let rows = kept.len() / self.kept();
        let Memories { seen, mixed, shares, product, .. } = self.own(kept, rows);
        let start = Self::start(self.input_bias.as_ref(), params);
        gemm(pass.cpu, start, Mat::new(x, rows * t, f), self.weight(&self.input, params), seen, pass.scratch);
        for row in 0..rows {
            let sight = self.sight(pass, row);
            let (seen, mixed) = (&seen[row * 3 * t * f..][..3 * t * f], &mut mixed[row * t * f..][..t * f]);
            let shares = &mut shares[row * self.heads * t * t..][..self.heads * t * t];
            for (head, shares) in shares.chunks_exact_mut(t * t).enumerate() {
                let (queries, keys) = (self.part(seen, 0, head), self.part(seen, 1, head));
                gemm(pass.cpu, Start::Zero, queries, keys.t(), shares, pass.scratch);
                softmax(pass.cpu, sight, self.scale, shares);
                let product = &mut product[..t * d];
                let values = self.part(seen, 2, head);
                gemm(pass.cpu, Start::Zero, Mat::new(shares, t, t), values, product, pass.scratch);
                self.put(product, mixed, f, head * d);
            }
        }
        let start = Self::start(self.output_bias.as_ref(), params);
        gemm(pass.cpu, start, Mat::new(mixed, rows * t, f), self.weight(&self.output, params), y, pass.scratch);
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], kept: &mut [f32]) {
        let (t, f) = (self.steps, self.features);
        let rows = kept.len() / self.kept();
        let own = self.own(kept, rows);
        let weight = self.weight(&self.output, params).t();
        gemm(pass.cpu, Start::Zero, Mat::new(io.dy, rows * t, f), weight, own.dmixed, pass.scratch);
        let of = self.sizes();
        for row in 0..rows {
            let sight = self.sight(pass, row);
            let one = Memories {
                seen: &mut own.seen[row * of[0]..][..of[0]],
                mixed: &mut own.mixed[row * of[1]..][..of[1]],
                shares: &mut own.shares[row * of[2]..][..of[2]],
                dseen: &mut own.dseen[row * of[3]..][..of[3]],
                dmixed: &mut own.dmixed[row * of[4]..][..of[4]],
                slopes: &mut own.slopes[..of[5]],
                product: &mut own.product[..of[6]],
            };
            self.row_back(pass, sight, one);
        }
        if !dx.is_empty() {
            let weight = self.weight(&self.input, params).t();
            gemm(pass.cpu, Start::Zero, Mat::new(own.dseen, rows * t, 3 * f), weight, dx, pass.scratch);
        }
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let input = |shard: usize| ((traces.of)(shard).x, self.trace((traces.of)(shard)).1);
        let output = |shard: usize| (self.trace((traces.of)(shard)).0, (traces.of)(shard).dy);
        gradients::weight(pass, &self.input, part, traces.count, &input, grads);
        gradients::weight(pass, &self.output, part, traces.count, &output, grads);
        if let Some((input_bias, output_bias)) = self.input_bias.as_ref().zip(self.output_bias.as_ref()) {
            gradients::bias(pass, input_bias, part, 0..traces.count, &|shard| input(shard).1, grads);
            gradients::bias(pass, output_bias, part, 0..traces.count, &|shard| output(shard).1, grads);
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let (t, f, d) = (self.steps, self.features, self.depth());
        let product = |x: &[f64], slot: &Slot, bias: Option<&Slot>| -> Vec<f64> {
            let weight = &params[slot.range()];
            let element = |i: usize, j: usize| {
                let bias = bias.map_or(0.0, |bias| params[bias.offset + j]);
                bias + (0..f).map(|k| x[i * f + k] * weight[k * slot.row() + j]).sum::<f64>()
            };
            (0..t).flat_map(|i| (0..slot.row()).map(move |j| (i, j))).map(|(i, j)| element(i, j)).collect()
        };
        let seen = product(x, &self.input, self.input_bias.as_ref());
        let part = |which: usize, head: usize, step: usize| &seen[step * 3 * f + which * f + head * d..][..d];
        let mut mixed = vec![0.0; t * f];
        for (head, query) in (0..self.heads).flat_map(|head| (0..t).map(move |query| (head, query))) {
            let keys = 0..if self.causal { query + 1 } else { t };
            let score = |key: usize| -> f64 {
                let pairs = part(0, head, query).iter().zip(part(1, head, key));
                libm::exp(pairs.map(|(q, k)| q * k).sum::<f64>() / libm::sqrt(d as f64))
            };
            let total: f64 = keys.clone().map(score).sum();
            for (key, i) in keys.flat_map(|key| (0..d).map(move |i| (key, i))) {
                mixed[query * f + head * d + i] += score(key) / total * part(2, head, key)[i];
            }
        }
        product(&mixed, &self.output, self.output_bias.as_ref())
    }
}
