//! Same file, same bits: the results folder of the real program is the same byte for byte for any number of jobs and
//! threads, on every instruction set of this machine, in one piece or in shards, and looking more often leaves the same
//! weights. First one experiment in every way of running it; then every member of every registry, found by walking the
//! registries, so that a new one is covered by being listed.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::networks::{INPUTS, OTHERS, OUTPUTS, SYMBOLS as NAMED, fits};
use common::program::{expect, folder, recorded, results, rows, same};
use common::{FORMS, value_of, with};
use kernels::Cpu;
use kernels::isa::Isa;
use runner::base::diagnostics::Diagnostics;
use runner::base::key::{Key, Kind, Preset};
use runner::base::node::quote;
use runner::base::registry::{About, Members};
use runner::base::shape::Target;
use runner::base::values::Value;
use runner::data::{self, Folders, SOURCES};
use runner::run::experiment::{self, Depth, Experiment};

/// Members of several kinds, a batch that does not divide the rows, widths that no vector divides, and a rate that
/// diverges.
const BITS: &str = r#"# Does every way of running it leave the same bytes?
name  = "bits"
seeds = 2

[data]
type        = "mnist1d"
train       = 150
test        = 60
validation  = 30
label_noise = 0.1
standardize = true

[network]
layers = [
  { type = "dense", units = 19, activation = "tanh" },
  { type = "residual", layers = [{ type = "dense", units = 19, activation = "relu" }] },
  { type = "dense", units = 10 },
]

[loss]
type = "cross_entropy"

[optimizer]
type = "sgd"
lr   = 0.1

[schedule]
type   = "cosine"
warmup = { steps = 3 }

[train]
epochs     = 6
batch_size = 32

[sweep.axes]
optimizer = [
  { label = "momentum", type = "sgd", lr = 0.05, momentum = 0.9, nesterov = true },
  { label = "adamw", type = "adamw", lr = 0.01 },
  { label = "diverging", type = "sgd", lr = 1e20 },
]
"train.order" = ["shuffled", "stored"]

[[report.plots]]
type  = "curves"
where = { "train.order" = "shuffled" }

[[expect]]
name    = "lowest test loss"
of      = { min = "test_loss" }
between = [0.0, 10.0]
"#;

/// The experiment in this folder, run with these options into a folder of its own.
#[track_caller]
fn run(folder: &Path, name: &str, options: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let out = format!("out/{}", options.join("")).replace(' ', "");
    let arguments = [&["experiment.toml", "-qq", "--out", &out], options].concat();
    expect(0, folder, &arguments);
    results(&folder.join(out).join(name))
}

/// The trials of a results folder by what they were asked for, with a column of each.
fn trials(results: &BTreeMap<String, Vec<u8>>, column: &str) -> BTreeMap<Vec<String>, String> {
    let named = |row: BTreeMap<String, String>| {
        let name = ["optimizer", "train.order", "seed"].map(|key| row[key].clone());
        (name.to_vec(), row[column].clone())
    };
    rows(results, "trials.csv").into_iter().map(named).collect()
}

/// Ways to run an experiment that must not show: every instruction set of this machine, with so many threads to a trial.
fn ways(threads: &[usize]) -> Vec<Vec<String>> {
    let there: Vec<Isa> = Cpu::all().into_iter().map(Cpu::isa).collect();
    let missing: Vec<&str> = Isa::ALL.iter().filter(|isa| !there.contains(isa)).map(|isa| isa.name()).collect();
    println!("this machine has no {}; not compared", missing.join(", "));
    let way = |isa: &Isa, threads: usize| ["--isa", isa.name(), "--threads", &threads.to_string()].map(str::to_owned);
    there.iter().flat_map(|isa| threads.iter().map(|&threads| way(isa, threads).to_vec())).collect()
}

