//! `runner bench` as a person meets it: what it writes, that a report held against itself is within the noise and one whose
//! times were changed is not, own experiment files, and mistakes. That the numbers are right is nothing a test can know; that
//! they are the medians of the samples beside them is.

mod common;

use std::path::Path;

use common::program::{expect, folder};
use common::read_file;
use runner::bench::comparison::Comparison;
use runner::bench::results::Results;
use runner::bench::statistics::{Estimate, Verdict};
use serde_json::Value as Json;

/// A short experiment of three trials.
const OWN: &str = "name = 'own'
seeds = 3
data = { type = 'blobs', train = 64, test = 16, features = 4, classes = 3 }
network = { layers = [{ type = 'dense', units = 8, activation = 'tanh' }, { type = 'dense', units = 3 }] }
loss = 'cross_entropy'
optimizer = { type = 'sgd', lr = 0.1 }
train = { steps = 20, batch_size = 16 }
";

fn read(folder: &Path) -> (Results, Json) {
    let path = folder.join("results/bench/report.json");
    let results = Results::read(&path).unwrap_or_else(|error| panic!("{error}"));
    (results, serde_json::from_str(&read_file(&path)).expect("JSON"))
}

#[test]
fn a_report_has_its_files_and_every_field() {
    let place = folder(&[("own.toml", OWN)]);
    let small =
        ["bench", "own.toml", "--quick", "--rounds", "2", "--only", "limits,workloads,overhead", "--isa", "portable"];
    let answer = expect(0, place.path(), &small);
    for words in ["processor: ", "fused multiply-add", "one-step trials", "3 trials x 20", "results/bench/report.html"]
    {
        assert!(answer.out.contains(words), "`{words}` is missing in\n{}", answer.out);
    }
    assert!(answer.err.contains("round 2 of 2"), "{}", answer.err);
    let bench = place.path().join("results/bench");
    let html = read_file(&bench.join("report.html"));
    assert!(html.contains("<table") && !html.contains("src=\"http"), "self-contained");
    let markdown = read_file(&bench.join("report.md"));
    assert!(
        markdown.contains("## Training, whole") && markdown.contains("runner bench own.toml --quick"),
        "{markdown}"
    );
    assert!(read_file(&bench.join("measures.csv")).starts_with("group,name,with,unit,median,low,high,"));

    let (results, json) = read(place.path());
    let has =
        |json: &Json, keys: &[&str]| keys.iter().for_each(|k| assert!(json.get(k).is_some(), "no `{k}` in {json}"));
    has(&json, &["runner_bench", "command", "rounds", "quick", "machine", "load", "noise", "measures"]);
    has(&json["machine"], &["processor", "caches", "cores", "isas", "system", "version", "commit", "binary", "rustc"]);
    has(&json["load"], &["before", "after", "others"]);
    for (key, fact) in json["machine"].as_object().expect("facts").iter().filter(|(key, _)| *key != "commit") {
        assert!(*fact != "" || key == "caches", "`{key}` is empty");
    }
    for measure in json["measures"].as_array().expect("measures") {
        has(measure, &["group", "name", "with", "unit", "estimate", "share_of_peak", "work", "repetitions", "seconds"]);
    }
    let trained = results.group("workloads").next().expect("own.toml");
    let alone = results.group("workloads").find(|m| m.with == "pieces alone").expect("a step can be taken to pieces");
    assert!(alone.work == trained.work && alone.estimate.low > 0.0, "{alone:?}");
    assert_eq!((trained.name.as_str(), trained.work), ("own", 3.0 * 20.0 * 16.0));
    assert!(trained.size.starts_with("3 trials x 20 steps"), "{}", trained.size);
    // 4 x 8 + 8 x 3 multiply-adds in each of three products, but for the gradient of the rows themselves
    let operations = trained.work * (2 * (3 * (32 + 24) - 32)) as f64;
    let seconds = Estimate::of(&trained.seconds).median;
    let gflops = trained.gflops.expect("products");
    assert!((gflops / (1e-9 * operations / seconds) - 1.0).abs() < 1e-12, "{gflops}");
    assert!(trained.share_of_peak.is_some_and(|share| share > 0.0 && share < 1.0), "{trained:?}");
    for measure in &results.measures {
        let (repetitions, work) = (measure.repetitions as f64, measure.work);
        let values: Vec<f64> = measure.seconds.iter().map(|s| measure.unit.of(work, s / repetitions)).collect();
        assert_eq!((values.len(), measure.estimate), (2, Estimate::of(&values)), "{}", measure.name);
    }
}

