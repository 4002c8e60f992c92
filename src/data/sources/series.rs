//! `series`: one quantity over time, cut into windows that each predict a later value. The last values are tested on, each
//! as the target of one window, which may begin before them: so any `window` and `horizon` is tested on the same values. None of
//! them is an input or a target of a training row, so nothing of the future is known to the past.

use std::path::{Path, PathBuf};

use kernels::member::Bounds;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Chosen, Value};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::share;
use crate::data::source::{Contents, Parts, Source};

use super::Build;
use super::hold_out;
use super::sheet::{COLUMN, FORM, Form, PATH, Sheet};

pub(super) fn entry() -> Entry<Build> {
    let [delimiter, header] = FORM;
    let stretch = Kind::Whole { least: 1, most: 1 << 20 };
    let about = About {
        name: "series",
        aliases: &["time_series", "timeseries"],
        summary: "a column of a CSV file, or numbers written in the file, as a series over time: windows of values predict a \
                  later one",
        formula: "x_i = (v_i, ..., v_(i + window - 1)), y_i = v_(i + window - 1 + horizon)",
        source: "Box & Jenkins 1970",
        keys: vec![
            Key::optional("path", PATH.kind, PATH.summary),
            Key::optional(
                "values",
                Kind::List { of: &Kind::Number(Bounds::Any), least: 2 },
                "the values themselves, oldest first, instead of a file",
            ),
            Key::optional(
                "column",
                COLUMN,
                "the column of the values, oldest first: its name, or its number from 0; else \
                 the last one",
            ),
            delimiter,
            header,
            Key::preset("window", stretch, "1", "values of a row").or(&["look_back", "lookback"]),
            Key::preset("horizon", stretch, "1", "how many values after the last of the window the target lies"),
            Key::preset(
                "test",
                share::KIND,
                "0.33",
                "the last values, a number or a share: each is the target of a window that is tested on",
            ),
        ],
        example: "{ type = \"series\", path = \"airline-passengers.csv\", window = 12, scale = \"minmax\" }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let (message, place) = match (values.has("path"), values.has("values")) {
        (true, true) => ("a series has its `values` from the file or from `path`, not both", values.place("values")),
        (false, false) => ("a series lacks its values", chosen.place),
        _ => return Some(Box::new(Series::new(chosen))),
    };
    let hint = "name a CSV file with `path`, or write `values = [112, 118, ...]`";
    diagnostics.error_with_hint(place, message, "", hint);
    None
}

struct Series {
    from: Origin,
    window: usize,
    horizon: usize,
    test: Value,
}

enum Origin {
    File { path: String, column: Value, form: Form },
    Here(Vec<f32>),
}

impl Series {
    fn new(chosen: &Chosen) -> Self {
        let values = &chosen.values;
        Self {
            from: match values.has("values") {
                true => Origin::Here(values.numbers("values").into_iter().map(|x| x as f32).collect()),
                false => Origin::File {
                    path: values.text("path").to_owned(),
                    column: values.value("column").clone(),
                    form: Form::new(values),
                },
            },
            window: values.count("window"),
            horizon: values.count("horizon"),
            test: values.value("test").clone(),
        }
    }

    /// One number at each step.
    fn shape(&self) -> Shape {
        Shape(vec![self.window, 1])
    }

    /// All values, and what they are called in a message.
    fn values(&self, folders: &Folders) -> Result<(Vec<f32>, PathBuf)> {
        let (path, column, form) = match &self.from {
            Origin::Here(values) => return Ok((values.clone(), PathBuf::from("values"))),
            Origin::File { path, column, form } => (path, column, form),
        };
        let sheet = Sheet::open(folders.file(path)?, form)?;
        let column = match column {
            Value::Absent => sheet.width - 1,
            written => sheet.column("column", written)?,
        };
        let read = sheet.rows.iter().map(|row| sheet.number(row, column).map(|x| x as f32));
        Ok((read.collect::<Result<_>>()?, sheet.path))
    }

    /// The windows of a stretch of values.
    fn windows(&self, values: &[f32], name: &Path) -> Result<Dataset> {
        let span = self.window + self.horizon;
        if values.len() < span {
            let (name, count) = (name.display(), values.len());
            let message =
                format!("`{name}`: {count} values to train on are less than one window and its target, {span}");
            return Err(Error::new(message).hint("take a shorter `window` or `horizon`, or another `test`"));
        }
        let rows = || values.windows(span);
        let x = rows().flat_map(|row| &row[..self.window]).copied().collect();
        let labels = Labels::Values { of: rows().map(|row| row[span - 1]).collect(), width: 1 };
        Ok(Dataset { series: true, ..Dataset::new(self.shape(), x, labels) })
    }
}

impl Source for Series {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let Parts { train, test } = self.load(folders, Seeds::new(0))?;
        let contents = Contents::new(self.shape(), Target::Values(1), train.rows(), test.rows());
        Ok(Contents { series: true, ..contents })
    }

    fn load(&self, folders: &Folders, _seeds: Seeds) -> Result<Parts> {
        let (values, name) = self.values(folders)?;
        let test = hold_out::count(&self.test, values.len(), 1, &name)?;
        let from = values.len() - test;
        let train = self.windows(&values[..from], &name)?;
        // as long as the values to train on are at least one window and its target, there are these many before the first
        let before = self.window + self.horizon - 1;
        Ok(Parts { train, test: self.windows(&values[from - before..], &name)? })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        match &self.from {
            Origin::File { path, .. } => Ok(vec![folders.file(path)?]),
            Origin::Here(_) => Ok(Vec::new()),
        }
    }
}
