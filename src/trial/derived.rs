//! Derived values: a string where a number is expected is an expression over other settings. It is worked out for every
//! setting of a sweep after the axes' values are put in; what it comes to is what is read, trained and hashed.

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::expression::{Expression, Mistake, is_expression};
use crate::base::key::{Key, Kind, Preset};
use crate::base::node::{Data, Node};

use super::sections::SECTIONS;

/// A value that was worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Derived {
    /// Its key path, by the keys' own names.
    pub path: Vec<String>,
    /// The expression.
    pub text: String,
}

/// A tree in which expressions became numbers.
pub struct Tree {
    /// The tree; a string that could not be worked out stands as it was.
    pub root: Node,
    /// What was worked out.
    pub derived: Vec<Derived>,
    /// What could not be: the whole string's place, and the mistake's.
    mistakes: Vec<(Place, Place, Mistake)>,
}

impl Tree {
    /// Works out the expressions in the sections of a trial. Nothing to do costs no more than looking.
    pub fn new(root: &Node) -> Self {
        let mut tree = Self { root: root.clone(), derived: Vec::new(), mistakes: Vec::new() };
        let own = |name: &str| SECTIONS.iter().any(|key| key.names().any(|known| known == name));
        if !root.entries().iter().any(|e| own(&e.key) && calculates(&e.node)) {
            return tree;
        }
        let mut settings = Vec::new();
        table(root, &mut SECTIONS.iter(), &Paths::default(), &mut settings);
        let all = All { settings };
        for setting in &all.settings {
            let Some((node, text)) = setting.expression() else { continue };
            match all.work_out(setting, text) {
                Ok(data) => {
                    let value = Node { place: node.place, data };
                    tree.root.set(&setting.paths.written, node.place, value).expect("it was found there");
                    tree.derived.push(Derived { path: setting.paths.own.clone(), text: text.to_owned() });
                }
                Err(mistake) => tree.mistakes.push((node.place, within(node.place, text, &mistake), mistake)),
            }
        }
        tree
    }

    /// Reports what could not be worked out, in the place of what a reader said about the string.
    pub fn report(&self, diagnostics: &mut Diagnostics) {
        for (string, place, mistake) in &self.mistakes {
            diagnostics.retract(*string);
            // the first setting of a sweep in which it is so is enough
            if diagnostics.knows(*place) {
                continue;
            }
            match mistake.hint.as_str() {
                "" => diagnostics.error(*place, mistake.message.clone(), ""),
                hint => diagnostics.error_with_hint(*place, mistake.message.clone(), "", hint),
            }
        }
    }
}

/// The place of a mistake in a string, which is quoted in a file and bare on the command line; the whole string where
/// escapes move the letters.
fn within(string: Place, text: &str, mistake: &Mistake) -> Place {
    let quote = match (string.end - string.start) as usize - text.len() {
        0 => 0,
        2 => 1,
        _ => return string,
    };
    let at = |i: usize| (string.start + quote + i as u32).min(string.end);
    Place { origin: string.origin, start: at(mistake.at.start), end: at(mistake.at.end) }
}

/// Whether an expression may stand anywhere below.
fn calculates(node: &Node) -> bool {
    match &node.data {
        Data::Text(text) => is_expression(text),
        Data::List(items) => items.iter().any(calculates),
        Data::Table(entries) => entries.iter().any(|e| calculates(&e.node)),
        _ => false,
    }
}

/// A key path, by the keys' own names and as it is written.
#[derive(Debug, Clone, Default)]
struct Paths {
    own: Vec<String>,
    written: Vec<String>,
}

impl Paths {
    fn below(&self, own: &str, written: &str) -> Self {
        let more = |path: &[String], key: &str| path.iter().cloned().chain([key.to_owned()]).collect();
        Self { own: more(&self.own, own), written: more(&self.written, written) }
    }
}

/// A setting that holds no others: a number, a word, a flag.
struct Setting {
    paths: Paths,
    kind: Kind,
    /// Its value, written or by default.
    node: Option<Node>,
}

