//! A results folder opened again: the experiment as it was run, its trials and their hashes, from the folder alone. Data
//! files are not needed; what they held stands in `resolved.toml`.

use std::path::Path;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::{Error, Result};
use crate::base::node::{Data, Node};
use crate::data::Folders;
use crate::store;
use crate::trial::summary;

use super::experiment::{Depth, Experiment, Names};
use super::{Planned, trials};

/// An experiment with the trials that were planned for its folder.
pub struct Stored {
    /// The experiment.
    pub experiment: Experiment,
    /// Its trials.
    pub planned: Vec<Planned>,
}

impl Stored {
    /// Opens a results folder. Nothing is returned when its `experiment.toml` is no longer right, which is in
    /// `diagnostics`. Errors: a folder that is none of ours, files that cannot be read.
    pub fn open(folder: &Path, diagnostics: &mut Diagnostics) -> Result<Option<Self>> {
        if !store::exists(folder) {
            let message = format!("`{}` is not a results folder: it holds no `{}`", folder.display(), store::LOG);
            return Err(Error::new(message).hint("name a folder below `results/`, such as `results/lr_sweep`"));
        }
        let session = store::last_session(folder)?;
        let path = folder.join("experiment.toml");
        let folders = Folders::new(Vec::new());
        let mut names = Names::default();
        store::read(folder, |record| {
            let columns: Vec<String> = record.columns.iter().map(|name| name.to_string()).collect();
            names.extend(summary::names(&columns), columns);
        })?;
        let read = Experiment::read(&path, &session.sets, &folders, Depth::Results(names), diagnostics)?;
        let Some(mut experiment) = read else { return Ok(None) };
        experiment.file.clone_from(&session.file);
        experiment.digests = digests(&folder.join("resolved.toml"))?;
        let planned = trials(&experiment, &session.engine, &experiment.digests);
        Ok(Some(Self { experiment, planned }))
    }
}

/// The table `[digests]` of a `resolved.toml`.
fn digests(path: &Path) -> Result<std::collections::BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::file("read", path, &e))?;
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("resolved.toml", &text);
    let root = Node::parse(origin, &text, &mut diagnostics);
    let entries = root.get("digests").map_or(&[][..], Node::entries);
    let text = |node: &Node| match &node.data {
        Data::Text(text) => Some(text.clone()),
        _ => None,
    };
    Ok(entries.iter().filter_map(|e| Some((e.key.clone(), text(&e.node)?))).collect())
}
