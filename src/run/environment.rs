//! The machine that made the results: `environment.json`. Facts about machines stand here and in the log, nowhere else.

use std::path::Path;

use serde::Serialize;

use crate::base::error::Result;
use crate::base::files;

use super::Options;

#[derive(Serialize)]
struct Environment<'a> {
    version: &'a str,
    isa: String,
    engine: String,
    cores: usize,
    operating_system: &'a str,
    architecture: &'a str,
    jobs: Option<usize>,
    threads: Option<usize>,
}

/// Writes the facts into the folder.
pub fn write(folder: &Path, options: &Options) -> Result<()> {
    let facts = Environment {
        version: env!("CARGO_PKG_VERSION"),
        isa: options.cpu.isa().to_string(),
        engine: options.cpu.multiplier().to_string(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        operating_system: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        jobs: options.jobs,
        threads: options.threads,
    };
    let text = serde_json::to_string_pretty(&facts).expect("facts are plain data") + "\n";
    files::write(&folder.join("environment.json"), text.as_bytes())
}
