//! Files that appear whole or not at all: written beside their place and renamed into it, so a kill at any moment leaves
//! the old file or the new one, never half of either.

use std::io::Write;
use std::path::Path;

use super::error::{Error, Result};

/// Writes a file, making its folder when it is not there. A file that already holds these bytes is left as it is.
/// Errors: the folder or file cannot be written, with what to do about it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|e| Error::file("create", folder, &e))?;
    let fail = |e: std::io::Error| Error::file("write", path, &e);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.as_file().sync_data().map_err(fail)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(fail)?;
    }
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(())
}