#[test]
fn jobs_threads_and_instruction_sets_do_not_show() {
    let folder = folder(&[("experiment.toml", BITS)]);
    let first = run(folder.path(), "bits", &["--jobs", "1"]);
    let needed = ["experiment.toml", "resolved.toml", "trials.csv", "summary.csv", "metrics.csv", "expectations.csv"];
    for file in needed.iter().chain(&["report.md", "report.html", "figures/curves.svg", "figures/curves.csv"]) {
        assert!(first.contains_key(*file), "`{file}` is missing among {:?}", first.keys());
    }
    let ended: BTreeSet<String> = trials(&first, "status").into_values().collect();
    assert_eq!(ended, ["diverged", "done"].map(str::to_owned).into(), "the experiment has both");
    let digests: BTreeSet<String> = trials(&first, "weights_digest").into_values().collect();
    assert_eq!(digests.len(), 12, "every trial has weights of its own");
    // every instruction set x threads x jobs
    let beside = |way: Vec<String>| [1, 2].map(|jobs| [&way[..], &["--jobs".to_owned(), jobs.to_string()]].concat());
    let mut others: Vec<Vec<String>> = ways(&[1, 2, 3]).into_iter().flat_map(beside).collect();
    assert_eq!(others.len(), 6 * Cpu::all().len());
    others.push(["--progress", "json"].map(str::to_owned).to_vec());
    for options in others {
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        same(&options.join(" "), &first, &run(folder.path(), "bits", &options));
    }
}

#[test]
fn shards_make_the_same_folder_in_any_order() {
    let folder = folder(&[("experiment.toml", BITS)]);
    let whole = run(folder.path(), "bits", &[]);
    for shares in [["1/2", "2/2"], ["2/2", "1/2"]] {
        let out = shares.concat().replace('/', "");
        let share = |share: &str| {
            let arguments = ["experiment.toml", "-qq", "--out", &out, "--shard", share];
            expect(0, folder.path(), &arguments);
            results(&folder.path().join(&out).join("bits"))
        };
        let half = share(shares[0]);
        let pending = trials(&half, "status").into_values().filter(|status| status == "pending").count();
        assert_eq!(pending, 6, "the first share is half of the trials");
        same(&out, &whole, &share(shares[1]));
        assert_eq!(recorded(&folder.path().join(&out).join("bits")).len(), 12, "nothing is trained twice");
    }
}

/// Also of what diverges: where it ends depends on the training steps alone.
#[test]
fn looking_more_often_leaves_the_same_weights() {
    let folder = folder(&[("experiment.toml", BITS)]);
    let every = |length: &str| run(folder.path(), "bits", &["--set", &format!("eval.every={length}")]);
    let (seldom, often) = (every("{ epochs = 3 }"), every("{ steps = 1 }"));
    assert!(rows(&often, "metrics.csv").len() > 2 * rows(&seldom, "metrics.csv").len());
    for column in ["weights_digest", "status", "steps", "test_loss"] {
        assert_eq!(trials(&seldom, column), trials(&often, column), "{column}");
    }
}

#[test]
fn more_seeds_leave_the_old_ones_as_they_were() {
    let folder = folder(&[("experiment.toml", BITS)]);
    let seeds = |seeds: &str| {
        expect(0, folder.path(), &["experiment.toml", "-qq", "--out", "grown", "--set", seeds]);
        results(&folder.path().join("grown/bits"))
    };
    let (two, four) = (seeds("seeds=2"), seeds("seeds=4"));
    let (old, new) = (rows(&two, "trials.csv"), rows(&four, "trials.csv"));
    assert_eq!((old.len(), new.len()), (12, 24));
    assert!(old.iter().all(|row| new.contains(row)), "a row has changed");
    assert_eq!(recorded(&folder.path().join("grown/bits")).len(), 24, "only the new ones are trained");
    same("seeds grown or at once", &four, &run(folder.path(), "bits", &["--set", "seeds=4"]));
}

