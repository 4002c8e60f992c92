//! `runner run`: every file is checked before the first is trained; then one after the other.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kernels::isa::{Cpu, Isa};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::base::error::{Error, Result};
use crate::report::words::count;
use crate::run::experiment::Experiment;
use crate::run::{self, Options};

use super::args::Run;
use super::progress;
use super::{End, colour, complain, read, say, tell};

pub(super) fn run(args: &Run) -> End {
    if args.files.is_empty() {
        tell("error: no experiment was named\nhint: try `runner experiments/lr_sweep.toml`, or `runner --help`");
        return End::Mistake;
    }
    let cpu = match cpu(args.isa) {
        Ok(cpu) => cpu.engine(args.engine),
        Err(error) => {
            complain(&error);
            return End::Mistake;
        }
    };
    let mut experiments = Vec::new();
    let mut end = End::Done;
    for file in &args.files {
        match read(file, &args.common) {
            Ok(experiment) => experiments.push(experiment),
            Err(worse) => end = end.max(worse),
        }
    }
    if end != End::Done {
        return end;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // the second signal ends the process at once; what is finished is in the log in either case
        let hooked = signal_hook::flag::register_conditional_shutdown(signal, 130, stop.clone())
            .and_then(|_| signal_hook::flag::register(signal, stop.clone()));
        if let Err(error) = hooked {
            tell(&format!("note: Ctrl-C will end the program at once: {error}"));
        }
    }
    let options = Options {
        cpu,
        jobs: args.jobs,
        threads: args.threads,
        out: args.common.out.clone(),
        shard: args.shard,
        fresh: args.fresh,
        stop,
    };
    for experiment in &experiments {
        end = end.max(one(experiment, &options, args));
        if end == End::Interrupted {
            break;
        }
    }
    end
}

/// The instruction set that was asked for, or the best.
pub(super) fn cpu(asked: Option<Isa>) -> Result<Cpu> {
    let found = match asked {
        Some(isa) => Cpu::with(isa),
        None => Cpu::from_env(),
    };
    found.map_err(|missing| Error::new(missing.to_string()).hint("leave it out to use the best there is"))
}

fn one(experiment: &Experiment, options: &Options, args: &Run) -> End {
    let observer = progress::observer(&experiment.name, args);
    let finished = match run::run(experiment, options, &*observer) {
        Ok(finished) => finished,
        Err(error) => {
            complain(&error);
            return End::Failed;
        }
    };
    let report = finished.words.report(experiment, &finished.frame);
    if args.quiet < 2 {
        let width = terminal_width();
        say(&report.terminal(width, colour(&std::io::stdout())));
        say(&format!("\n{}\n", finished.folder.join("report.html").display()));
    }
    for (trial, why) in &finished.failed {
        tell(&format!("error: trial {trial} failed: {why}"));
    }
    match () {
        () if finished.interrupted => {
            let pending = finished.frame.trials.iter().filter(|t| t.record.is_none()).count();
            tell(&format!("interrupted: {} pending; the same command goes on", count(pending, "trial")));
            End::Interrupted
        }
        () if !finished.failed.is_empty() => End::Failed,
        () if report.outcome().missed > 0 => End::ExpectationMissed,
        () => End::Done,
    }
}

/// Columns of the terminal, or of a page when there is none.
pub(super) fn terminal_width() -> usize {
    let terminal = console::Term::stdout();
    if terminal.is_term() { usize::from(terminal.size().1).clamp(40, 200) } else { 120 }
}
