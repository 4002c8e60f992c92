//! `runner completions` and `runner man`: what shells and readers of manuals want, made from the arguments themselves.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::base::error::{Error, Result};
use crate::base::files;

use super::args::Cli;
use super::{End, complain, say};

/// Prints the completions of a shell.
pub(super) fn completions(shell: Shell) -> End {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "runner", &mut out);
    say(&String::from_utf8_lossy(&out));
    End::Done
}

/// Prints the manual page, or writes a page for the program and one for each command into a folder.
pub(super) fn man(folder: Option<&Path>) -> End {
    let Some(folder) = folder else {
        return match page(Cli::command()) {
            Ok(page) => {
                say(&String::from_utf8_lossy(&page));
                End::Done
            }
            Err(error) => end(&error),
        };
    };
    match pages(folder) {
        Ok(count) => {
            say(&format!("{count} pages in {}\n", folder.display()));
            End::Done
        }
        Err(error) => end(&error),
    }
}

fn end(error: &Error) -> End {
    complain(error);
    End::Failed
}

fn pages(folder: &Path) -> Result<usize> {
    let mut command = Cli::command();
    command.build();
    let below: Vec<clap::Command> = command.get_subcommands().filter(|c| c.get_name() != "help").cloned().collect();
    let count = 1 + below.len();
    files::write(&folder.join("runner.1"), &page(command)?)?;
    for command in below {
        let name = format!("runner-{}", command.get_name());
        let file = folder.join(format!("{name}.1"));
        // a page has its name for as long as the program runs
        files::write(&file, &page(command.name(&*name.leak()))?)?;
    }
    Ok(count)
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut out);
    rendered.map_err(|e| Error::new(format!("cannot make the manual page: {e}")))?;
    Ok(out)
}