impl Setting {
    /// The expression it is written as, if it is.
    fn expression(&self) -> Option<(&Node, &str)> {
        let node = self.node.as_ref()?;
        match &node.data {
            Data::Text(text) if takes_number(&self.kind) && is_expression(text) => Some((node, text)),
            _ => None,
        }
    }

    /// Whether a path leads to it, by the keys' own names or as it is written.
    fn is(&self, path: &str) -> bool {
        self.name() == path || self.paths.written.join(".") == path
    }

    fn name(&self) -> String {
        self.paths.own.join(".")
    }
}

/// Whether a kind takes a number and no string of the user's choice.
fn takes_number(kind: &Kind) -> bool {
    match kind {
        Kind::Whole { .. } | Kind::Number(_) => true,
        Kind::Either(kinds) => kinds.iter().any(takes_number) && !kinds.iter().any(|k| matches!(k, Kind::Text)),
        _ => false,
    }
}

fn takes_fraction(kind: &Kind) -> bool {
    match kind {
        Kind::Number(_) => true,
        Kind::Either(kinds) => kinds.iter().any(takes_fraction),
        _ => false,
    }
}

/// All settings of a tree.
struct All {
    settings: Vec<Setting>,
}

impl All {
    /// What an expression comes to, as the kind of its setting wants it.
    fn work_out(&self, setting: &Setting, text: &str) -> Result<Data, Mistake> {
        let expression = Expression::parse(text)?;
        if expression.keys().is_empty() {
            let x = expression.value(&mut |_| unreachable!("it names no key"))?;
            return Err(Mistake::new(
                0..text.len(),
                "this expression names no key",
                format!("write the number: `{x}`"),
            ));
        }
        let x = self.value(&expression, &mut vec![setting.name()]).map_err(|mut mistake| {
            if mistake.hint.is_empty() {
                mistake.hint = self.known(&expression);
            }
            mistake
        })?;
        let whole = x.fract() == 0.0 && x.abs() < 9e15;
        match setting.kind {
            Kind::Number(_) => Ok(Data::Number(x)),
            _ if whole => Ok(Data::Whole(x as i64)),
            kind if takes_fraction(&kind) => Ok(Data::Number(x)),
            kind => {
                let key = setting.paths.own.last().expect("a setting has a name");
                let message = format!("`{key}` must be {}, but this comes to {x}", kind.describe());
                Err(Mistake::new(0..text.len(), message, "there are `round`, `floor` and `ceil`"))
            }
        }
    }

    /// The numbers behind the keys of an expression, because in a sweep they differ from setting to setting.
    fn known(&self, expression: &Expression) -> String {
        let number = |setting: &Setting| match setting.node.as_ref().map(|node| &node.data) {
            Some(Data::Whole(_) | Data::Number(_)) => setting.node.as_ref().map(Node::to_toml),
            _ => None,
        };
        let told = |path: &&str| {
            let setting = self.settings.iter().find(|s| s.is(path))?;
            Some(format!("`{path}` is {}", number(setting)?))
        };
        let told: Vec<String> = expression.keys().iter().filter_map(told).collect();
        if told.is_empty() { String::new() } else { format!("here {}", told.join(", ")) }
    }

    /// `above`: the settings that are being worked out, outermost first.
    fn value(&self, expression: &Expression, above: &mut Vec<String>) -> Result<f64, Mistake> {
        expression.value(&mut |path| {
            let Some(setting) = self.settings.iter().find(|s| s.is(path)) else {
                let numbers = self.settings.iter().filter(|s| takes_number(&s.kind));
                let names: Vec<String> = numbers.map(Setting::name).collect();
                let last = |name: &&String| name.rsplit('.').next() == Some(path);
                let hint = match names.iter().find(last) {
                    Some(whole) => format!("write the whole path: `{whole}`"),
                    None => suggest(path, names.iter().map(String::as_str)),
                };
                return Err((format!("no setting is called `{path}`"), hint));
            };
            match (setting.node.as_ref().map(|node| &node.data), setting.expression()) {
                (Some(Data::Whole(i)), _) => Ok(*i as f64),
                (Some(Data::Number(x)), _) => Ok(*x),
                (None, _) => Err((format!("`{path}` is not set"), String::new())),
                (_, Some((_, text))) => {
                    let name = setting.name();
                    if above.contains(&name) {
                        let round = [above.as_slice(), &[name]].concat().join("` -> `");
                        return Err((format!("`{path}` is derived from itself"), format!("`{round}`")));
                    }
                    above.push(name);
                    let inner = Expression::parse(text).and_then(|inner| self.value(&inner, above));
                    above.pop();
                    inner.map_err(|inner| (format!("`{path}` cannot be worked out: {}", inner.message), inner.hint))
                }
                (Some(_), _) => {
                    let kind = setting.node.as_ref().map_or("nothing", Node::kind);
                    Err((format!("`{path}` is no number but {kind}"), String::new()))
                }
            }
        })
    }
}

