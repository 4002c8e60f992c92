//! Inputs brought to a common scale, by numbers fitted on the rows to train on. The inputs and the target of a series are
//! one quantity, so they are scaled alike, all by the same numbers, and errors are told in the units that it came in.

use kernels::member::Bounds;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::values::{Value, Values};
use crate::data::Outline;
use crate::data::dataset::{Dataset, Labels};

use super::{Prepared, Step, changeable};

pub(super) const SCALE: Key = Key::optional(
    "scale",
    Kind::Either(&[
        Kind::Number(Bounds::Any),
        Kind::Word(&[("minmax", "every input to the interval from 0 to 1: (x - min) / (max - min)")]),
    ]),
    "a factor for all inputs, or `\"minmax\"`, as fitted on the training rows; a series is scaled as a whole, target \
     included",
);

pub(super) const STANDARDIZE: Key = Key::preset(
    "standardize",
    Kind::Either(&[
        Kind::Flag,
        Kind::Word(&[
            ("all", "one mean and one deviation for all inputs together"),
            ("row", "every row by its own mean and deviation"),
        ]),
    ]),
    "false",
    "bring every input to mean 0 and deviation 1, as fitted on the training rows; `\"all\"`: all inputs together, and \
     always so for a series, target included; `\"row\"`: every row by itself",
);

/// `x -> (x - shift) / size`, for every input on its own, or for all in the same way.
pub(super) struct Affine {
    /// One per input, or one for all.
    pub shift: Vec<f64>,
    /// As many.
    pub size: Vec<f64>,
}

impl Affine {
    /// The means and deviations of rows of `width` numbers. The deviation of an input that never varies is 1: it says
    /// nothing and stays at 0.
    pub fn standard(x: &[f32], width: usize) -> Self {
        let count = (x.len() / width) as f64;
        let each = |f: &dyn Fn(f64, usize) -> f64| {
            let mut sums = vec![0.0; width];
            for row in x.chunks_exact(width) {
                row.iter().enumerate().for_each(|(i, x)| sums[i] += f(f64::from(*x), i));
            }
            sums.iter_mut().for_each(|s| *s /= count);
            sums
        };
        let shift = each(&|x, _| x);
        let variance = each(&|x, i| (x - shift[i]) * (x - shift[i]));
        let size = variance.iter().map(|v| if *v > 0.0 { libm::sqrt(*v) } else { 1.0 }).collect();
        Self { shift, size }
    }

    /// The least numbers and the ranges of rows of `width` numbers; the range of an input that never varies is 1.
    fn range(x: &[f32], width: usize) -> Self {
        let mut ends = vec![(f32::INFINITY, f32::NEG_INFINITY); width];
        for row in x.chunks_exact(width) {
            row.iter().zip(&mut ends).for_each(|(x, ends)| *ends = (ends.0.min(*x), ends.1.max(*x)));
        }
        let size = |(least, most): &(f32, f32)| f64::from(*most) - f64::from(*least);
        let size = ends.iter().map(size).map(|size| if size > 0.0 { size } else { 1.0 }).collect();
        Self { shift: ends.iter().map(|(least, _)| f64::from(*least)).collect(), size }
    }

    fn apply(&self, x: &mut [f32]) {
        for row in x.chunks_exact_mut(self.shift.len()) {
            for ((x, shift), size) in row.iter_mut().zip(&self.shift).zip(&self.size) {
                *x = ((f64::from(*x) - shift) / size) as f32;
            }
        }
    }

    /// All parts with these numbers.
    fn over(&self, parts: Prepared) -> Prepared {
        over(parts, self.size[0], |x| self.apply(x))
    }

    /// Fitted to the training rows: every input on its own, or all `together`; a series always is one.
    fn fitted(data: &Dataset, together: bool, fit: fn(&[f32], usize) -> Self) -> Self {
        match &data.labels {
            Labels::Values { of, .. } if data.series => fit(&[&data.x[..], of].concat(), 1),
            _ => fit(&data.x, if together { 1 } else { data.shape.width() }),
        }
    }
}

