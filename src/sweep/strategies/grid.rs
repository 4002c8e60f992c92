//! Every combination.

use crate::base::registry::{About, Entry};

use super::{Build, Strategy};
use crate::sweep::axes::Dimension;

struct Grid;

impl Strategy for Grid {
    fn count(&self, dimensions: &[Dimension]) -> Option<u64> {
        dimensions.iter().try_fold(1_u64, |n, dimension| n.checked_mul(dimension.rows() as u64))
    }

    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>> {
        product(dimensions)
    }
}

/// Every combination of the dimensions' rows, the last varying fastest.
pub fn product(dimensions: &[Dimension]) -> Vec<Vec<usize>> {
    let mut settings = vec![Vec::new()];
    for dimension in dimensions {
        let longer = |setting: &Vec<usize>| {
            let setting = setting.clone();
            (0..dimension.rows()).map(move |i| setting.iter().copied().chain([i]).collect())
        };
        settings = settings.iter().flat_map(longer).collect();
    }
    settings
}

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "grid",
        aliases: &["cartesian"],
        summary: "every combination of the axes' values, the last axis varying fastest",
        formula: "",
        source: "",
        keys: vec![],
        example: "\"grid\"".into(),
    };
    Entry { about, build: |_| Box::new(Grid) }
}
