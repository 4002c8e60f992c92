//! `runner bench`: measures this machine and the program on it, writes the report, and holds it against an earlier one.

use std::rc::Rc;

use kernels::isa::Cpu;

use crate::base::error::{Error, Result};
use crate::bench::comparison::Comparison;
use crate::bench::report::{self, Report};
use crate::bench::results::Results;
use crate::bench::{self, Options, Progress, Setup, WORKLOADS};
use crate::report::words::count;

use super::args::Bench;
use super::train::{cpu, terminal_width};
use super::{End, colour, complain, read, say, tell};

pub(super) fn run(args: &Bench) -> End {
    // what can be wrong is found before anything is measured
    let ready = options(args).and_then(|options| {
        let baseline = args.baseline.as_deref().map(Results::read).transpose()?;
        Ok((options, baseline, report::folder(&args.common.out)?))
    });
    let (mut options, baseline, folder) = match ready {
        Ok(ready) => ready,
        Err(error) => {
            complain(&error);
            return End::Mistake;
        }
    };
    let mut experiments = Vec::new();
    for file in &args.files {
        match read(file, &args.common) {
            Ok(experiment) => experiments.push(experiment),
            Err(end) => return end,
        }
    }
    options.setup.experiments = Rc::new(experiments);
    let measured = bench::run(&options, &|progress| {
        if args.quiet == 0 {
            tell(&line(progress))
        }
    })
    .and_then(|results| {
        let held = baseline.zip(args.baseline.as_deref());
        let comparison = held.map(|(old, path)| Comparison::new(path, &old, &results));
        let report = Report { results: &results, comparison: comparison.as_ref() };
        report.write(&folder)?;
        if args.quiet < 2 {
            say(&report.terminal(terminal_width(), colour(&std::io::stdout())));
            say(&format!("\n{}\n", folder.join("report.html").display()));
        }
        results.warnings().iter().for_each(|warning| tell(&format!("warning: {warning}")));
        Ok(if report.slower() { End::ExpectationMissed } else { End::Done })
    });
    measured.unwrap_or_else(|error| {
        complain(&error);
        End::Failed
    })
}

fn options(args: &Bench) -> Result<Options> {
    if args.files.is_empty() && !args.common.set.is_empty() {
        let hint = "name an experiment file, or leave `--set` out";
        return Err(Error::new("`--set` is for experiment files, and none was named").hint(hint));
    }
    let forced = args.isa.is_some() || std::env::var_os("KERNELS_ISA").is_some_and(|given| !given.is_empty());
    let cpu: Cpu = cpu(args.isa)?;
    let setup =
        Setup { jobs: args.jobs, threads: args.threads, quick: args.quick, ..Setup::new(forced.then_some(cpu)) };
    // own files are what somebody wants to know of
    let own = !args.files.is_empty() && args.only.is_empty();
    let only = if own { vec![WORKLOADS.to_owned()] } else { args.only.clone() };
    Ok(Options { setup, only, rounds: args.rounds, command: command() })
}

/// What was typed, as far as it is the same on every machine.
fn command() -> String {
    let quoted = |word: String| {
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=,".contains(c));
        if plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    std::iter::once("runner".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

fn line(Progress { measures, round: (done, all), left }: Progress) -> String {
    match done {
        0 => format!("bench: {}, {}", count(measures, "measure"), count(all, "round")),
        _ => format!("bench: round {done} of {all}, {:.0} s left", left.as_secs_f64()),
    }
}
