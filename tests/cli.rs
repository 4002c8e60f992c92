//! Every command of the program as a person or a script meets it: exit codes, what goes to stdout and what to stderr, with
//! and without a terminal, and folders that cannot be written.

mod common;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use common::program::{Answer, ask, expect, folder, recorded, results, rows, runner, same};
use common::{read_file, root};
use serde_json::Value as Json;
use tempfile::TempDir;

/// Two rates, two seeds, an expectation that is met and one that asks for more.
const SMALL: &str = r#"# Is a small rate slower?
name  = "small"
seeds = 2

[data]
type  = "mnist1d"
train = 60
test  = 40

[network]
layers = [{ type = "dense", units = 10 }]

[loss]
type = "cross_entropy"

[optimizer]
type = "sgd"
lr   = 0.1

[train]
epochs     = 2
batch_size = 20

[sweep.axes]
"optimizer.lr" = [0.01, 0.1]

[[expect]]
name    = "best rate"
of      = { argmin = "train_loss", over = "optimizer.lr" }
between = [0.05, 0.2]
"#;

fn small() -> TempDir {
    folder(&[("small.toml", SMALL)])
}

/// A folder with the results of [`SMALL`].
fn done() -> TempDir {
    let folder = small();
    expect(0, folder.path(), &["small.toml", "-qq"]);
    folder
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in\n{text}");
    }
}

#[test]
fn run_tells_results_on_stdout_and_progress_on_stderr() {
    let folder = small();
    let first = expect(0, folder.path(), &["small.toml", "-v"]);
    has(&first.out, &["learning rate", "0.01", "±", "best rate", "met", "results/small/report.html"]);
    has(&first.err, &["small: 4 trials, 0 done before, 4 to train", "optimizer.lr = 0.1, seed 1, train loss", "4/4"]);
    for text in [&first.out, &first.err] {
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "without a terminal lines are plain:\n{text}");
    }
    // the same with its name, and nothing is trained again
    let second = expect(0, folder.path(), &["run", "small.toml"]);
    assert_eq!(second.out, first.out);
    has(&second.err, &["4 done before, 0 to train"]);
    assert_eq!(recorded(&folder.path().join("results/small")).len(), 4);
}

#[test]
fn quiet_says_less() {
    let folder = small();
    let said = |options: &[&str]| {
        let answer = expect(0, folder.path(), &[&["small.toml", "--fresh"], options].concat());
        (!answer.out.is_empty(), !answer.err.is_empty())
    };
    assert_eq!(said(&[]), (true, true));
    assert_eq!(said(&["-q"]), (true, false));
    assert_eq!(said(&["--progress", "none"]), (true, false));
    assert_eq!(said(&["-qq"]), (false, false));
}

#[test]
fn progress_for_programs_is_json_line_by_line() {
    let folder = small();
    let said = expect(0, folder.path(), &["small.toml", "--progress", "json", "-j", "2"]).err;
    let lines: Vec<Json> = said.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    let count = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    assert_eq!(["begin", "started", "evaluated", "finished", "end"].map(count), [1, 4, 12, 4, 1]);
    assert_eq!((&lines[0]["type"], &lines[0]["trials"], &lines[0]["done"]), (&"begin".into(), &4.into(), &0.into()));
    assert_eq!(lines.last().expect("lines")["type"], "end");
    let finished = lines.iter().find(|line| line["type"] == "finished").expect("one of four");
    assert_eq!(finished["status"], "done");
    assert!(finished["summary"]["test_loss"].is_number() && finished["trial"].is_string(), "{finished}");
}

