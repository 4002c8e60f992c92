//! `scale`: every number of a row times a factor, fixed or learned, one for all of them or each its own.

use std::ops::Range;

use kernels::member::Bounds;
use kernels::{elementwise, reduce};

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::{Chosen, Value};
use crate::nn::layer::{Draws, Io, Layer, Pass, Traces};
use crate::nn::params::{Role, Slot};
use crate::nn::place::Placing;

use super::PlaceLayer;

const BY: Kind = Kind::Either(&[
    Kind::Number(Bounds::Any),
    Kind::Word(&[("inverse_sqrt", "1/√n for rows of n numbers, as in the neural tangent parametrization")]),
]);

const LEARNED: Kind = Kind::Word(&[
    ("no", "the factor is fixed"),
    ("number", "one factor is learned"),
    ("vector", "a factor is learned for every number of a row"),
]);

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "scale",
            aliases: &["multiply"],
            summary: "every number of a row times a factor, fixed or learned",
            formula: "y = s x",
            source: "Jacot, Gabriel & Hongler 2018 (1/√n); Touvron et al. 2021 (learned)",
            keys: vec![
                Key::preset("by", BY, "1.0", "s, or what it starts from; a number or `\"inverse_sqrt\"`")
                    .or(&["factor"]),
                Key::preset("learned", LEARNED, "\"no\"", "whether s is learned").or(&["trainable"]),
            ],
            example: "{ type = \"scale\", by = 0.1, learned = \"vector\" }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let shape = placing.shape().clone();
    let width = shape.width();
    let by = match chosen.values.value("by") {
        Value::Number(by) => *by as f32,
        _ => (1.0 / libm::sqrt(width as f64)) as f32,
    };
    let factor = match chosen.values.text("learned") {
        "no" => Factor::Fixed(by),
        "number" => Factor::One(placing.slot("scale", Role::Factor(by), &[1], (1, 1))),
        _ => Factor::Each(placing.slot("scale", Role::Factor(by), &[width], (1, 1))),
    };
    placing.push(Box::new(Scale { width, factor }), shape);
    Some(())
}

#[derive(Debug)]
enum Factor {
    Fixed(f32),
    One(Slot),
    Each(Slot),
}

#[derive(Debug)]
struct Scale {
    width: usize,
    factor: Factor,
}

impl Scale {
    /// y = s x, and dx = s dy
    fn apply(&self, pass: &Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32]) {
        match &self.factor {
            Factor::Fixed(factor) => elementwise::times(pass.cpu, *factor, x, y),
            Factor::One(slot) => elementwise::times(pass.cpu, params[slot.offset], x, y),
            Factor::Each(slot) => elementwise::times_row(pass.cpu, &params[slot.range()], x, y),
        }
    }
}

impl Layer for Scale {
    fn forward(&self, pass: &mut Pass<'_>, params: &[f32], x: &[f32], y: &mut [f32], _kept: &mut [f32]) {
        self.apply(pass, params, x, y);
    }

    fn backward(&self, pass: &mut Pass<'_>, params: &[f32], io: Io<'_>, dx: &mut [f32], _kept: &mut [f32]) {
        if !dx.is_empty() {
            self.apply(pass, params, io.dy, dx);
        }
    }

    /// ds = the sum of x dy: over the rows for a vector; for a number over each row, and then row by row.
    fn gradients(&self, pass: &mut Pass<'_>, part: &Range<usize>, traces: &Traces<'_, '_>, grads: &mut [f32]) {
        let (Factor::One(slot) | Factor::Each(slot)) = &self.factor else { return };
        let Some((columns, within)) = slot.rows_within(part) else { return };
        let out = &mut grads[within];
        for shard in 0..traces.count {
            let trace = (traces.of)(shard);
            if let Factor::Each(_) = self.factor {
                let terms = (trace.x, trace.dy);
                reduce::column_dots(pass.cpu, terms, self.width, columns.clone(), slot.carries_on(shard), out);
            } else {
                let rows = trace.x.chunks_exact(self.width).zip(trace.dy.chunks_exact(self.width));
                let before = if slot.carries_on(shard) { out[0] } else { 0.0 };
                out[0] = rows.fold(before, |sum, (x, dy)| sum + reduce::dot(pass.cpu, x, dy));
            }
        }
    }

    fn reference(&self, params: &[f64], x: &[f64], _draws: Option<Draws>) -> Vec<f64> {
        let factor = |i: usize| match &self.factor {
            Factor::Fixed(factor) => f64::from(*factor),
            Factor::One(slot) => params[slot.offset],
            Factor::Each(slot) => params[slot.offset + i],
        };
        x.iter().enumerate().map(|(i, x)| factor(i) * x).collect()
    }
}
