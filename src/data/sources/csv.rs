//! `csv`: rows of comma-separated numbers, one column of which is to be predicted. Whether there is a header and whether
//! the label is a class or a number is found out from the file, and can be said instead. Every cell is read when the
//! experiment is checked, so that a bad one is shown with its row and column before anything is trained.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord, Trim};

use crate::base::diagnostics::suggest;
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Value};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::source::{Contents, Parts, Source};

use super::{Build, hold_out};

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "csv",
        aliases: &[],
        summary: "rows of a CSV file: numbers separated by commas, one column of them the label",
        formula: "",
        source: "RFC 4180",
        keys: vec![
            Key::required("path", Kind::Text, "the file, relative to the experiment file or to a data folder"),
            Key::optional("target", LABEL, "the column to predict: its name, or its number from 0; else the last one"),
            Key::preset("header", Kind::Word(HEADER), "\"auto\"", "whether the first row names the columns"),
            Key::optional(
                "task",
                Kind::Word(TASK),
                "what the label is; when not given, values if it has a number with a fraction or more than 20 different \
                 numbers, else classes",
            ),
            Key::preset("test", hold_out::KIND, "0.2", "rows to test on, a number or a share"),
            Key::preset("split", Kind::Word(SPLIT), "\"random\"", "which rows these are"),
            Key::preset(
                "split_seed",
                Kind::Whole { least: 0, most: i64::MAX },
                "0",
                "of the random split; trials share it",
            ),
        ],
        example: "{ type = \"csv\", path = \"iris.csv\", target = 4, test = 0.3 }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Csv::new(chosen))) }
}

const LABEL: Kind = Kind::Either(&[Kind::Text, Kind::Whole { least: 0, most: 1 << 20 }]);
const HEADER: &[(&str, &str)] = &[
    ("auto", "it does if it has no number in a column where the second row has one"),
    ("yes", "it does"),
    ("no", "it is data"),
];
const TASK: &[(&str, &str)] =
    &[("classes", "a class: the different labels of the file, sorted, are the classes from 0"), ("values", "a number")];
const SPLIT: &[(&str, &str)] = &[("random", "drawn by the stream (split_seed, csv test)"), ("stored", "the last ones")];
/// Labels with more different numbers than this are values.
const MOST_CLASSES: usize = 20;

struct Csv {
    path: String,
    label: Value,
    header: String,
    task: Option<String>,
    test: Value,
    split: String,
    seed: u64,
}

impl Csv {
    fn new(chosen: &Chosen) -> Self {
        let values = &chosen.values;
        Self {
            path: values.text("path").to_owned(),
            label: values.value("target").clone(),
            header: values.text("header").to_owned(),
            task: values.has("task").then(|| values.text("task").to_owned()),
            test: values.value("test").clone(),
            split: values.text("split").to_owned(),
            seed: values.whole("split_seed") as u64,
        }
    }

    /// All rows of the file.
    fn rows(&self, sheet: &Sheet) -> Result<Dataset> {
        let label = sheet.label(&self.label)?;
        let labels = sheet.labels(label, self.task.as_deref())?;
        let mut x = Vec::with_capacity(sheet.rows.len() * (sheet.width - 1));
        for row in &sheet.rows {
            for column in (0..sheet.width).filter(|c| *c != label) {
                x.push(sheet.number(row, column)? as f32);
            }
        }
        Ok(Dataset { shape: Shape::flat(sheet.width - 1), x, labels })
    }
}

impl Source for Csv {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let Parts { train, test } = self.load(folders)?;
        let target = train.labels.target();
        Ok(Contents { shape: train.shape.clone(), target, train: train.rows(), test: test.rows() })
    }

    fn load(&self, folders: &Folders) -> Result<Parts> {
        let sheet = Sheet::open(folders.file(&self.path)?, &self.header)?;
        let all = self.rows(&sheet)?;
        let test = hold_out::rows(&self.test, all.rows(), &sheet.path)?;
        let mut order: Vec<usize> = (0..all.rows()).collect();
        if self.split == "random" {
            Stream::new(self.seed, "csv test", &[]).shuffle(&mut order);
        }
        let (train, test) = order.split_at_mut(all.rows() - test);
        train.sort_unstable();
        test.sort_unstable();
        Ok(Parts { train: all.pick(train), test: all.pick(test) })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        Ok(vec![folders.file(&self.path)?])
    }
}

/// A file's cells, all rows of the same width.
struct Sheet {
    path: PathBuf,
    /// The names of the columns, where the file has a header.
    names: Option<StringRecord>,
    rows: Vec<Row>,
    width: usize,
}

struct Row {
    /// The line of the file that it begins on, from 1.
    line: usize,
    cells: StringRecord,
}