/// The second implementation of the matrix product: its trials are others, its numbers nearly the same.
#[test]
fn another_engine_is_close_and_never_mixed_with_ours() {
    let folder = folder(&[("experiment.toml", BITS)]);
    let with = |engine: &str| {
        expect(0, folder.path(), &["experiment.toml", "-qq", "--engine", engine]);
        results(&folder.path().join("results/bits"))
    };
    let (ours, theirs) = (with("simd"), with("matrixmultiply"));
    assert_eq!(recorded(&folder.path().join("results/bits")).len(), 24, "the trials of each engine are its own");
    same("ours again, from the log", &ours, &with("simd"));
    let (a, b) = (trials(&ours, "trial"), trials(&theirs, "trial"));
    assert!(a.iter().all(|(name, id)| b[name] != *id));
    let (status, a, b) = (trials(&ours, "status"), trials(&ours, "train_loss"), trials(&theirs, "train_loss"));
    for (name, loss) in a.iter().filter(|(name, _)| status[*name] == "done") {
        let (a, b): (f64, f64) = (loss.parse().unwrap(), b[name].parse().unwrap());
        assert!((a - b).abs() < 1e-3 * a.abs(), "{name:?}: {a} and {b}");
    }
}

/// The form of rows whose numbers name symbols.
const SYMBOLS: &str = "symbols";

/// A task for every kind of target, with inputs that nothing is symmetric in: 23 rows of 10 numbers.
struct Task {
    data: String,
    outputs: usize,
    loss: &'static str,
    /// What comes before the layer that is tried.
    form: &'static str,
}

/// The tasks. A member is tried on the first that takes it; one that none takes needs a new line here.
fn tasks() -> [Task; 8] {
    const ROWS: usize = 23;
    let cell = |i: usize| format!("{:.3}", libm::sin(0.7 * (i * i) as f64));
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let inputs = list((0..ROWS).map(|row| list((10 * row..10 * (row + 1)).map(cell).collect())).collect());
    // some rows are held out for what watches the validation loss; then the last of three batches has a single row, which
    // two threads cannot share
    let data =
        |targets| format!("{{ type = \"table\", inputs = {inputs}, targets = {}, validation = 4 }}", list(targets));
    let symbol = |i: usize| (i * i % 7).to_string();
    let symbols = list((0..ROWS).map(|row| list((10 * row..10 * (row + 1)).map(symbol).collect())).collect());
    let of: Vec<String> = (0..ROWS).map(|i| (i * i % 5).to_string()).collect();
    let symbols =
        format!("{{ type = \"table\", inputs = {symbols}, targets = {}, symbols = 7, validation = 4 }}", list(of));
    let classes = |count: usize| data((0..ROWS).map(|i| (i * i % count).to_string()).collect());
    let few = classes(2).replace("validation = 4", "validation = 4, subset = { first = 9 }");
    [
        Task { data: classes(5), outputs: 5, loss: "cross_entropy", form: FORMS[0] },
        Task { data: classes(2), outputs: 1, loss: "bce", form: FORMS[0] },
        Task { data: data((0..ROWS).map(|i| cell(i + 999)).collect()), outputs: 1, loss: "mse", form: FORMS[0] },
        // the perceptron rule goes with no other loss
        Task { data: classes(2), outputs: 1, loss: "perceptron", form: FORMS[0] },
        // layers that take sequences or images only
        Task { data: classes(5), outputs: 5, loss: "cross_entropy", form: FORMS[1] },
        Task { data: classes(5), outputs: 5, loss: "cross_entropy", form: FORMS[2] },
        // layers that take symbols only
        Task { data: symbols, outputs: 5, loss: "cross_entropy", form: SYMBOLS },
        // optimizers that need all rows in a batch
        Task { data: few, outputs: 2, loss: "cross_entropy", form: FORMS[0] },
    ]
}

/// Where a member of a kind stands in a file. Data has its own way below. Strategies and plots train nothing.
const PLACES: &[(&str, &str)] = &[
    ("activation", "network.layers.0.activation"),
    ("layer", "network.layers.1"),
    ("constraint", "network.layers.0.constraint"),
    ("initialiser", "network.init"),
    ("loss", "loss"),
    ("optimizer", "optimizer"),
    ("schedule", "schedule"),
    ("metric", "eval.metrics"),
    ("augmentation", "data.augment"),
    ("average", "train.average"),
];
const UNTRAINED: &[&str] = &["strategy", "plot"];

