//! The strategies by name: which combinations of the axes' values are tried.

use std::sync::LazyLock;

use crate::base::registry::{About, Entry, Registry};
use crate::base::values::Values;

use super::axes::Axis;

/// Chooses the cells of a sweep.
pub trait Strategy {
    /// How many cells there will be; none when the number is beyond counting. Asked before any is made.
    fn count(&self, axes: &[Axis]) -> Option<u64>;
    /// The cells in order: for each the index of its value on every axis.
    fn cells(&self, axes: &[Axis]) -> Vec<Vec<usize>>;
}

type Build = fn(&Values) -> Box<dyn Strategy>;

/// Every strategy there is.
pub static STRATEGIES: LazyLock<Registry<Build>> =
    LazyLock::new(|| Registry { kind: "strategy", entries: vec![grid()] });

fn grid() -> Entry<Build> {
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

struct Grid;

impl Strategy for Grid {
    fn count(&self, axes: &[Axis]) -> Option<u64> {
        axes.iter().try_fold(1_u64, |n, axis| n.checked_mul(axis.points.len() as u64))
    }

    fn cells(&self, axes: &[Axis]) -> Vec<Vec<usize>> {
        let mut cells = vec![Vec::new()];
        for axis in axes {
            let longer = |cell: &Vec<usize>| {
                let cell = cell.clone();
                (0..axis.points.len()).map(move |i| cell.iter().copied().chain([i]).collect())
            };
            cells = cells.iter().flat_map(longer).collect();
        }
        cells
    }
}
