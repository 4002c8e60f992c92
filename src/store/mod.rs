//! The results folder's memory: `log.jsonl`, append-only, one line for every finished trial. It is the truth for
//! resuming; every other file of the folder is computed from it. A line is written in one piece under a lock, so several
//! processes (the shards of a sweep) may share a folder, and a kill loses at most the trials in flight. A line that a
//! kill cut short is skipped when it is read, and its trial is trained again.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Result};
use crate::trial::record::Record;

/// The version of the log's lines. Another version is never guessed at.
pub const VERSION: u32 = 1;

/// The name of the log in a results folder.
pub const LOG: &str = "log.jsonl";

/// The first line of a log.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    runner_log: u32,
    experiment: String,
}

/// How a log's trials were last asked for: a line that every run adds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The experiment file's name, without its folder.
    pub file: String,
    /// The `--set` options.
    pub sets: Vec<String>,
    /// Who multiplied matrices.
    pub engine: String,
}

#[derive(Serialize, Deserialize)]
struct SessionLine {
    session: Session,
}

/// A log that is open for writing.
pub struct Log {
    path: PathBuf,
    file: File,
    synced: Instant,
}

/// How long a written line may wait until it is forced to the disk: a kill loses nothing either way, a power cut this.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl Log {
    /// Opens the log of `experiment` in `folder`, making both when they are not there. With `fresh` an old log is set
    /// aside, not deleted. Errors: a folder that holds something else, a log of another experiment or version, a disk
    /// that does not take it.
    pub fn open(folder: &Path, experiment: &str, fresh: bool) -> Result<Self> {
        let path = folder.join(LOG);
        std::fs::create_dir_all(folder).map_err(|e| Error::file("create", folder, &e))?;
        // asked in this order, because another process may make the folder ours in between, the log first
        if holds_something_else(folder)? && !path.exists() {
            let message = format!("`{}` is not empty and holds no `{LOG}`", folder.display());
            let hint = "it is not a results folder: choose another with `--out DIR`, or another `name` in the file";
            return Err(Error::new(message).hint(hint));
        }
        if fresh && path.exists() {
            set_aside(&path)?;
        }
        let fail = |e: std::io::Error| Error::file("write", &path, &e);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(fail)?;
        file.lock().map_err(fail)?;
        let opened = Self::begin(&file, &path, experiment);
        file.unlock().map_err(fail)?;
        opened?;
        Ok(Self { path, file, synced: Instant::now() })
    }

    /// Writes the header of a new log, or checks that of an old one and ends a line that was cut short.
    fn begin(mut file: &File, path: &Path, experiment: &str) -> Result<()> {
        let fail = |e: std::io::Error| Error::file("write", path, &e);
        let header = Header { runner_log: VERSION, experiment: experiment.to_owned() };
        let line = serde_json::to_string(&header).expect("a header is plain data") + "\n";
        let mut there = Vec::new();
        file.take(line.len() as u64).read_to_end(&mut there).map_err(fail)?;
        // nothing is there yet, or only what a full disk or a kill left of a header
        if there.len() < line.len() && line.as_bytes().starts_with(&there) {
            return file.set_len(0).and_then(|()| file.write_all(line.as_bytes())).map_err(fail);
        }
        check_header(path, Some(experiment))?;
        let mut last = [0];
        file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(fail)?;
        if last != *b"\n" { file.write_all(b"\n").map_err(fail) } else { Ok(()) }
    }

    /// Adds the line of a run.
    pub fn begin_session(&mut self, session: &Session) -> Result<()> {
        self.line(&SessionLine { session: session.clone() })
    }

    /// Adds a record. Errors: the disk does not take it; the line is then taken back, and the log is as it was.
    pub fn append(&mut self, record: &Record) -> Result<()> {
        self.line(record)
    }

    fn line(&mut self, data: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(data).expect("a line of the log is plain data") + "\n";
        let fail = |e: std::io::Error| Error::file("write", &self.path, &e);
        self.file.lock().map_err(fail)?;
        let before = self.file.metadata().map_err(fail)?.len();
        let mut written = self.file.write_all(line.as_bytes());
        if written.is_err() {
            let _ = self.file.set_len(before);
        } else if self.synced.elapsed() > SYNC_EVERY {
            written = self.file.sync_data();
            self.synced = Instant::now();
        }
        self.file.unlock().map_err(fail)?;
        written.map_err(fail)
    }

    /// Forces everything to the disk.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|e| Error::file("write", &self.path, &e))
    }
}

/// Reads the records of a folder's log one by one, in the order they were written; an unreadable line is skipped.
/// Errors: no log, or one of another version.
pub fn read(folder: &Path, mut each: impl FnMut(Record)) -> Result<()> {
    lines(folder, |line| {
        if let Ok(record) = serde_json::from_slice(line) {
            each(record);
        }
    })
}

/// How the folder's trials were last asked for. Errors: as for [`read`].
pub fn last_session(folder: &Path) -> Result<Session> {
    let mut last = Session::default();
    lines(folder, |line| {
        // a record is long: only a line that can be a session is read as one
        if line.starts_with(b"{\"session\"") {
            last = serde_json::from_slice::<SessionLine>(line).map_or(std::mem::take(&mut last), |l| l.session);
        }
    })?;
    Ok(last)
}

