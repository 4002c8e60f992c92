//! `npz`: arrays saved by `numpy.savez` or `numpy.savez_compressed`, inputs and targets by the names they were saved
//! under. Integers as targets are classes, floats are values.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::base::diagnostics::{Diagnostics, suggest};
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Chosen, Value, Values};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::share;
use crate::data::source::{Contents, Parts, Source};

use super::Build;
use super::hold_out::{HoldOut, SPLIT_SEED};
use super::npy::Array;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "npz",
        aliases: &[],
        summary: "arrays of a NumPy archive: rows of numbers of any shape, with classes (integers) or values (floats)",
        formula: "",
        source: "NumPy, `numpy.savez`",
        keys: vec![
            Key::required("path", Kind::Text, "the file, relative to the experiment file or to a data folder"),
            Key::preset("x", Kind::Text, "\"x\"", "the array of training inputs, (rows, ...)"),
            Key::preset("y", Kind::Text, "\"y\"", "the array of training targets, (rows), or (rows, values) of floats"),
            Key::preset("x_test", Kind::Text, "\"x_test\"", "the array of test inputs"),
            Key::preset("y_test", Kind::Text, "\"y_test\"", "the array of test targets"),
            Key::optional(
                "lengths",
                Kind::Text,
                "the array, (rows) of integers, that says how many of its steps, the first extent of a row, each row of `x` \
                 has; the others are padding, whatever finite numbers stand there",
            ),
            Key::optional("lengths_test", Kind::Text, "the same of `x_test`"),
            Key::optional(
                "test",
                share::KIND,
                "test on so many rows of `x`, a number or a share, instead of on `x_test`: the last ones, unless `split` is \
                 `\"random\"`",
            ),
            SPLIT_SEED,
        ],
        example: "{ type = \"npz\", path = \"mnist1d.npz\", x = \"x_train\", y = \"y_train\" }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let wanted = values.has("lengths") && !values.has("test");
    let (given, missing) = match (wanted, values.has("lengths_test")) {
        (true, false) => ("lengths", "lengths_test"),
        (false, true) => ("lengths_test", if values.has("lengths") { "x_test" } else { "lengths" }),
        _ => return Some(Box::new(Npz::new(values))),
    };
    let message = match missing {
        "x_test" => "`lengths_test` has no meaning where `test` takes rows of `x`".to_owned(),
        _ => format!("`{given}` is given without `{missing}`"),
    };
    let hint = "rows of different lengths are so in both parts, or in neither";
    diagnostics.error_with_hint(values.place(given), message, "", hint);
    None
}

/// Larger labels are no classes.
const MOST_CLASSES: f32 = 65536.0;

struct Npz {
    path: String,
    train: Names,
    test: Test,
}

/// The arrays of inputs and targets, and of lengths where rows have their own.
struct Names {
    x: String,
    y: String,
    lengths: Option<String>,
}

enum Test {
    Arrays(Names),
    Rows(HoldOut),
}

impl Npz {
    fn new(values: &Values) -> Self {
        let names = |x, y, lengths| Names {
            x: values.text(x).to_owned(),
            y: values.text(y).to_owned(),
            lengths: values.has(lengths).then(|| values.text(lengths).to_owned()),
        };
        let test = match values.value("test") {
            Value::Absent => Test::Arrays(names("x_test", "y_test", "lengths_test")),
            _ => Test::Rows(HoldOut::new(values, 0.0, true)),
        };
        Self { path: values.text("path").to_owned(), train: names("x", "y", "lengths"), test }
    }

    fn open(&self, folders: &Folders) -> Result<Archive> {
        Archive::open(folders.file(&self.path)?)
    }
}