#[test]
fn mistakes_in_the_command_end_with_2_and_say_how_it_is_written() {
    let folder = small();
    let wrong: &[(&[&str], &[&str])] = &[
        (&[], &["no experiment was named", "experiments/lr_sweep.toml"]),
        (&["run"], &["no experiment was named"]),
        (&["check"], &["<FILE>"]),
        (&["nowhere.toml"], &["cannot read `nowhere.toml`", "hint: "]),
        (&["chekc", "small.toml"], &["cannot read `chekc`"]),
        (&["small.toml", "--job", "2"], &["--job"]),
        (&["small.toml", "--jobs", "0"], &["from 1 to 1024"]),
        (&["small.toml", "--threads", "many"], &["from 1 to 1024"]),
        (&["small.toml", "--shard", "3/2"], &["such as 2/4"]),
        (&["small.toml", "--shard", "0/2"], &["such as 2/4"]),
        (&["small.toml", "--isa", "sse9"], &["`sse9`", "`portable`"]),
        (&["small.toml", "--engine", "blas"], &["`blas`", "`matrixmultiply`"]),
        (&["small.toml", "--progress", "loud"], &["loud", "json"]),
        (&["small.toml", "--set", "optimizer.lrr=1"], &["`lrr`", "`lr`"]),
        (&["status", "nowhere"], &["not a results folder", "results/lr_sweep"]),
        (&["report", "."], &["not a results folder", "log.jsonl"]),
        (&["list", "optimiser"], &["`optimiser`", "`optimizer`"]),
        (&["explain", "optimizer.momentun"], &["`optimizer.momentun`", "hint: "]),
    ];
    for (arguments, words) in wrong {
        let answer = expect(2, folder.path(), arguments);
        assert!(answer.out.is_empty(), "{arguments:?}: mistakes belong to stderr");
        has(&answer.err, words);
    }
    assert!(!folder.path().join("results").exists(), "nothing was run");
    let forced = if cfg!(target_arch = "x86_64") { "neon" } else { "avx2" };
    has(&expect(2, folder.path(), &["small.toml", "--isa", forced]).err, &["this machine has no", forced, "hint: "]);
    let from_environment = runner(folder.path()).arg("small.toml").env("KERNELS_ISA", "sse9").output();
    let answer = Answer::from(from_environment.expect("it starts"));
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    has(&answer.err, &["`sse9`"]);
    let unset = runner(folder.path()).args(["small.toml", "-qq"]).env("KERNELS_ISA", "").status();
    assert!(unset.expect("it starts").success(), "an empty variable is one that is not set");
}

#[test]
fn one_file_with_a_mistake_keeps_the_others_from_being_trained() {
    let folder = folder(&[("small.toml", SMALL), ("wrong.toml", &SMALL.replace("batch_size = 20", "batch_size = 0"))]);
    let answer = expect(2, folder.path(), &["small.toml", "wrong.toml"]);
    has(&answer.err, &["wrong.toml:", "`batch_size`", "nothing was trained"]);
    assert!(!folder.path().join("results").exists());
    expect(0, folder.path(), &["check", "small.toml"]);
    has(&expect(2, folder.path(), &["check", "small.toml", "wrong.toml"]).out, &["small.toml: no mistakes"]);
}

#[test]
fn help_and_version_are_answers() {
    let folder = small();
    for arguments in [&["--help"][..], &["-h"], &["help"], &["run", "--help"], &["--version"]] {
        let answer = expect(0, folder.path(), arguments);
        assert!(answer.err.is_empty() && !answer.out.is_empty(), "{arguments:?}");
    }
    let help = expect(0, folder.path(), &["--help"]).out;
    has(&help, &["run", "check", "plan", "report", "status", "list", "explain", "schema", "Exit codes", "130"]);
}

#[test]
fn a_missed_expectation_ends_with_3_everywhere() {
    let folder = folder(&[("small.toml", &SMALL.replace("[0.05, 0.2]", "[0.5, 2.0]"))]);
    let missed = expect(3, folder.path(), &["small.toml"]);
    has(&missed.out, &["missed", "0.5 to 2"]);
    has(&expect(3, folder.path(), &["report", "results/small"]).out, &["missed"]);
    let verdicts = rows(&results(&folder.path().join("results/small")), "expectations.csv");
    assert_eq!(verdicts[0]["verdict"], "missed");
    // half of the trials decide nothing
    let half = small();
    has(&expect(0, half.path(), &["small.toml", "--shard", "1/2"]).out, &["pending"]);
}

