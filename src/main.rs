//! The `runner` command: see the library's `cli`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::cli::main()
}
