//! Rows taken from many: so many of them, or a share, which is rounded to the nearest number of rows.

use kernels::member::Bounds;

use crate::base::key::Kind;
use crate::base::values::Value;

/// A number of rows or a share of them.
pub const KIND: Kind = Kind::Either(&[Kind::Whole { least: 0, most: 1 << 40 }, Kind::Number(Bounds::Below(0.0, 1.0))]);

/// How many of `rows` rows that is; a number is taken at its word, also when there are fewer.
pub fn of(value: &Value, rows: usize) -> usize {
    match value {
        Value::Whole(n) => *n as usize,
        Value::Number(share) => (share * rows as f64 + 0.5) as usize,
        other => unreachable!("rows are a number or a share: {other:?}"),
    }
}