impl Source for Npz {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let mut archive = self.open(folders)?;
        let (shape, rows) = archive.inputs(&self.train.x)?;
        let labels = archive.labels(&self.train, rows)?;
        archive.lengths(&self.train, (&shape, rows))?;
        let (train, test, target) = match &self.test {
            Test::Rows(held) => {
                let test = held.count(rows, &archive.path)?;
                (rows - test, test, labels.target())
            }
            Test::Arrays(names) => {
                let (test_shape, test_rows) = archive.inputs(&names.x)?;
                let test_labels = archive.labels(names, test_rows)?;
                archive.same_shape(names, (&shape, &test_shape))?;
                archive.lengths(names, (&test_shape, test_rows))?;
                (rows, test_rows, archive.same_target(names, (&labels, &test_labels))?)
            }
        };
        let padded = self.train.lengths.is_some();
        Ok(Contents { padded, ..Contents::new(shape, target, train, test) })
    }

    fn load(&self, folders: &Folders, seeds: Seeds) -> Result<Parts> {
        let mut archive = self.open(folders)?;
        let train = archive.rows(&self.train)?;
        match &self.test {
            Test::Rows(held) => held.parts(&train, seeds, &archive.path),
            Test::Arrays(names) => {
                let test = archive.rows(names)?;
                archive.same_shape(names, (&train.shape, &test.shape))?;
                let target = archive.same_target(names, (&train.labels, &test.labels))?;
                let part = |data: Dataset| Dataset { labels: data.labels.among(target), ..data };
                Ok(Parts { train: part(train), test: part(test) })
            }
        }
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        Ok(vec![folders.file(&self.path)?])
    }

    fn follows_trial(&self) -> bool {
        matches!(&self.test, Test::Rows(held) if held.follows_trial())
    }
}

/// A file that was found to be an archive.
struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
}

type Entries<'a> = Array<ZipFile<'a, BufReader<File>>>;

