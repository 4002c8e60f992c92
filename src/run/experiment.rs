//! An experiment: the file, read whole and checked whole. Every setting of its sweep is planned here, before a second of
//! training; afterwards the plan of a cell can be made again at any time from the tree, so memory does not grow with the
//! number of cells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::base::diagnostics::{Diagnostics, Place, nearest, suggest};
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::node::{Data, Node};
use crate::base::random::Seeds;
use crate::base::values::{Chosen, Item, Value, Values};
use crate::data::{self, Cache, Folders, Labels};
use crate::report;
use crate::report::expect::{EXPECT, Expectation};
use crate::report::frame::{Axis, AxisValue, Outline};
use crate::report::plots::Figure;
use crate::sweep::{self, space::Space};
use crate::trial::derived::{Derived, Tree};
use crate::trial::plan::{DataOutline, Plan, measured};
use crate::trial::sections::{self, Read, SECTIONS, find, member, table};
use crate::trial::summary;

use super::sets;

/// The keys of a file beside the sections of a trial.
static OWN: &[Key] = &[
    Key::required("name", Kind::Text, "names the folder under `results/`: letters, digits, `_`, `-` and `.`")
        .ruled("name", || json!({ "pattern": "^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$" })),
    Key::preset("seeds", sweep::SEEDS, "1", "how many seeds (0, 1, ...), or a list of them")
        .ruled("seeds", || json!({ "uniqueItems": true })),
    Key::preset("sweep", Kind::Table(sweep::KEYS), "{}", "what is varied").ruled("paths", paths),
    Key::preset("report", Kind::Table(report::KEYS), "{}", "what is drawn"),
    Key::optional(
        "expect",
        Kind::List { of: &Kind::Table(EXPECT), least: 0 },
        "what the results are held against: published numbers",
    )
    .ruled("expectations", report::expect::rule),
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

/// Every axis begins with a section of a trial, for the schema.
fn paths() -> Json {
    let sections: Vec<&str> = SECTIONS.iter().flat_map(Key::names).collect();
    let axes = json!({ "propertyNames": { "pattern": format!("^ *({}) *([.,]|$)", sections.join("|")) } });
    let block = json!({ "axes": axes, "when": { "items": { "properties": { "axes": axes } } } });
    json!({ "allOf": [{ "properties": block }], "properties": { "blocks": { "items": { "properties": block } } } })
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
    /// Which of their values were worked out.
    pub derived: Vec<Derived>,
}

impl Setting {
    /// The file that its parameters start from, as it was written, if they do.
    pub fn start(&self) -> Option<&str> {
        starting_file(&self.read)
    }

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
    /// How tables and figures are written.
    pub style: report::Style,
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
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let message = format!("`{}` is not text in UTF-8, see line {line}", path.display());
            Error::new(message).hint("an experiment is a TOML file; save it as UTF-8")
        })?;
        let origin = diagnostics.origin(&path.display().to_string(), &text);
        let mut root = Node::parse(origin, &text, diagnostics);
        if diagnostics.is_empty() && root.entries().is_empty() && sets.is_empty() {
            let hint = "begin with a copy of `experiments/lr_sweep.toml`";
            diagnostics.error_with_hint(root.place, "the file says nothing", "", hint);
        }
        if !diagnostics.is_empty() {
            return Ok(None);
        }
        for set in sets {
            sets::put(set, &mut root, diagnostics);
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        let folders = folders.beside(&folder);
        let file = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let source = Source { text, file, sets, folders };
        Ok(Self::check(root, source, depth, diagnostics))
    }

    fn check(mut root: Node, source: Source<'_>, depth: Depth, diagnostics: &mut Diagnostics) -> Option<Self> {
        respell(&mut root, diagnostics);
        let own = sections::read_keys(&root, OWN, diagnostics);
        let name = find(&own, "name").and_then(|item| name(item, diagnostics));
        let sweep = table(&own, "sweep").zip(find(&own, "seeds"));
        let space = sweep.and_then(|(sweep, seeds)| Space::new(sweep, seeds, &root, diagnostics));
        space.iter().flat_map(|space| &space.axes).for_each(|axis| check_section(axis, diagnostics));
        // without a space the sections are still worth reading as they stand
        let cells = space.as_ref().map_or_else(|| vec![Vec::new()], |space| space.cells.clone());
        let mut names = Names::default();
        let (mut outlines, cache) = (BTreeMap::new(), Cache::new(1));
        for cell in &cells {
            let tree = match &space {
                Some(space) => space.apply(cell, &root, diagnostics),
                None => Some(root.clone()),
            };
            let Some(tree) = tree else { continue };
            let read = sections::read(&tree, diagnostics);
            if let Depth::Whole = depth {
                let words = space.as_ref().map_or_else(String::new, |space| space.words(cell));
                plan(&read, words, &source.folders, (&mut outlines, &cache), &mut names, diagnostics);
            }
        }
        if let Depth::Results(known) = depth {
            names = known;
        }
        let space = space?;
        let axes = report_axes(&space);
        let outline = Outline { axes: &axes, summaries: &names.summaries, columns: &names.columns };
        // where the network itself is wrong, or nothing is trained yet, there is nothing that a plot could name
        let known = !names.columns.is_empty();
        let drawn = table(&own, "report").filter(|_| known);
        let figures = drawn.map_or(Some(Vec::new()), |section| report::figures(section, &outline, diagnostics));
        let expected = find(&own, "expect").filter(|_| known);
        let expectations = expected.map_or(Some(Vec::new()), |item| expectations(item, &outline, diagnostics));
        let own = sections::complete(own, &root)?;
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
            style: report::style(own.table("report")),
            figures: figures?,
            expectations: expectations?,
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
        Setting { read, values, derived: Tree::new(&tree).derived }
    }

    /// The plan of a cell on data of this outline. It was made before, when the file was checked; it can only fail when
    /// the data files have changed since.
    pub fn plan(&self, setting: &Setting, outline: &DataOutline) -> Option<Plan> {
        let mut diagnostics = Diagnostics::new();
        start(Plan::new(&setting.read, outline, &mut diagnostics)?, &setting.read, &self.folders, &mut diagnostics)
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
        let read = sections::read_keys(&self.root, OWN, &mut Diagnostics::new());
        sections::complete(read, &self.root).expect("the file was checked")
    }
}

