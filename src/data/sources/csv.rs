//! `csv`: rows of a text file, one column of which is to be predicted. Whether the target is a class or a number is found
//! out from the file, and can be said instead. Columns of words become one-hot vectors where that is asked for. Every cell
//! is read when the experiment is checked, so that a bad one is shown with its row and column before anything is trained.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::share;
use crate::data::source::{Contents, Parts, Source};

use super::Build;
use super::hold_out::{HoldOut, SPLIT_SEED};
use super::sheet::{COLUMN, FORM, Form, PATH, Row, Sheet, is_missing, number};

pub(super) fn entry() -> Entry<Build> {
    let [delimiter, header] = FORM;
    let columns = Kind::List { of: &COLUMN, least: 1 };
    let about = About {
        name: "csv",
        aliases: &[],
        summary: "rows of a CSV file: numbers or categories, one column of them the target",
        formula: "",
        source: "RFC 4180",
        keys: vec![
            PATH,
            Key::optional("target", COLUMN, "the column to predict: its name, or its number from 0; else the last one"),
            Key::optional(
                "categorical",
                columns,
                "columns of categories, by name or number: each becomes a one-hot vector",
            ),
            Key::optional("drop", columns, "columns that are left out, by name or number"),
            Key::preset(
                "missing",
                Kind::Word(MISSING),
                "\"error\"",
                "what to do with cells that are empty or `?`, `NA`, `NaN`, `null`",
            ),
            delimiter,
            header,
            Key::optional(
                "task",
                Kind::Word(TASK),
                "what the target is; when not given, values if it has a number with a fraction or more than 20 different \
                 numbers, else classes",
            ),
            Key::optional(
                "test",
                share::KIND,
                "rows to test on, a number or a share; 0.2 when not given, none with `folds`; which ones, `split` says",
            ),
            SPLIT_SEED,
        ],
        example: "{ type = \"csv\", path = \"iris.csv\", target = 4, test = 0.3 }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Csv::new(chosen))) }
}

const MISSING: &[(&str, &str)] = &[
    ("error", "they are a mistake"),
    ("drop", "their rows are left out"),
    ("mean", "an input becomes the mean of the training rows, a category their shares; a target must be there"),
];
const TASK: &[(&str, &str)] = &[
    ("classes", "a class: the different targets of the file, sorted, are the classes from 0"),
    ("values", "a number"),
];
/// Targets with more different numbers than this are values.
const MOST_CLASSES: usize = 20;
/// The test rows when nothing is said.
const USUAL_TEST: f64 = 0.2;

struct Csv {
    path: String,
    target: Value,
    categorical: Vec<Value>,
    drop: Vec<Value>,
    missing: String,
    form: Form,
    task: Option<String>,
    held: HoldOut,
}

impl Csv {
    fn new(chosen: &Chosen) -> Self {
        let values = &chosen.values;
        let list = |key| values.list(key).iter().map(|item| item.value.clone()).collect();
        Self {
            path: values.text("path").to_owned(),
            target: values.value("target").clone(),
            categorical: list("categorical"),
            drop: list("drop"),
            missing: values.text("missing").to_owned(),
            form: Form::new(values),
            task: values.has("task").then(|| values.text("task").to_owned()),
            held: HoldOut::new(values, USUAL_TEST, false),
        }
    }

    /// All rows of the file that are used.
    fn rows(&self, sheet: &mut Sheet) -> Result<Dataset> {
        let target = match &self.target {
            Value::Absent => sheet.width - 1,
            written => sheet.column("target", written)?,
        };
        let dropped = sheet.columns("drop", &self.drop)?;
        let categorical = sheet.columns("categorical", &self.categorical)?;
        let used: Vec<usize> = (0..sheet.width).filter(|c| *c != target && !dropped.contains(c)).collect();
        if used.is_empty() {
            let path = sheet.path.display();
            let message = match sheet.width {
                1 => format!("`{path}` has one column, so nothing to predict the target from"),
                width => format!("of the {width} columns of `{path}` none is left to predict the target from"),
            };
            return Err(
                Error::new(message).hint("cells are separated by commas; another character is named by `delimiter`")
            );
        }
        if let Some(column) = categorical.iter().find(|c| !used.contains(c)) {
            let message = format!("`categorical` names {}, which is no input", sheet.name(*column));
            return Err(Error::new(message).hint("an input is neither the target nor left out by `drop`"));
        }
        if self.missing == "drop" {
            let read = |row: &Row| used.iter().chain([&target]).all(|c| !is_missing(&row.cells[*c]));
            sheet.rows.retain(read);
            if sheet.rows.is_empty() {
                return Err(Error::new(format!("`{}` has no row without a gap", sheet.path.display())));
            }
        }
        let labels = labels(sheet, target, self.task.as_deref())?;
        let columns: Vec<Column> = used.iter().map(|c| Column::new(sheet, *c, categorical.contains(c))).collect();
        let width: usize = columns.iter().map(Column::width).sum();
        let mut x = Vec::with_capacity(sheet.rows.len() * width);
        for row in &sheet.rows {
            for column in &columns {
                column.read(sheet, row, self.missing == "mean", &mut x)?;
            }
        }
        Ok(Dataset::new(Shape::flat(width), x, labels))
    }
}

impl Source for Csv {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        // the numbers of rows are the same for every seed
        let Parts { train, test } = self.load(folders, Seeds::new(0))?;
        let target = train.labels.target();
        Ok(Contents::new(train.shape.clone(), target, train.rows(), test.rows()))
    }

    fn load(&self, folders: &Folders, seeds: Seeds) -> Result<Parts> {
        let mut sheet = Sheet::open(folders.file(&self.path)?, &self.form)?;
        let all = self.rows(&mut sheet)?;
        self.held.parts(&all, seeds, &sheet.path)
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        Ok(vec![folders.file(&self.path)?])
    }

    fn follows_trial(&self) -> bool {
        self.held.follows_trial()
    }
}

