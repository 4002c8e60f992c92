//! Files that appear whole or not at all: written beside their place and renamed into it, so a kill at any moment leaves
//! the old file or the new one, never half of either. What a kill leaves beside it is overwritten the next time.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::error::{Error, Result};

/// Writes a file, making its folder when it is not there. A file that already holds these bytes is left as it is. Of
/// several processes only one may write a file at a time. Errors: the folder or file cannot be written, with what to do
/// about it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!(".{name}.part"));
    let written = if fs::read(path).is_ok_and(|old| old == bytes) {
        Ok(())
    } else {
        fs::create_dir_all(folder).map_err(|e| Error::file("create", folder, &e))?;
        put(&part, bytes).and_then(|()| fs::rename(&part, path))
    };
    // after a kill, or a disk that was full
    let _ = fs::remove_file(&part);
    written.map_err(|e| Error::file("write", path, &e))
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}