/// All parts with their inputs changed. The target of a series goes with its inputs: a difference of 1 is then one of
/// `size` as it was.
fn over(parts: Prepared, size: f64, change: impl Fn(&mut [f32])) -> Prepared {
    parts.each(|_, data| {
        change(&mut data.x);
        match &mut data.labels {
            Labels::Values { of, .. } if data.series => {
                change(of);
                data.unit *= size;
            }
            _ => {}
        }
    })
}

/// To the interval from 0 to 1, or by a factor.
pub(super) struct Scale;

impl Step for Scale {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        match values.value("scale") {
            Value::Absent => Some(()),
            Value::Number(factor) if *factor == 0.0 => {
                diagnostics.error(values.place("scale"), "`scale` leaves nothing of the inputs", "");
                None
            }
            _ => changeable(values, "scale", outline, diagnostics),
        }
    }

    fn apply(&self, values: &Values, parts: Prepared, _seeds: Seeds) -> Prepared {
        match values.value("scale") {
            Value::Absent => parts,
            Value::Number(factor) => {
                let times = |x: &mut [f32]| x.iter_mut().for_each(|x| *x = (f64::from(*x) * factor) as f32);
                over(parts, factor.abs().recip(), times)
            }
            _ => Affine::fitted(&parts.train, false, Affine::range).over(parts),
        }
    }
}

/// To mean 0 and deviation 1.
pub(super) struct Standardize;

impl Step for Standardize {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        let by_row = matches!(values.value("standardize"), Value::Text(word) if word == "row");
        if by_row && (outline.series || outline.shape.width() < 2) {
            let (message, hint) = if outline.series {
                ("a row of a series cannot be standardized apart from its target", "write `standardize = true`")
            } else {
                ("a row of one number has no deviation", "write `standardize = true`")
            };
            diagnostics.error_with_hint(values.place("standardize"), message, "", hint);
            return None;
        }
        if *values.value("standardize") == Value::Flag(false) {
            return Some(());
        }
        changeable(values, "standardize", outline, diagnostics)
    }

    fn apply(&self, values: &Values, parts: Prepared, _seeds: Seeds) -> Prepared {
        match values.value("standardize") {
            Value::Flag(false) => parts,
            Value::Text(word) if word == "row" => parts.each(|_, data| {
                let width = data.shape.width();
                data.x.chunks_exact_mut(width).for_each(|row| Affine::standard(row, 1).apply(row));
            }),
            word => Affine::fitted(&parts.train, *word != Value::Flag(true), Affine::standard).over(parts),
        }
    }
}

/// What a source leaves open, a NaN, becomes the mean of the training rows that have a number there, and 0 where none has.
pub(super) struct Gaps;

impl Step for Gaps {
    fn apply(&self, _values: &Values, parts: Prepared, _seeds: Seeds) -> Prepared {
        let width = parts.train.shape.width();
        if parts.parts().iter().all(|data| data.x.iter().all(|x| !x.is_nan())) {
            return parts;
        }
        let mut sums = vec![(0.0, 0.0); width];
        for row in parts.train.x.chunks_exact(width) {
            for (x, (sum, count)) in row.iter().zip(&mut sums).filter(|(x, _)| !x.is_nan()) {
                (*sum, *count) = (*sum + f64::from(*x), *count + 1.0);
            }
        }
        let means: Vec<f32> = sums.iter().map(|(sum, count)| (sum / f64::max(*count, 1.0)) as f32).collect();
        parts.each(|_, data| {
            for row in data.x.chunks_exact_mut(width) {
                row.iter_mut().zip(&means).filter(|(x, _)| x.is_nan()).for_each(|(x, mean)| *x = *mean);
            }
        })
    }
}
