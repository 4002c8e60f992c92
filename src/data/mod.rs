//! Data sets: where rows come from and what is done to them before a network sees one.
//!
//! In reading order: rows with their labels ([`dataset`]), where files are looked for ([`folders`]), how many rows a share
//! is ([`share`]), what a source is
//! ([`source`]) and the members ([`sources`]), what every source can be asked for and in which order ([`prepare`]), what
//! is done to a row each time it is trained on ([`augment`]), and the memory that
//! trials share ([`cache`]). The functions here are what the rest of the program asks of a `[data]` section.

pub mod dataset;

pub mod folders;
pub mod share;
pub mod source;
pub mod sources;

pub mod augment;
pub mod prepare;

pub mod cache;

pub use cache::Cache;
pub use dataset::{Dataset, Labels};
pub use folders::Folders;
pub use prepare::{COMMON, Prepared};
pub use sources::SOURCES;

use std::path::PathBuf;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::Result;
use crate::base::hash;
use crate::base::random::Seeds;
use crate::base::shape::{Shape, Target};
use crate::base::values::Chosen;

use source::Source;

/// What is known of a `[data]` section without loading rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// The shape of a row.
    pub shape: Shape,
    /// What is predicted.
    pub target: Target,
    /// Rows that are trained on, after validation was taken out.
    pub train: usize,
    /// Rows held out for validation.
    pub validation: usize,
    /// Rows that are tested on.
    pub test: usize,
    /// Whether the rows are stretches of a series, as for [`Dataset::series`].
    pub series: bool,
    /// Targets of a row, as for [`Dataset::steps`].
    pub steps: usize,
    /// Whether rows are filled up to the shape, as told by [`Dataset::lengths`].
    pub padded: bool,
    /// Where the inputs are the numbers of symbols: how many symbols there are.
    pub symbols: Option<usize>,
}

/// The outline of a section; mistakes in it, missing and foreign files are reported.
pub fn outline(chosen: &Chosen, folders: &Folders, diagnostics: &mut Diagnostics) -> Option<Outline> {
    let source = build(chosen, diagnostics)?;
    match source.outline(folders) {
        Ok(found) => {
            let outline = prepare::outline(chosen, found, diagnostics)?;
            augment::check(chosen, &outline, diagnostics).map(|()| outline)
        }
        Err(error) => {
            let message = format!("data `{}`: {}", chosen.name, error.message);
            match error.hint {
                Some(hint) => diagnostics.error_with_hint(chosen.place, message, "", hint),
                None => diagnostics.error(chosen.place, message, ""),
            }
            None
        }
    }
}

/// The files behind a section, in a fixed order; none for data that is generated or stands in the experiment file. Errors:
/// files that are missing.
pub fn files(chosen: &Chosen, folders: &Folders) -> Result<Vec<PathBuf>> {
    checked(chosen).files(folders)
}

/// The digest of the files behind a section; none for data that is generated or stands in the experiment file.
pub fn digest(chosen: &Chosen, folders: &Folders) -> Result<Option<String>> {
    let files = files(chosen, folders)?;
    if files.is_empty() { Ok(None) } else { hash::digest_files(&files).map(Some) }
}

/// The parts of the data for a trial with these seeds. Errors: files that cannot be read or hold something else.
pub fn prepared(chosen: &Chosen, folders: &Folders, seeds: Seeds, cache: &Cache) -> Result<Prepared> {
    cache.prepared(chosen, seeds, &*checked(chosen), folders)
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    SOURCES.build(chosen.name)(chosen, diagnostics)
}

/// The source of a section that was found to be right.
fn checked(chosen: &Chosen) -> Box<dyn Source> {
    build(chosen, &mut Diagnostics::new()).expect("the section was checked before")
}