#[test]
fn products_are_drawn() {
    let place = folder(&[]);
    let products =
        ["bench", "--quick", "--rounds", "2", "--only", "gemm", "--isa", "portable", "-qq", "-o", "elsewhere"];
    let answer = expect(0, place.path(), &products);
    assert!(answer.out.is_empty(), "{}", answer.out);
    let bench = place.path().join("elsewhere/bench");
    for figure in ["roofline", "squares", "shapes"] {
        let svg = read_file(&bench.join(format!("figures/{figure}.svg")));
        assert!(svg.contains("GFLOP/s"), "{figure}");
        let png = std::fs::read(bench.join(format!("figures/{figure}.png"))).expect("a figure");
        assert!(png.starts_with(b"\x89PNG"), "{figure}");
        assert!(read_file(&bench.join(format!("figures/{figure}.csv"))).lines().count() > 3, "{figure}");
    }
    let csv = read_file(&bench.join("figures/squares.csv"));
    assert!(csv.contains("portable,32,") && csv.contains("matrixmultiply,512,"), "{csv}");
    // every product of ours stands beside the same work near, and neither in a figure nor as a product of its own
    let report = read_file(&bench.join("report.md"));
    assert!(report.contains("| near |"), "{report}");
    assert!(!report.contains(", near |"), "{report}");
    let results = Results::read(&bench.join("report.json")).unwrap_or_else(|error| panic!("{error}"));
    let ours = results.group("gemm").filter(|m| m.with == "portable");
    let (near, far): (Vec<_>, Vec<_>) = ours.partition(|m| m.name.ends_with(", near"));
    assert!(near.len() == far.len() && near.iter().zip(&far).all(|(near, far)| near.work == far.work));
    assert!(!read_file(&bench.join("figures/roofline.csv")).contains("near"));
}

#[test]
fn a_baseline_is_held_against_what_is_measured() {
    let place = folder(&[]);
    let bench = |code: i32, more: &[&str]| {
        let arguments =
            [&["bench", "--quick", "--rounds", "4", "--only", "losses", "--isa", "portable"], more].concat();
        expect(code, place.path(), &arguments)
    };
    bench(0, &["-qq"]);
    let (results, _) = read(place.path());
    let itself = Comparison::new(Path::new("itself"), &results, &results);
    assert_eq!(itself.count(Verdict::WithinNoise), results.measures.len());
    assert!(itself.changes.iter().all(|change| change.ratio == 1.0) && itself.notes.is_empty());

    let doctored = |factor: f64| {
        let mut doctored = results.clone();
        doctored.measures.pop();
        doctored.machine.rustc = "rustc 0.0".to_owned();
        for e in doctored.measures.iter_mut().map(|m| (m.unit.is_rate(), &mut m.estimate)) {
            let factor = if e.0 { 1.0 / factor } else { factor };
            (e.1.median, e.1.low, e.1.high) = (factor * e.1.median, factor * e.1.low, factor * e.1.high);
        }
        std::fs::write(place.path().join("old.json"), doctored.json()).expect("a file");
    };
    // an earlier report whose times are a thousandth: now everything is slower
    doctored(1e-3);
    let slower = bench(3, &["--baseline", "old.json"]).out;
    let compared = results.measures.len() - 1;
    for words in
        ["Against old.json", " slower", &format!("{compared} slower"), "1 measure only here", "another compiler"]
    {
        assert!(slower.contains(words), "`{words}` is missing in\n{slower}");
    }
    doctored(1e3);
    let faster = bench(0, &["--baseline", "old.json"]).out;
    assert!(faster.contains(&format!("{compared} faster")), "{faster}");
    let report = read_file(&place.path().join("results/bench/report.md"));
    assert!(report.contains("## Against old.json"), "{report}");
    assert!(read_file(&place.path().join("results/bench/measures.csv")).contains(",faster\n"));
}

#[test]
fn mistakes_are_found_before_anything_is_measured() {
    let place = folder(&[
        ("own.toml", OWN),
        ("wrong.toml", &OWN.replace("'tanh'", "'tanhh'")),
        ("other.json", "{}"),
        ("newer.json", "{ \"runner_bench\": 99 }"),
        ("damaged.json", "{ \"runner_bench\": 1 }"),
    ]);
    let wrong: &[(&[&str], &str)] = &[
        (&["--only", "gem"], "gemm"),
        (&["--rounds", "1"], "from 2 to 1000"),
        (&["--isa", "sse9"], "`sse9`"),
        (&["-s", "seeds=1"], "none was named"),
        (&["wrong.toml"], "did you mean `tanh`"),
        (&["own.toml", "-s", "optimizer.lrr=1"], "`lr`"),
        (&["--baseline", "nowhere.json"], "cannot read `nowhere.json`"),
        (&["--baseline", "other.json"], "no report of `runner bench`"),
        (&["--baseline", "newer.json"], "version 99"),
        (&["--baseline", "damaged.json"], "is damaged"),
    ];
    for (arguments, words) in wrong {
        let answer = expect(2, place.path(), &[&["bench"], *arguments].concat());
        assert!(answer.err.contains(words) && answer.out.is_empty(), "{arguments:?}: {}", answer.err);
    }
    assert!(!place.path().join("results").exists());
    // an experiment of that name keeps its folder
    expect(0, place.path(), &["own.toml", "-qq", "-s", "name=\"bench\""]);
    let refused = expect(2, place.path(), &["bench", "own.toml", "--quick"]);
    assert!(refused.err.contains("holds the results of an experiment"), "{}", refused.err);
}