impl Archive {
    fn open(path: PathBuf) -> Result<Self> {
        let file = File::open(&path).map_err(|e| Error::file("read", &path, &e))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|e| {
            let hint = "write it with `numpy.savez`; if it was copied, copy it again";
            Error::new(format!("`{}` is no NPZ file, or is cut short: {e}", path.display())).hint(hint)
        })?;
        Ok(Self { path, zip })
    }

    /// The array of that name. Errors: there is none, or it is something else.
    fn array(&mut self, name: &str) -> Result<Entries<'_>> {
        let files = self.zip.file_names().filter_map(|file| file.ok());
        let mut names: Vec<String> = files.filter_map(|file| file.strip_suffix(".npy").map(str::to_owned)).collect();
        names.sort_unstable();
        if !names.iter().any(|n| n == name) {
            let message = format!("`{}` has no array `{name}`", self.path.display());
            return Err(Error::new(message).hint(suggest(name, names.iter().map(String::as_str))));
        }
        let path = self.path.display();
        let wrong = |what: String| Error::new(format!("`{path}`: the array `{name}` {what}"));
        let entry = self.zip.by_name(&format!("{name}.npy"));
        Array::open(entry.map_err(|e| wrong(format!("cannot be unpacked: {e}")))?).map_err(wrong)
    }

    fn wrong(&self, name: &str, what: &str) -> Error {
        Error::new(format!("`{}`: the array `{name}` {what}", self.path.display()))
    }

    /// The shape of a row of this array, and how many rows there are.
    fn inputs(&mut self, name: &str) -> Result<(Shape, usize)> {
        let shape = self.array(name)?.shape;
        let one = shape.iter().try_fold(1_usize, |n, extent| n.checked_mul(*extent));
        match (shape.split_first(), one) {
            (Some((rows, [])), Some(1..)) => Ok((Shape::flat(1), *rows)),
            (Some((rows, row)), Some(1..)) => Ok((Shape(row.to_vec()), *rows)),
            _ => Err(self.wrong(name, &format!("has the shape {}, not rows of numbers", Shape(shape)))),
        }
    }

    fn rows(&mut self, names: &Names) -> Result<Dataset> {
        let (shape, rows) = self.inputs(&names.x)?;
        let labels = self.labels(names, rows)?;
        let lengths = self.lengths(names, (&shape, rows))?;
        let mut x = self.numbers(&names.x)?;
        let step = shape.width() / shape.0[0];
        for (row, length) in x.chunks_exact_mut(shape.width()).zip(&lengths) {
            row[*length as usize * step..].fill(0.0);
        }
        Ok(Dataset { lengths, ..Dataset::new(shape, x, labels) })
    }

    /// How many steps each of `rows` inputs of this shape has; none where they all have all.
    fn lengths(&mut self, names: &Names, (shape, rows): (&Shape, usize)) -> Result<Vec<u32>> {
        let Some(name) = &names.lengths else { return Ok(Vec::new()) };
        let (found, whole) = self.array(name).map(|array| (array.shape.clone(), array.is_whole()))?;
        if found[..] != [rows] || !whole {
            let kind = if whole { "integers" } else { "floats" };
            let what = format!("holds {kind} of the shape {}, not a length for each of the {rows} rows", Shape(found));
            return Err(self.wrong(name, &format!("{what} of `{}`", names.x)).hint("save `(rows)` integers"));
        }
        let (lengths, steps) = (self.numbers(name)?, shape.0[0]);
        if let Some(row) = lengths.iter().position(|length| !(1.0..=steps as f32).contains(length)) {
            let what =
                format!("has the length {} in row {row}, but a row of `{}` has {steps} steps", lengths[row], names.x);
            return Err(self.wrong(name, &what).hint("lengths are integers from 1 to the first extent of a row"));
        }
        Ok(lengths.into_iter().map(|length| length as u32).collect())
    }

    fn numbers(&mut self, name: &str) -> Result<Vec<f32>> {
        let read = self.array(name)?.read();
        read.map_err(|what| self.wrong(name, &what))
    }

    /// The targets, one for each of `rows` inputs.
    fn labels(&mut self, names: &Names, rows: usize) -> Result<Labels> {
        let (shape, whole) = self.array(&names.y).map(|array| (array.shape.clone(), array.is_whole()))?;
        let width = match shape[..] {
            [n] if n == rows => 1,
            [n, width] if n == rows && (width == 1 || (width > 1 && !whole)) => width,
            _ => {
                let wanted = if whole { "one class" } else { "one value or several" };
                let what = format!("has the shape {}, not {wanted} for each of the {rows} rows", Shape(shape));
                return Err(self.wrong(&names.y, &format!("{what} of `{}`", names.x)));
            }
        };
        let numbers = self.numbers(&names.y)?;
        if !whole {
            return Ok(Labels::Values { of: numbers, width });
        }
        if let Some(row) = numbers.iter().position(|class| !(0.0..MOST_CLASSES).contains(class)) {
            let error = self.wrong(&names.y, &format!("has the label {} in row {row}", numbers[row]));
            return Err(error.hint("classes are integers from 0; save values as floats"));
        }
        let count = numbers.iter().fold(1.0_f32, |most, class| most.max(*class)) as usize + 1;
        Ok(Labels::Classes { of: numbers.into_iter().map(|class| class as u32).collect(), count })
    }

    fn same_shape(&self, names: &Names, (train, test): (&Shape, &Shape)) -> Result<()> {
        if train == test {
            return Ok(());
        }
        Err(self.wrong(&names.x, &format!("has rows of {test}, but those to train on are {train}")))
    }

    /// What both parts predict: as many classes as the two have together.
    fn same_target(&self, names: &Names, (train, test): (&Labels, &Labels)) -> Result<Target> {
        match (train.target(), test.target()) {
            (Target::Classes(a), Target::Classes(b)) => Ok(Target::Classes(a.max(b))),
            (a, b) if a == b => Ok(a),
            _ => Err(self.wrong(&names.y, "predicts something else than the targets to train on")),
        }
    }
}
