//! An experiment: the file, read whole and checked whole. Every setting of its sweep is planned here, before a second of
//! training; afterwards the plan of a cell can be made again at any time from the tree, so memory does not grow with the
//! number of cells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Node};
use crate::base::read;
use crate::base::values::{Chosen, Item, Value, Values};
use crate::data::{self, Folders};
use crate::report;
use crate::report::expect::{EXPECT, Expectation};
use crate::report::frame::{Axis, AxisValue, Outline};
use crate::report::plots::Figure;
use crate::sweep::{self, space::Space};
use crate::trial::plan::{DataOutline, Plan, Read, measured, member};
use crate::trial::sections::{self, SECTIONS};

/// The keys of a file beside the sections of a trial.
static OWN: &[Key] = &[
    Key::required("name", Kind::Text, "names the folder under `results/`: letters, digits, `_`, `-` and `.`"),
    Key::preset("seeds", sweep::SEEDS, "1", "how many seeds (0, 1, ...), or a list of them"),
    Key::preset("sweep", Kind::Table(sweep::KEYS), "{}", "what is varied"),
    Key::preset("report", Kind::Table(report::KEYS), "{}", "what is drawn"),
    Key::optional(
        "expect",
        Kind::List { of: &Kind::Table(EXPECT), least: 0 },
        "what the results are held against: published numbers",
    ),
    Key::optional(
        "digests",
        Kind::Map(&Kind::Text),
        "what the data files held, as `resolved.toml` records it: data of another content is refused",
    ),
];

/// All keys of an experiment file, for the schema and `explain`.
pub fn keys() -> Vec<Key> {
    let (first, rest) = OWN.split_at(2);
    [first, SECTIONS, rest].concat()
}

/// How deep a file is checked.
#[derive(Debug, Clone)]
pub enum Depth {
    /// Everything, with the data it names: for training.
    Whole,
    /// What stands in the file, for results that are there already and have these names.
    Results(Names),
}

/// What plots and expectations may name.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The numbers of a trial's summary, in order.
    pub summaries: Vec<String>,
    /// The measures of an evaluation, in order.
    pub columns: Vec<String>,
}

impl Names {
    /// Adds what is new.
    pub fn extend(&mut self, summaries: impl IntoIterator<Item = String>, columns: impl IntoIterator<Item = String>) {
        let add = |list: &mut Vec<String>, name: String| {
            if !list.contains(&name) {
                list.push(name);
            }
        };
        summaries.into_iter().for_each(|name| add(&mut self.summaries, name));
        columns.into_iter().for_each(|name| add(&mut self.columns, name));
    }
}

/// A cell of the sweep: its settings as they were read.
pub struct Setting {
    /// The sections.
    pub read: Read,
    /// All of them.
    pub values: Values,
}

impl Setting {
    /// The `[data]` section.
    pub fn data(&self) -> &Chosen {
        member(&self.read, "data").expect("a complete setting has its data")
    }
}

/// An experiment that was found to be right.
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// The comment the file opens with.
    pub question: String,
    /// The file's bytes as text, and its name without the folder.
    pub text: String,
    /// The file's name, without its folder.
    pub file: String,
    /// The `--set` options.
    pub sets: Vec<String>,
    /// Where data files are looked for.
    pub folders: Folders,
    /// Cells and seeds.
    pub space: Space,
    /// What is drawn.
    pub figures: Vec<Figure>,
    /// What the results are held against.
    pub expectations: Vec<Expectation>,
    /// Digests that the data must have, by data setting.
    pub digests: BTreeMap<String, String>,
    /// Things worth a word that are no mistakes.
    pub notes: Vec<String>,
    root: Node,
}