/// Where an experiment was read from.
struct Source<'a> {
    text: String,
    file: String,
    sets: &'a [String],
    folders: Folders,
}

/// Plans a setting, called `words`, for the sake of its mistakes and its columns.
fn plan(
    read: &Read,
    words: String,
    folders: &Folders,
    (outlines, cache): (&mut BTreeMap<String, Option<DataOutline>>, &Cache),
    names: &mut Names,
    diagnostics: &mut Diagnostics,
) {
    let outline = member(read, "data").and_then(|chosen| outline(chosen, folders, outlines, diagnostics));
    let Some(outline) = outline else { return };
    diagnostics.setting(words, |diagnostics| {
        let plan = Plan::new(read, &outline, diagnostics);
        if let Some(plan) = plan.and_then(|plan| start(plan, read, folders, diagnostics)) {
            check_targets(read, &plan, folders, cache, diagnostics);
        }
    });
    if let Some(columns) = measured(read, &outline) {
        names.extend(summary::names(&columns), columns);
    }
}

/// The plan with the parameters that it starts from, where they lie in a file. What does not fit is reported.
fn start(mut plan: Plan, read: &Read, folders: &Folders, diagnostics: &mut Diagnostics) -> Option<Plan> {
    let Some(path) = starting_file(read) else { return Some(plan) };
    let bytes = folders.file(path).and_then(|path| std::fs::read(&path).map_err(|e| Error::file("read", &path, &e)));
    let started = bytes.and_then(|bytes| {
        let named =
            |error: Error| Error { message: format!("`{path}` does not fit the network: {}", error.message), ..error };
        plan.network.start_from(&bytes).map_err(named)
    });
    let place = table(read, "network").map_or(Place::default(), |section| section.place("from"));
    match started {
        Ok(()) => return Some(plan),
        Err(Error { message, hint: Some(hint) }) => diagnostics.error_with_hint(place, message, "", hint),
        Err(Error { message, hint: None }) => diagnostics.error(place, message, ""),
    }
    None
}

