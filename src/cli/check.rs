//! `runner check`: every mistake of every file, before anything runs.

use super::args::Check;
use super::{End, read, say};

pub(super) fn run(args: &Check) -> End {
    let mut end = End::Done;
    for file in &args.files {
        match read(file, &args.common) {
            Ok(experiment) => {
                let (cells, seeds) = (experiment.space.cells.len(), experiment.space.seeds.len());
                let trials = experiment.trials();
                say(&format!("{}: no mistakes; settings {cells}, seeds {seeds}, trials {trials}\n", file.display()));
            }
            Err(worse) => end = end.max(worse),
        }
    }
    end
}
