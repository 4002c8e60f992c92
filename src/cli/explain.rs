//! `runner list`, `runner explain`, `runner schema`: what a file can say, told from the tables that read it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::base::diagnostics::suggest;
use crate::base::key::{Key, Kind, Preset};
use crate::base::registry::{About, Members};
use crate::base::schema;
use crate::run::experiment;

use super::{End, say, tell};

/// A registry and the keys that all its members take.
type Reached = (&'static dyn Members, &'static [Key]);

/// Every registry that a file can reach, each once, in the order of the file's keys.
fn reached() -> Vec<Reached> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    experiment::keys().iter().for_each(|key| reach(&key.kind, &mut seen, &mut found));
    found
}

fn registries() -> Vec<&'static dyn Members> {
    reached().into_iter().map(|(registry, _)| registry).collect()
}

fn reach(kind: &Kind, seen: &mut BTreeSet<&'static str>, found: &mut Vec<Reached>) {
    match kind {
        Kind::Member { registry, common } => {
            let registry = registry();
            if seen.insert(registry.kind()) {
                found.push((registry, *common));
                let keys = registry.all().into_iter().flat_map(|about| about.keys.iter());
                keys.chain(*common).for_each(|key| reach(&key.kind, seen, found));
            }
        }
        Kind::List { of, .. } | Kind::Map(of) => reach(of, seen, found),
        Kind::Table(keys) => keys.iter().for_each(|key| reach(&key.kind, seen, found)),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| reach(kind, seen, found)),
        _ => {}
    }
}

/// `runner list [KIND]`.
pub(super) fn list(kind: Option<&str>) -> End {
    let registries = registries();
    let wanted = |r: &&&'static dyn Members| kind.is_none_or(|kind| r.kind() == kind || plural(r.kind()) == kind);
    let chosen: Vec<_> = registries.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let kind = kind.expect("without a kind all are chosen");
        tell(&format!(
            "error: nothing is called `{kind}`\nhint: {}",
            suggest(kind, registries.iter().map(|r| r.kind()))
        ));
        return End::Mistake;
    }
    let mut out = String::new();
    for registry in chosen {
        writeln!(out, "{}", registry.kind()).expect("a string takes all");
        let all = registry.all();
        let width = all.iter().map(|a| a.name.len()).max().unwrap_or(0);
        for about in all {
            writeln!(out, "  {:width$}  {}", about.name, about.summary).expect("a string takes all");
        }
    }
    say(&out);
    End::Done
}

/// More than one of a kind: `losses`, `strategies`, `layers`.
fn plural(kind: &str) -> String {
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}{}", if kind.ends_with('s') { "es" } else { "s" }),
    }
}

