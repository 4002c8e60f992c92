//! Every member of every registry that an experiment file can reach: described in full, with an example that reads, a
//! schema that says the same as the reader, and a place in `list` and `explain`. A new member is tested by being listed.

mod common;

use std::collections::BTreeSet;
use std::process::Command;

use common::beyond::BEYOND_A_SCHEMA;
use common::{parse, read_file, root, value, with};
use jsonschema::Validator;
use runner::base::diagnostics::Diagnostics;
use runner::base::key::{Key, Kind, Preset};
use runner::base::node::{Data, Node};
use runner::base::registry::{About, Members};
use runner::base::schema;
use runner::run::experiment;
use serde_json::{Map, Value as Json, json};

/// Kinds whose members have no equation, and why.
const NO_FORMULA: &[(&str, &str)] = &[
    ("data", "rows are generated, written or read; their source says how"),
    ("strategy", "a strategy is an enumeration"),
    ("plot", "a plot shows numbers that have theirs"),
];

/// A registry with the keys that all its members take.
#[derive(Clone, Copy)]
struct Found {
    registry: fn() -> &'static dyn Members,
    common: &'static [Key],
}

impl Found {
    fn kind(&self) -> Kind {
        Kind::Member { registry: self.registry, common: self.common }
    }

    fn members(&self) -> Vec<&'static About> {
        (self.registry)().all()
    }

    /// The keys that a member takes.
    fn keys(&self, about: &'static About) -> impl Iterator<Item = &'static Key> + use<'_> {
        about.keys.iter().chain(self.common)
    }

    /// `activation `relu``
    fn call(&self, about: &About) -> String {
        format!("{} `{}`", (self.registry)().kind(), about.name)
    }

    /// The schema of a document whose key `x` chooses a member.
    fn schema(&self) -> Validator {
        validator(&[Key::required("x", self.kind(), "the choice")])
    }
}

/// Everything that the keys of an experiment file lead to: the registries, each once, and all keys with their paths.
#[derive(Default)]
struct Reached {
    registries: Vec<Found>,
    keys: Vec<(String, Key)>,
}

impl Reached {
    fn everything() -> Self {
        let mut reached = Self::default();
        experiment::keys().iter().for_each(|key| reached.key("", key));
        reached
    }

    fn key(&mut self, path: &str, key: &Key) {
        let path = format!("{path}{}", key.name);
        self.keys.push((path.clone(), *key));
        self.kind(&path, key.kind);
    }

    fn kind(&mut self, path: &str, kind: Kind) {
        match kind {
            Kind::Member { registry, common } => {
                let name = registry().kind();
                if self.registries.iter().any(|known| (known.registry)().kind() == name) {
                    return;
                }
                self.registries.push(Found { registry, common });
                common.iter().for_each(|key| self.key(&format!("{name}."), key));
                for about in registry().all() {
                    about.keys.iter().for_each(|key| self.key(&format!("{name} `{}`.", about.name), key));
                }
            }
            Kind::List { of, .. } | Kind::Map(of) => self.kind(path, *of),
            Kind::Table(keys) => keys.iter().for_each(|key| self.key(&format!("{path}."), key)),
            Kind::Either(kinds) => kinds.iter().for_each(|kind| self.kind(path, *kind)),
            _ => {}
        }
    }
}

fn validator(keys: &[Key]) -> Validator {
    jsonschema::draft7::new(&schema::document(keys)).expect("a JSON Schema of draft 7")
}

/// A tree as the JSON that a schema sees.
fn json_of(node: &Node) -> Json {
    match &node.data {
        Data::Flag(flag) => json!(flag),
        Data::Whole(whole) => json!(whole),
        Data::Number(number) => json!(number),
        Data::Text(text) => json!(text),
        Data::List(items) => items.iter().map(json_of).collect(),
        Data::Table(entries) => entries.iter().map(|e| (e.key.clone(), json_of(&e.node))).collect::<Map<_, _>>().into(),
    }
}

/// The JSON of one TOML value.
fn json_of_text(text: &str) -> Json {
    json_of(parse(&format!("x = {text}")).get("x").expect("it was just written"))
}

fn snake(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// One line without a final period.
fn described(summary: &str) -> bool {
    !summary.trim().is_empty() && !summary.ends_with('.') && !summary.contains('\n') && summary.trim() == summary
}

fn unique<'a>(names: impl Iterator<Item = &'a str>, of: &str) {
    let mut seen = BTreeSet::new();
    for name in names {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        assert!(plain && !name.is_empty(), "{of}: `{name}` is no word");
        assert!(seen.insert(name), "{of}: `{name}` stands for two things");
    }
}

