//! Reading a tree against a table of keys. Everything that is wrong is reported and reading goes on; a section with a
//! mistake gives `None`, and its neighbours are read all the same.

use super::diagnostics::{Diagnostics, Place, nearest, suggest};
use super::key::{Key, Kind, Length, Preset, Times, one};
use super::node::{Data, Entry, Node};
use super::registry::Members;
use super::values::{Chosen, Item, Value, Values};

/// Reads a table. `what` names it in messages: "`[optimizer]`".
pub fn table(node: &Node, keys: &[Key], what: &str, diagnostics: &mut Diagnostics) -> Option<Values> {
    let Data::Table(entries) = &node.data else {
        diagnostics.error(node.place, format!("{what} must be a table, not {}", node.kind()), "");
        return None;
    };
    let sets: [&[Key]; 1] = [keys];
    read_entries(node.place, entries, &sets, &[], what, diagnostics)
}

/// Reads one value of the given kind, such as an example of a registry.
pub fn value(node: &Node, kind: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    match kind {
        Kind::Flag => match node.data {
            Data::Flag(b) => Some(Value::Flag(b)),
            _ => wrong_type(node, kind, what, diagnostics),
        },
        Kind::Whole { least, most } => whole(node, kind, *least, *most, what, diagnostics),
        Kind::Number(_) => number(node, kind, what, diagnostics),
        Kind::Numbers { count, bounds } => numbers(node, kind, *count, &Kind::Number(*bounds), what, diagnostics),
        Kind::Text => match &node.data {
            Data::Text(s) => Some(Value::Text(s.clone())),
            _ => wrong_type(node, kind, what, diagnostics),
        },
        Kind::Word(words) => word(node, kind, words, what, diagnostics),
        Kind::Length => length(node, kind, what, diagnostics).map(Value::Length),
        Kind::Times => times(node, kind, what, diagnostics).map(Value::Times),
        Kind::Member { registry, common } => member(node, registry(), common, what, diagnostics).map(Value::Member),
        Kind::List { of, least } => list(node, kind, of, *least, what, diagnostics),
        Kind::Table(keys) => table(node, keys, what, diagnostics).map(Value::Table),
        Kind::Map(of) => map(node, of, what, diagnostics),
        Kind::Either(kinds) => match kinds.iter().find(|k| fits(node, k)) {
            Some(fitting) if unquoted(node, kind).is_none() => value(node, fitting, what, diagnostics),
            _ => wrong_type(node, kind, what, diagnostics),
        },
        Kind::Raw => Some(Value::Raw(node.clone())),
    }
}

fn wrong_type<T>(node: &Node, kind: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<T> {
    let (message, label) = (format!("{what} must be {}", kind.describe()), format!("this is {}", node.kind()));
    let hint = match node.data {
        Data::Number(x) if x.fract() == 0.0 && fits(&Node { place: node.place, data: Data::Whole(0) }, kind) => {
            Some(format!("write it without the point: `{x}`"))
        }
        _ => unquoted(node, kind).map(|text| format!("write it without quotes: `{text}`")),
    };
    match hint {
        Some(hint) => diagnostics.error_with_hint(node.place, message, label, hint),
        None => diagnostics.error(node.place, message, label),
    }
    None
}

/// The text of a string that is what the kind wants but for its quotes: `"0.1"`, `"true"`.
fn unquoted<'a>(node: &'a Node, kind: &Kind) -> Option<&'a str> {
    let Data::Text(text) = &node.data else { return None };
    let meant = match kind {
        Kind::Flag => text == "true" || text == "false",
        Kind::Whole { .. } => text.parse::<i64>().is_ok(),
        Kind::Number(_) => text.parse::<f64>().is_ok(),
        Kind::Either(kinds) => kinds.iter().any(|kind| unquoted(node, kind).is_some()),
        _ => false,
    };
    meant.then_some(text)
}