#[test]
fn check_counts_and_plan_foretells() {
    let folder = small();
    has(
        &expect(0, folder.path(), &["check", "small.toml"]).out,
        &["small.toml: no mistakes", "settings 2", "trials 4"],
    );
    let sums = |done: &str, left: &str| {
        let plan = expect(0, folder.path(), &["plan", "small.toml"]);
        has(&plan.out, &["410", "2 settings x 2 seeds = 4 trials", done, left]);
        assert!(plan.err.is_empty(), "{}", plan.err);
    };
    sums("0 done", "4 to train");
    assert!(!folder.path().join("results").exists(), "a plan writes nothing");
    expect(0, folder.path(), &["small.toml", "-qq", "--shard", "1/2"]);
    sums("2 done", "2 to train");
    expect(2, folder.path(), &["plan", "nowhere.toml"]);
}

#[test]
fn status_counts() {
    let folder = small();
    let status = |words: &str| has(&expect(0, folder.path(), &["status", "results/small"]).out, &[words]);
    expect(0, folder.path(), &["small.toml", "-qq", "--shard", "1/2"]);
    status("small: 4 trials: 2 done, 0 diverged, 0 failed, 2 pending");
    expect(0, folder.path(), &["small.toml", "-qq"]);
    status("4 done, 0 diverged, 0 failed, 0 pending");
}

#[test]
fn report_makes_everything_again_from_the_log() {
    let folder = done();
    let place = folder.path().join("results/small");
    let whole = results(&place);
    let out = expect(0, folder.path(), &["small.toml", "-q"]).out;
    std::fs::remove_dir_all(place.join("figures")).expect("there are figures");
    for file in ["trials.csv", "summary.csv", "metrics.csv", "expectations.csv", "report.md", "report.html"] {
        std::fs::remove_file(place.join(file)).expect("it was written");
    }
    // somewhere else, without the experiment file
    std::fs::remove_file(folder.path().join("small.toml")).expect("it is there");
    assert_eq!(expect(0, folder.path(), &["report", "results/small"]).out, out);
    same("report", &whole, &results(&place));
    has(
        &read_file(&place.join("report.md")),
        &["Is a small rate slower?", "best rate", "met", "![", "figures/", "runner small.toml"],
    );
    let html = read_file(&place.join("report.html"));
    assert!(html.contains("<svg") && !html.contains("src=\"http") && !html.contains("href=\"http"), "self-contained");
}

#[test]
fn options_set_keys_and_places() {
    let folder = small();
    let set = ["small.toml", "-qq", "-s", "train.epochs=1", "--set", "optimizer.lr=0.3", "-o", "elsewhere"];
    // an option that takes the axis takes the expectation along it
    let answer = expect(0, folder.path(), &set);
    has(&answer.err, &["swept no longer"]);
    let place = folder.path().join("elsewhere/small");
    let written = results(&place);
    assert_eq!(rows(&written, "trials.csv").len(), 2);
    has(&read_file(&place.join("resolved.toml")), &["lr = 0.3", "epochs = 1"]);
    has(&read_file(&place.join("report.md")), &["--set 'train.epochs=1'", "--set 'optimizer.lr=0.3'"]);
    assert!(!folder.path().join("results").exists());
    // what is resolved is an experiment with the same trials
    let resolved = folder.path().join("again.toml");
    std::fs::copy(place.join("resolved.toml"), resolved).expect("it is there");
    expect(0, folder.path(), &["again.toml", "-qq", "-o", "again"]);
    let again = results(&folder.path().join("again/small"));
    assert_eq!(rows(&again, "trials.csv"), rows(&written, "trials.csv"));
}

#[test]
fn fresh_trains_again_and_keeps_the_old_log() {
    let folder = done();
    let place = folder.path().join("results/small");
    let (whole, log) = (results(&place), read_file(&place.join("log.jsonl")));
    expect(0, folder.path(), &["small.toml", "-qq", "--fresh"]);
    assert_eq!(read_file(&place.join("log-1.jsonl")), log);
    assert_eq!(recorded(&place).len(), 4);
    let mut again = results(&place);
    again.remove("log-1.jsonl");
    same("trained again", &whole, &again);
}

