//! Nothing finished is ever lost: a run that is killed, interrupted, cut short in the middle of a line or shared by two
//! processes leaves, when it is run again, the same bytes as one that nobody disturbed, and trains nothing twice.

mod common;

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::program::{Answer, expect, folder, recorded, results, runner, same};
use tempfile::TempDir;

/// Thirty trials that take long enough to be caught in the middle of one.
const LONG: &str = r#"# Does a disturbed run end like an undisturbed one?
name  = "long"
seeds = 10

[data]
type  = "mnist1d"
train = 400
test  = 100

[network]
layers = [{ type = "dense", units = 32, activation = "tanh" }, { type = "dense", units = 10 }]

[loss]
type = "cross_entropy"

[optimizer]
type = "sgd"
lr   = 0.1

[train]
epochs     = 40
batch_size = 40

[sweep.axes]
"optimizer.lr" = [0.01, 0.1, 1.0]
"#;
const TRIALS: usize = 30;
/// Nobody waits longer for something that happens at once.
const PATIENCE: Duration = Duration::from_secs(60);

fn long() -> TempDir {
    folder(&[("long.toml", LONG)])
}

fn place(folder: &TempDir) -> PathBuf {
    folder.path().join("results/long")
}

/// What an undisturbed run leaves.
fn undisturbed() -> std::collections::BTreeMap<String, Vec<u8>> {
    let folder = long();
    expect(0, folder.path(), &["long.toml", "-qq"]);
    assert_eq!(recorded(&place(&folder)).len(), TRIALS);
    results(&place(&folder))
}

fn start(folder: &Path, options: &[&str]) -> Child {
    let mut command = runner(folder);
    command.args(["long.toml", "--jobs", "2"]).args(options).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

/// Waits until the log has so many records; the run may end meanwhile.
fn wait_for(records: usize, folder: &Path, child: &mut Child) {
    let begun = Instant::now();
    while child.try_wait().expect("the program can be waited for").is_none() && begun.elapsed() < PATIENCE {
        if folder.join("log.jsonl").exists() && recorded(folder).len() >= records {
            return;
        }
        sleep(Duration::from_millis(1));
    }
}

/// Every trial has one record.
#[track_caller]
fn once(folder: &Path) {
    let records = recorded(folder);
    let different: BTreeSet<&String> = records.iter().collect();
    assert_eq!((records.len(), different.len()), (TRIALS, TRIALS), "trials were lost or trained twice");
}

#[test]
fn killed_ten_times_it_ends_like_one_that_was_not() {
    let folder = long();
    let place = place(&folder);
    let (mut kills, mut before) = (0, 0);
    // at the very start, between and in the middle of trials, while the report is written
    for (records, delay) in
        [(0, 0), (0, 7), (0, 19), (3, 0), (6, 2), (10, 5), (14, 9), (19, 3), (TRIALS, 0), (TRIALS, 1)]
    {
        let mut child = start(folder.path(), &[]);
        if records > 0 {
            wait_for(records, &place, &mut child);
        }
        sleep(Duration::from_millis(delay));
        kills += usize::from(child.try_wait().expect("the program can be waited for").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it has ended");
        let now = if place.join("log.jsonl").exists() { recorded(&place).len() } else { 0 };
        assert!(now >= before, "{before} records became {now}");
        before = now;
    }
    assert!(kills >= 7, "only {kills} kills came before the end");
    expect(0, folder.path(), &["long.toml", "-qq"]);
    once(&place);
    same("killed ten times", &undisturbed(), &results(&place));
}

/// The program without `nix` or `libc`: the shell's own command.
#[cfg(unix)]
fn signal(name: &str, child: &Child) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("there is a `kill`").success());
}

#[cfg(unix)]
#[test]
fn control_c_keeps_what_is_done_and_says_how_to_go_on() {
    let whole = undisturbed();
    for name in ["-INT", "-TERM"] {
        let folder = long();
        let place = place(&folder);
        let mut child = start(folder.path(), &[]);
        wait_for(4, &place, &mut child);
        signal(name, &child);
        let answer = Answer::from(child.wait_with_output().expect("it ends"));
        assert_eq!(answer.code, Some(130), "{name}: {}", answer.err);
        let done = recorded(&place).len();
        assert!((4..TRIALS).contains(&done), "{name}: {done} are done");
        let said = format!("interrupted: {} trials pending; the same command goes on", TRIALS - done);
        assert!(answer.err.contains(&said), "{name}: {}", answer.err);
        let report = results(&place);
        assert!(report.contains_key("report.html") && report.contains_key("trials.csv"), "the report is written");
        let status = expect(0, folder.path(), &["status", "results/long"]).out;
        assert!(status.contains(&format!("{} pending", TRIALS - done)), "{status}");
        expect(0, folder.path(), &["long.toml", "-qq"]);
        once(&place);
        same(name, &whole, &results(&place));
    }
}

#[test]
fn a_line_cut_short_costs_its_own_trial_only() {
    let folder = long();
    let (place, log) = (place(&folder), place(&folder).join("log.jsonl"));
    expect(0, folder.path(), &["long.toml", "-qq"]);
    let whole = results(&place);
    let last_record = std::fs::read_to_string(&log).expect("a log").trim_end().rfind('\n').expect("lines") + 1;
    // a kill cuts a line; a power cut may leave zeros where a line should be
    for garbage in [&b""[..], &[0; 300]] {
        let file = OpenOptions::new().append(true).open(&log).expect("a log");
        let end = file.metadata().expect("a file").len();
        file.set_len(end - (end - last_record as u64) / 2).expect("a shorter log");
        (&file).write_all(garbage).expect("a longer log");
        let before = recorded(&place).len();
        let status = expect(0, folder.path(), &["status", "results/long"]).out;
        assert!(status.contains(&format!("{before} done")), "{status}");
        expect(0, folder.path(), &["long.toml", "-qq"]);
        same("a torn line", &whole, &results(&place));
        once(&place);
    }
}

/// A disk that was full, or a kill, can leave half of the first line.
#[test]
fn a_log_whose_first_line_was_cut_short_is_begun_again() {
    let folder = long();
    let place = place(&folder);
    std::fs::create_dir_all(&place).expect("a folder");
    std::fs::write(place.join("log.jsonl"), "{\"runner_log\":").expect("a file");
    expect(0, folder.path(), &["long.toml", "-qq"]);
    once(&place);
}

#[test]
fn two_processes_share_a_folder() {
    let whole = undisturbed();
    let folder = long();
    let both = ["1/2", "2/2"].map(|share| start(folder.path(), &["-qq", "--shard", share]));
    for child in both {
        let answer = Answer::from(child.wait_with_output().expect("it ends"));
        assert_eq!(answer.code, Some(0), "{}", answer.err);
    }
    once(&place(&folder));
    same("two shards at once", &whole, &results(&place(&folder)));
    // twice the same work is a waste, not a harm
    let folder = long();
    let both = [(), ()].map(|()| start(folder.path(), &["-qq"]));
    for child in both {
        let answer = Answer::from(child.wait_with_output().expect("it ends"));
        assert_eq!(answer.code, Some(0), "{}", answer.err);
    }
    same("the same work at once", &whole, &results(&place(&folder)));
}
