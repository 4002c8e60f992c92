//! Every mistake a person can make in a file has a message that says where, what and how to mend it. One small file for
//! each lies in `tests/mistakes/`, and beside it what `runner check` answers: read the `.snap` files as a user would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// `runner` with these arguments in the folder of the mistakes.
fn runner(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.current_dir(folder()).args(arguments).env_remove("RUNNER_DATA").env_remove("KERNELS_ISA");
    command.output().expect("the program starts")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

/// What was written to stderr of a check that found mistakes and nothing else.
fn complaint(arguments: &[&str]) -> String {
    let output = runner(arguments);
    let stderr = String::from_utf8(output.stderr).expect("messages are text");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}: mistakes belong to stderr");
    stderr
}

fn files() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let names = entries.map(|e| e.expect("the folder can be read").file_name().to_string_lossy().into_owned());
    let mut files: Vec<String> = names.filter(|name| name.ends_with(".toml")).collect();
    files.sort();
    files
}

/// Snapshots lie beside the files they belong to.
fn snapshots(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("mistakes");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn every_mistake_is_told_with_its_place_and_the_way_out() {
    let files = files();
    assert!(files.len() > 100, "only {} mistakes were found", files.len());
    snapshots(|| {
        for file in &files {
            insta::assert_snapshot!(file.trim_end_matches(".toml"), complaint(&["check", file]));
        }
    });
}

/// What the snapshots cannot be trusted to have been read for.
#[test]
fn messages_keep_the_house_style() {
    for file in files().iter().filter(|f| *f != "toml_no_utf8.toml") {
        let text = complaint(&["check", file]);
        let errors: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
        let counted =
            format!("{file}: {} mistake{}, nothing was trained", errors.len(), if errors.len() > 1 { "s" } else { "" });
        assert!(text.trim_end().ends_with(&counted), "{file}: the count is wrong\n{text}");
        let hints = text.lines().filter_map(|line| line.trim_start_matches([' ', '|', '=']).strip_prefix("hint: "));
        for message in errors.iter().copied().chain(hints) {
            let first = message.chars().next().unwrap_or_default();
            assert!(!first.is_uppercase() && !message.ends_with('.'), "{file}: {message}");
        }
        let lines: Vec<&str> = text.lines().collect();
        let carets = lines.iter().filter(|line| line.contains("| ") && line.contains('^')).count();
        let places =
            lines.iter().filter(|line| line.trim_start().starts_with("--> ") && line.matches(':').count() == 2);
        assert_eq!(carets, places.count(), "{file}: a place without a caret\n{text}");
    }
}

#[test]
fn every_mistake_of_a_file_is_found_at_once() {
    let text = complaint(&["check", "several_mistakes.toml"]);
    for line in [1, 2, 8, 12, 21, 24, 25, 28] {
        assert!(text.contains(&format!("several_mistakes.toml:{line}:")), "line {line} is missing\n{text}");
    }
    let two = complaint(&["check", "lr_nan.toml", "units_zero.toml"]);
    assert!(two.contains("lr_nan.toml: 1 mistake") && two.contains("units_zero.toml: 1 mistake"), "{two}");
}

#[test]
fn run_and_plan_refuse_what_check_refuses() {
    let checked = complaint(&["check", "lr_negative.toml"]);
    let out = tempfile::tempdir().expect("a folder for results");
    let out = out.path().to_str().expect("a plain path");
    for command in [["run", "lr_negative.toml"], ["plan", "lr_negative.toml"]] {
        assert_eq!(complaint(&[command[0], command[1], "--out", out]), checked);
    }
    assert_eq!(complaint(&["lr_negative.toml", "--out", out]), checked);
    assert_eq!(std::fs::read_dir(out).expect("it is there").count(), 0, "nothing is written for a file with a mistake");
}

#[test]
fn files_that_cannot_be_read() {
    snapshots(|| {
        insta::assert_snapshot!("no_such_file", complaint(&["check", "nowhere.toml"]));
        insta::assert_snapshot!("file_is_a_folder", complaint(&["check", "../mistakes"]));
    });
}

#[test]
fn options_have_places_too() {
    let sweep = |set: &str| complaint(&["check", "../../experiments/lr_sweep.toml", "--set", set]);
    snapshots(|| {
        insta::assert_snapshot!("set_value_out_of_range", sweep("optimizer.lr=-1"));
        insta::assert_snapshot!("set_misspelt_key", sweep("optimizer.momentun=0.9"));
        insta::assert_snapshot!("set_misspelt_section", sweep("optimiser.lr=0.1"));
        insta::assert_snapshot!("set_misspelt_word", sweep("train.order=storred"));
        insta::assert_snapshot!("set_nothing", sweep("optimizer.lr"));
        insta::assert_snapshot!("set_position_out_of_range", sweep("network.layers.7.units=3"));
        let below = complaint(&["check", "../../experiments/xor.toml", "--set", "network.init=zeros"]);
        insta::assert_snapshot!("set_below_an_axis", below);
    });
}
