//! `table`: rows written in the experiment file itself, for XOR and its like.

use serde_json::{Value as Json, json};

use crate::base::diagnostics::Place;
use crate::base::error::Result;
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Node};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Value, Values};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::source::{Contents, Parts};

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let rows = "`[[0, 0], [0, 1]]`, or `[0, 1]` when a row is one number";
    let about = About {
        name: "table",
        aliases: &["inline"],
        summary: "rows written in the file",
        formula: "",
        source: "",
        keys: vec![
            Key::required("inputs", Kind::Raw, rows).ruled("rows", rule),
            Key::required(
                "targets",
                Kind::Raw,
                "one per row: integers from 0 are classes, floats and lists are values",
            )
            .ruled("rows", rule),
            Key::optional("test_inputs", Kind::Raw, "the test rows; the training rows when not given")
                .ruled("rows", rule),
            Key::optional("test_targets", Kind::Raw, "their targets").ruled("rows", rule),
            Key::optional(
                "symbols",
                Kind::COUNT,
                "the inputs are the numbers of so many symbols, from 0: for `embedding`",
            ),
        ],
        example: "{ type = \"table\", inputs = [[0, 0], [0, 1], [1, 0], [1, 1]], targets = [0, 1, 1, 0] }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let train = part(values, "inputs", "targets", diagnostics)?;
    let test = match (values.has("test_inputs"), values.has("test_targets")) {
        (false, false) => train.clone(),
        (true, true) => part(values, "test_inputs", "test_targets", diagnostics)?,
        _ => {
            let hint = "give both or neither";
            diagnostics.error_with_hint(chosen.place, "`test_inputs` and `test_targets` belong together", "", hint);
            return None;
        }
    };
    let (train, test) = same_kind(train, test, values, diagnostics)?;
    let symbols = values.has("symbols").then(|| values.count("symbols"));
    if let Some(count) = symbols {
        let other = |x: &&f32| x.fract() != 0.0 || !(0.0..count as f32).contains(*x);
        if let Some(x) = train.x.iter().chain(&test.x).find(other) {
            let message = format!("there is an input of {x}, which is not the number of one of {count} symbols");
            diagnostics.error_with_hint(values.place("symbols"), message, "", "they are numbered from 0");
            return None;
        }
    }
    Some(Box::new(Table { train, test, symbols }))
}

/// The training and test rows with as many classes as both have.
fn same_kind(
    train: Dataset,
    test: Dataset,
    values: &Values,
    diagnostics: &mut Diagnostics,
) -> Option<(Dataset, Dataset)> {
    let mut wrong = |key, what: String| {
        diagnostics.error(values.place(key), format!("the test rows are of another kind: {what}"), "");
        None
    };
    if train.shape != test.shape {
        return wrong("test_inputs", format!("{} inputs, not {}", test.shape, train.shape));
    }
    match (train.labels.target(), test.labels.target()) {
        (Target::Classes(a), Target::Classes(b)) => {
            let both = Target::Classes(a.max(b));
            let with = |data: Dataset| Dataset { labels: data.labels.among(both), ..data };
            Some((with(train), with(test)))
        }
        (a, b) if a == b => Some((train, test)),
        _ => wrong("test_targets", "classes and values, or another number of values".into()),
    }
}

/// What rows look like, for the schema.
fn rule() -> Json {
    let number = json!({ "type": "number" });
    let row = json!({ "type": "array", "items": number, "minItems": 1 });
    json!({ "type": "array", "items": { "anyOf": [number, row] }, "minItems": 1 })
}

fn raw<'a>(values: &'a Values, key: &str) -> &'a Node {
    match values.value(key) {
        Value::Raw(node) => node,
        other => unreachable!("`{key}` is read here: {other:?}"),
    }
}

fn part(values: &Values, inputs: &str, targets: &str, diagnostics: &mut Diagnostics) -> Option<Dataset> {
    let (rows, width) = numbers(raw(values, inputs), inputs, diagnostics)?;
    let labels = labels(raw(values, targets), targets, diagnostics)?;
    let data = Dataset::new(Shape::flat(width), rows, labels);
    if data.x.len() != data.rows() * width {
        let message = format!("`{inputs}` has {} rows, `{targets}` has {}", data.x.len() / width, data.rows());
        diagnostics.error(values.place(targets), message, "one target per row");
        return None;
    }
    Some(data)
}

/// The rows of an array of arrays, or of numbers; and how long each is.
fn numbers(node: &Node, key: &str, diagnostics: &mut Diagnostics) -> Option<(Vec<f32>, usize)> {
    let mut wrong = |place: Place, message: String| {
        diagnostics.error(place, message, "");
        None
    };
    let Data::List(rows) = &node.data else {
        return wrong(node.place, format!("`{key}` must be an array of rows, not {}", node.kind()));
    };
    let cells = |row: &'_ Node| match &row.data {
        Data::List(cells) => cells.clone(),
        _ => vec![row.clone()],
    };
    let width = rows.first().map_or(0, |row| cells(row).len());
    if width == 0 {
        return wrong(node.place, format!("`{key}` has no rows, or rows without numbers"));
    }
    let mut out = Vec::with_capacity(rows.len() * width);
    for (index, row) in rows.iter().enumerate() {
        let cells = cells(row);
        if cells.len() != width {
            return wrong(row.place, format!("row {index} of `{key}` has {} numbers, row 0 has {width}", cells.len()));
        }
        for cell in &cells {
            match cell.data {
                Data::Whole(i) => out.push(i as f32),
                Data::Number(x) if x.is_finite() => out.push(x as f32),
                _ => {
                    return wrong(cell.place, format!("row {index} of `{key}` holds {}, not a number", cell.to_toml()));
                }
            }
        }
    }
    Some((out, width))
}

/// Classes when every target is an integer, else values.
fn labels(node: &Node, key: &str, diagnostics: &mut Diagnostics) -> Option<Labels> {
    let classes = match &node.data {
        Data::List(items) if !items.is_empty() => items.iter().all(|i| matches!(i.data, Data::Whole(_))),
        _ => false,
    };
    if !classes {
        let (of, width) = numbers(node, key, diagnostics)?;
        return Some(Labels::Values { of, width });
    }
    let Data::List(items) = &node.data else { unreachable!("it was found to be a list") };
    let mut of = Vec::with_capacity(items.len());
    for item in items {
        match item.data {
            Data::Whole(class @ 0..=65535) => of.push(class as u32),
            _ => {
                let hint = "classes are integers from 0; write values with a point: `-1.0`";
                diagnostics.error_with_hint(item.place, format!("{} is no class", item.to_toml()), "", hint);
                return None;
            }
        }
    }
    let count = of.iter().max().map_or(0, |m| *m as usize + 1).max(2);
    Some(Labels::Classes { of, count })
}

struct Table {
    train: Dataset,
    test: Dataset,
    symbols: Option<usize>,
}

impl Source for Table {
    fn outline(&self, _folders: &Folders) -> Result<Contents> {
        let (shape, target) = (self.train.shape.clone(), self.train.labels.target());
        let contents = Contents::new(shape, target, self.train.rows(), self.test.rows());
        Ok(Contents { symbols: self.symbols, ..contents })
    }

    fn load(&self, _folders: &Folders, _seeds: Seeds) -> Result<Parts> {
        Ok(Parts { train: self.train.clone(), test: self.test.clone() })
    }
}