/// `runner schema`.
pub(super) fn schema() -> End {
    let schema = schema::document(&experiment::keys());
    say(&(serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n"));
    End::Done
}

/// `runner explain KEY`: a key path, a member's name, or a kind and a name.
pub(super) fn explain(path: &str) -> End {
    let keys = experiment::keys();
    let segments: Vec<&str> = path.split('.').filter(|s| !s.is_empty()).collect();
    let text = match segments.as_slice() {
        [] => None,
        [name] => keys.iter().find(|k| is(k, name)).map(|k| of_key(k, name)).or_else(|| of_name(name)),
        [first, rest @ ..] => match keys.iter().find(|k| is(k, first)) {
            Some(key) => descend(&key.kind, rest, path),
            None => {
                let found = reached().into_iter().find(|(registry, _)| registry.kind() == *first);
                found.and_then(|(registry, common)| of_registry(registry, common, rest, path))
            }
        },
    };
    match text {
        Some(text) => {
            say(&text);
            End::Done
        }
        None => {
            let mut known: Vec<String> = keys.iter().map(|k| k.name.to_owned()).collect();
            for registry in registries() {
                known.extend(registry.all().iter().map(|a| a.name.to_owned()));
            }
            for key in &keys {
                if let Kind::Table(inner) = key.kind {
                    known.extend(inner.iter().map(|i| format!("{}.{}", key.name, i.name)));
                }
            }
            tell(&format!(
                "error: nothing is called `{path}`\nhint: {}",
                suggest(path, known.iter().map(String::as_str))
            ));
            End::Mistake
        }
    }
}

fn is(key: &Key, name: &str) -> bool {
    key.name == name || key.aliases.contains(&name)
}

/// What stands below a key of this kind.
fn descend(kind: &Kind, rest: &[&str], path: &str) -> Option<String> {
    match kind {
        Kind::Table(keys) => {
            let (first, rest) = rest.split_first()?;
            let key = keys.iter().find(|k| is(k, first))?;
            if rest.is_empty() { Some(of_key(key, path)) } else { descend(&key.kind, rest, path) }
        }
        Kind::Member { registry, common } => of_registry(registry(), common, rest, path),
        Kind::List { of, .. } => {
            let position = rest.first().is_some_and(|s| s.parse::<usize>().is_ok());
            descend(of, if position { &rest[1..] } else { rest }, path)
        }
        Kind::Either(kinds) => kinds.iter().find_map(|kind| descend(kind, rest, path)),
        _ => None,
    }
}

/// A member of a registry by name, or a key that members of it take.
fn of_registry(registry: &'static dyn Members, common: &[Key], rest: &[&str], path: &str) -> Option<String> {
    let (first, rest) = rest.split_first()?;
    if let Some(about) = registry.find(first) {
        let Some((key, deeper)) = rest.split_first() else { return Some(of_member(registry.kind(), about, common)) };
        let key = about.keys.iter().chain(common).find(|k| is(k, key))?;
        return if deeper.is_empty() { Some(of_key(key, path)) } else { descend(&key.kind, deeper, path) };
    }
    let mut out = String::new();
    for key in common.iter().filter(|k| is(k, first)) {
        out += &of_key(key, path);
    }
    for about in registry.all() {
        for key in about.keys.iter().filter(|k| is(k, first)) {
            out += &of_key(key, &format!("{}.{} of `{}`", registry.kind(), key.name, about.name));
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Members of any registry with that name, or a registry.
fn of_name(name: &str) -> Option<String> {
    let mut out = String::new();
    for (registry, common) in reached() {
        if let Some(about) = registry.find(name) {
            out += &of_member(registry.kind(), about, common);
        }
    }
    (!out.is_empty()).then_some(out)
}

fn of_key(key: &Key, path: &str) -> String {
    let mut out = format!("{path}\n  {}\n", key.summary);
    let default = match key.preset {
        Preset::Required => "none, it must be written".to_owned(),
        Preset::Absent => "not set".to_owned(),
        Preset::Toml(text) => text.to_owned(),
    };
    write!(out, "  takes    {}\n  default  {default}\n", key.kind.describe()).expect("a string takes all");
    if !key.aliases.is_empty() {
        writeln!(out, "  also     {}", key.aliases.join(", ")).expect("a string takes all");
    }
    match key.kind {
        Kind::Word(words) => {
            for (word, meaning) in words {
                writeln!(out, "  {word:10} {meaning}").expect("a string takes all");
            }
        }
        Kind::Table(keys) => {
            for key in keys {
                writeln!(out, "  {:14} {}", key.name, key.summary).expect("a string takes all");
            }
        }
        Kind::Member { registry, common } => {
            let names: Vec<&str> = registry().all().iter().map(|a| a.name).collect();
            writeln!(out, "  names    {}", names.join(", ")).expect("a string takes all");
            for key in common {
                writeln!(out, "  {:14} {} (of every {})", key.name, key.summary, registry().kind())
                    .expect("a string takes all");
            }
        }
        _ => {}
    }
    out
}

fn of_member(kind: &str, about: &About, common: &[Key]) -> String {
    let mut out = format!("{kind} `{}`\n  {}\n", about.name, about.summary);
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            writeln!(out, "  {name:9}{text}").expect("a string takes all");
        }
    };
    line("formula", about.formula);
    line("source", about.source);
    line("also", &about.aliases.join(", "));
    line("example", &about.example);
    for key in about.keys.iter().chain(common) {
        let default = match key.preset {
            Preset::Required => "required".to_owned(),
            Preset::Absent => "not set".to_owned(),
            Preset::Toml(text) => format!("default {text}"),
        };
        writeln!(out, "  {:14} {} ({}; {default})", key.name, key.summary, key.kind.describe())
            .expect("a string takes all");
    }
    out
}