#[test]
fn every_registry_is_reached() {
    let reached = Reached::everything();
    let kinds: BTreeSet<&str> = reached.registries.iter().map(|found| (found.registry)().kind()).collect();
    let known = [
        "activation",
        "augmentation",
        "average",
        "constraint",
        "data",
        "initialiser",
        "layer",
        "loss",
        "metric",
        "optimizer",
        "plot",
        "schedule",
        "strategy",
    ];
    for kind in known {
        assert!(kinds.contains(kind), "no key of an experiment leads to a {kind}");
    }
    assert!(reached.registries.iter().all(|found| !found.members().is_empty()));
}

#[test]
fn members_are_described() {
    for found in Reached::everything().registries {
        let kind = (found.registry)().kind();
        let members = found.members();
        unique(members.iter().flat_map(|about| [&about.name].into_iter().chain(about.aliases)).copied(), kind);
        for about in members {
            let call = found.call(about);
            assert!(snake(about.name), "{call}: a name is lower case with `_`");
            assert!(described(about.summary), "{call}: `{}` is no summary", about.summary);
            let excused = NO_FORMULA.iter().any(|(excused, _)| *excused == kind);
            assert!(excused || !about.formula.is_empty(), "{call} has no formula");
            let names = found.keys(about).flat_map(|key| [&key.name].into_iter().chain(key.aliases)).copied();
            unique(names.chain(["type", "label"]), &call);
        }
    }
}

#[test]
fn keys_are_described_and_their_defaults_read() {
    for (path, key) in Reached::everything().keys {
        assert!(snake(key.name), "{path}: a key is lower case with `_`");
        assert!(described(key.summary), "{path}: `{}` is no summary", key.summary);
        if let Preset::Toml(text) = key.preset {
            value(text, &key.kind).unwrap_or_else(|mistakes| panic!("the default of {path}:\n{mistakes}"));
            let schema = validator(&[Key::required("x", key.kind, key.summary)]);
            assert!(schema.is_valid(&json!({ "x": json_of_text(text) })), "the schema refuses the default of {path}");
        }
        if let Kind::Word(words) = key.kind {
            unique(words.iter().map(|(word, _)| *word), &path);
            assert!(words.iter().all(|(_, meaning)| described(meaning)), "{path}: a word without its meaning");
        }
        if let Kind::Table(keys) = key.kind {
            unique(keys.iter().flat_map(|key| [&key.name].into_iter().chain(key.aliases)).copied(), &path);
        }
    }
}

#[test]
fn examples_read_and_misspelt_ones_do_not() {
    for found in Reached::everything().registries {
        let schema = found.schema();
        for about in found.members() {
            let call = found.call(about);
            let read = value(&about.example, &found.kind()).unwrap_or_else(|mistakes| panic!("{call}:\n{mistakes}"));
            let runner::base::values::Value::Member(chosen) = read else { panic!("{call} is read as {read:?}") };
            assert_eq!(chosen.name, about.name, "the example of {call} is of another member");
            let valid = |text: &str| schema.is_valid(&json!({ "x": json_of_text(text) }));
            assert!(valid(&about.example), "{call}: the schema refuses the example {}", about.example);
            let nothing = Key::optional("", Kind::Raw, "");
            for name in found.keys(about).map(|key| key.name).chain(["type"]) {
                let misspelt = with(&about.example, &nothing, &format!("{name}z"), "0");
                let mistakes = value(&misspelt, &found.kind()).expect_err("a key that nobody knows");
                assert!(mistakes.contains(&format!("unknown key `{name}z` in {call}")), "{mistakes}");
                assert!(!valid(&misspelt), "{call}: the schema accepts {misspelt}");
            }
            let misspelt = format!("{{ type = \"{}z\" }}", about.name);
            assert!(value(&misspelt, &found.kind()).is_err() && !valid(&misspelt), "{call}: {misspelt} is accepted");
        }
    }
}

