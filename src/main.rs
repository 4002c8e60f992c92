//! The `runner` command: see the library's `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::cli::main()
}
