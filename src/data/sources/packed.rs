//! Files that may be packed with gzip, as published sets are. A header is a claim: memory grows with the bytes that are
//! really there.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::base::error::{Error, Result};

/// A file's bytes, unpacked when they are packed: by what the file holds, not by its name.
pub(super) fn unpacked(path: &Path) -> Result<Box<dyn Read>> {
    let fail = |e: std::io::Error| Error::file("read", path, &e);
    let mut file = BufReader::new(File::open(path).map_err(fail)?);
    let packed = file.fill_buf().map_err(fail)?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// Appends up to `most` bytes, and all that come before an error. A packed file that ends too early just ends.
pub(super) fn fill(from: &mut dyn Read, most: usize, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    match from.take(most as u64).read_to_end(bytes) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => Ok(()),
        other => other.map(|_| ()),
    }
}

/// What to say of a file that cannot be unpacked.
pub(super) fn damaged(path: &Path, error: &std::io::Error) -> Error {
    Error::new(format!("`{}` is damaged: {error}", path.display())).hint("download it again")
}
