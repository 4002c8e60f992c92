//! Two reports held against each other, measure by measure.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::report::words::{count, list};

use super::results::{Measure, Results};
use super::statistics::{Estimate, Verdict, compare};

/// A measure in both reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The measure as it is now.
    pub measure: Measure,
    /// As it was.
    pub before: Estimate,
    /// How many times as fast it is.
    pub ratio: f64,
    /// The larger noise of the two reports.
    pub noise: f64,
    /// What comes of it.
    pub verdict: Verdict,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The file of the earlier report.
    pub baseline: String,
    /// What is in both, in the order of the new one.
    pub changes: Vec<Change>,
    /// What only one of them has, and what else a reader has to know.
    pub notes: Vec<String>,
}

impl Comparison {
    /// The new report held against the old one, which was read from `path`.
    pub fn new(path: &Path, old: &Results, new: &Results) -> Self {
        let change = |measure: &Measure| {
            let before = old.measures.iter().find(|m| m.is(measure))?.estimate;
            let noise = old.noise_of(&measure.group).max(new.noise_of(&measure.group));
            let (ratio, verdict) = compare(&before, &measure.estimate, measure.unit.is_rate(), noise);
            Some(Change { measure: measure.clone(), before, ratio, noise, verdict })
        };
        let changes: Vec<Change> = new.measures.iter().filter_map(change).collect();
        let mut notes = Vec::new();
        let (gone, fresh) = (old.measures.len() - changes.len(), new.measures.len() - changes.len());
        for (number, where_) in [(gone, "only in the baseline"), (fresh, "only here")] {
            if number > 0 {
                notes.push(format!("{} {where_}", count(number, "measure")));
            }
        }
        let (then, now) = (&old.machine, &new.machine);
        for (what, then, now) in [
            ("processor", &then.processor, &now.processor),
            ("compiler", &then.rustc, &now.rustc),
            ("version", &then.version, &now.version),
        ] {
            if then != now {
                notes.push(format!("another {what}: {now}, before {then}"));
            }
        }
        Self { baseline: path.display().to_string(), changes, notes }
    }

    /// How many measures have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.changes.iter().filter(|change| change.verdict == verdict).count()
    }

    /// `312 measures: 2 faster, 1 slower, 309 within noise`.
    pub fn summary(&self) -> String {
        let counts = Verdict::ALL.into_iter().filter(|verdict| self.count(*verdict) > 0);
        let counts: Vec<String> = counts.map(|verdict| format!("{} {}", self.count(verdict), verdict.word())).collect();
        let all = count(self.changes.len(), "measure");
        if counts.is_empty() { format!("{all} in both reports") } else { format!("{all}: {}", list(&counts)) }
    }
}
