//! Which rows are trained on, chosen by and tested on: folds, validation, subset. The rows of a part always keep the
//! order in which they are stored, so that `order = "stored"` means the same with and without these.

use std::sync::Arc;

use serde_json::json;

use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::schema::one_of;
use crate::base::shape::Target;
use crate::base::values::{Value, Values};
use crate::data::Outline;
use crate::data::dataset::{Dataset, Labels};
use crate::data::share;

use super::{Prepared, Step};

pub(super) const FOLDS: Key = Key::optional(
    "folds",
    Kind::Whole { least: 2, most: 1 << 40 },
    "cross-validation: the training rows are dealt into so many folds, class by class where there are classes; fold \
     number `fold` is tested on and the others are trained on; the source's own test rows are left out (Stone 1974)",
);

pub(super) const FOLD: Key = Key::preset(
    "fold",
    Kind::Whole { least: 0, most: 1 << 40 },
    "0",
    "the fold that is tested on, from 0; an axis over all of them is a cross-validation: `\"data.fold\" = [0, 1, 2]`",
);

pub(super) const REPEAT: Key = Key::preset(
    "repeat",
    Kind::Whole { least: 0, most: i64::MAX },
    "0",
    "which of many ways to deal the rows into folds, by the stream (repeat, folds): trials of any seed share them, so \
     the folds of one repeat never overlap",
);

pub(super) const VALIDATION: Key = Key::preset(
    "validation",
    share::KIND,
    "0",
    "training rows held out for validation, a number or a share; drawn by the stream (seed, split), or the last ones \
     where `split` is `\"chronological\"`",
);

pub(super) const SPLIT: Key = Key::optional(
    "split",
    Kind::Word(&[
        ("random", "drawn"),
        ("chronological", "the last ones, as they are stored: what comes later is held out"),
    ]),
    "which rows are held out for validation, and for the test where the source has no test rows of its own; when not \
     given, `\"chronological\"` for a `series`, a `text` and the test rows of an `npz`, else `\"random\"`",
);

pub(super) const SUBSET: Key = Key::optional(
    "subset",
    Kind::Either(&[share::KIND, Kind::Table(&[BY_FIRST, BY_CLASS])]),
    "train on fewer rows, a number or a share, after validation was held out: the first ones, `{ first = n }`, or drawn \
     by the stream (seed, split) with the shares of the classes kept, `{ stratified = n }`; a larger subset contains \
     the smaller ones",
)
.ruled("subset", || json!({ "anyOf": [{ "type": ["number", "string"] }, one_of(["first", "stratified"])] }));

const BY_FIRST: Key = Key::optional("first", share::KIND, "the first rows, a number or a share");
const BY_CLASS: Key =
    Key::optional("stratified", share::KIND, "rows drawn with the shares of the classes kept, a number or a share");

/// Whether what is held out is the last rows; `series` is what holds when nothing is said.
pub fn chronological(values: &Values, series: bool) -> bool {
    if values.has("split") { values.text("split") == "chronological" } else { series }
}

/// The rows of `data` in two parts: those at `held`, and the others.
fn parted(data: &Dataset, mut held: Vec<usize>) -> (Arc<Dataset>, Arc<Dataset>) {
    held.sort_unstable();
    let kept: Vec<usize> = (0..data.rows()).filter(|row| held.binary_search(row).is_err()).collect();
    (Arc::new(data.pick(&held)), Arc::new(data.pick(&kept)))
}

/// Cross-validation.
pub(super) struct Folds;

impl Step for Folds {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        let fold = values.count("fold");
        if !values.has("folds") {
            let Some(key) = ["fold", "repeat"].into_iter().find(|key| values.whole(key) > 0) else { return Some(()) };
            let hint = "add `folds = 5`";
            diagnostics.error_with_hint(values.place(key), format!("`{key}` is given without `folds`"), "", hint);
            return None;
        }
        let (folds, rows) = (values.count("folds"), outline.train);
        if outline.series {
            let hint = "test on the last windows instead: `test = 0.3`";
            let message = "`folds` mixes past and future of a series";
            diagnostics.error_with_hint(values.place("folds"), message, "", hint);
            return None;
        }
        if folds > rows {
            diagnostics.error(values.place("folds"), format!("{rows} rows cannot be dealt into {folds} folds"), "");
            return None;
        }
        if fold >= folds {
            let message = format!("there is no fold {fold}: {folds} folds are numbered from 0 to {}", folds - 1);
            diagnostics.error(values.place("fold"), message, "");
            return None;
        }
        outline.test = rows / folds + usize::from(fold < rows % folds);
        outline.train = rows - outline.test;
        Some(())
    }

    fn apply(&self, values: &Values, parts: Prepared, _seeds: Seeds) -> Prepared {
        if !values.has("folds") {
            return parts;
        }
        let data = &parts.train;
        let mut order: Vec<usize> = (0..data.rows()).collect();
        Stream::new(values.whole("repeat") as u64, "folds", &[]).shuffle(&mut order);
        if let Labels::Classes { of, .. } = &data.labels
            && data.steps == 1
        {
            // the sort keeps the random order within a class
            order.sort_by_key(|row| of[*row]);
        }
        let (fold, folds) = (values.count("fold"), values.count("folds"));
        let (test, train) = parted(data, order.into_iter().skip(fold).step_by(folds).collect());
        Prepared { train, test, ..parts }
    }
}

