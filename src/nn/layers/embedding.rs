//! `embedding`: a learned vector for each of the symbols that a row names by their numbers. The gradient of a vector is a
//! sum over the places where its symbol stands, through the rows of the batch and, within a row, from its start.

use std::ops::Range;

use kernels::elementwise;

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::Chosen;
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::{PlaceLayer, dense};

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "embedding",
            aliases: &[],
            summary: "a learned vector for each symbol of a row",
            formula: "y[t] = W[x[t]]",
            source: "Bengio, Ducharme, Vincent & Jauvin 2003; PyTorch, torch.nn.Embedding",
            keys: vec![
                Key::required("units", Kind::COUNT, "numbers of a vector").or(&["embedding_dim", "output_dim"]),
                Key::optional(
                    "vocabulary",
                    Kind::COUNT,
                    "vectors, at least as many as the data has symbols; so many when not given",
                )
                .or(&["num_embeddings", "input_dim"]),
            ],
            example: "{ type = \"embedding\", units = 3 }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let values = &chosen.values;
    let Some(symbols) = placing.symbols() else {
        let message = "`embedding` reads the numbers of symbols, and these are other numbers";
        let hint = "let it be the first layer, on data that numbers its symbols: `text`, or `table` with `symbols = n`";
        placing.misfit(chosen.place, message, hint);
        return None;
    };
    let vocabulary = if values.has("vocabulary") { values.count("vocabulary") } else { symbols };
    if vocabulary < symbols {
        let message = format!("the data has {symbols} symbols, and `embedding` vectors for {vocabulary}");
        placing.misfit(values.place("vocabulary"), message, "leave `vocabulary` out, and there is one for each");
        return None;
    }
    let units = values.count("units");
    if vocabulary.checked_mul(units).is_none_or(|n| n > dense::MOST_WEIGHTS) {
        let message = format!("{vocabulary} symbols x {units} units is more than {} weights", dense::MOST_WEIGHTS);
        placing.misfit(values.place("units"), message, "give the layer fewer units");
        return None;
    }
    let weight = placing.slot("weight", Role::Embedding, &[vocabulary, units], (vocabulary, units));
    let shape = [placing.shape().0.as_slice(), &[units]].concat();
    placing.push(Box::new(Embedding { weight, units }), Shape(shape));
    Some(())
}

#[derive(Debug)]
struct Embedding {
    weight: Slot,
    units: usize,
}

impl Embedding {
    /// The symbol that a number of the data names, which was checked before training.
    fn symbol(&self, x: f32) -> usize {
        let symbol = x as usize;
        assert!(symbol < self.weight.extents[0], "symbol {x} of {}", self.weight.extents[0]);
        symbol
    }
}

impl Layer for Embedding {
    fn forward(&self, _pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        let vectors = &params[self.weight.range()];
        for (x, y) in x.iter().zip(y.chunks_exact_mut(self.units)) {
            y.copy_from_slice(&vectors[self.symbol(*x) * self.units..][..self.units]);
        }
    }

    /// There is no gradient of a symbol.
    fn backward(&self, _pass: &mut Pass<'_>, _params: &[f32], _io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        dx.fill(0.0);
    }

    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let Some((symbols, within)) = self.weight.rows_within(part) else { return };
        let grads = &mut grads[within];
        if !self.weight.carries_on(0) {
            grads.fill(0.0);
        }
        for shard in 0..traces.count {
            let trace = (traces.of)(shard);
            for (x, dy) in trace.x.iter().zip(trace.dy.chunks_exact(self.units)) {
                let symbol = self.symbol(*x);
                if symbols.contains(&symbol) {
                    elementwise::add_to(
                        pass.cpu,
                        dy,
                        &mut grads[(symbol - symbols.start) * self.units..][..self.units],
                    );
                }
            }
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let vectors = &params[self.weight.range()];
        x.iter().flat_map(|x| &vectors[*x as usize * self.units..][..self.units]).copied().collect()
    }
}
