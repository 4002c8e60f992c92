//! `cifar10`: small photographs of ten kinds of things (Krizhevsky 2009), from the binary version: records of 3073 bytes, the
//! label and then the red, green and blue planes of 32 x 32 pixels, row by row. Any file of such records can be named
//! instead of the published ones.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::hash;
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Value, Values};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::source::{Contents, Parts};

use super::packed::{damaged, fill, unpacked};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let files = Kind::List { of: &Kind::Text, least: 1 };
    let about = About {
        name: "cifar10",
        aliases: &["cifar-10", "cifar_10"],
        summary: "CIFAR-10: 3 x 32 x 32 photographs in 10 classes, 50,000 + 10,000 rows, from the files of its binary version",
        formula: "x = pixel / 255",
        source: "Krizhevsky 2009",
        keys: vec![
            Key::optional("train", Kind::COUNT, "train on the first rows only, so many; all when not given"),
            Key::optional("test", Kind::COUNT, "test on the first rows only, so many; all when not given"),
            Key::optional("train_files", files, "files of such records to train on, instead of the published ones"),
            Key::optional("test_files", files, "files to test on; both or neither are given"),
            Key::preset("verify", Kind::Flag, "true", "refuse published files whose content is not what was published"),
        ],
        example: "{ type = \"cifar10\", train = 10000 }".into(),
    };
    Entry { about, build }
}

/// The files as they are called where they were published, the test rows last.
const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];
/// The records of each of them.
const RECORDS: usize = 10_000;
const CLASSES: usize = 10;
const IMAGE: [usize; 3] = [3, 32, 32];
/// The label and the planes.
const RECORD: usize = 1 + IMAGE[0] * IMAGE[1] * IMAGE[2];
/// More bytes than any file of this kind has.
const MOST_BYTES: usize = RECORD * 1_000_000;

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let own = match (values.has("train_files"), values.has("test_files")) {
        (false, false) => None,
        (true, true) => Some((texts(values, "train_files"), texts(values, "test_files"))),
        _ => {
            let message = "`train_files` and `test_files` belong together";
            diagnostics.error_with_hint(chosen.place, message, "", "give both or neither");
            return None;
        }
    };
    let rows = |key| values.has(key).then(|| values.count(key));
    Some(Box::new(Cifar10 { train: rows("train"), test: rows("test"), own, verify: values.flag("verify") }))
}

fn texts(values: &Values, key: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => unreachable!("`{key}` holds texts: {other:?}"),
    };
    values.list(key).iter().map(|item| text(&item.value)).collect()
}

struct Cifar10 {
    train: Option<usize>,
    test: Option<usize>,
    /// Files to train and to test on that are not the published ones.
    own: Option<(Vec<String>, Vec<String>)>,
    verify: bool,
}