fn starting_file(read: &Read) -> Option<&str> {
    table(read, "network").filter(|section| section.has("from")).map(|section| section.text("from"))
}

/// Reports targets that the loss cannot take. Only for a loss that does not take every number is the data looked into.
fn check_targets(read: &Read, plan: &Plan, folders: &Folders, cache: &Cache, diagnostics: &mut Diagnostics) {
    let (Some(data), Some(loss)) = (member(read, "data"), member(read, "loss")) else { return };
    if plan.objective.takes_any() {
        return;
    }
    // files that cannot be read are told of by the run
    let Ok(prepared) = data::prepared(data, folders, Seeds::new(0), cache) else { return };
    for part in prepared.parts() {
        let Labels::Values { of, .. } = &part.labels else { return };
        if let Some(message) = plan.objective.misfit(of) {
            let hint = "`mse` and `mae` take any number; `runner list loss` shows all";
            return diagnostics.error_with_hint(loss.place, message, "", hint);
        }
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
    let outline = data::outline(chosen, folders, diagnostics).map(DataOutline::from);
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

/// Reports keys that a file cannot have. One that is misspelt is read on as what was meant, so that the mistakes in it
/// are found too.
fn respell(root: &mut Node, diagnostics: &mut Diagnostics) {
    let keys = keys();
    let names: Vec<&str> = keys.iter().flat_map(Key::names).collect();
    let Data::Table(entries) = &mut root.data else { unreachable!("a file is a table") };
    for i in 0..entries.len() {
        let written = entries[i].key.clone();
        if names.contains(&written.as_str()) {
            continue;
        }
        let hint = suggest(&written, names.iter().copied());
        diagnostics.error_with_hint(entries[i].place, format!("unknown key `{written}`"), "", hint);
        let meant = nearest(&written, names.iter().copied());
        let meant = meant.and_then(|meant| keys.iter().find(|key| key.names().any(|name| name == meant)));
        if let Some(key) = meant.filter(|key| !key.names().any(|name| entries.iter().any(|e| e.key == name))) {
            entries[i].key = key.name.to_owned();
        }
    }
}

/// Reports an axis that is no setting of a trial.
fn check_section(axis: &sweep::axes::Axis, diagnostics: &mut Diagnostics) {
    let head = axis.path.split('.').next().unwrap_or_default();
    let sections: Vec<&str> = SECTIONS.iter().flat_map(Key::names).collect();
    if sections.contains(&head) {
        return;
    }
    let hint = match head {
        "seeds" => "seeds are an axis of their own: write `seeds = [0, 1, 2]` below `name`".to_owned(),
        _ => suggest(head, sections),
    };
    let message = format!("axis `{}` leads nowhere: `{head}` is no section of a trial", axis.path);
    diagnostics.error_with_hint(axis.place, message, "", hint);
}

fn name(item: &Item, diagnostics: &mut Diagnostics) -> Option<String> {
    let Value::Text(name) = &item.value else { unreachable!("a name is a text: {:?}", item.value) };
    if names_a_folder(name) {
        return Some(name.clone());
    }
    let message = format!("`name` cannot be `{name}`: it is the name of a folder");
    let hint = "use letters, digits, `_`, `-` and `.`, at most 100 of them, no dot first";
    diagnostics.error_with_hint(item.place, message, "", hint);
    None
}

/// Whether an experiment can have this name, which is that of its folder.
pub fn names_a_folder(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    !name.is_empty() && name.len() <= 100 && !name.starts_with('.') && name.chars().all(legal)
}

/// The comment that a file opens with, without its marks.
fn question(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| line.starts_with('#'));
    let lines = lines.map(|line| line.trim_start_matches('#').trim()).filter(|line| !line.starts_with(':'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn expectations(all: &Item, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<Expectation>> {
    let one = |item: &Item, diagnostics: &mut Diagnostics| match &item.value {
        Value::Table(values) => Expectation::read(values, outline, diagnostics),
        other => unreachable!("an expectation is a table: {other:?}"),
    };
    let items = match &all.value {
        Value::List(items) => items.as_slice(),
        _ => &[],
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
