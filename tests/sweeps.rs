//! Every kind of sweep from the file to the results: run, run again from its `resolved.toml`, in shards, with `--set`; and
//! random streams that are pinned one by one.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const TRIAL: &str = r#"name = "small"
seeds = 2

[data]
type = "table"
inputs = [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [0, 2]]
targets = [0, 1, 1, 0, 1, 1]

[network]
layers = [{ type = "dense", units = 2 }]

[loss]
type = "cross_entropy"

[optimizer]
type = "sgd"
lr = "0.05 * train.batch_size / 2"

[train]
steps = 4
batch_size = 2

"#;

/// A sweep and how many settings it has.
const SWEEPS: &[(&str, usize)] = &[
    ("", 1),
    ("[sweep.axes]\n\"train.batch_size\" = [1, 2, 4]\n\"optimizer.momentum\" = [0.0, \"1 - 2 * optimizer.lr\"]\n", 6),
    (
        "[sweep.axes]\n\"optimizer.lr, train.batch_size\" = [[0.1, 2], [0.1, 3], [0.2, 2]]\nschedule = [\"constant\", \"cosine\"]\n",
        6,
    ),
    (
        "[sweep]\nstrategy = \"zip\"\n[sweep.axes]\n\"optimizer.momentum\" = [0.0, 0.9]\n\"train.batch_size\" = [1, 2]\n",
        2,
    ),
    (
        "[sweep.strategy]\ntype = \"list\"\nsettings = [{ \"optimizer.momentum\" = 0.9 }, { \"train.batch_size\" = 3 }]\n\
         [sweep.axes]\n\"train.steps\" = [2, 3]\n",
        4,
    ),
    (
        "[sweep]\nstrategy = { type = \"random\", count = 5 }\n[sweep.axes]\n\"optimizer.lr\" = { log = [1e-3, 1.0] }\n\
         \"train.batch_size\" = { linear = [1, 3] }\nschedule = [\"constant\", { type = \"cosine\", label = \"mine\" }]\n",
        5,
    ),
    (
        "[sweep]\nstrategy = { type = \"sobol\", count = 4, seed = 3 }\n[sweep.axes]\n\
         \"optimizer.momentum\" = { linear = [0.0, 0.9] }\n\"optimizer.lr\" = { log = [1e-3, 1.0] }\n",
        4,
    ),
    (
        "[sweep]\nexclude = [{ \"optimizer.type\" = \"adamw\", \"train.steps\" = [2, 3] }]\n\
         when = [{ if = { \"optimizer.type\" = \"sgd\", \"train.steps\" = 2 }, axes = { \"optimizer.momentum\" = [0.5, 0.9] } }]\n\
         [sweep.axes]\noptimizer = [{ type = \"sgd\", lr = 0.1 }, { type = \"adamw\", lr = \"0.1 / train.batch_size\" }]\n\
         \"train.steps\" = [2, 3, 4]\n",
        5,
    ),
    (
        "[[sweep.blocks]]\naxes = { \"optimizer.momentum\" = [0.0, 0.9] }\n[[sweep.blocks]]\n\
         strategy = { type = \"random\", count = 2 }\naxes = { \"optimizer.lr\" = { log = [0.01, 1.0] } }\n",
        4,
    ),
    ("[pin]\ninit = 4\n[sweep.axes]\n\"pin.order\" = [0, 1]\n\"pin.split\" = [0, 1]\n", 4),
];

fn runner(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    let output = command.current_dir(folder).args(arguments).output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "runner {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("small.toml"), text).expect("a file");
    folder
}

