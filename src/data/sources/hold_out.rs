//! Test rows taken from a file that does not set any apart: a number of them or a share.

use std::path::Path;

use kernels::member::Bounds;

use crate::base::error::{Error, Result};
use crate::base::key::Kind;
use crate::base::values::Value;

/// What `test` takes.
pub(super) const KIND: Kind =
    Kind::Either(&[Kind::Whole { least: 0, most: 1 << 40 }, Kind::Number(Bounds::Below(0.0, 1.0))]);

/// How many of the file's rows are tested on. Errors: none of them, or none that are left to train on.
pub(super) fn rows(test: &Value, rows: usize, path: &Path) -> Result<usize> {
    let count = match test {
        Value::Whole(n) => *n as usize,
        Value::Number(share) => (share * rows as f64 + 0.5) as usize,
        other => unreachable!("`test` is a number: {other:?}"),
    };
    if (1..rows).contains(&count) {
        return Ok(count);
    }
    let message = format!("`test` takes {count} of the {rows} rows of `{}`", path.display());
    Err(Error::new(message).hint("take at least one row, and leave at least one to train on"))
}