/// Whether the TOML type is one that the kind reads, its value aside.
fn fits(node: &Node, kind: &Kind) -> bool {
    match kind {
        Kind::Flag => matches!(node.data, Data::Flag(_)),
        Kind::Whole { .. } => matches!(node.data, Data::Whole(_)),
        Kind::Number(_) => matches!(node.data, Data::Whole(_) | Data::Number(_)),
        Kind::Text | Kind::Word(_) => matches!(node.data, Data::Text(_)),
        Kind::Length => matches!(node.data, Data::Table(_) | Data::Whole(_)),
        Kind::Times => matches!(node.data, Data::Table(_) | Data::Whole(_) | Data::List(_)),
        Kind::Member { .. } => matches!(node.data, Data::Table(_) | Data::Text(_)),
        Kind::Numbers { .. } | Kind::List { .. } => matches!(node.data, Data::List(_)),
        Kind::Table(_) | Kind::Map(_) => matches!(node.data, Data::Table(_)),
        Kind::Either(kinds) => kinds.iter().any(|k| fits(node, k)),
        Kind::Raw => true,
    }
}

fn whole(node: &Node, kind: &Kind, least: i64, most: i64, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    match node.data {
        Data::Whole(i) if (least..=most).contains(&i) => Some(Value::Whole(i)),
        Data::Whole(i) => {
            diagnostics.error(node.place, format!("{what} must be {}, not {i}", kind.describe()), "");
            None
        }
        _ => wrong_type(node, kind, what, diagnostics),
    }
}

fn number(node: &Node, kind: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let Kind::Number(bounds) = kind else { unreachable!("called for numbers only") };
    let x = match node.data {
        Data::Whole(i) => i as f64,
        Data::Number(x) => x,
        _ => return wrong_type(node, kind, what, diagnostics),
    };
    if bounds.allow(x) {
        return Some(Value::Number(x));
    }
    diagnostics.error(node.place, format!("{what} must be {}, not {x}", kind.describe()), "");
    None
}

fn numbers(
    node: &Node,
    kind: &Kind,
    count: Option<usize>,
    each: &Kind,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    match &node.data {
        Data::List(items) if count.is_none_or(|n| n == items.len()) => list_of(items, each, what, diagnostics),
        _ => wrong_type(node, kind, what, diagnostics),
    }
}

fn word(node: &Node, kind: &Kind, words: &[(&str, &str)], what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let Data::Text(written) = &node.data else { return wrong_type(node, kind, what, diagnostics) };
    if words.iter().any(|(w, _)| w == written) {
        return Some(Value::Text(written.clone()));
    }
    let hint = suggest(written, words.iter().map(|(w, _)| *w));
    diagnostics.error_with_hint(node.place, format!("{what} cannot be `{written}`"), "", hint);
    None
}

