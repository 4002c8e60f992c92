//! `runner report DIR` and `runner status DIR`: what is in a results folder, without a data file or a network.

use std::path::Path;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::Result;
use crate::report::words::count;
use crate::run::stored::Stored;
use crate::run::{self, Words};
use crate::store;

use super::args::Results;
use super::train::terminal_width;
use super::{End, colour, complain, say, tell};

pub(super) fn report(args: &Results) -> End {
    let written = stored(&args.folder, |stored| {
        let experiment = &stored.experiment;
        let _alone = store::hold(&args.folder)?;
        let frame = run::frame(experiment, &stored.planned, &args.folder)?;
        let words = Words::new(experiment, &frame, &experiment.digests);
        let report = words.report(experiment, &frame);
        let outcome = report.write(&args.folder)?;
        say(&report.terminal(terminal_width(), colour(&std::io::stdout())));
        say(&format!("\n{}\n", args.folder.join("report.html").display()));
        Ok(outcome)
    });
    match written {
        Ok(outcome) if outcome.missed > 0 => End::ExpectationMissed,
        Ok(_) => End::Done,
        Err(end) => end,
    }
}

pub(super) fn status(args: &Results) -> End {
    let counted = stored(&args.folder, |stored| run::frame(&stored.experiment, &stored.planned, &args.folder));
    match counted {
        Ok(frame) => {
            let ended = |word: &str| frame.trials.iter().filter(|t| t.status() == word).count();
            let words = ["done", "diverged", "failed", "pending"];
            let counts: Vec<String> = words.iter().map(|word| format!("{} {word}", ended(word))).collect();
            say(&format!("{}: {}: {}\n", frame.name, count(frame.trials.len(), "trial"), counts.join(", ")));
            if ended("failed") > 0 { End::Failed } else { End::Done }
        }
        Err(end) => end,
    }
}

/// Opens a results folder and does something with it, or says what is wrong with it.
pub(super) fn stored<T>(folder: &Path, act: impl FnOnce(&Stored) -> Result<T>) -> std::result::Result<T, End> {
    let mut diagnostics = Diagnostics::new();
    match Stored::open(folder, &mut diagnostics) {
        Ok(Some(stored)) => act(&stored).map_err(|error| {
            complain(&error);
            End::Failed
        }),
        Ok(None) => {
            tell(diagnostics.render(colour(&std::io::stderr())).trim_end_matches('\n'));
            Err(End::Mistake)
        }
        Err(error) => {
            complain(&error);
            Err(End::Mistake)
        }
    }
}
