//! The memory that the trials of a process share: a source is loaded once, and parts that do not depend on the seed are
//! prepared once. Only the few most recent are kept, so memory does not grow with the trials.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::base::error::Result;
use crate::base::random::Seeds;
use crate::base::values::Chosen;

use super::folders::Folders;
use super::prepare::{Loaded, Prepared, needs_seed, prepare};
use super::source::Source;

/// The most recent sources and parts.
pub struct Cache {
    most: usize,
    loaded: Mutex<VecDeque<(String, Arc<Loaded>)>>,
    prepared: Mutex<VecDeque<(String, Prepared)>>,
}

impl Cache {
    /// A cache for `jobs` trials at a time.
    pub fn new(jobs: usize) -> Self {
        Self { most: jobs.max(2), loaded: Mutex::default(), prepared: Mutex::default() }
    }

    /// The parts of a section for these seeds; `source` is the section's own, loaded when it was not yet.
    pub(super) fn prepared(
        &self,
        chosen: &Chosen,
        seeds: Seeds,
        source: &dyn Source,
        folders: &Folders,
    ) -> Result<Prepared> {
        let section = format!("{} {}", chosen.name, chosen.values.to_node().to_toml());
        let seeded = format!("{:?} {section}", seeds.of_data());
        let rows = if source.follows_trial() { &seeded } else { &section };
        let mine = if needs_seed(&chosen.values) { &seeded } else { rows };
        // the lock is held while preparing, so that workers that start together do the work once
        let mut prepared = self.prepared.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(found) = find(&prepared, mine) {
            return Ok(found);
        }
        let mut loaded = self.loaded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let source = match find(&loaded, rows) {
            Some(found) => found,
            None => {
                let fresh = Arc::new(Loaded::from(source.load(folders, seeds)?));
                keep(&mut loaded, self.most, rows.clone(), fresh.clone());
                fresh
            }
        };
        let parts = prepare(&source, &chosen.values, seeds);
        keep(&mut prepared, self.most, mine.clone(), parts.clone());
        Ok(parts)
    }
}

fn find<T: Clone>(kept: &VecDeque<(String, T)>, key: &str) -> Option<T> {
    kept.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone())
}

fn keep<T>(kept: &mut VecDeque<(String, T)>, most: usize, key: String, value: T) {
    if kept.len() == most {
        kept.pop_front();
    }
    kept.push_back((key, value));
}