fn lines(folder: &Path, mut each: impl FnMut(&[u8])) -> Result<()> {
    let path = folder.join(LOG);
    check_header(&path, None)?;
    let fail = |e: std::io::Error| Error::file("read", &path, &e);
    let mut reader = BufReader::new(File::open(&path).map_err(fail)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(fail)? == 0 {
            return Ok(());
        }
        each(&line);
    }
}

/// A results folder whose other writers wait until this is dropped.
#[must_use]
pub struct Hold {
    _log: File,
}

/// Keeps the folder for this process while it writes other files than the log. A line of the log waits too, so nothing is
/// to be appended meanwhile. Errors: no log.
pub fn hold(folder: &Path) -> Result<Hold> {
    let path = folder.join(LOG);
    let log = File::open(&path).and_then(|log| log.lock().map(|()| log));
    Ok(Hold { _log: log.map_err(|e| Error::file("read", &path, &e))? })
}

/// Whether the folder has a log.
pub fn exists(folder: &Path) -> bool {
    folder.join(LOG).exists()
}

fn check_header(path: &Path, experiment: Option<&str>) -> Result<()> {
    let fail = |e: std::io::Error| Error::file("read", path, &e);
    let mut first = Vec::new();
    let file = File::open(path).map_err(fail)?;
    BufReader::new(file.take(1 << 16)).read_until(b'\n', &mut first).map_err(fail)?;
    let Ok(header) = serde_json::from_slice::<Header>(&first) else {
        let message = format!("`{}` does not begin like a log of this program", path.display());
        return Err(Error::new(message).hint("choose another folder with `--out DIR`, or move the file away"));
    };
    if header.runner_log != VERSION {
        let message =
            format!("`{}` has version {}, this program writes version {VERSION}", path.display(), header.runner_log);
        return Err(Error::new(message).hint("use the program that wrote it, or set it aside with `--fresh`"));
    }
    match experiment {
        Some(name) if name != header.experiment => {
            let message = format!("`{}` belongs to experiment `{}`, not `{name}`", path.display(), header.experiment);
            Err(Error::new(message).hint("choose another folder with `--out DIR`"))
        }
        _ => Ok(()),
    }
}

fn holds_something_else(folder: &Path) -> Result<bool> {
    let mut entries = std::fs::read_dir(folder).map_err(|e| Error::file("read", folder, &e))?;
    Ok(entries.next().is_some())
}

fn set_aside(path: &Path) -> Result<()> {
    let free = (1..).map(|n| path.with_file_name(format!("log-{n}.jsonl"))).find(|p| !p.exists());
    let free = free.expect("some number is free");
    std::fs::rename(path, &free).map_err(|e| Error::file("rename", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::record::Status;

    fn record(trial: &str) -> Record {
        Record {
            trial: trial.into(),
            axes: vec![],
            seed: 0,
            status: Status::Done,
            parameters: 1,
            train_rows: 1,
            steps: 1,
            columns: vec![],
            rows: vec![],
            summary: vec![],
            weights_digest: String::new(),
            best_weights_digest: String::new(),
            train_seconds: 0.0,
            samples: 0,
            seconds: 0.0,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        read(folder, |r| names.push(r.trial)).unwrap();
        names
    }

    #[test]
    fn a_line_cut_short_loses_itself_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path(), "x", false).unwrap();
        log.append(&record("a")).unwrap();
        log.append(&record("b")).unwrap();
        let path = folder.path().join(LOG);
        let length = std::fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 9).unwrap();
        let mut log = Log::open(folder.path(), "x", false).unwrap();
        log.append(&record("c")).unwrap();
        assert_eq!(names(folder.path()), ["a", "c"]);
    }

    #[test]
    fn foreign_folders_and_logs_are_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.tex"), "x").unwrap();
        let error = Log::open(folder.path(), "x", false).err().unwrap();
        assert!(error.message.contains("holds no `log.jsonl`"), "{error}");

        let folder = tempfile::tempdir().unwrap();
        Log::open(folder.path(), "x", false).unwrap();
        let error = Log::open(folder.path(), "y", false).err().unwrap();
        assert!(error.message.contains("belongs to experiment `x`"), "{error}");
        std::fs::write(folder.path().join(LOG), "{\"runner_log\":99,\"experiment\":\"x\"}\n").unwrap();
        let error = Log::open(folder.path(), "x", false).err().unwrap();
        assert!(error.message.contains("version 99"), "{error}");
        assert!(folder.path().join(LOG).exists());
    }

    #[test]
    fn fresh_sets_the_old_log_aside() {
        let folder = tempfile::tempdir().unwrap();
        Log::open(folder.path(), "x", false).unwrap().append(&record("a")).unwrap();
        Log::open(folder.path(), "x", true).unwrap();
        assert!(names(folder.path()).is_empty());
        assert!(folder.path().join("log-1.jsonl").exists());
    }
}
