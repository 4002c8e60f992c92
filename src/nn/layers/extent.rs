//! Extents of a row that a file names by their place, as PyTorch names the dimensions of a tensor, without the batch.

use crate::base::diagnostics::Place;
use crate::base::key::Kind;
use crate::base::shape::Shape;
use crate::nn::place::Placing;

/// A shape with more extents is a slip of the pen.
const MOST: i64 = 8;

/// The place of an extent: from 0, or from -1 for the last.
pub(super) const EXTENT: Kind = Kind::Whole { least: -MOST, most: MOST - 1 };

/// The place among the extents of rows of this shape, counted from the first; one that they have not is reported.
pub(super) fn at(written: i64, place: Place, shape: &Shape, placing: &mut Placing<'_>) -> Option<usize> {
    let count = shape.0.len() as i64;
    let at = if written < 0 { count + written } else { written };
    if (0..count).contains(&at) {
        return Some(at as usize);
    }
    let message = format!("rows of {shape} have no extent {written}");
    placing.misfit(
        place,
        message,
        match count {
            1 => "they have one, which is 0: a `reshape` before it makes others".to_owned(),
            _ => format!("their extents are 0 to {}, or -1 to -{count} from the last", count - 1),
        },
    );
    None
}
