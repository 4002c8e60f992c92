//! The real program, started as a person starts it: what it answers, and what it leaves in a results folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `runner` in this folder, with nothing of the caller's environment that it would listen to.
pub fn runner(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.current_dir(folder).stdin(Stdio::null());
    for variable in ["RUNNER_DATA", "KERNELS_ISA", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        command.env_remove(variable);
    }
    command
}

/// What a command answered.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What went to stdout.
    pub out: String,
    /// What went to stderr.
    pub err: String,
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Runs `runner` in this folder to its end.
pub fn ask(folder: &Path, arguments: &[&str]) -> Answer {
    runner(folder).args(arguments).output().expect("the program starts").into()
}

/// Runs it and expects this exit code.
#[track_caller]
pub fn expect(code: i32, folder: &Path, arguments: &[&str]) -> Answer {
    let answer = ask(folder, arguments);
    assert_eq!(answer.code, Some(code), "runner {}:\n{}{}", arguments.join(" "), answer.out, answer.err);
    assert!(!answer.err.contains("panicked"), "runner {}: {}", arguments.join(" "), answer.err);
    answer
}

/// A folder of its own with these files in it.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    }
    folder
}

/// The files of a results folder that clocks and machines show in.
const OWN: &[&str] = &["log.jsonl", "timing.csv", "environment.json"];

/// The files of a results folder that are the same however it was made, by their path in it.
pub fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_path_buf()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|e| panic!("{}: {e}", next.display())) {
            let path = entry.expect("an entry of it").path();
            let name = path.strip_prefix(folder).expect("below it").to_string_lossy().replace('\\', "/");
            match () {
                () if name == "checkpoints" || OWN.contains(&name.as_str()) => {}
                () if path.is_dir() => folders.push(path),
                () => {
                    found.insert(name, std::fs::read(&path).expect("a file of the results"));
                }
            }
        }
    }
    found
}

/// Two results folders, `what` and how it is told in a failure, hold the same files with the same bytes.
#[track_caller]
pub fn same(what: &str, ours: &BTreeMap<String, Vec<u8>>, theirs: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{what}: other files");
    for (name, bytes) in ours {
        if *bytes == theirs[name] {
            continue;
        }
        let (ours, theirs) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&theirs[name]));
        let line = ours.lines().zip(theirs.lines()).enumerate().find(|(_, (a, b))| a != b);
        panic!("{what}: `{name}` differs, first in {line:#?}");
    }
}

/// The rows of a CSV file of the results, each by the names of its columns.
pub fn rows(results: &BTreeMap<String, Vec<u8>>, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(results[file].as_slice());
    reader.deserialize().map(|row| row.expect("a row of a table")).collect()
}

/// The trials that have a record in the log of a results folder, in its order.
pub fn recorded(folder: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(folder.join("log.jsonl")).expect("a log");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.filter_map(|line| Some(line.get("trial")?.as_str()?.to_owned())).collect()
}
