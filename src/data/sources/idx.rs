//! IDX, the format in which MNIST was published and the sets that followed it (LeCun, Cortes & Burges 1998): two zero
//! bytes, the type of the elements (8 is unsigned bytes), the number of extents, the extents as big-endian u32, then the
//! elements. A set is four such files, images and labels to train and to test on, each packed with gzip or not.
//!
//! A header is a claim: nothing is allocated because of it, memory grows with the bytes that are really there.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::hash;
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::shape::{Shape, Target};
use crate::base::values::Values;
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::source::{Contents, Parts, Source};

use super::packed::{damaged, fill, unpacked};

/// The four files, as they are called where they were published.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];
/// The extents of an image.
const IMAGE: [usize; 2] = [28, 28];
const CLASSES: usize = 10;
/// More rows than any set of this kind has: a header that claims more is not believed.
const MOST_ROWS: usize = 1_000_000;

/// A set that was published in this format.
#[derive(Debug)]
pub(super) struct Published {
    /// Its name, which is also the name of its folder.
    pub name: &'static str,
    /// The digests of the unpacked files, in the order of [`FILES`].
    pub digests: [&'static str; 4],
}

/// The keys of every such set.
pub(super) fn keys() -> Vec<Key> {
    vec![
        Key::optional("train", Kind::COUNT, "train on the first rows only, so many; all when not given"),
        Key::optional("test", Kind::COUNT, "test on the first rows only, so many; all when not given"),
        Key::preset("verify", Kind::Flag, "true", "refuse files whose unpacked content is not the published one"),
    ]
}

/// A published set with its settings.
pub(super) struct Set {
    published: &'static Published,
    train: Option<usize>,
    test: Option<usize>,
    verify: bool,
}

impl Set {
    /// The set with the settings of [`keys`].
    pub fn new(published: &'static Published, values: &Values) -> Self {
        let rows = |key| values.has(key).then(|| values.count(key));
        Self { published, train: rows("train"), test: rows("test"), verify: values.flag("verify") }
    }

    /// The whole content of a file, without its header.
    fn elements(&self, file: usize, idx: Idx) -> Result<Vec<u8>> {
        let (path, head) = (idx.path.clone(), idx.head.len());
        let mut bytes = idx.read()?;
        let (found, published) = (hash::digest(&bytes), self.published.digests[file]);
        if self.verify && found != published {
            let name = self.published.name;
            let message = format!(
                "`{}` is not `{}` of {name} as published: its digest is {found}, not {published}",
                path.display(),
                FILES[file]
            );
            let hint = "download it again, or write `verify = false` to take the file as it is";
            return Err(Error::new(message).hint(hint));
        }
        bytes.drain(..head);
        Ok(bytes)
    }

    /// The first `wanted` rows of the files number `first` (images) and the one after it (labels).
    fn part(&self, files: &[PathBuf], first: usize, wanted: Option<usize>) -> Result<Dataset> {
        let (images, labels) = pair(&files[first], &files[first + 1])?;
        let rows = taken(&images, wanted)?;
        let path = labels.path.clone();
        let pixels = self.elements(first, images)?;
        let labels = self.elements(first + 1, labels)?;
        if let Some(row) = labels.iter().position(|label| usize::from(*label) >= CLASSES) {
            let message = format!("`{}` has the label {} in row {row}", path.display(), labels[row]);
            return Err(Error::new(message).hint(format!("there are {CLASSES} classes, 0 to {}", CLASSES - 1)));
        }
        let pixels = &pixels[..rows * IMAGE.iter().product::<usize>()];
        let x = pixels.iter().map(|pixel| f32::from(*pixel) / 255.0).collect();
        let of = labels[..rows].iter().map(|l| u32::from(*l)).collect();
        Ok(Dataset::new(shape(), x, Labels::Classes { of, count: CLASSES }))
    }
}

impl Source for Set {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let files = self.files(folders)?;
        let rows = |first: usize, wanted| taken(&pair(&files[first], &files[first + 1])?.0, wanted);
        let (train, test) = (rows(0, self.train)?, rows(2, self.test)?);
        Ok(Contents::new(shape(), Target::Classes(CLASSES), train, test))
    }