/// Values of every TOML type, at and around the usual bounds. Floats are no whole numbers, because JSON cannot tell `1.0`
/// from `1`.
const VALUES: &[&str] = &[
    "true",
    "-1",
    "0",
    "1",
    "2",
    "1000",
    "-0.5",
    "0.25",
    "1.5",
    "\"relu\"",
    "\"none of these\"",
    "\"uniform\"",
    "[]",
    "[0.5]",
    "[0.5, 0.5]",
    "[0.5, 1.5]",
    "[\"loss\"]",
    "{}",
    "{ steps = 1 }",
    "{ steps = -1 }",
    "{ steps = 0.5 }",
    "{ epochs = 0.5 }",
    "{ fraction = 0.5 }",
    "{ fraction = 1.5 }",
    "{ steps = 1, epochs = 1 }",
    "{ type = \"tanh\" }",
    "{ type = \"tanh\", label = \"mine\" }",
    "{ type = \"tanh\", units = 3 }",
];

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let mut counts = [0, 0];
    for found in Reached::everything().registries {
        let schema = found.schema();
        for about in found.members() {
            for key in found.keys(about) {
                for (name, written) in
                    [key.name].iter().chain(key.aliases).flat_map(|n| VALUES.iter().map(move |v| (n, v)))
                {
                    let text = with(&about.example, key, name, written);
                    let read = value(&text, &found.kind());
                    let valid = schema.is_valid(&json!({ "x": json_of_text(&text) }));
                    // a rule is checked by the owner of the key, once it is read
                    let agree = read.is_ok() == valid || (key.rule.is_some() && read.is_ok());
                    assert!(agree, "{}: reader and schema differ on {text}: {read:?}", found.call(about));
                    counts[usize::from(valid)] += 1;
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 100), "only {counts:?} were refused and accepted");
}

#[test]
fn the_experiments_obey_the_schema() {
    let schema = validator(&experiment::keys());
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("experiments")).expect("a folder of the repository") {
        let path = entry.expect("an entry of it").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = read_file(&path);
        let wrong: Vec<String> =
            schema.iter_errors(&json_of(&parse(&text))).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
        let misspelt = json_of(&parse(&format!("sedes = 3\n{text}")));
        assert!(!schema.is_valid(&misspelt), "{}: `sedes` is accepted", path.display());
        count += 1;
    }
    assert!(count > 0, "there are experiments");
}

/// What an editor that knows the schema marks at once: every bad file of the tests but those named above, and these
/// not, so that the list stays true.
#[test]
fn the_schema_refuses_every_mistake_that_it_can_see() {
    let schema = validator(&experiment::keys());
    let (mut unseen, mut seen) = (BTreeSet::new(), 0);
    for entry in std::fs::read_dir(root().join("tests/mistakes")).expect("a folder of the repository") {
        let path = entry.expect("an entry of it").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file of the repository");
        // what is no TOML never comes before a schema
        let tree = String::from_utf8(bytes).ok().and_then(|text| {
            let mut diagnostics = Diagnostics::new();
            let origin = diagnostics.origin("mistake.toml", &text);
            Some(Node::parse(origin, &text, &mut diagnostics)).filter(|_| diagnostics.is_empty())
        });
        match tree.filter(|tree| schema.is_valid(&json_of(tree))) {
            Some(_) => drop(unseen.insert(path.file_stem().expect("a name").to_string_lossy().into_owned())),
            None => seen += 1,
        }
    }
    let mut listed = BTreeSet::new();
    for name in BEYOND_A_SCHEMA.iter().flat_map(|(_, names)| *names) {
        assert!(listed.insert((*name).to_owned()), "{name} is listed twice");
    }
    let missed: Vec<&String> = unseen.difference(&listed).collect();
    assert!(missed.is_empty(), "the schema accepts {missed:#?}: tighten it, or say in the list why it cannot see them");
    let refused: Vec<&String> = listed.difference(&unseen).collect();
    assert!(refused.is_empty(), "the schema refuses {refused:#?}: take them from the list");
    println!("of {} mistakes the schema sees {seen}", seen + unseen.len());
}

/// What the command prints.
fn runner(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).args(arguments).output().expect("the command starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "runner {}: {text}{errors}", arguments.join(" "));
    text
}

#[test]
fn list_and_explain_know_every_member() {
    let whole = runner(&["list"]);
    for found in Reached::everything().registries {
        let kind = (found.registry)().kind();
        let listed = runner(&["list", kind]);
        assert!(whole.contains(&listed), "`runner list` lacks what `runner list {kind}` says");
        for about in found.members() {
            let line = |line: &str| {
                line.split_once(about.name).is_some_and(|(before, after)| {
                    before.trim().is_empty() && after.trim() == about.summary && after.starts_with(' ')
                })
            };
            assert!(listed.lines().any(line), "`runner list {kind}` lacks `{}`:\n{listed}", about.name);
            let told = runner(&["explain", &format!("{kind}.{}", about.name)]);
            let keys = found.keys(about).map(|key| key.summary);
            for text in [about.summary, about.formula, &about.example].into_iter().chain(keys) {
                assert!(told.contains(text), "`runner explain {kind}.{}` lacks `{text}`:\n{told}", about.name);
            }
        }
    }
}

#[test]
fn contributing_shows_a_member_as_it_is() {
    let (text, member) =
        (read_file(&root().join("CONTRIBUTING.md")), read_file(&root().join("kernels/src/activation/leaky_relu.rs")));
    assert!(text.contains(&member), "CONTRIBUTING.md shows another leaky_relu.rs than there is");
}