/// A registry and the keys that all its members take.
type Found = (&'static dyn Members, &'static [Key]);

/// Every registry that a file can reach, by its kind.
fn registries() -> BTreeMap<&'static str, Found> {
    fn reach(kind: &Kind, found: &mut BTreeMap<&'static str, Found>) {
        match kind {
            Kind::Member { registry, common } => {
                let registry = registry();
                if found.insert(registry.kind(), (registry, *common)).is_none() {
                    let keys = registry.all().into_iter().flat_map(|about| about.keys.iter());
                    keys.chain(*common).for_each(|key| reach(&key.kind, found));
                }
            }
            Kind::List { of, .. } | Kind::Map(of) => reach(of, found),
            Kind::Table(keys) => keys.iter().for_each(|key| reach(&key.kind, found)),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| reach(kind, found)),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    experiment::keys().iter().for_each(|key| reach(&key.kind, &mut found));
    found
}

/// The example of a member with one of its settings on each of its other words, for every setting that is a switch or a
/// choice of words.
fn variants(about: &About, common: &[Key]) -> Vec<String> {
    let mut all = Vec::new();
    for key in about.keys.iter().chain(common) {
        let words = match key.kind {
            Kind::Flag => vec!["true".to_owned(), "false".to_owned()],
            Kind::Word(words) => words.iter().map(|(word, _)| quote(word)).collect(),
            _ => Vec::new(),
        };
        // what the example says, and where it says nothing the default, are tried already
        let said = |word: &String| match about.example.contains(key.name) {
            true => about.example.contains(&format!("{} = {word}", key.name)),
            false => matches!(key.preset, Preset::Toml(preset) if preset == word),
        };
        let other = words.into_iter().filter(|word| !said(word));
        all.extend(other.map(|word| with(&about.example, key, key.name, &word)));
    }
    all
}

/// Settings that go with no member's example as it is, and what they need beside them: `tests/common/networks.rs` has it.
const NEEDY: &[(&str, &str)] = &[("join = \"add\"", "branches that give rows of one shape")];

/// A few steps on a task; `path` is swept over `values`.
fn walk(task: &Task, path: &str, values: &[String]) -> String {
    let Task { data, outputs, loss, form } = task;
    let dense = "{ type = \"dense\", units = 18, activation = \"tanh\" }";
    let (first, path) = match *form {
        SYMBOLS => (String::new(), path.replace("layers.1", "layers.0")),
        "" => (format!("{dense}, "), path.to_owned()),
        form => (format!("{dense}, {form}"), path.replace("layers.1", "layers.2")),
    };
    format!(
        "name = \"walk\"\ndata = {data}\nloss = \"{loss}\"\noptimizer = {{ type = \"sgd\", lr = 0.05 }}\n\
         schedule = \"constant\"\neval = {{ every = {{ steps = 4 }}, metrics = [\"loss\"] }}\n\
         train = {{ steps = 11, batch_size = 9 }}\n[network]\ninit = \"pytorch\"\n\
         layers = [{first}{dense}, {{ type = \"dense\", units = {outputs} }}]\n\
         [sweep.axes]\n\"{path}\" = [{}]\n",
        values.join(",\n  ")
    )
}

/// The mistakes in an experiment of this text.
fn mistakes(folder: &Path, text: &str) -> Option<String> {
    let path = folder.join("tried.toml");
    std::fs::write(&path, text).expect("a temporary file");
    let mut diagnostics = Diagnostics::new();
    let read = Experiment::read(&path, &[], &Folders::default(), Depth::Whole, &mut diagnostics);
    read.expect("the file is there").is_none().then(|| diagnostics.render(false))
}

