//! The command line: what a person types, and what it is answered. Results go to stdout, everything else to stderr.

mod args;
mod bench;
mod check;
mod data;
mod explain;
mod init;
mod plan;
mod progress;
mod query;
mod results;
mod shell;
mod train;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::base::diagnostics::Diagnostics;
use crate::base::error::Error;
use crate::data::Folders;
use crate::report::words::count;
use crate::run::experiment::{Depth, Experiment};

use args::{Cli, Command, Common};

/// How a command ended, as the exit code says it. Of several files the worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Done,
    ExpectationMissed,
    Failed,
    Mistake,
    Interrupted,
}

impl End {
    fn code(self) -> u8 {
        match self {
            End::Done => 0,
            End::ExpectationMissed => 3,
            End::Failed => 1,
            End::Mistake => 2,
            End::Interrupted => 130,
        }
    }
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { End::Mistake.code() } else { End::Done.code() });
        }
    };
    let end = match cli.command {
        None => train::run(&cli.run),
        Some(Command::Run(args)) => train::run(&args),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::Report(args)) => results::report(&args),
        Some(Command::Status(args)) => results::status(&args),
        Some(Command::Query(args)) => query::run(&args),
        Some(Command::Data(args)) => data::run(&args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::List(args)) => explain::list(args.kind.as_deref()),
        Some(Command::Explain(args)) => explain::explain(&args.key),
        Some(Command::Schema) => explain::schema(),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man { folder }) => shell::man(folder.as_deref()),
    };
    ExitCode::from(end.code())
}

/// Writes to stdout; a reader that has gone away (`| head`) is no error.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line to stderr; there too, nobody has to be reading.
fn tell(line: &str) {
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Reports an error that is no mistake in a file.
fn complain(error: &Error) {
    let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
    tell(&format!("error: {}{hint}", error.message));
}

/// Whether a stream wants colour.
fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// The folders that data is looked for in.
fn folders(common: &Common) -> Folders {
    folders_of(&common.data)
}

/// The folders that data is looked for in, those of `--data` first.
fn folders_of(given: &[std::path::PathBuf]) -> Folders {
    let given = given.iter().cloned();
    let env = std::env::var_os("RUNNER_DATA").filter(|v| !v.is_empty()).map(Into::into);
    Folders::new(given.chain(env).chain(["data".into()]).collect())
}

/// Reads and checks an experiment file, or says what is wrong with it.
fn read(file: &std::path::Path, common: &Common) -> Result<Experiment, End> {
    let mut diagnostics = Diagnostics::new();
    match Experiment::read(file, &common.set, &folders(common), Depth::Whole, &mut diagnostics) {
        Ok(Some(experiment)) => {
            experiment.notes.iter().for_each(|note| tell(&format!("note: {note}")));
            Ok(experiment)
        }
        Ok(None) => {
            tell(diagnostics.render(colour(&std::io::stderr())).trim_end_matches('\n'));
            tell(&format!("\n{}: {}, nothing was trained", file.display(), count(diagnostics.count(), "mistake")));
            Err(End::Mistake)
        }
        Err(error) => {
            complain(&error);
            Err(End::Mistake)
        }
    }
}