impl Sheet {
    /// Errors: the file cannot be read, is no text, has no rows or rows of different widths.
    fn open(path: PathBuf, header: &str) -> Result<Self> {
        let bytes = std::fs::read(&path).map_err(|e| Error::file("read", &path, &e))?;
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            let line = line_at(&bytes, e.valid_up_to());
            Error::new(format!("`{}`, row {line}: not text in UTF-8", path.display()))
        })?;
        let mut rows = split(&path, text.trim_start_matches('\u{feff}'))?;
        let Some(first) = rows.first() else {
            return Err(Error::new(format!("`{}` is empty", path.display())));
        };
        let width = first.cells.len();
        if let Some(row) = rows.iter().find(|row| row.cells.len() != width) {
            let (n, line, path) = (row.cells.len(), row.line, path.display());
            return Err(Error::new(format!("`{path}`, row {line}: {n} cells, but the first row has {width}")));
        }
        if width < 2 {
            let message = format!("`{}` has one column, so nothing to predict the label from", path.display());
            return Err(Error::new(message).hint("cells are separated by commas"));
        }
        let named = match header {
            "auto" => names_columns(&first.cells, rows.get(1).map(|row| &row.cells)),
            word => word == "yes",
        };
        let names = named.then(|| rows.remove(0).cells);
        if rows.is_empty() {
            return Err(Error::new(format!("`{}` has a header, but no rows", path.display())));
        }
        Ok(Self { path, names, rows, width })
    }

    /// The column to predict.
    fn label(&self, written: &Value) -> Result<usize> {
        let (path, width) = (self.path.display(), self.width);
        match written {
            Value::Absent => Ok(width - 1),
            Value::Whole(i) if (*i as usize) < width => Ok(*i as usize),
            Value::Whole(i) => {
                Err(Error::new(format!("`target` is column {i}, but `{path}` has {width} columns, numbered from 0")))
            }
            Value::Text(name) => {
                let Some(names) = &self.names else {
                    let hint = "give the column's number from 0, or write `header = \"yes\"` if it has";
                    return Err(Error::new(format!("`{path}` has no header to find the label `{name}` in")).hint(hint));
                };
                let missing = || format!("`{path}` has no column `{name}`");
                let found = names.iter().position(|n| n == name);
                found.ok_or_else(|| Error::new(missing()).hint(suggest(name, names.iter())))
            }
            other => unreachable!("`target` is a name or a number: {other:?}"),
        }
    }

    /// The labels of all rows, as classes or values.
    fn labels(&self, column: usize, task: Option<&str>) -> Result<Labels> {
        let cells = || self.rows.iter().map(|row| &row.cells[column]);
        let numbers: Option<Vec<f64>> = cells().map(number).collect();
        let measured = |n: &Vec<f64>| n.iter().any(|x| x.trunc() != *x) || sorted(n).len() > MOST_CLASSES;
        if task.map_or_else(|| numbers.as_ref().is_some_and(measured), |task| task == "values") {
            let read = self.rows.iter().map(|row| self.number(row, column).map(|x| x as f32));
            return Ok(Labels::Values { of: read.collect::<Result<_>>()?, width: 1 });
        }
        // `1` and `1.0` are the same class, unless some label is a word
        let (of, count) = match numbers {
            Some(numbers) => ranked(&numbers, &sorted(&numbers), f64::total_cmp),
            None => {
                let all: Vec<&str> = cells().collect();
                let different: Vec<&str> = all.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
                ranked(&all, &different, Ord::cmp)
            }
        };
        if count < 2 {
            let (path, only) = (self.path.display(), &self.rows[0].cells[column]);
            let message = format!("`{path}`: {} has one class only, `{only}`", self.name(column));
            return Err(Error::new(message).hint("is it the right column? name it with `target`"));
        }
        Ok(Labels::Classes { of, count })
    }

    /// The number in a cell. Errors: there is something else.
    fn number(&self, row: &Row, column: usize) -> Result<f64> {
        let cell = &row.cells[column];
        number(cell).ok_or_else(|| {
            let (path, line, column) = (self.path.display(), row.line, self.name(column));
            let message = format!("`{path}`, row {line}, {column}: `{cell}` is not a finite number");
            Error::new(message).hint("inputs are numbers; leave rows with gaps out, and write words as numbers")
        })
    }

    fn name(&self, column: usize) -> String {
        match &self.names {
            Some(names) => format!("column `{}`", &names[column]),
            None => format!("column {column} (from 0)"),
        }
    }
}

/// The rows of a text; empty lines are none.
fn split(path: &Path, text: &str) -> Result<Vec<Row>> {
    let mut options = ReaderBuilder::new();
    let mut reader = options.has_headers(false).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let (mut rows, mut cells) = (Vec::new(), StringRecord::new());
    let (mut line, mut counted) = (1, 0);
    loop {
        // the reader's own count of lines lags behind where lines are empty or end in `\r\n`
        let from = reader.position().byte() as usize;
        let blank = text.as_bytes()[from..].iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        line += line_at(&text.as_bytes()[counted..], from + blank - counted) - 1;
        counted = from + blank;
        let more = reader.read_record(&mut cells);
        if !more.map_err(|e| Error::new(format!("`{}`, row {line}: {e}", path.display())))? {
            return Ok(rows);
        }
        if cells.iter().ne([""]) {
            rows.push(Row { line, cells: cells.clone() });
        }
    }
}

/// The line that a byte stands on, from 1.
fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|b| **b == b'\n').count() + 1
}

/// Whether the first row names the columns.
fn names_columns(first: &StringRecord, second: Option<&StringRecord>) -> bool {
    let word = |cell: &str| number(cell).is_none();
    match second {
        Some(second) => first.iter().zip(second).any(|(a, b)| word(a) && !word(b)),
        None => first.iter().all(word),
    }
}

/// A number that is finite also in single precision; `-0` is `0`.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|x: &f64| (*x as f32).is_finite()).map(|x| x + 0.0)
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
