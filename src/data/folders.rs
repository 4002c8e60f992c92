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

    /// The files of a published set, each with or without `.gz`, in a folder of the set's name or directly in one of the
    /// folders. All come from the same folder. Errors: no folder has them all.
    pub fn set(&self, name: &str, files: &[&str]) -> Result<Vec<PathBuf>> {
        let candidates: Vec<PathBuf> =
            self.list.iter().flat_map(|f| [f.join(name), f.join(name.replace('-', "_")), f.clone()]).collect();
        for folder in &candidates {
            let found: Option<Vec<PathBuf>> = files.iter().map(|file| with_or_without_gz(folder, file)).collect();
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let wanted: Vec<String> = files.iter().map(|f| format!("`{f}.gz`")).collect();
        let message = format!("the files of `{name}` are not there; looked in {}", listed(&self.list));
        let hint = format!("put {} into `data/{name}/`, or name the folder above with `--data DIR`", wanted.join(", "));
        Err(Error::new(message).hint(hint))
    }
}

fn with_or_without_gz(folder: &Path, file: &str) -> Option<PathBuf> {
    [folder.join(format!("{file}.gz")), folder.join(file)].into_iter().find(|p| p.is_file())
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ")
}
