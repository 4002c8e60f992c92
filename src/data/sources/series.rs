//! `series`: one quantity over time, cut into windows that each predict a later value. The last stretch of time is tested
//! on, and no value of it is an input or a target of a training row, so nothing of the future is known to the past.

use std::path::PathBuf;

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
        summary: "a column of a CSV file as a series over time: windows of values predict a later one",
        formula: "x_i = (v_i, ..., v_(i + window - 1)), y_i = v_(i + window - 1 + horizon)",
        source: "Box & Jenkins 1970",
        keys: vec![
            PATH,
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
                "the last values, a number or a share, whose windows are tested on",
            ),
        ],
        example: "{ type = \"series\", path = \"airline-passengers.csv\", window = 12, scale = \"minmax\" }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Series::new(chosen))) }
}

struct Series {
    path: String,
    column: Value,
    form: Form,
    window: usize,
    horizon: usize,
    test: Value,
}

impl Series {
    fn new(chosen: &Chosen) -> Self {
        let values = &chosen.values;
        Self {
            path: values.text("path").to_owned(),
            column: values.value("column").clone(),
            form: Form::new(values),
            window: values.count("window"),
            horizon: values.count("horizon"),
            test: values.value("test").clone(),
        }
    }

    /// One number at each step.
    fn shape(&self) -> Shape {
        Shape(vec![self.window, 1])
    }

    /// The windows of a stretch of values.
    fn windows(&self, values: &[f32], sheet: &Sheet, what: &str) -> Result<Dataset> {
        let span = self.window + self.horizon;
        if values.len() < span {
            let (path, count) = (sheet.path.display(), values.len());
            let message = format!("`{path}`: {count} values to {what} are less than one window and its target, {span}");
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
        let sheet = Sheet::open(folders.file(&self.path)?, &self.form)?;
        let column = match &self.column {
            Value::Absent => sheet.width - 1,
            written => sheet.column("column", written)?,
        };
        let read = sheet.rows.iter().map(|row| sheet.number(row, column).map(|x| x as f32));
        let values = read.collect::<Result<Vec<f32>>>()?;
        let test = hold_out::count(&self.test, values.len(), 1, &sheet.path)?;
        let (train, test) = values.split_at(values.len() - test);
        Ok(Parts { train: self.windows(train, &sheet, "train on")?, test: self.windows(test, &sheet, "test on")? })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        Ok(vec![folders.file(&self.path)?])
    }
}
