//! What the tests share: TOML text read as a file would be, a trial made of it by the functions that the program itself
//! uses, the numbers of the golden files, and errors that are measured while they are checked.

#![allow(dead_code, reason = "each test uses its part")]

pub mod beyond;
pub mod networks;
pub mod program;
pub mod rows;

use std::path::{Path, PathBuf};

use kernels::{Cpu, Scratch};
use runner::base::diagnostics::Diagnostics;
use runner::base::key::{Key, Kind};
use runner::base::node::{Data, Node, quote};
use runner::base::random::Seeds;
use runner::base::read;
use runner::base::values::Value;
use runner::data::{self, Cache, Folders};
use runner::nn::layer::Pass;
use runner::nn::network::Network;
use runner::trial::plan::{DataOutline, Plan};
use runner::trial::rows::Part;
use runner::trial::sections::{self, member};
use serde_json::Value as Json;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file below a folder of the repository, in the order of their paths, as a path from the root and a text.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    let name = |path: &PathBuf| path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (name(path), read_file(path))).collect()
}

/// A text file.
pub fn read_file(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A TOML document as a tree.
#[track_caller]
pub fn parse(text: &str) -> Node {
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("test.toml", text);
    let node = Node::parse(origin, text, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{}", diagnostics.render(false));
    node
}

/// Reads `text`, one TOML value, as a value of this kind. Errors: the mistakes, as a person sees them.
pub fn value(text: &str, kind: &Kind) -> Result<Value, String> {
    let mut diagnostics = Diagnostics::new();
    value_of(text, kind, &mut diagnostics).ok_or_else(|| diagnostics.render(false))
}

/// The same for who looks for further mistakes in it.
pub fn value_of(text: &str, kind: &Kind, diagnostics: &mut Diagnostics) -> Option<Value> {
    let document = format!("x = {text}");
    let origin = diagnostics.origin("test.toml", &document);
    let node = Node::parse(origin, &document, diagnostics);
    let read = node.get("x").and_then(|x| read::value(x, kind, "`x`", diagnostics));
    read.filter(|_| diagnostics.is_empty())
}

/// The TOML of a member's example with one more entry, and without what `key` says already.
pub fn with(example: &str, key: &Key, name: &str, value: &str) -> String {
    let node = parse(&format!("x = {example}"));
    let node = node.get("x").expect("it was just written");
    let same = |written: &str| written == key.name || key.aliases.contains(&written);
    let mut entries = match &node.data {
        Data::Text(member) => vec![format!("type = {}", quote(member))],
        _ => {
            let others = node.entries().iter().filter(|e| !same(&e.key));
            others.map(|e| format!("{} = {}", e.key, e.node.to_toml())).collect()
        }
    };
    entries.push(format!("{name} = {value}"));
    format!("{{ {} }}", entries.join(", "))
}

/// A trial that is ready to be trained.
pub struct Rehearsal {
    /// Its plan.
    pub plan: Plan,
    /// The rows it trains on.
    pub train: Part,
}

/// Reads, checks, plans and loads the trial that the sections of `text` describe, as a run does. Errors: the mistakes, as
/// a person sees them.
pub fn rehearse(text: &str) -> Result<Rehearsal, String> {
    // the gradient of all parameters is kept where somebody measures it
    let measured = format!("eval.metrics = ['loss', 'grad_norm']\n{text}");
    let text = if text.contains("eval") { text } else { &measured };
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("test.toml", text);
    let root = Node::parse(origin, text, &mut diagnostics);
    let read = sections::read(&root, &mut diagnostics);
    let found = member(&read, "data").and_then(|chosen| {
        let known = data::outline(chosen, &Folders::default(), &mut diagnostics)?;
        let plan = Plan::new(&read, &known.into(), &mut diagnostics)?;
        let prepared =
            data::prepared(chosen, &Folders::default(), Seeds::new(0), &Cache::new(1)).expect("rows in the text");
        let train = Part::new(prepared.train, plan.objective.form());
        Some(Rehearsal { plan, train })
    });
    found.filter(|_| diagnostics.is_empty()).ok_or_else(|| diagnostics.render(false))
}

/// The plan of a trial that these sections describe but for its data, of which this is known.
#[track_caller]
pub fn planned(text: &str, outline: &DataOutline) -> Plan {
    let text = format!("data = {{ type = 'table', inputs = [0], targets = [0] }}\n{text}");
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("test.toml", &text);
    let read = sections::read(&Node::parse(origin, &text, &mut diagnostics), &mut diagnostics);
    let plan = Plan::new(&read, outline, &mut diagnostics);
    plan.unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
}

/// What a network makes in evaluation of the rows of `x`, which have `lengths` steps where they are padded.
pub fn evaluated(cpu: Cpu, network: &Network, params: &[f32], x: &[f32], lengths: &[u32]) -> Vec<f32> {
    let mut scratch = Scratch::new();
    let mut kept = vec![f32::NAN; network.kept(x.len() / network.input().width())];
    let mut pass = Pass { cpu, scratch: &mut scratch, draws: None, lengths };
    network.forward(&mut pass, params, x, &mut kept).to_vec()
}

/// What stands before a layer to give it rows of another form than 18 numbers in a line: a sequence, an image.
pub const FORMS: [&str; 3] =
    ["", "{ type = \"reshape\", shape = [6, 3] }, ", "{ type = \"reshape\", shape = [2, 3, 3] }, "];

/// The packing buffers of so many threads.
pub fn scratches(threads: usize) -> Vec<Scratch> {
    (0..threads).map(|_| Scratch::new()).collect()
}

/// Numbers as a TOML array: the shortest decimal of each, which reads as the same `f32` again.
pub fn array(x: &[f32]) -> String {
    let numbers: Vec<String> = x.iter().map(|x| format!("{x:?}")).collect();
    format!("[{}]", numbers.join(", "))
}

/// Rows of `width` numbers as a TOML array of arrays.
pub fn rows(x: &[f32], width: usize) -> String {
    let rows: Vec<String> = x.chunks(width).map(array).collect();
    format!("[{}]", rows.join(", "))
}

/// One of the files made by `tests/golden/make.py`.
pub fn golden(name: &str) -> Json {
    let path = root().join("tests/golden").join(name);
    serde_json::from_str(&read_file(&path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The elements of a JSON array.
#[track_caller]
pub fn list(json: &Json) -> &[Json] {
    json.as_array().unwrap_or_else(|| panic!("an array, not {json}"))
}

/// The numbers of a JSON array.
#[track_caller]
pub fn numbers(json: &Json) -> Vec<f64> {
    list(json).iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// The numbers of a JSON array that are `f32` written in full.
#[track_caller]
pub fn singles(json: &Json) -> Vec<f32> {
    numbers(json).into_iter().map(|x| x as f32).collect()
}

/// The string under a key of a JSON object.
#[track_caller]
pub fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json[key].as_str().unwrap_or_else(|| panic!("`{key}` is no string in {json}"))
}

/// A JSON value as TOML.
pub fn toml(json: &Json) -> String {
    match json {
        Json::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {}", toml(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Holds numbers against what they should be, and remembers the worst error.
pub struct Errors {
    what: &'static str,
    allowed: f64,
    worst: f64,
    count: usize,
}

impl Errors {
    /// Errors of up to `allowed` times the size of a number are borne.
    pub fn new(what: &'static str, allowed: f64) -> Self {
        Self { what, allowed, worst: 0.0, count: 0 }
    }

    /// Checks one number; `size` is what its error is relative to, `at` tells which number it is.
    #[track_caller]
    pub fn check(&mut self, ours: f64, theirs: f64, size: f64, at: &dyn std::fmt::Display) {
        let error = if ours == theirs { 0.0 } else { (ours - theirs).abs() / size };
        // a NaN is never within the bound
        let within = error <= self.allowed;
        assert!(within, "{}, {at}: {ours:e}, not {theirs:e}: {error:.1e} of {size:.1e}", self.what);
        self.worst = self.worst.max(error);
        self.count += 1;
    }

    /// Says what was measured; there must have been something.
    pub fn report(self) {
        assert!(self.count > 0, "{}: nothing was compared", self.what);
        println!(
            "{}: worst error {:.1e} of {} numbers, {:.0e} allowed",
            self.what, self.worst, self.count, self.allowed
        );
    }
}

/// Parameters, or gradients, in PyTorch's layout put into the slots of a network: their weights are `(out, in)`, ours
/// `(in, out)`.
pub fn placed(rehearsal: &Rehearsal, tensors: &[Vec<f32>]) -> Vec<f32> {
    let slots = rehearsal.plan.network.slots();
    assert_eq!(slots.len(), tensors.len(), "tensors of the network");
    let mut flat = vec![0.0; rehearsal.plan.network.parameters()];
    for (slot, tensor) in slots.iter().zip(tensors) {
        assert_eq!(slot.len(), tensor.len(), "numbers of `{}`", slot.name);
        let units = *slot.extents.last().expect("an extent");
        let (inputs, units) = if slot.layout.transposed { (slot.len() / units, units) } else { (1, slot.len()) };
        for (at, to) in flat[slot.range()].iter_mut().enumerate() {
            *to = tensor[at % units * inputs + at / units];
        }
    }
    flat
}

/// The entries of a JSON object as more entries of a TOML table.
pub fn more(json: &Json) -> String {
    let entries = json.as_object().expect("settings by name").iter();
    entries.map(|(name, setting)| format!(", {name} = {}", toml(setting))).collect()
}

/// Compares two slices, relative to the largest number.
pub fn compare(errors: &mut Errors, what: &str, ours: &[f32], theirs: &[f32]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let size = theirs.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        errors.check(f64::from(*ours), f64::from(*theirs), f64::from(size), &format!("{what}, {i}"));
    }
}