/// A column of inputs.
struct Column {
    at: usize,
    /// The different categories, sorted; none where the column is of numbers.
    categories: Option<Vec<String>>,
}

impl Column {
    fn new(sheet: &Sheet, at: usize, categorical: bool) -> Self {
        let categories = || {
            let cells = sheet.rows.iter().map(|row| &row.cells[at]).filter(|cell| !is_missing(cell));
            cells.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
        };
        Self { at, categories: categorical.then(categories) }
    }

    /// How many inputs it makes.
    fn width(&self) -> usize {
        self.categories.as_ref().map_or(1, Vec::len)
    }

    /// Appends the inputs of a row; what is missing is a NaN when it may be.
    fn read(&self, sheet: &Sheet, row: &Row, gaps: bool, x: &mut Vec<f32>) -> Result<()> {
        let cell = &row.cells[self.at];
        let Some(categories) = &self.categories else {
            x.push(if gaps && is_missing(cell) { f32::NAN } else { sheet.number(row, self.at)? as f32 });
            return Ok(());
        };
        if !is_missing(cell) {
            x.extend(categories.iter().map(|category| f32::from(u8::from(category == cell))));
        } else if gaps {
            x.extend(categories.iter().map(|_| f32::NAN));
        } else {
            return Err(gap(sheet, row, self.at));
        }
        Ok(())
    }
}

fn gap(sheet: &Sheet, row: &Row, column: usize) -> Error {
    let error = sheet.wrong(row, column, &format!("`{}` says nothing", &row.cells[column]));
    error.hint("say what to do with gaps: `missing = \"drop\"` leaves the row out")
}

/// The targets of all rows, as classes or values.
fn labels(sheet: &Sheet, column: usize, task: Option<&str>) -> Result<Labels> {
    if let Some(row) = sheet.rows.iter().find(|row| is_missing(&row.cells[column])) {
        return Err(gap(sheet, row, column));
    }
    let cells = || sheet.rows.iter().map(|row| &row.cells[column]);
    let numbers: Option<Vec<f64>> = cells().map(number).collect();
    let measured = |n: &Vec<f64>| n.iter().any(|x| x.trunc() != *x) || sorted(n).len() > MOST_CLASSES;
    if task.map_or_else(|| numbers.as_ref().is_some_and(measured), |task| task == "values") {
        let read = sheet.rows.iter().map(|row| sheet.number(row, column).map(|x| x as f32));
        return Ok(Labels::Values { of: read.collect::<Result<_>>()?, width: 1 });
    }
    // `1` and `1.0` are the same class, unless some target is a word
    let (of, count) = match numbers {
        Some(numbers) => ranked(&numbers, &sorted(&numbers), f64::total_cmp),
        None => {
            let all: Vec<&str> = cells().collect();
            let different: Vec<&str> = all.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            ranked(&all, &different, Ord::cmp)
        }
    };
    if count < 2 {
        let (path, only) = (sheet.path.display(), &sheet.rows[0].cells[column]);
        let message = format!("`{path}`: {} has one class only, `{only}`", sheet.name(column));
        return Err(Error::new(message).hint("is it the right column? name it with `target`"));
    }
    Ok(Labels::Classes { of, count })
}

/// The different numbers, sorted.
fn sorted(numbers: &[f64]) -> Vec<f64> {
    let mut numbers = numbers.to_vec();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers
}

/// The position of every label among the different ones, which are sorted, and how many of these there are.
fn ranked<T>(labels: &[T], different: &[T], order: fn(&T, &T) -> std::cmp::Ordering) -> (Vec<u32>, usize) {
    let rank = |label: &T| different.binary_search_by(|one| order(one, label)).expect("it is one of them") as u32;
    (labels.iter().map(rank).collect(), different.len())
}
