//! Checkpoints: a file that PyTorch saved gives our network PyTorch's outputs and is what we would have saved; a run keeps
//! what it was asked to keep, and another goes on from it.

mod common;

use std::path::Path;
use std::process::Command;

use common::program::{expect, folder};
use common::{Errors, evaluated, golden, list, numbers, planned, rehearse, root, singles, text};
use kernels::Cpu;
use runner::base::hash;
use runner::base::shape::{Shape, Target};
use runner::nn::weights;
use runner::trial::plan::DataOutline;
use safetensors::SafeTensors;

/// Against PyTorch in `f64`; the parameters are the same `f32`.
const OUTPUT_ERROR: f64 = 1e-6;

#[test]
fn what_pytorch_saved_is_read_and_written_the_same() {
    let mut errors = Errors::new("outputs of networks of PyTorch's", OUTPUT_ERROR);
    for case in list(&golden("checkpoints.json")["cases"]) {
        let name = text(case, "name");
        let sections = format!(
            "network.layers = [{}, {{ type = 'dense', units = 3 }}]
             loss = 'mse'
             optimizer = {{ type = 'sgd', lr = 0.1 }}
             train = {{ steps = 1, batch_size = 4 }}",
            text(case, "layers"),
        );
        let count = |key: &str| case[key].as_u64().map(|count| count as usize);
        let (shape, target) = (Shape::flat(count("width").expect("a width")), Target::Values(3));
        let (symbols, parts) = (count("symbols"), vec!["train", "test"]);
        let outline = DataOutline { shape, target, train: 4, steps: 1, symbols, padded: false, parts };
        let network = planned(&sections, &outline).network;
        let path = root().join(format!("tests/golden/checkpoint_{name}.safetensors"));
        let theirs = std::fs::read(path).expect("a file of the repository");
        let params = weights::from_bytes(network.slots(), &theirs).unwrap_or_else(|e| panic!("{name}: {e}"));
        let outputs = evaluated(Cpu::best(), &network, &params, &singles(&case["x"]), &[]);
        for (ours, theirs) in outputs.iter().zip(numbers(&case["outputs"])) {
            errors.check(f64::from(*ours), theirs, theirs.abs().max(1.0), &name);
        }
        let ours = weights::to_bytes(network.slots(), &params);
        let (ours, theirs) = (SafeTensors::deserialize(&ours).unwrap(), SafeTensors::deserialize(&theirs).unwrap());
        assert_eq!(ours.len(), theirs.len());
        for (tensor, saved) in theirs.iter() {
            assert_eq!(ours.tensor(tensor).expect("the same names"), saved, "{name}: {tensor}");
        }
    }
    errors.report();
}

/// The way back, by the script that made those files: see its head.
#[test]
fn what_we_save_is_loaded_by_pytorch() {
    let named = std::env::var_os("RUNNER_TEST_PYTHON");
    let python = || Command::new(named.as_deref().unwrap_or("python3".as_ref()));
    let there = python().args(["-c", "import torch, safetensors"]).output();
    if !there.is_ok_and(|there| there.status.success()) {
        assert!(named.is_none(), "RUNNER_TEST_PYTHON names no python that has torch and safetensors");
        println!("skipped: python3 has no torch and safetensors; name one that has in RUNNER_TEST_PYTHON");
        return;
    }
    let script = root().join("tests/golden/checkpoint.py");
    let verified = python().arg("-B").arg(script).args(["--verify", env!("CARGO_BIN_EXE_runner")]).output();
    let verified = verified.expect("python starts");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let told = String::from_utf8_lossy(&verified.stdout).lines().count();
    assert_eq!(told, list(&golden("checkpoints.json")["cases"]).len(), "networks");
}

fn experiment(more: &str) -> String {
    format!(
        "name = 'kept'
seeds = 2
{more}
[data]
type = 'moons'
train = 40
test = 20
validation = 10
[train]
epochs = 6
batch_size = 10
[loss]
type = 'cross_entropy'
[optimizer]
type = 'sgd'
lr = 0.5
"
    )
}

const LAYERS: &str = "layers = [{ type = 'dense', units = 4, activation = 'tanh' }, { type = 'dense', units = 2 }]";

/// The rows of a table of results, cells by the names of their columns.
fn table(path: &Path) -> Vec<impl Fn(&str) -> String + use<>> {
    let mut reader = csv::Reader::from_path(path).expect("a table of results");
    let headers = reader.headers().expect("a header").clone();
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a row")).collect();
    let of = |record: csv::StringRecord| {
        let headers = headers.clone();
        move |name: &str| {
            let at = headers.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
            record[at].to_owned()
        }
    };
    records.into_iter().map(of).collect()
}

#[test]
fn a_run_keeps_its_weights_and_another_starts_from_them() {
    let saving = experiment(&format!("network = {{ {LAYERS} }}\ncheckpoint.save = ['last', 'init', 'best']"));
    let work = folder(&[("saving.toml", &saving)]);
    expect(0, work.path(), &["saving.toml", "--out", "one", "--jobs", "1"]);
    expect(0, work.path(), &["saving.toml", "--out", "two", "--jobs", "2"]);
    let kept = work.path().join("one/kept/checkpoints");
    let trials = table(&work.path().join("one/kept/trials.csv"));
    assert_eq!(trials.len(), 2);
    let rehearsal = rehearse(&saving.replace("name = 'kept'\nseeds = 2\n", "")).unwrap_or_else(|e| panic!("{e}"));
    let slots = rehearsal.plan.network.slots();
    let mut last = None;
    for trial in &trials {
        let read = |name: &str| {
            let file = kept.join(trial("trial")).join(format!("{name}.safetensors"));
            let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            let again = file.to_string_lossy().replace("/one/", "/two/");
            assert_eq!(bytes, std::fs::read(again).expect("kept by the other run"), "the same bytes for any jobs");
            weights::from_bytes(slots, &bytes).expect("our own file")
        };
        assert_eq!(hash::digest_f32(&read("last")), trial("weights_digest"));
        assert_ne!(read("init"), read("last"));
        assert_eq!(read("best").len(), read("last").len());
        last = Some((kept.join(trial("trial")).join("last.safetensors"), trial("test_loss")));
    }
    let (last, loss) = last.expect("two trials");
    std::fs::copy(last, work.path().join("start.safetensors")).expect("a temporary file");
    let going_on =
        experiment(&format!("network = {{ {LAYERS}, from = 'start.safetensors' }}")).replace("'kept'", "'on'");
    std::fs::write(work.path().join("on.toml"), going_on).expect("a temporary file");
    expect(0, work.path(), &["on.toml", "--out", "one", "--set", "pin.split=1", "--set", "pin.data=1"]);
    let first = &table(&work.path().join("one/on/metrics.csv"))[0];
    assert_eq!((first("step"), first("test_loss")), ("0".to_owned(), loss), "where the other ended");
    // the file belongs to what a trial is: another one is trained from anew
    let other = std::fs::read(kept.join(trials[0]("trial")).join("init.safetensors")).expect("kept");
    std::fs::write(work.path().join("start.safetensors"), other).expect("a temporary file");
    let before = std::fs::read_to_string(work.path().join("one/on/log.jsonl")).expect("a log").lines().count();
    expect(0, work.path(), &["on.toml", "--out", "one", "--set", "pin.split=1", "--set", "pin.data=1"]);
    let after = std::fs::read_to_string(work.path().join("one/on/log.jsonl")).expect("a log").lines().count();
    assert_eq!(after, before + 3, "a session and two trials");
}