    fn load(&self, folders: &Folders, _seeds: Seeds) -> Result<Parts> {
        let files = self.files(folders)?;
        Ok(Parts { train: self.part(&files, 0, self.train)?, test: self.part(&files, 2, self.test)? })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        let name = self.published.name;
        folders.set(&[name, &name.replace('-', "_")], &FILES)
    }
}

/// One channel.
fn shape() -> Shape {
    Shape(vec![1, IMAGE[0], IMAGE[1]])
}

/// Images and their labels, opened. Errors: one of the files is something else, or they differ in their rows.
fn pair(images: &Path, labels: &Path) -> Result<(Idx, Idx)> {
    let (images, labels) = (Idx::open(images, &IMAGE)?, Idx::open(labels, &[])?);
    if images.rows != labels.rows {
        let (i, l) = (images.path.display(), labels.path.display());
        let message = format!("`{i}` has {} images, but `{l}` has {} labels", images.rows, labels.rows);
        return Err(Error::new(message).hint("the two files belong to different sets"));
    }
    Ok((images, labels))
}

/// How many rows are used when `wanted` are asked for.
fn taken(images: &Idx, wanted: Option<usize>) -> Result<usize> {
    match wanted {
        Some(n) if n > images.rows => {
            let message = format!("`{}` has {} rows, but {n} are asked for", images.path.display(), images.rows);
            Err(Error::new(message))
        }
        Some(n) => Ok(n),
        None => Ok(images.rows),
    }
}

/// A file whose header was read and found to be right.
struct Idx {
    path: PathBuf,
    /// The header as it stands in the file.
    head: Vec<u8>,
    rows: usize,
    /// Bytes that the header promises after itself.
    promised: usize,
    rest: Box<dyn Read>,
}

impl Idx {
    /// Opens a file of rows with these extents, none for labels, and reads its header. Errors: it cannot be read, or
    /// the header is another one.
    fn open(path: &Path, row: &[usize]) -> Result<Self> {
        let mut rest = unpacked(path)?;
        let mut head = Vec::new();
        let size = 4 * (row.len() + 2);
        let end = fill(&mut rest, size, &mut head);
        let magic = [0, 0, 8, row.len() as u8 + 1];
        let wrong = |what: String| {
            let hint = format!("it should be one of the files {}", FILES.map(|f| format!("`{f}`")).join(", "));
            Err(Error::new(format!("`{}` {what}", path.display())).hint(hint))
        };
        if !head.starts_with(&magic) && !magic.starts_with(&head) {
            let begin = hexadecimal(&head[..head.len().min(4)]);
            return wrong(format!("is another file: it begins with {begin}, not with {}", hexadecimal(&magic)));
        }
        end.map_err(|e| damaged(path, &e))?;
        if head.len() < size {
            return wrong(format!("is cut short: {} bytes, less than its header of {size}", head.len()));
        }
        let extent = |bytes: &[u8]| bytes.iter().fold(0_usize, |n, byte| (n << 8) | usize::from(*byte));
        let extents: Vec<usize> = head[4..].chunks_exact(4).map(extent).collect();
        if extents[1..] != *row {
            return wrong(format!("has images of {}, not {}", Shape(extents[1..].to_vec()), Shape(row.to_vec())));
        }
        let rows = extents[0];
        if !(1..=MOST_ROWS).contains(&rows) {
            return wrong(format!("claims {rows} rows, not 1 to {MOST_ROWS}"));
        }
        let promised = rows * row.iter().product::<usize>();
        Ok(Self { path: path.to_path_buf(), head, rows, promised, rest })
    }

    /// The whole file, header included. Errors: it is damaged, or has more or fewer bytes than its header says.
    fn read(mut self) -> Result<Vec<u8>> {
        let expected = self.head.len() + self.promised;
        let mut bytes = self.head;
        // one byte more than promised, to see that there is none
        let end = fill(&mut self.rest, self.promised + 1, &mut bytes);
        let path = self.path.display();
        end.map_err(|e| damaged(&self.path, &e))?;
        let wrong = match bytes.len() {
            n if n < expected => format!("`{path}` is cut short: {n} bytes of {expected}"),
            n if n > expected => format!("`{path}` goes on after the {expected} bytes that its header promises"),
            _ => return Ok(bytes),
        };
        Err(Error::new(wrong).hint("download it again"))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
}