/// Runs the experiment of this text with these options in every way, and compares: one trial after the other by one thread
/// first, then on every instruction set two threads to a trial, and two trials at a time.
fn in_every_way(folder: &Path, what: &str, text: &str, options: &[&str]) {
    std::fs::write(folder.join("experiment.toml"), text).expect("a temporary file");
    let _ = std::fs::remove_dir_all(folder.join("out"));
    let run = |way: &[String], jobs: &str| {
        let way = way.iter().map(String::as_str).chain(["--jobs", jobs]);
        let all: Vec<&str> = way.chain(options.iter().copied()).collect();
        run(folder, "walk", &all)
    };
    let ways = ways(&[1, 2]);
    let first = run(&ways[0], "1");
    for way in &ways {
        let jobs = if way.ends_with(&["2".to_owned()]) { "1" } else { "2" };
        same(&format!("{what}, {} --jobs {jobs}", way.join(" ")), &first, &run(way, jobs));
    }
}

#[test]
fn every_member_has_the_same_bits_in_every_way() {
    let folder = folder(&[]);
    let registries = registries();
    for kind in registries.keys() {
        let known = UNTRAINED.contains(kind) || *kind == "data" || PLACES.iter().any(|(known, _)| known == kind);
        assert!(known, "say in `PLACES` where a {kind} stands in a file, or in `UNTRAINED` that none is trained");
    }
    for (kind, path) in PLACES {
        let (tasks, (registry, common)) = (tasks(), registries[kind]);
        let mut taken = tasks.each_ref().map(|_| Vec::new());
        // the task that takes the value, or why none does
        let mut place = |value: String| {
            let one = std::slice::from_ref(&value);
            let refused = tasks.iter().map_while(|task| mistakes(folder.path(), &walk(task, path, one)));
            let refused: Vec<String> = refused.collect();
            taken.get_mut(refused.len()).map(|values| values.push(value)).ok_or_else(|| refused.join("\n"))
        };
        for about in registry.all() {
            let listed = ["metric", "augmentation"].contains(kind);
            let list = |text: String| if listed { format!("[{text}]") } else { text };
            let placed = place(list(about.example.clone()));
            placed.unwrap_or_else(|why| panic!("no task takes {kind} `{}`:\n{why}", about.name));
            for variant in variants(about, common) {
                let needs = NEEDY.iter().find(|(word, _)| variant.contains(word));
                let placed = place(list(variant.clone()));
                match needs {
                    Some((word, why)) => assert!(placed.is_err(), "`{word}` needs nothing beside it, not {why}"),
                    None => match placed {
                        // what freezes parameters is not for a layer without them
                        Err(why) if !variant.contains("frozen = true") || !why.contains("has no parameters here") => {
                            panic!("no task takes {kind} {variant}:\n{why}")
                        }
                        _ => {}
                    },
                }
            }
        }
        for (task, values) in tasks.iter().zip(&taken).filter(|(_, values)| !values.is_empty()) {
            println!("{kind}: {}", values.join(", "));
            in_every_way(folder.path(), kind, &walk(task, path, values), &[]);
        }
    }
}

/// Settings of layers that do not show in a gradient, or in that of a single step.
const IN_TRAINING: &[&str] = &[
    "{ type = 'dense', units = 18, constraint = 'unit_norm' }, { type = 'reshape', shape = [6, 3] },
     { type = 'lstm', units = 3, layers = 2, bidirectional = true, truncate = 2, dropout = 0.3, return_sequences = true },
     { type = 'gru', units = 25, truncate = 4, constraint = { type = 'max_norm', most = 0.5 } }",
    "{ type = 'dense', units = 48 }, { type = 'reshape', shape = [3, 16] },
     { type = 'rnn', units = 40, truncate = 2, bidirectional = true, return_sequences = true, recurrent_init = 'orthogonal' },
     { type = 'lstm', units = 5, truncate = 1 }",
    "{ type = 'dense', units = 72, lr = 0.5, weight_decay = 0.1 }, { type = 'reshape', shape = [2, 6, 6] },
     { type = 'conv2d', channels = 4, kernel_size = 3, groups = 2, stride = [1, 2], padding = 1, constraint = 'unit_norm' },
     { type = 'batch_norm', momentum = 0.3 }, { type = 'max_pool2d', kernel_size = 2, stride = 1, dilation = [2, 1] },
     { type = 'conv2d', channels = 6, kernel_size = 2, dilation = 2, padding = 'same', frozen = true }",
];

