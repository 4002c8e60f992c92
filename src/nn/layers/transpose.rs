//! `transpose`: two extents of every row change places: the steps and features of a sequence become the channels and places of
//! a signal, or the other way round.

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Item, Value};
use crate::nn::place::Placing;

use super::PlaceLayer;
use super::extent::{self, EXTENT};
use super::permute::Permute;

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "transpose",
            aliases: &["swap_axes", "swapaxes"],
            summary: "two extents of a row change places",
            formula: "y[.., j, .., i, ..] = x[.., i, .., j, ..]",
            source: "the name is PyTorch's; here the batch is no extent of a row",
            keys: vec![
                Key::preset(
                    "extents",
                    Kind::List { of: &EXTENT, least: 2 },
                    "[0, 1]",
                    "the two, counted from 0, or from -1 for the last",
                )
                .or(&["axes", "dims"]),
            ],
            example: "\"transpose\"".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let written = chosen.values.list("extents");
    let [a, b] = written else {
        let (at, count) = (chosen.values.place("extents"), written.len());
        placing.misfit(at, format!("two extents change places, and these are {count}"), "write two of them");
        return None;
    };
    let shape = placing.shape().clone();
    // the place of a default's elements would be a place in the default
    let list = chosen.values.place("extents");
    let mut at = |item: &Item| match item.value {
        Value::Whole(written) => extent::at(written, list, &shape, placing),
        ref other => unreachable!("extents are integers: {other:?}"),
    };
    let (a, b) = (at(a), at(b));
    let (a, b) = (a?, b?);
    let order = order(&shape, a, b);
    let mut extents = shape.0;
    extents.swap(a, b);
    placing.push(Box::new(Permute { order }), Shape(extents));
    Some(())
}

/// Which number of a row of this shape comes first, second, ... when two extents have changed places.
fn order(shape: &Shape, a: usize, b: usize) -> Vec<usize> {
    // how far numbers that are neighbours along an extent are from each other
    let mut strides: Vec<usize> = (0..shape.0.len()).map(|i| shape.0[i + 1..].iter().product()).collect();
    let mut extents = shape.0.clone();
    extents.swap(a, b);
    strides.swap(a, b);
    let mut order = vec![0];
    for (extent, stride) in extents.into_iter().zip(strides) {
        order = order.into_iter().flat_map(|from| (0..extent).map(move |i| from + i * stride)).collect();
    }
    order
}
