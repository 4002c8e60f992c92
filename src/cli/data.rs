//! `runner data`: the sets that can be named, where their files are looked for, which are there, and whether what is there
//! is right. Every set with files of its own is read whole, so a digest that is wrong is found before an experiment does.

use crate::base::diagnostics::{Diagnostics, suggest};
use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind, Preset};
use crate::base::node::Node;
use crate::base::random::Seeds;
use crate::base::read;
use crate::base::registry::About;
use crate::base::values::{Chosen, Value};
use crate::data::{self, COMMON, Cache, Folders, SOURCES};
use crate::report::tables::overview::{Column, draw};

use super::args::Data;
use super::{End, complain, folders_of, say, tell};

/// What was found of a set.
struct Found {
    name: &'static str,
    state: &'static str,
    what: String,
    /// What to do about it, where it is not right.
    error: Option<Error>,
}

pub(super) fn run(args: &Data) -> End {
    let all: Vec<&About> = SOURCES.entries.iter().map(|entry| &entry.about).collect();
    let known = |name: &String| all.iter().any(|about| about.name == name || about.aliases.contains(&name.as_str()));
    if let Some(name) = args.names.iter().find(|name| !known(name)) {
        let hint = suggest(name, all.iter().map(|about| about.name));
        tell(&format!("error: no data is called `{name}`\nhint: {hint}"));
        return End::Mistake;
    }
    let folders = folders_of(&args.data);
    let asked =
        |about: &About| args.names.iter().any(|name| about.name == name || about.aliases.contains(&name.as_str()));
    let found: Vec<Found> = all
        .into_iter()
        .filter(|about| args.names.is_empty() || asked(about))
        .map(|about| look(about, &folders))
        .collect();
    let places: Vec<String> = folders.list().iter().map(|folder| format!("`{}`", folder.display())).collect();
    say(&format!("{}\nlooked in {}\n", table(&found), places.join(", ")));
    let mut end = End::Done;
    for one in found {
        let Some(error) = one.error else { continue };
        // a set that nobody asked for may be missing
        if one.state != MISSING || !args.names.is_empty() {
            complain(&error);
            end = End::Failed;
        } else if let Some(hint) = error.hint {
            tell(&format!("{}: {hint}", one.name));
        }
    }
    end
}

const MISSING: &str = "missing";

/// Looks for the files of a set and reads them.
fn look(about: &'static About, folders: &Folders) -> Found {
    let found = |state, what: String, error| Found { name: about.name, state, what, error };
    // a `series` may have its values from elsewhere, so its `path` is not required, but it has no usual one either
    let own = |key: &&Key| key.preset == Preset::Required || (key.name == "path" && key.preset == Preset::Absent);
    if let Some(key) = about.keys.iter().find(own) {
        return found("yours", format!("rows from `{}` of the experiment", key.name), None);
    }
    let chosen = usual(about);
    let files = match data::files(&chosen, folders) {
        Ok(files) if files.is_empty() => return found("generated", about.summary.to_owned(), None),
        Ok(files) => files,
        Err(error) => return found(MISSING, error.message.clone(), Some(error)),
    };
    let size: Result<u64> = files.iter().map(|file| size(file)).sum();
    let read = size.and_then(|size| Ok((size, data::prepared(&chosen, folders, Seeds::new(0), &Cache::new(1))?)));
    match read {
        Ok((size, parts)) => {
            let folder = files[0].parent().map_or_else(String::new, |folder| folder.display().to_string());
            let rows = format!("{} + {} rows", parts.train.rows(), parts.test.rows());
            let what = format!("{rows}, {} files of {} MiB in `{folder}`", files.len(), size.div_ceil(1 << 20));
            found("right", what, None)
        }
        Err(error) => found("damaged", error.message.clone(), Some(error)),
    }
}

fn size(file: &std::path::Path) -> Result<u64> {
    std::fs::metadata(file).map(|meta| meta.len()).map_err(|e| Error::file("read", file, &e))
}

/// A set with its default settings.
fn usual(about: &'static About) -> Chosen {
    let mut diagnostics = Diagnostics::new();
    let text = format!("x = \"{}\"", about.name);
    let origin = diagnostics.origin("", &text);
    let node = Node::parse(origin, &text, &mut diagnostics);
    let kind = Kind::Member { registry: || &*SOURCES, common: COMMON };
    match node.get("x").and_then(|x| read::value(x, &kind, "`x`", &mut diagnostics)) {
        Some(Value::Member(chosen)) => chosen,
        other => unreachable!("a set without required keys is read from its name: {other:?}"),
    }
}

fn table(found: &[Found]) -> String {
    let column =
        |title: &str, cell: &dyn Fn(&Found) -> String| Column::new(title, found.iter().map(cell).collect(), false);
    let columns = [
        column("set", &|one| one.name.to_owned()),
        column("files", &|one| one.state.to_owned()),
        column("what", &|one| one.what.clone()),
    ];
    draw(&columns.iter().collect::<Vec<_>>(), false, None)
}