/// The networks of `tests/gradients.rs` that show what no example does, and these, on more rows than a block of sums has.
#[test]
fn every_setting_of_a_layer_has_the_same_bits_in_every_way() {
    const ROWS: usize = 37;
    let folder = folder(&[]);
    let cell = |i: usize| ((i * 37 + 11) % 101) as f32 / 50.5 - 1.0;
    let numbers: Vec<f32> = (0..ROWS * INPUTS).map(cell).collect();
    let symbols: Vec<f32> = (0..ROWS * INPUTS).map(|i| (i * i % 5) as f32).collect();
    let classes: Vec<usize> = (0..ROWS).map(|i| i * i % 7 % OUTPUTS).collect();
    let all = OTHERS.iter().chain(IN_TRAINING).map(|body| (*body, !fits(body)));
    let (named, plain): (Vec<_>, Vec<_>) = all.partition(|(_, named)| *named);
    for (networks, x, more) in [(plain, &numbers, ""), (named, &symbols, NAMED)] {
        assert!(networks.len() > 1, "there are networks on both");
        let network = |(body, _): &(&str, bool)| format!("[{body}, {{ type = 'dense', units = {OUTPUTS} }}]");
        let networks: Vec<String> = networks.iter().map(network).collect();
        let text = format!(
            "name = 'walk'
             data = {{ type = 'table', inputs = {}, targets = {classes:?}{more} }}
             loss = 'cross_entropy'
             optimizer = {{ type = 'adamw', lr = 0.01 }}
             train = {{ steps = 3, batch_size = 'full' }}
             network.layers = {}
             [sweep.axes]
             'network.layers' = [{}]",
            common::rows(x, INPUTS),
            networks[0],
            networks.join(", "),
        );
        in_every_way(folder.path(), "settings of layers", &text, &[]);
    }
}

#[test]
fn every_generated_data_set_has_the_same_bits_in_every_way() {
    let folder = folder(&[]);
    for about in registries()["data"].0.all() {
        let kind = Kind::Member { registry: || &*SOURCES, common: data::COMMON };
        let mut diagnostics = Diagnostics::new();
        let read = value_of(&about.example, &kind, &mut diagnostics);
        let Some(Value::Member(chosen)) = read else { panic!("{}", diagnostics.render(false)) };
        if !matches!(data::digest(&chosen, &Folders::default()), Ok(None)) {
            println!("data `{}` is read from files; not compared", about.name);
            continue;
        }
        let outline = data::outline(&chosen, &Folders::default(), &mut diagnostics);
        let outline = outline.unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
        let (outputs, loss) = match outline.target {
            Target::Classes(count) => (count, "cross_entropy"),
            Target::Values(width) => (width, "mse"),
        };
        let (steps, all) = (outline.steps, outputs * outline.steps);
        let task = Task { data: about.example.clone(), outputs: all, loss, form: FORMS[0] };
        // two trials that may train on the same rows at the same time
        let mut text = walk(&task, "optimizer.lr", &["0.05", "0.02"].map(str::to_owned));
        if steps > 1 {
            let shape = format!("units = {all} }}, {{ type = \"reshape\", shape = [{steps}, {outputs}] }}]");
            text = text.replace(&format!("units = {all} }}]"), &shape);
        }
        let prepared = ["--set", "data.validation=0.25", "--set", "data.standardize=true"];
        // symbols and rows that are filled up are no numbers to be scaled
        let scaled = !outline.padded && outline.symbols.is_none();
        in_every_way(folder.path(), about.name, &text, if scaled { &prepared } else { &prepared[..2] });
    }
}