#[test]
fn list_explain_and_schema_tell_what_can_be_written() {
    let folder = small();
    has(&expect(0, folder.path(), &["list"]).out, &["optimizer\n", "  sgd ", "activation\n", "  tanh "]);
    for [one, many] in [["loss", "losses"], ["strategy", "strategies"], ["layer", "layers"]] {
        let list = |kind| expect(0, folder.path(), &["list", kind]).out;
        assert_eq!(list(one), list(many));
    }
    has(&expect(0, folder.path(), &["explain", "optimizer.lr"]).out, &["optimizer.lr", "takes"]);
    has(&expect(0, folder.path(), &["explain", "train.batch_size"]).out, &["full"]);
    has(&expect(0, folder.path(), &["explain", "sgd"]).out, &["momentum", "default"]);
    let schema: Json = serde_json::from_str(&expect(0, folder.path(), &["schema"]).out).expect("a JSON document");
    assert!(schema["properties"]["optimizer"].is_object());
}

/// `runner ... | head`: a reader that goes away, of either stream, ends nothing and shows no panic.
#[test]
fn a_closed_pipe_is_no_error() {
    let folder = small();
    for arguments in [&["schema"][..], &["list"], &["small.toml"], &["status", "results/small"], &["--help"]] {
        let mut child = runner(folder.path()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.as_mut().expect("it starts");
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
        assert!(child.wait().expect("it ends").success(), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
    let mut command = runner(folder.path());
    command.args(["small.toml", "--fresh"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    drop(child.stderr.take());
    assert!(child.wait().expect("it ends").success(), "nobody has to read progress");
}

/// With a terminal there are bars and colours; NO_COLOR takes the colours.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_has_colour_unless_told_not_to() {
    let folder = done();
    let on_terminal = |arguments: &str, no_color: &str| {
        let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_runner"));
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).current_dir(folder.path()).env("NO_COLOR", no_color);
        script.env("TERM", "xterm").stdin(Stdio::null()).output().map(Answer::from)
    };
    let Ok(coloured) = on_terminal("report results/small", "") else {
        println!("skipped: there is no `script` to make a terminal with");
        return;
    };
    assert!(coloured.out.contains("\u{1b}[32mmet"), "{}", coloured.out);
    let plain = on_terminal("report results/small", "1").expect("it was there a moment ago");
    assert!(plain.out.contains("met") && !plain.out.contains("\u{1b}["), "{}", plain.out);
    let wrong = on_terminal("check nowhere.toml small.toml -s optimizer.lrr=1", "1").expect("it is there");
    assert!(wrong.out.contains("`lrr`") && !wrong.out.contains("\u{1b}["), "{}", wrong.out);
    let bars = on_terminal("small.toml --fresh", "").expect("it is there");
    assert!(bars.out.contains("0/4 trials"), "{}", bars.out);
}

#[test]
fn folders_of_others_are_refused_and_left_as_they_are() {
    let folder = small();
    let place = folder.path().join("results/small");
    std::fs::create_dir_all(&place).expect("a folder");
    let refuse = |file: &str, text: &str, words: &[&str]| {
        std::fs::write(place.join(file), text).expect("a file");
        has(&expect(1, folder.path(), &["small.toml"]).err, words);
        assert_eq!(read_file(&place.join(file)), text);
        assert_eq!(std::fs::read_dir(&place).expect("a folder").count(), 1, "nothing was written");
        std::fs::remove_file(place.join(file)).expect("it is there");
    };
    refuse("thesis.tex", "years", &["not empty", "holds no `log.jsonl`", "--out DIR"]);
    refuse(
        "log.jsonl",
        "{\"runner_log\":1,\"experiment\":\"other\"}\n",
        &["belongs to experiment `other`", "--out DIR"],
    );
    refuse("log.jsonl", "{\"runner_log\":99,\"experiment\":\"small\"}\n", &["version 99", "version 1", "--fresh"]);
    refuse("log.jsonl", "12:00 it rains\n", &["does not begin like a log"]);
    std::fs::write(place.join("log.jsonl"), "{\"runner_log\":99,\"experiment\":\"small\"}\n").expect("a file");
    has(&expect(2, folder.path(), &["status", "results/small"]).err, &["version 99"]);
    has(&expect(2, folder.path(), &["report", "results/small"]).err, &["version 99"]);
    expect(0, folder.path(), &["small.toml", "--fresh", "-qq"]);
}

#[test]
fn folders_that_cannot_be_written_are_named() {
    let folder = small();
    let into = |out: &str| expect(1, folder.path(), &["small.toml", "--out", out]).err;
    has(&into("small.toml"), &["cannot create `small.toml/small`", "hint: "]);
    if cfg!(target_os = "linux") {
        // a file system that takes no folder from anybody
        has(&into("/proc/results"), &["cannot create `/proc/results/small`", "hint: "]);
    }
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).expect("a folder");
    let mut rights = std::fs::metadata(&locked).expect("it is there").permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&locked, rights).expect("it is ours");
    if std::fs::create_dir(locked.join("probe")).is_ok() {
        println!("skipped: this user may write into a read-only folder");
        return;
    }
    has(&into("locked"), &["cannot create `locked/small`", "choose another with `--out DIR`"]);
}

/// A disk that is full while a report is written, by the device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_is_finished() {
    let folder = done();
    let place = folder.path().join("results/small");
    let whole = results(&place);
    std::fs::remove_file(place.join("trials.csv")).expect("it was written");
    std::os::unix::fs::symlink("/dev/full", place.join(".trials.csv.part")).expect("a link");
    let full = expect(1, folder.path(), &["small.toml"]);
    has(&full.err, &["trials.csv", "No space left", "free some space and run the same command again"]);
    expect(0, folder.path(), &["small.toml", "-qq"]);
    same("after the disk had room again", &whole, &results(&place));
    assert_eq!(recorded(&place).len(), 4);
}

