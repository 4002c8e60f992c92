//! The error of everything that happens after the experiment file was accepted: files, folders, disks, interrupts. It
//! says what failed, and what to do about it. Mistakes *in* a file are [`super::diagnostics`], which point into it.

use std::fmt;
use std::path::Path;

/// What went wrong, and the way out of it. The message is lower case without a final period; what the user wrote stands
/// in backticks; the hint says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What failed and where.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A result whose error a person can act on.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a hint.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A file operation that failed: `verb` is what was tried (`read`, `write`, `create`). The hint comes from the kind
    /// of failure, because a full disk and a read-only folder want different remedies.
    pub fn file(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as K;
        let hint = match error.kind() {
            K::NotFound => Some("check the path, and the folder the command is run from"),
            K::PermissionDenied => Some("the folder or file is not yours to use; choose another with `--out DIR`"),
            K::ReadOnlyFilesystem => Some("the file system is read-only; choose another folder with `--out DIR`"),
            K::StorageFull | K::QuotaExceeded => {
                Some("free some space and run the same command again: what is finished is kept")
            }
            K::IsADirectory => Some("that is a folder; name a file in it"),
            K::NotADirectory | K::AlreadyExists => Some("something else has that name; move it or choose `--out DIR`"),
            _ => None,
        };
        Self { message: format!("cannot {verb} `{}`: {error}", path.display()), hint: hint.map(str::to_owned) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