impl Experiment {
    /// Reads and checks a file with its `--set` options; all mistakes are in `diagnostics` when nothing is returned.
    /// Errors: the file cannot be read.
    pub fn read(
        path: &Path,
        sets: &[String],
        folders: &Folders,
        depth: Depth,
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<Self>> {
        let bytes = std::fs::read(path).map_err(|e| Error::file("read", path, &e))?;
        let Ok(text) = String::from_utf8(bytes) else {
            let message = format!("`{}` is not text in UTF-8", path.display());
            return Err(Error::new(message).hint("an experiment is a TOML file"));
        };
        let origin = diagnostics.origin(&path.display().to_string(), &text);
        let mut root = Node::parse(origin, &text, diagnostics);
        if !diagnostics.is_empty() {
            return Ok(None);
        }
        for set in sets {
            put(set, &mut root, diagnostics);
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let folders = folders.beside(&folder);
        let file = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let source = Source { text, file, sets, folders };
        Ok(Self::check(root, source, depth, diagnostics))
    }

    fn check(root: Node, source: Source<'_>, depth: Depth, diagnostics: &mut Diagnostics) -> Option<Self> {
        unknown_keys(&root, diagnostics);
        let own = own(&root, diagnostics);
        let name = own.as_ref().and_then(|own| name(own, diagnostics));
        let space = own.as_ref().and_then(|own| {
            let seeds = Item { place: own.place("seeds"), value: own.value("seeds").clone() };
            Space::new(own.table("sweep"), &seeds, diagnostics)
        });
        // without a space the sections are still worth reading as they stand
        let cells = space.as_ref().map_or_else(|| vec![Vec::new()], |space| space.cells.clone());
        let mut names = Names::default();
        let mut outlines = BTreeMap::new();
        for cell in &cells {
            let tree = match &space {
                Some(space) => space.apply(cell, &root, diagnostics),
                None => Some(root.clone()),
            };
            let Some(tree) = tree else { continue };
            let read = sections::read(&tree, diagnostics);
            if let Depth::Whole = depth {
                plan(&read, &source.folders, &mut outlines, &mut names, diagnostics);
            }
        }
        if let Depth::Results(known) = depth {
            names = known;
        }
        let (own, space) = (own?, space?);
        let axes = report_axes(&space);
        let outline = Outline { axes: &axes, summaries: &names.summaries, columns: &names.columns };
        // where the network itself is wrong, nothing is measured yet that a plot could name
        let known = !names.columns.is_empty();
        let figures = known.then(|| report::figures(own.table("report"), &outline, diagnostics));
        let expectations = known.then(|| expectations(own.list("expect"), &outline, diagnostics));
        let text_of = |item: &Item| match &item.value {
            Value::Text(text) => text.clone(),
            other => unreachable!("digests are texts: {other:?}"),
        };
        let experiment = Self {
            name: name?,
            question: question(&source.text),
            text: source.text,
            file: source.file,
            sets: source.sets.to_vec(),
            folders: source.folders,
            space,
            figures: figures??,
            expectations: expectations??,
            digests: own.map("digests").iter().map(|(key, _, item)| (key.clone(), text_of(item))).collect(),
            notes: diagnostics.notes(),
            root,
        };
        diagnostics.is_empty().then_some(experiment)
    }

    /// The settings of a cell, read again.
    pub fn setting(&self, cell: usize) -> Setting {
        let mut diagnostics = Diagnostics::new();
        let tree = self.space.apply(&self.space.cells[cell], &self.root, &mut diagnostics);
        let tree = tree.expect("every cell was applied when the file was checked");
        let read = sections::read(&tree, &mut diagnostics);
        let values = sections::complete(read.clone(), &tree).expect("every cell was read when the file was checked");
        Setting { read, values }
    }

    /// The plan of a cell on data of this outline. It was made before, when the file was checked; it can only fail when
    /// the data files have changed since.
    pub fn plan(&self, setting: &Setting, outline: &DataOutline) -> Option<Plan> {
        Plan::new(&setting.read, outline, &mut Diagnostics::new())
    }

    /// The axes as the report knows them.
    pub fn axes(&self) -> Vec<Axis> {
        report_axes(&self.space)
    }

    /// The label of a cell's value on every axis.
    pub fn labels(&self, cell: usize) -> Vec<(String, String)> {
        let at = &self.space.cells[cell];
        self.space.axes.iter().zip(at).map(|(a, i)| (a.path.clone(), a.points[*i].label.clone())).collect()
    }

    /// How many trials there are.
    pub fn trials(&self) -> usize {
        self.space.cells.len() * self.space.seeds.len()
    }

    /// The sections `seeds`, `sweep`, `report` and `expect`, with every default.
    pub fn own(&self) -> Values {
        own(&self.root, &mut Diagnostics::new()).expect("the file was checked")
    }
}

/// Where an experiment was read from.
struct Source<'a> {
    text: String,
    file: String,
    sets: &'a [String],
    folders: Folders,
}

/// Plans a setting for the sake of its mistakes and its columns.
fn plan(
    read: &Read,
    folders: &Folders,
    outlines: &mut BTreeMap<String, Option<DataOutline>>,
    names: &mut Names,
    diagnostics: &mut Diagnostics,
) {
    let outline = member(read, "data").and_then(|chosen| outline(chosen, folders, outlines, diagnostics));
    let Some(outline) = outline else { return };
    Plan::new(read, &outline, diagnostics);
    if let Some(columns) = measured(read, &outline) {
        names.extend(summary_names(&columns), columns);
    }
}

/// What is known of a setting's data without loading it; remembered, because the cells of a sweep mostly share it.
pub fn outline(
    chosen: &Chosen,
    folders: &Folders,
    known: &mut BTreeMap<String, Option<DataOutline>>,
    diagnostics: &mut Diagnostics,
) -> Option<DataOutline> {
    let key = data_key(chosen);
    if let Some(outline) = known.get(&key) {
        return outline.clone();
    }
    let outline = data::outline(chosen, folders, diagnostics).map(|found| DataOutline {
        shape: found.shape,
        target: found.target,
        train: found.train,
        parts: if found.validation > 0 { vec!["train", "validation", "test"] } else { vec!["train", "test"] },
    });
    known.insert(key, outline.clone());
    outline
}

/// What a data setting is called where it is remembered: its resolved text.
pub fn data_key(chosen: &Chosen) -> String {
    let node = Values { place: Place::default(), items: vec![("data", item(chosen))] }.to_node();
    node.get("data").expect("it was just put there").to_toml()
}

fn item(chosen: &Chosen) -> Item {
    Item { place: chosen.place, value: Value::Member(chosen.clone()) }
}

/// Puts a `--set key.path=value` into the tree. A value that is no TOML is taken as a string. A swept key that is set is
/// swept no longer.
fn put(set: &str, root: &mut Node, diagnostics: &mut Diagnostics) {
    let text = format!("--set {set}");
    let origin = diagnostics.origin("command line", &text);
    let at = |start: usize, end: usize| Place { origin, start: start as u32, end: end as u32 };
    let Some((path, value)) = set.split_once('=') else {
        let hint = "write `--set optimizer.lr=0.1`";
        diagnostics.error_with_hint(at(6, text.len()), format!("`{set}` sets nothing"), "no `=`", hint);
        return;
    };
    let places = (at(6, 6 + path.len()), at(6 + path.len() + 1, text.len()));
    let mut quiet = Diagnostics::new();
    let document = format!("x = {value}");
    let inner = quiet.origin("", &document);
    let parsed = Node::parse(inner, &document, &mut quiet);
    let data = match parsed.get("x").filter(|_| quiet.is_empty() && parsed.entries().len() == 1) {
        Some(node) => moved(node, places.1).data,
        None => Data::Text(value.to_owned()),
    };
    let path: Vec<String> = path.trim().split('.').map(str::to_owned).collect();
    if let Err(why) = root.set(&path, places.0, Node { place: places.1, data }) {
        diagnostics.error(places.0, format!("`{}` leads nowhere: {why}", path.join(".")), "");
    }
    release(root, &path.join("."));
}

/// The tree with every place replaced.
fn moved(node: &Node, place: Place) -> Node {
    let data = match &node.data {
        Data::List(items) => Data::List(items.iter().map(|n| moved(n, place)).collect()),
        Data::Table(entries) => {
            let entry = |e: &crate::base::node::Entry| crate::base::node::Entry {
                key: e.key.clone(),
                place,
                node: moved(&e.node, place),
            };
            Data::Table(entries.iter().map(entry).collect())
        }
        other => other.clone(),
    };
    Node { place, data }
}

/// Takes the axis of that path out of `[sweep.axes]`.
fn release(root: &mut Node, path: &str) {
    let Data::Table(entries) = &mut root.data else { return };
    let sweep = entries.iter_mut().find(|e| e.key == "sweep");
    let Some(Data::Table(sweep)) = sweep.map(|e| &mut e.node.data) else { return };
    let axes = sweep.iter_mut().find(|e| e.key == "axes");
    if let Some(Data::Table(axes)) = axes.map(|e| &mut e.node.data) {
        axes.retain(|axis| axis.key != path);
    }
}

fn unknown_keys(root: &Node, diagnostics: &mut Diagnostics) {
    let keys = keys();
    let names: Vec<&str> = keys.iter().flat_map(|k| [k.name].into_iter().chain(k.aliases.iter().copied())).collect();
    for entry in root.entries() {
        if !names.contains(&entry.key.as_str()) {
            let hint = suggest(&entry.key, names.iter().copied());
            diagnostics.error_with_hint(entry.place, format!("unknown key `{}`", entry.key), "", hint);
        }
    }
}

/// Reads the keys that are no section of a trial.
fn own(root: &Node, diagnostics: &mut Diagnostics) -> Option<Values> {
    let mine = |key: &str| OWN.iter().any(|k| k.name == key);
    let entries = root.entries().iter().filter(|e| mine(&e.key)).cloned().collect();
    let node = Node { place: root.place, data: Data::Table(entries) };
    read::table(&node, OWN, "the experiment", diagnostics)
}

fn name(own: &Values, diagnostics: &mut Diagnostics) -> Option<String> {
    let name = own.text("name");
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(legal) {
        return Some(name.to_owned());
    }
    let message = format!("`name` cannot be `{name}`: it is the name of a folder");
    let hint = "use letters, digits, `_`, `-` and `.`, at most 100 of them, no dot first";
    diagnostics.error_with_hint(own.place("name"), message, "", hint);
    None
}

/// The comment that a file opens with, without its marks.
fn question(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| line.starts_with('#'));
    let lines = lines.map(|line| line.trim_start_matches('#').trim()).filter(|line| !line.starts_with(':'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn expectations(items: &[Item], outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Expectation>> {
    let one = |item: &Item, diagnostics: &mut Diagnostics| match &item.value {
        Value::Table(values) => Expectation::read(values, outline, diagnostics),
        other => unreachable!("an expectation is a table: {other:?}"),
    };
    let read: Vec<_> = items.iter().map(|item| one(item, diagnostics)).collect();
    read.into_iter().collect()
}

fn report_axes(space: &Space) -> Vec<Axis> {
    let axis = |axis: &sweep::axes::Axis| Axis {
        path: axis.path.clone(),
        values: axis.points.iter().map(|p| AxisValue { label: p.label.clone(), number: p.number() }).collect(),
        log: axis.is_log(),
    };
    space.axes.iter().map(axis).collect()
}

/// The names that a record's summary can have when these columns are measured.
fn summary_names(columns: &[String]) -> Vec<String> {
    let mut names = columns.to_vec();
    names.extend(columns.iter().map(|c| format!("best_{c}")));
    names.extend(["gap_loss", "gap_accuracy", "best_step", "mean_train_loss", "goal_step"].map(str::to_owned));
    names
}