impl Cifar10 {
    /// The files to train and to test on.
    fn parts(&self, folders: &Folders) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let Some((train, test)) = &self.own else {
            let mut train = folders.set(&["cifar10", "cifar-10", "cifar-10-batches-bin"], &FILES)?;
            let test = train.split_off(FILES.len() - 1);
            return Ok((train, test));
        };
        let found = |paths: &[String]| paths.iter().map(|path| folders.file(path)).collect::<Result<Vec<_>>>();
        Ok((found(train)?, found(test)?))
    }

    /// How many rows files have, as their sizes say, and how many of them are used.
    fn sizes(&self, files: &[PathBuf], wanted: Option<usize>) -> Result<usize> {
        let mut rows = 0;
        for file in files {
            let bytes = std::fs::metadata(file).map_err(|e| Error::file("read", file, &e))?.len();
            let packed = file.extension().is_some_and(|e| e == "gz");
            rows += self.records(file, if packed { read(file)?.len() } else { bytes as usize })?;
        }
        match wanted {
            Some(n) if n > rows => Err(Error::new(format!(
                "`{}` and the like have {rows} rows, but {n} are asked for",
                files[0].display()
            ))),
            wanted => Ok(wanted.unwrap_or(rows)),
        }
    }

    /// How many records a file of so many bytes has. Errors: no whole number of them, or not the published one.
    fn records(&self, file: &Path, bytes: usize) -> Result<usize> {
        let (path, expected) = (file.display(), RECORDS * RECORD);
        if self.own.is_none() && self.verify && bytes != expected {
            let message = format!("`{path}` is not as published: {bytes} bytes, not {expected}");
            let hint = "it is cut short or another file: unpack `cifar-10-binary.tar.gz` again";
            return Err(Error::new(message).hint(hint));
        }
        if bytes == 0 || !bytes.is_multiple_of(RECORD) {
            let message =
                format!("`{path}` is cut short or another file: {bytes} bytes are no whole number of records");
            return Err(
                Error::new(message).hint(format!("a record of the binary version of CIFAR-10 has {RECORD} bytes"))
            );
        }
        Ok(bytes / RECORD)
    }

    fn rows(&self, files: &[PathBuf], wanted: Option<usize>) -> Result<Dataset> {
        let mut wanted = self.sizes(files, wanted)?;
        let (mut x, mut of) = (Vec::with_capacity(wanted * (RECORD - 1)), Vec::with_capacity(wanted));
        for file in files {
            let bytes = read(file)?;
            self.records(file, bytes.len())?;
            if self.own.is_none() && self.verify {
                check(file, &bytes)?;
            }
            for (row, record) in bytes.chunks_exact(RECORD).enumerate() {
                if usize::from(record[0]) >= CLASSES {
                    let message = format!("`{}` has the label {} in record {row}", file.display(), record[0]);
                    return Err(Error::new(message).hint("is it CIFAR-10? its labels are 0 to 9"));
                }
                if wanted > 0 {
                    of.push(u32::from(record[0]));
                    x.extend(record[1..].iter().map(|pixel| f32::from(*pixel) / 255.0));
                    wanted -= 1;
                }
            }
        }
        Ok(Dataset::new(Shape(IMAGE.to_vec()), x, Labels::Classes { of, count: CLASSES }))
    }
}

impl Source for Cifar10 {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let (train, test) = self.parts(folders)?;
        let (train, test) = (self.sizes(&train, self.train)?, self.sizes(&test, self.test)?);
        Ok(Contents::new(Shape(IMAGE.to_vec()), Target::Classes(CLASSES), train, test))
    }

    fn load(&self, folders: &Folders, _seeds: Seeds) -> Result<Parts> {
        let (train, test) = self.parts(folders)?;
        Ok(Parts { train: self.rows(&train, self.train)?, test: self.rows(&test, self.test)? })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        let (train, test) = self.parts(folders)?;
        Ok([train, test].concat())
    }
}

/// A whole file, unpacked. Errors: it cannot be read, or goes on without end.
fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fill(&mut unpacked(file)?, MOST_BYTES, &mut bytes).map_err(|e| damaged(file, &e))?;
    Ok(bytes)
}

/// The digests of the first records of two of the published files.
const BEGINNINGS: [(&str, usize, &str); 2] =
    [("data_batch_1.bin", 4000, "48cad094751af801"), ("test_batch.bin", 1000, "3dbbe856c8f296ed")];

/// Refuses a published file that begins with other records than those published.
fn check(file: &Path, bytes: &[u8]) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some((_, records, published)) = BEGINNINGS.iter().find(|(known, ..)| name.starts_with(known)) else {
        return Ok(());
    };
    let found = hash::digest(&bytes[..records * RECORD]);
    if found == *published {
        return Ok(());
    }
    let message = format!(
        "`{}` is not as published: the digest of its first {records} records is {found}, not {published}",
        file.display()
    );
    Err(Error::new(message).hint("download it again, or write `verify = false` to take the file as it is"))
}