/// A log that cannot grow: the line that did not fit is taken back, and what was finished stays.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_cannot_grow_ends_the_run_with_all_its_whole_lines() {
    const TRIALS: usize = 40;
    let [whole, folder] = [small(), small()];
    let place = folder.path().join("results/small");
    let more = ["small.toml", "-qq", "-s", "seeds=20"];
    expect(0, whole.path(), &more);
    // 16 blocks of 512 bytes or 1 KiB, by the shell: more than any other file has, and less than the log
    let line = format!("trap '' XFSZ; ulimit -f 16; exec {} {}", env!("CARGO_BIN_EXE_runner"), more.join(" "));
    let shell = Command::new("sh").args(["-c", &line]).current_dir(folder.path()).output();
    let full = Answer::from(shell.expect("a shell"));
    assert_eq!(full.code, Some(1), "{}{}", full.out, full.err);
    has(&full.err, &["cannot write", "log.jsonl"]);
    let log = read_file(&place.join("log.jsonl"));
    assert!(log.ends_with('\n'), "half a line is left:\n{log}");
    let kept = recorded(&place).len();
    assert!((1..TRIALS).contains(&kept), "{kept} records fit");
    expect(0, folder.path(), &more);
    assert_eq!(recorded(&place).len(), TRIALS, "what was kept is not trained again");
    same("after the limit", &results(&whole.path().join("results/small")), &results(&place));
}

/// The commands that the README shows are commands.
#[test]
fn the_experiments_check_from_any_folder() {
    let folder = small();
    for entry in std::fs::read_dir(root().join("experiments")).expect("a folder of the repository") {
        let path = entry.expect("an entry of it").path();
        let answer = ask(folder.path(), &["check", path.to_str().expect("a plain path")]);
        // data that are not part of the repository
        let absent = ["the files of", "there is no file"].iter().any(|words| answer.err.contains(words));
        assert!(answer.code == Some(0) || absent, "{}: {}", path.display(), answer.err);
        assert!(Path::new(&path).is_file());
    }
}
