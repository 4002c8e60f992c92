//! `reshape`: the numbers of a row as a row of another shape, in the same order: what a sequence or an image is made of
//! numbers that lie in a line by.

use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Item, Value};
use crate::nn::place::Placing;

use super::PlaceLayer;
use super::flatten::Same;

pub(super) fn entry() -> Entry<PlaceLayer> {
    Entry {
        about: About {
            name: "reshape",
            aliases: &["unflatten"],
            summary: "the numbers of a row as a row of another shape",
            formula: "y = x",
            source: "",
            keys: vec![
                Key::required(
                    "shape",
                    Kind::List { of: &Kind::COUNT, least: 1 },
                    "the extents: [steps, features] of a sequence, [channels, height, width] of an image",
                )
                .or(&["target_shape", "unflattened_size"]),
            ],
            example: "{ type = \"reshape\", shape = [6, 3] }".into(),
        },
        build: place,
    }
}

fn place(chosen: &Chosen, placing: &mut Placing<'_>) -> Option<()> {
    let extent = |item: &Item| match item.value {
        Value::Whole(extent) => extent.unsigned_abs() as usize,
        ref other => unreachable!("extents are counts: {other:?}"),
    };
    let shape = Shape(chosen.values.list("shape").iter().map(extent).collect());
    let width = placing.shape().width();
    let given = shape.0.iter().try_fold(1_usize, |all, extent| all.checked_mul(*extent));
    if given != Some(width) {
        let given = given.map_or("too many".into(), |given| given.to_string());
        let message = format!("rows of {width} numbers cannot have the shape {shape}, which is {given} numbers");
        placing.misfit(chosen.values.place("shape"), message, format!("the product of the extents must be {width}"));
        return None;
    }
    placing.push(Box::new(Same), shape);
    Some(())
}
