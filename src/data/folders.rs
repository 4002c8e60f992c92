//! Where data files are looked for: beside the experiment file, then in the folders of `--data`, RUNNER_DATA and `data/`.

use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};

/// The folders, in the order they are searched.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The experiment file's own folder.
    beside: PathBuf,
    list: Vec<PathBuf>,
}

impl Folders {
    /// The folders of the command line and environment.
    pub fn new(list: Vec<PathBuf>) -> Self {
        Self { beside: PathBuf::new(), list }
    }

    /// The same folders for an experiment file in `folder`.
    pub fn beside(&self, folder: &Path) -> Self {
        Self { beside: folder.to_path_buf(), list: self.list.clone() }
    }

    /// A file that the experiment names by its path: relative to the experiment file first, then to every folder.
    /// Errors: it is in none of them.
    pub fn file(&self, path: &str) -> Result<PathBuf> {
        let places = std::iter::once(&self.beside).chain(&self.list).map(|folder| folder.join(path));
        let all: Vec<PathBuf> = places.collect();
        let found = all.iter().find(|p| p.is_file());
        found.cloned().ok_or_else(|| {
            let hint = "give its path relative to the experiment file, or its folder with `--data DIR`";
            Error::new(format!("there is no file `{path}`; looked for {}", listed(&all))).hint(hint)
        })
    }

    /// The folders that published sets are looked for in.
    pub fn list(&self) -> &[PathBuf] {
        &self.list
    }

    /// The files of a published set, named as they were published, packed as `.gz` or not: in a folder of one of these
    /// `names`, or directly in one of the folders. All come from the same folder. Errors: no folder has them all.
    pub fn set(&self, names: &[&str], files: &[&str]) -> Result<Vec<PathBuf>> {
        let below = |folder: &PathBuf| names.iter().map(|name| folder.join(name)).chain([folder.clone()]).collect();
        for folder in self.list.iter().flat_map::<Vec<PathBuf>, _>(below) {
            let found: Option<Vec<PathBuf>> = files.iter().map(|file| with_or_without_gz(&folder, file)).collect();
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let (name, wanted) = (names[0], files.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", "));
        let message = format!("the files of `{name}` are not there; looked in {}", listed(&self.list));
        Err(Error::new(message)
            .hint(format!("put {wanted} into `data/{name}/`, or name the folder above with `--data DIR`")))
    }
}

fn with_or_without_gz(folder: &Path, file: &str) -> Option<PathBuf> {
    let plain = file.strip_suffix(".gz").unwrap_or(file);
    [folder.join(format!("{plain}.gz")), folder.join(plain)].into_iter().find(|p| p.is_file())
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ")
}
