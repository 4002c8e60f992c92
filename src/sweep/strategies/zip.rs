//! The first values of all axes together, then the second ones.

use crate::base::diagnostics::Place;
use crate::base::registry::{About, Entry};

use super::{Build, Strategy};
use crate::sweep::axes::Dimension;

struct Zip;

impl Strategy for Zip {
    fn misfit(&self, dimensions: &[Dimension]) -> Option<(Place, String, String)> {
        let (first, rest) = dimensions.split_first()?;
        let other = rest.iter().find(|other| other.rows() != first.rows())?;
        let lengths = format!("{} has {} values, {} has {}", first.name(), first.rows(), other.name(), other.rows());
        let message = format!("strategy `zip` pairs axes of one length: {lengths}");
        Some((other.place(), message, "give them equally many values, or take strategy `grid`".to_owned()))
    }

    fn count(&self, dimensions: &[Dimension]) -> Option<u64> {
        Some(dimensions.first().map_or(1, Dimension::rows) as u64)
    }

    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>> {
        let rows = dimensions.first().map_or(1, Dimension::rows);
        (0..rows).map(|row| vec![row; dimensions.len()]).collect()
    }
}

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "zip",
        aliases: &["paired"],
        summary: "the first values of all axes together, then the second ones: axes of one length, paired",
        formula: "",
        source: "",
        keys: vec![],
        example: "\"zip\"".into(),
    };
    Entry { about, build: |_| Box::new(Zip) }
}