fn read(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A column of `trials.csv`.
fn column(folder: &TempDir, name: &str) -> Vec<String> {
    let text = read(folder, "results/small/trials.csv");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let at = rows.headers().expect("a header").iter().position(|h| h == name);
    let at = at.unwrap_or_else(|| panic!("no column `{name}`"));
    rows.records().map(|row| row.expect("a row")[at].to_owned()).collect()
}

#[test]
fn every_sweep_runs_and_its_resolved_file_makes_the_same_trials() {
    for (sweep, settings) in SWEEPS {
        let first = folder(&format!("{TRIAL}{sweep}"));
        runner(first.path(), &["small.toml", "-qq"]);
        assert_eq!(column(&first, "status"), vec!["done"; 2 * settings], "{sweep}");
        let again = folder(&read(&first, "results/small/resolved.toml"));
        runner(again.path(), &["small.toml", "-qq"]);
        for file in ["trials.csv", "summary.csv", "resolved.toml"] {
            let path = format!("results/small/{file}");
            assert_eq!(read(&first, &path), read(&again, &path), "{file} of {sweep}");
        }
        let plan = runner(first.path(), &["plan", "small.toml"]);
        let all = format!(" x 2 seeds = {0} trials, {0} done, 0 to train", 2 * settings);
        assert!(plan.contains(&all), "{plan}");
    }
}

#[test]
fn shards_are_parts_of_every_sweep() {
    for (sweep, settings) in SWEEPS {
        let (whole, parts) = (folder(&format!("{TRIAL}{sweep}")), folder(&format!("{TRIAL}{sweep}")));
        runner(whole.path(), &["small.toml", "-qq"]);
        runner(parts.path(), &["small.toml", "-qq", "--shard", "2/2"]);
        assert_eq!(column(&parts, "status").iter().filter(|s| *s == "done").count(), *settings, "{sweep}");
        runner(parts.path(), &["small.toml", "-qq", "--shard", "1/2"]);
        let path = "results/small/trials.csv";
        assert_eq!(read(&whole, path), read(&parts, path), "{sweep}");
    }
}

#[test]
fn a_swept_key_that_is_set_is_swept_no_longer_in_any_sweep() {
    // settings that are left when a key is set
    for (sweep, set, left) in [
        (2, "optimizer.lr=0.5", 4),
        (2, "train.batch_size=2", 4),
        (3, "optimizer.momentum=0.5", 2),
        (4, "optimizer.momentum=0.5", 2),
        (4, "train.steps=2", 2),
        (5, "schedule=constant", 5),
        (6, "optimizer.momentum=0.5", 4),
        (7, "train.steps=2", 2),
        (8, "optimizer.lr=0.5", 2),
        (8, "optimizer.momentum=0.5", 2),
        (9, "pin.order=1", 2),
    ] {
        let (sweep, _) = SWEEPS[sweep];
        let folder = folder(&format!("{TRIAL}{sweep}"));
        let checked = runner(folder.path(), &["check", "small.toml", "--set", set]);
        let expected = format!("settings {left}, seeds 2, trials {}", 2 * left);
        assert!(checked.contains(&expected), "{set} in\n{sweep}{checked}");
    }
}

#[test]
fn derived_values_are_what_their_expression_says() {
    let derived = folder(&format!("{TRIAL}[sweep.axes]\n\"train.batch_size\" = [1, 2, 4]\n"));
    let written = TRIAL.replace("\"0.05 * train.batch_size / 2\"", "1.0");
    let listed = "[sweep.axes]\n\"optimizer.lr, train.batch_size\" = [[0.025, 1], [0.05, 2], [0.1, 4]]\n";
    let listed = folder(&format!("{written}{listed}"));
    for folder in [&derived, &listed] {
        runner(folder.path(), &["small.toml", "-qq"]);
    }
    // the same trials by their hash
    assert_eq!(column(&derived, "trial"), column(&listed, "trial"));
}

#[test]
fn a_pinned_stream_is_held_while_the_seed_varies_the_others() {
    let digests = |seeds: &str, more: &str| {
        let folder = folder(&format!("{}{more}", TRIAL.replace("seeds = 2", seeds)));
        runner(folder.path(), &["small.toml", "-qq"]);
        (column(&folder, "weights_digest"), folder)
    };
    let (free, _) = digests("seeds = [0, 1]", "");
    let crossed = "[sweep.axes]\n\"pin.init\" = [0, 1]\n\"pin.order\" = [0, 1]\n";
    let (held, folder) = digests("seeds = [7, 8]", crossed);
    // nothing else is random here: the seed decides nothing, and the diagonal is what free seeds give
    assert!(held.chunks(2).all(|seeds| seeds[0] == seeds[1]), "{held:?}");
    assert_eq!([&held[0], &held[6]], [&free[0], &free[1]]);
    let different: std::collections::BTreeSet<&String> = held.iter().collect();
    assert_eq!(different.len(), 4, "init and order each change the weights");
    let table = read(&folder, "results/small/variance.csv");
    let losses: Vec<&str> = table.lines().filter(|line| line.starts_with("test_loss,")).collect();
    assert_eq!(losses.len(), 7, "three factors and their interactions: {table}");
    assert_eq!(losses[2], "test_loss,seed,0,0,0");
    assert!(read(&folder, "results/small/report.md").contains("## Where the variance comes from"));
    let (only_init, _) = digests("seeds = [0, 1]", "[pin]\ninit = 0\n");
    assert_eq!((&only_init[0], &only_init[1]), (&held[0], &held[2]));
}