/// Rows held out to choose by.
pub(super) struct Validation;

impl Step for Validation {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        let validation = share::of(values.value("validation"), outline.train);
        if validation >= outline.train {
            let message = format!("`validation` takes {validation} of the {} training rows", outline.train);
            diagnostics.error_with_hint(values.place("validation"), message, "", "leave some to train on");
            return None;
        }
        outline.train -= validation;
        outline.validation = validation;
        Some(())
    }

    fn is_random(&self, values: &Values) -> bool {
        // whether it is a series is not known here; if it is, its validation is prepared once more than it need be
        share::of(values.value("validation"), 1 << 30) > 0 && !chronological(values, false)
    }

    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared {
        let rows = parts.train.rows();
        let count = share::of(values.value("validation"), rows);
        if count == 0 {
            return parts;
        }
        let mut order: Vec<usize> = (0..rows).collect();
        let held = if chronological(values, parts.train.series) {
            order.split_off(rows - count)
        } else {
            seeds.stream(Purpose::Split, &[]).shuffle(&mut order);
            order.truncate(count);
            order
        };
        let (validation, train) = parted(&parts.train, held);
        Prepared { train, validation: Some(validation), ..parts }
    }
}

/// Fewer rows to train on.
pub(super) struct Subset;

/// What `subset` asks for.
enum Wanted<'a> {
    All,
    First(&'a Value),
    Stratified(&'a Value),
    Unclear,
}

impl Wanted<'_> {
    fn of(values: &Values) -> Wanted<'_> {
        match values.value("subset") {
            Value::Absent => Wanted::All,
            Value::Table(table) => match (table.has("first"), table.has("stratified")) {
                (true, false) => Wanted::First(table.value("first")),
                (false, true) => Wanted::Stratified(table.value("stratified")),
                _ => Wanted::Unclear,
            },
            count => Wanted::First(count),
        }
    }
}

impl Step for Subset {
    fn outline(&self, values: &Values, outline: &mut Outline, diagnostics: &mut Diagnostics) -> Option<()> {
        let place = values.place("subset");
        let (count, stratified) = match Wanted::of(values) {
            Wanted::All => return Some(()),
            Wanted::First(count) => (count, false),
            Wanted::Stratified(count) => (count, true),
            Wanted::Unclear => {
                let hint = "write `{ first = n }` or `{ stratified = n }`";
                diagnostics.error_with_hint(place, "`subset` does not say which rows", "", hint);
                return None;
            }
        };
        let (count, rows) = (share::of(count, outline.train), outline.train);
        if !(1..=rows).contains(&count) {
            let message = format!("`subset` takes {count} of {rows} training rows");
            diagnostics.error_with_hint(place, message, "", format!("take from 1 to {rows}"));
            return None;
        }
        let unclassed = match outline.target {
            Target::Values(_) => Some("the targets are numbers"),
            Target::Classes(_) => (outline.steps > 1).then_some("a row has a target for each of its steps"),
        };
        if let Some(why) = unclassed.filter(|_| stratified) {
            let message = format!("a stratified `subset` needs a class for each row, but {why}");
            diagnostics.error_with_hint(place, message, "", format!("write `subset = {count}`"));
            return None;
        }
        outline.train = count;
        Some(())
    }

    fn is_random(&self, values: &Values) -> bool {
        matches!(Wanted::of(values), Wanted::Stratified(_))
    }

    fn apply(&self, values: &Values, parts: Prepared, seeds: Seeds) -> Prepared {
        let rows = parts.train.rows();
        let kept = match Wanted::of(values) {
            Wanted::All => return parts,
            Wanted::First(count) => (0..share::of(count, rows)).collect(),
            Wanted::Stratified(count) => {
                let mut order = by_class(&parts.train, &mut seeds.stream(Purpose::Split, &[1]));
                order.truncate(share::of(count, rows));
                order.sort_unstable();
                order
            }
            Wanted::Unclear => unreachable!("the outline was found to be right"),
        };
        let train = Arc::new(parts.train.pick(&kept));
        Prepared { train, ..parts }
    }
}

/// All rows in a random order in which every stretch from the start has the classes in their shares: row number `i` of
/// the `n` of a class stands at `(i + 1/2) / n` of the way.
fn by_class(data: &Dataset, stream: &mut Stream) -> Vec<usize> {
    let Labels::Classes { of, count } = &data.labels else { unreachable!("the outline was found to have classes") };
    let mut order: Vec<usize> = (0..of.len()).collect();
    stream.shuffle(&mut order);
    let class = |row: usize| of[row] as usize;
    let mut sizes = vec![0_u64; *count];
    order.iter().for_each(|row| sizes[class(*row)] += 1);
    let mut seen = vec![0_u64; *count];
    let mut placed: Vec<(u64, u64, usize)> = Vec::with_capacity(order.len());
    for row in order {
        placed.push((2 * seen[class(row)] + 1, sizes[class(row)], row));
        seen[class(row)] += 1;
    }
    // fractions are compared exactly; equal ones in the order of the classes
    placed.sort_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)).then_with(|| class(a.2).cmp(&class(b.2))));
    placed.into_iter().map(|(_, _, row)| row).collect()
}
