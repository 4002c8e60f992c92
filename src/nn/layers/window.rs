//! Windows that move over images and signals: what convolution and pooling read alike, and where a window does not fit.

use kernels::spatial::Axis;

use crate::base::key::Kind;
use crate::base::values::{Chosen, Item, Value};
use crate::nn::place::Placing;

/// Beyond it a size is a slip of the pen.
const MOST: i64 = 1 << 20;
const SIZE: Kind = Kind::Whole { least: 1, most: MOST };
const PADDING: Kind = Kind::Whole { least: 0, most: MOST };

/// Sizes of a window: for all axes, or one for each.
pub(super) const SIZES: Kind = Kind::Either(&[SIZE, Kind::List { of: &SIZE, least: 1 }]);
/// The same, or all of the plane.
pub(super) const SIZES_OR_GLOBAL: Kind = Kind::Either(&[
    SIZE,
    Kind::List { of: &SIZE, least: 1 },
    Kind::Word(&[("global", "all of the plane: one number for each channel")]),
]);
/// Zeros before and after an axis.
pub(super) const PADDINGS: Kind = Kind::Either(&[PADDING, Kind::List { of: &PADDING, least: 1 }]);
/// The same, or as many as it takes.
pub(super) const PADDINGS_OR_WORD: Kind = Kind::Either(&[
    PADDING,
    Kind::List { of: &PADDING, least: 1 },
    Kind::Word(&[
        ("same", "as many as it takes for one result per stride; of an odd number one more behind, as in PyTorch"),
        ("valid", "none"),
    ]),
]);

/// The channels and the axes of the rows that a layer over planes gets; an axis that a signal has not is one number. A shape of
/// another kind is reported.
pub(super) fn planes(chosen: &Chosen, dims: usize, placing: &mut Placing<'_>) -> Option<(usize, Vec<usize>)> {
    match placing.shape().0.as_slice() {
        [channels, axes @ ..] if axes.len() == dims => Some((*channels, axes.to_vec())),
        _ => {
            let (shape, width) = (placing.shape(), placing.shape().width());
            let (kind, example) = match (dims, width.isqrt()) {
                (1, _) => ("channels x length", format!("[1, {width}]")),
                (_, side) if side * side == width => ("channels x height x width", format!("[1, {side}, {side}]")),
                _ => ("channels x height x width", "[channels, height, width]".to_owned()),
            };
            let message = format!("`{}` reads rows of {kind}, but gets rows of {shape}", chosen.name);
            let hint = match shape.0.len() {
                3 => format!("`{}` reads those", chosen.name.replace("1d", "2d")),
                _ => format!("put `{{ type = \"reshape\", shape = {example} }}` before it"),
            };
            placing.misfit(chosen.place, message, hint);
            None
        }
    }
}

/// A setting for each axis, or a mistake.
pub(super) fn sizes(chosen: &Chosen, key: &str, dims: usize, placing: &mut Placing<'_>) -> Option<Vec<usize>> {
    let size = |value: &Value| match value {
        Value::Whole(size) => size.unsigned_abs() as usize,
        other => unreachable!("sizes are integers: {other:?}"),
    };
    match chosen.values.value(key) {
        Value::List(list) if list.len() == dims => Some(list.iter().map(|Item { value, .. }| size(value)).collect()),
        Value::List(list) => {
            let count = list.len();
            let message = format!("`{key}` has {count} numbers, and `{}` has {dims} axes", chosen.name);
            placing.misfit(chosen.values.place(key), message, format!("write one number, or {dims} of them"));
            None
        }
        value => Some(vec![size(value); dims]),
    }
}

/// A window on its way over the axes `inputs`. What does not fit is reported, at `kernel_size`.
pub(super) fn axes(
    chosen: &Chosen,
    inputs: &[usize],
    of: impl Fn(usize) -> Axis,
    placing: &mut Placing<'_>,
) -> Option<[Axis; 2]> {
    let axes: Vec<Axis> = (0..inputs.len()).map(of).collect();
    for axis in &axes {
        if axis.output() == 0 {
            let (span, padding) = (axis.span(), axis.before + axis.after);
            let padded = if padding > 0 { format!(" and {padding} of padding") } else { String::new() };
            let message = format!("a window of {span} is larger than the axis of {}{padded}", axis.input);
            let hint = "make `kernel_size` smaller, or pool less before it";
            placing.misfit(chosen.values.place("kernel_size"), message, hint);
            return None;
        }
    }
    match axes[..] {
        [only] => Some([Axis::POINT, only]),
        [rows, columns] => Some([rows, columns]),
        _ => unreachable!("planes have one axis or two"),
    }
}

/// The shape of the results: of as many axes as the input has.
pub(super) fn shape(channels: usize, axes: &[Axis; 2], dims: usize) -> Vec<usize> {
    let outputs = axes[2 - dims..].iter().map(Axis::output);
    [channels].into_iter().chain(outputs).collect()
}
