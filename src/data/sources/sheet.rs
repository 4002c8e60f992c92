//! Sheets of cells in a text file, one row a line (RFC 4180). Every mistake is shown with its row and its column. Whether
//! there is a header is found out from the file, and can be said instead.

use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord, Trim};

use crate::base::diagnostics::suggest;
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::values::{Value, Values};

/// The keys of every source that reads a sheet: the file and its form.
pub(super) const PATH: Key =
    Key::required("path", Kind::Text, "the file, relative to the experiment file or to a data folder");
pub(super) const FORM: [Key; 2] = [
    Key::preset("delimiter", Kind::Text, "\",\"", "the character between two cells; `\"tab\"` for a tabulator")
        .or(&["sep"]),
    Key::preset("header", Kind::Word(HEADER), "\"auto\"", "whether the first row names the columns"),
];
/// A column by its name or number.
pub(super) const COLUMN: Kind = Kind::Either(&[Kind::Text, Kind::Whole { least: 0, most: 1 << 20 }]);

const HEADER: &[(&str, &str)] = &[
    ("auto", "it does if it has no number in a column where the second row has one"),
    ("yes", "it does"),
    ("no", "it is data"),
];

/// A file's cells, all rows of the same width.
pub(super) struct Sheet {
    pub path: PathBuf,
    /// The names of the columns, where the file has a header.
    names: Option<StringRecord>,
    pub rows: Vec<Row>,
    pub width: usize,
}

/// A row of cells.
pub(super) struct Row {
    /// The line of the file that it begins on, from 1.
    line: usize,
    pub cells: StringRecord,
}

/// How a file is to be read.
pub(super) struct Form {
    delimiter: String,
    header: String,
}

impl Form {
    /// As the settings of [`FORM`] say.
    pub fn new(values: &Values) -> Self {
        Self { delimiter: values.text("delimiter").to_owned(), header: values.text("header").to_owned() }
    }

    /// The byte between two cells.
    fn delimiter(&self) -> Result<u8> {
        match self.delimiter.as_bytes() {
            b"tab" => Ok(b'\t'),
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
            _ => Err(Error::new(format!("`delimiter` cannot be `{}`", self.delimiter))
                .hint("it is one character, such as `,` or `;`, or `tab`")),
        }
    }
}

impl Sheet {
    /// Errors: the file cannot be read, is no text, has no rows or rows of different widths.
    pub fn open(path: PathBuf, form: &Form) -> Result<Self> {
        let bytes = std::fs::read(&path).map_err(|e| Error::file("read", &path, &e))?;
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            let line = line_at(&bytes, e.valid_up_to());
            Error::new(format!("`{}`, row {line}: not text in UTF-8", path.display()))
        })?;
        let mut rows = split(&path, text.trim_start_matches('\u{feff}'), form.delimiter()?)?;
        let Some(first) = rows.first() else {
            return Err(Error::new(format!("`{}` is empty", path.display())));
        };
        let width = first.cells.len();
        if let Some(row) = rows.iter().find(|row| row.cells.len() != width) {
            let (n, line, path) = (row.cells.len(), row.line, path.display());
            return Err(Error::new(format!("`{path}`, row {line}: {n} cells, but the first row has {width}")));
        }
        let named = match form.header.as_str() {
            "auto" => names_columns(&first.cells, rows.get(1).map(|row| &row.cells)),
            word => word == "yes",
        };
        let names = named.then(|| rows.remove(0).cells);
        if rows.is_empty() {
            return Err(Error::new(format!("`{}` has a header, but no rows", path.display())));
        }
        Ok(Self { path, names, rows, width })
    }

    /// The column that is meant by a name or a number; `key` is where it was written.
    pub fn column(&self, key: &str, written: &Value) -> Result<usize> {
        let (path, width) = (self.path.display(), self.width);
        match written {
            Value::Whole(i) if (*i as usize) < width => Ok(*i as usize),
            Value::Whole(i) => {
                Err(Error::new(format!("`{key}` is column {i}, but `{path}` has {width} columns, numbered from 0")))
            }
            Value::Text(name) => {
                let Some(names) = &self.names else {
                    let hint = "give the column's number from 0, or write `header = \"yes\"` if it has";
                    let message = format!("`{path}` has no header to find the column `{name}` of `{key}` in");
                    return Err(Error::new(message).hint(hint));
                };
                let missing = || format!("`{path}` has no column `{name}`");
                let found = names.iter().position(|n| n == name);
                found.ok_or_else(|| Error::new(missing()).hint(suggest(name, names.iter())))
            }
            other => unreachable!("`{key}` is a name or a number: {other:?}"),
        }
    }

    /// The columns that are meant by a list of names or numbers.
    pub fn columns(&self, key: &str, written: &[Value]) -> Result<Vec<usize>> {
        written.iter().map(|one| self.column(key, one)).collect()
    }

    /// An error about a cell. `what` follows its place.
    pub fn wrong(&self, row: &Row, column: usize, what: &str) -> Error {
        let (path, line, name) = (self.path.display(), row.line, self.name(column));
        Error::new(format!("`{path}`, row {line}, {name}: {what}"))
    }

    /// The number in a cell. Errors: there is something else.
    pub fn number(&self, row: &Row, column: usize) -> Result<f64> {
        let cell = &row.cells[column];
        number(cell).ok_or_else(|| {
            let hint = if is_missing(cell) {
                "say what to do with gaps: `missing = \"drop\"` or `\"mean\"`"
            } else {
                "inputs are numbers; a column of words can be one-hot: `categorical = [...]`, or left out: `drop = [...]`"
            };
            self.wrong(row, column, &format!("`{cell}` is not a finite number")).hint(hint)
        })
    }

    /// What a column is called in a message.
    pub fn name(&self, column: usize) -> String {
        match &self.names {
            Some(names) => format!("column `{}`", &names[column]),
            None => format!("column {column} (from 0)"),
        }
    }
}

/// The rows of a text; empty lines are none.
fn split(path: &Path, text: &str, delimiter: u8) -> Result<Vec<Row>> {
    let mut options = ReaderBuilder::new();
    options.has_headers(false).flexible(true).trim(Trim::All);
    let mut reader = options.delimiter(delimiter).from_reader(text.as_bytes());
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

/// Whether nothing is known of a cell: it is empty or says so, as in files of pandas, R and the UCI repository.
pub(super) fn is_missing(cell: &str) -> bool {
    ["", "?", "na", "n/a", "nan", "null", "none"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// A number that is finite also in single precision; `-0` is `0`.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|x: &f64| (*x as f32).is_finite()).map(|x| x + 0.0)
}