/// The settings of a table with these keys.
fn table(node: &Node, keys: &mut dyn Iterator<Item = &Key>, paths: &Paths, all: &mut Vec<Setting>) {
    for key in keys {
        let entry = node.entries().iter().find(|e| key.names().any(|name| name == e.key));
        let paths = paths.below(key.name, entry.map_or(key.name, |e| e.key.as_str()));
        let preset = match (entry, key.preset) {
            (None, Preset::Toml(text)) => parsed(text),
            _ => None,
        };
        below(entry.map(|e| &e.node).or(preset.as_ref()), &key.kind, &paths, all);
    }
}

/// A default as a tree.
fn parsed(text: &str) -> Option<Node> {
    let mut quiet = Diagnostics::new();
    let document = format!("x = {text}");
    let origin = quiet.origin("", &document);
    Node::parse(origin, &document, &mut quiet).get("x").cloned()
}

/// The settings of a value.
fn below(node: Option<&Node>, kind: &Kind, paths: &Paths, all: &mut Vec<Setting>) {
    let mut leaf = |kind: &Kind, node: Option<&Node>, paths: &Paths| {
        all.push(Setting { paths: paths.clone(), kind: *kind, node: node.cloned() });
    };
    match (kind, node.map(|node| (node, &node.data))) {
        (Kind::Table(keys), Some((node, Data::Table(_)))) => table(node, &mut keys.iter(), paths, all),
        (Kind::Member { registry, common }, Some((node, _))) => {
            let name = match (&node.data, node.get("type").map(|kind| &kind.data)) {
                (Data::Text(name), _) | (_, Some(Data::Text(name))) => name,
                _ => return,
            };
            let Some(about) = registry().find(name) else { return };
            leaf(&Kind::Text, Some(node.get("type").unwrap_or(node)), &paths.below("type", "type"));
            table(node, &mut about.keys.iter().chain(common.iter()), paths, all);
        }
        (Kind::List { of, .. }, Some((_, Data::List(items)))) => {
            let at = |i: usize| paths.below(&i.to_string(), &i.to_string());
            items.iter().enumerate().for_each(|(i, item)| below(Some(item), of, &at(i), all));
        }
        (Kind::Numbers { bounds, .. }, Some((_, Data::List(items)))) => {
            let at = |i: usize| paths.below(&i.to_string(), &i.to_string());
            items.iter().enumerate().for_each(|(i, item)| leaf(&Kind::Number(*bounds), Some(item), &at(i)));
        }
        (Kind::Length | Kind::Times, Some((_, Data::Table(entries)))) => {
            for entry in entries.iter().filter(|e| ["steps", "epochs", "fraction"].contains(&e.key.as_str())) {
                let steps = Kind::Whole { least: 0, most: i64::MAX };
                let kind = if entry.key == "steps" { steps } else { Kind::Number(kernels::member::Bounds::Any) };
                leaf(&kind, Some(&entry.node), &paths.below(&entry.key, &entry.key));
            }
        }
        (Kind::Either(kinds), Some((_, Data::Table(_) | Data::List(_)))) => {
            kinds.iter().for_each(|kind| below(node, kind, paths, all));
        }
        (Kind::Map(_) | Kind::Raw | Kind::Text, _) => {}
        (kind, node) => leaf(kind, node.map(|(node, _)| node), paths),
    }
}