fn times(node: &Node, kind: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Times> {
    let counted = |value: Value| match value {
        Value::Whole(n) => n as u64,
        other => unreachable!("read as an integer: {other:?}"),
    };
    match &node.data {
        Data::List(_) => {
            let Value::List(items) = list(node, kind, &Kind::COUNT, 1, what, diagnostics)? else { return None };
            let mut steps: Vec<u64> = items.into_iter().map(|item| counted(item.value)).collect();
            steps.sort_unstable();
            steps.dedup();
            Some(Times::At(steps))
        }
        Data::Table(entries) if entries.len() == 1 && entries[0].key == "log" => {
            let looks = Kind::Whole { least: 1, most: Times::MOST };
            value(&entries[0].node, &looks, &format!("`log` of {what}"), diagnostics).map(|n| Times::Log(counted(n)))
        }
        _ => length(node, kind, what, diagnostics).map(Times::Every),
    }
}

fn length(node: &Node, kind: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Length> {
    let wrong = |place, message: String, diagnostics: &mut Diagnostics| {
        diagnostics.error(place, message, "");
        None
    };
    let (unit, given) = match &node.data {
        Data::Whole(_) => ("steps", node),
        Data::Table(entries) if entries.len() == 1 => (entries[0].key.as_str(), &entries[0].node),
        Data::Number(x) => {
            let hint = format!("write `{{ epochs = {x} }}` or `{{ fraction = {x} }}`");
            let message = format!("{what} must be {}", kind.describe());
            diagnostics.error_with_hint(node.place, message, "a number without its unit", hint);
            return None;
        }
        _ => return wrong_type(node, kind, what, diagnostics),
    };
    match (unit, &given.data) {
        ("steps", Data::Whole(n)) if *n >= 0 => Some(Length::Steps(*n as u64)),
        ("epochs", Data::Whole(n)) if *n >= 0 => Some(Length::Epochs(*n as f64)),
        ("epochs", Data::Number(x)) if *x >= 0.0 && x.is_finite() => Some(Length::Epochs(*x)),
        ("fraction", Data::Whole(n)) if (0..=1).contains(n) => Some(Length::Fraction(*n as f64)),
        ("fraction", Data::Number(x)) if (0.0..=1.0).contains(x) => Some(Length::Fraction(*x)),
        ("steps", _) => wrong(given.place, format!("`steps` of {what} must be an integer of at least 0"), diagnostics),
        ("epochs", _) => wrong(given.place, format!("`epochs` of {what} must be a number of at least 0"), diagnostics),
        ("fraction", _) => wrong(given.place, format!("`fraction` of {what} must be from 0 to 1"), diagnostics),
        (other, _) => {
            let log = matches!(kind, Kind::Times).then_some("log");
            let hint = suggest(other, ["steps", "epochs", "fraction"].into_iter().chain(log));
            diagnostics.error_with_hint(node.place, format!("unknown unit `{other}` in {what}"), "", hint);
            None
        }
    }
}

fn list(node: &Node, kind: &Kind, of: &Kind, least: usize, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    match &node.data {
        Data::List(items) if items.len() >= least => list_of(items, of, what, diagnostics),
        Data::List(_) => {
            diagnostics.error(node.place, format!("{what} must not be empty"), "");
            None
        }
        _ => wrong_type(node, kind, what, diagnostics),
    }
}

fn list_of(items: &[Node], of: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let read: Vec<Option<Item>> = items
        .iter()
        .enumerate()
        .map(|(i, item)| {
            let value = value(item, of, &format!("element {i} of {what}"), diagnostics)?;
            Some(Item { place: item.place, value })
        })
        .collect();
    read.into_iter().collect::<Option<Vec<Item>>>().map(Value::List)
}

fn map(node: &Node, of: &Kind, what: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let Data::Table(entries) = &node.data else {
        return wrong_type(node, &Kind::Map(&Kind::Raw), what, diagnostics);
    };
    let read: Vec<Option<(String, Place, Item)>> = entries
        .iter()
        .map(|e| {
            let value = value(&e.node, of, &format!("`{}` of {what}", e.key), diagnostics)?;
            Some((e.key.clone(), e.place, Item { place: e.node.place, value }))
        })
        .collect();
    read.into_iter().collect::<Option<Vec<_>>>().map(Value::Map)
}

/// Reads the choice of a registry's member: a bare string is short for a table with only `type`.
fn member(
    node: &Node,
    registry: &'static dyn Members,
    common: &[Key],
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Chosen> {
    let kind = registry.kind();
    let (name, place, entries): (&str, Place, &[Entry]) = match &node.data {
        Data::Text(name) => (name, node.place, &[]),
        Data::Table(entries) => match entries.iter().find(|e| e.key == "type") {
            Some(Entry { node: Node { data: Data::Text(name), place }, .. }) => (name, *place, entries),
            Some(other) => {
                diagnostics.error(other.node.place, format!("`type` of {what} must be a string"), "");
                return None;
            }
            None => {
                let hint = format!("write `type = \"...\"`; `runner list {kind}` shows all");
                diagnostics.error_with_hint(node.place, format!("{what} lacks its `type`"), "", hint);
                return None;
            }
        },
        _ => {
            let expected = format!("{what} must be the name of {} or a table with `type`", one(kind));
            diagnostics.error(node.place, expected, format!("this is {}", node.kind()));
            return None;
        }
    };
    let Some(about) = registry.find(name) else {
        let names: Vec<&str> =
            registry.all().iter().flat_map(|a| [a.name].into_iter().chain(a.aliases.iter().copied())).collect();
        diagnostics.error_with_hint(place, format!("unknown {kind} `{name}`"), "", suggest(name, names));
        return None;
    };
    if about.name != name {
        diagnostics.note(place, format!("{kind} `{name}` is read as `{}`", about.name));
    }
    let sets: [&[Key]; 2] = [&about.keys, common];
    let what = format!("{kind} `{}`", about.name);
    let values = read_entries(node.place, entries, &sets, &["type", "label"], &what, diagnostics)?;
    Some(Chosen { name: about.name, place, values })
}

/// Reads the entries of a table against its keys. `allowed` are keys that somebody else reads.
fn read_entries(
    place: Place,
    entries: &[Entry],
    sets: &[&[Key]],
    allowed: &[&str],
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Values> {
    let keys = || sets.iter().flat_map(|set| set.iter());
    let names: Vec<&str> = keys().flat_map(Key::names).collect();
    let mut meant = Vec::new();
    for entry in entries {
        if !names.contains(&entry.key.as_str()) && !allowed.contains(&entry.key.as_str()) {
            let hint = suggest(&entry.key, names.iter().copied());
            diagnostics.error_with_hint(entry.place, format!("unknown key `{}` in {what}", entry.key), "", hint);
            meant.push(nearest(&entry.key, names.iter().copied()));
        }
    }
    let mut items = Vec::new();
    let mut whole = meant.is_empty();
    for key in keys() {
        // a key that was misspelt is not missing too
        let misspelt = key.names().any(|name| meant.contains(&Some(name)));
        if misspelt && !key.names().any(|name| entries.iter().any(|e| e.key == name)) {
            continue;
        }
        match read_key(place, entries, key, what, diagnostics) {
            Some(item) => items.push((key.name, item)),
            None => whole = false,
        }
    }
    whole.then_some(Values { place, items })
}

fn read_key(place: Place, entries: &[Entry], key: &Key, what: &str, diagnostics: &mut Diagnostics) -> Option<Item> {
    let mut written = entries.iter().filter(|e| key.names().any(|name| e.key == name));
    if let Some(entry) = written.next() {
        if let Some(again) = written.next() {
            let message = format!("`{}` and `{}` of {what} are the same key", entry.key, again.key);
            diagnostics.error(again.place, message, "written twice");
            return None;
        }
        if entry.key != key.name {
            diagnostics.note(entry.place, format!("`{}` is read as `{}`", entry.key, key.name));
        }
        let value = value(&entry.node, &key.kind, &format!("`{}`", key.name), diagnostics)?;
        return Some(Item { place: entry.node.place, value });
    }
    match key.preset {
        Preset::Absent => Some(Item { place, value: Value::Absent }),
        Preset::Toml(text) => Some(Item { place, value: preset(text, &key.kind, key.name) }),
        Preset::Required => {
            let hint = format!("add `{} = ...`: {}", key.name, key.summary);
            diagnostics.error_with_hint(place, format!("{what} lacks `{}`", key.name), "", hint);
            None
        }
    }
}

/// The value of a default, which the tests prove to be readable.
fn preset(text: &str, kind: &Kind, name: &str) -> Value {
    let mut own = Diagnostics::new();
    let document = format!("x = {text}");
    let origin = own.origin(name, &document);
    let node = Node::parse(origin, &document, &mut own);
    let read = node.get("x").and_then(|x| value(x, kind, name, &mut own));
    read.unwrap_or_else(|| panic!("the default of `{name}` cannot be read: {}", own.render(false)))
}
