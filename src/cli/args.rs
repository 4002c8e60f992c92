//! The arguments, as clap reads them.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kernels::isa::{Engine, Isa};

use crate::bench;

/// Why and when do trained networks generalize? One TOML file states an experiment; this program trains every trial of
/// it, on all cores and with the same bits on every machine, and writes tables and plots of train against test.
#[derive(Debug, Parser)]
#[command(name = "runner", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done (a diverged trial is an outcome), 1 a trial failed, 2 a mistake in the \
                        command or the file, 3 an expectation was missed, 130 interrupted with everything kept.")]
pub struct Cli {
    /// What to do; to run experiments when nothing else is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `run`.
    #[command(flatten)]
    pub run: Run,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train what is not done yet and write the report (the same as `runner FILE...`)
    Run(Run),
    /// Find every mistake in experiment files; train nothing
    Check(Check),
    /// Show the trials, their parameters and steps, the time and memory they will take, and what is done
    Plan(Plan),
    /// Write tables, figures and report again from a results folder
    Report(Results),
    /// Show what is done in a results folder
    Status(Results),
    /// Filter, group and sort the trials of a results folder
    Query(Query),
    /// Show the data sets, where their files are looked for, what is missing, and check what is there
    Data(Data),
    /// Measure this machine, the kernels and training on it, and hold them against an earlier report
    Bench(Bench),
    /// List what a file can name: data, layers, losses, optimizers, schedules, ...
    List(List),
    /// Explain a key or a name: `optimizer.lr`, `schedule.cosine`, `cross_entropy`
    Explain(Explain),
    /// Print the JSON Schema of experiment files
    Schema,
    /// Write a first experiment file, to be changed
    Init(Init),
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write a page for the program and one for each command into this folder instead
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// What every command that reads a file takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Set a key: `-s optimizer.lr=0.1`; a swept key is swept no longer
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// A folder with data files; also RUNNER_DATA and `data/`
    #[arg(long, value_name = "DIR")]
    pub data: Vec<PathBuf>,
    /// The results root
    #[arg(short, long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,
}

/// The arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Experiment files
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// Trials at a time; the number of cores when not given
    #[arg(short, long, value_name = "N", value_parser = positive)]
    pub jobs: Option<usize>,
    /// Threads per trial; what the trials leave of the cores when not given
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// Force an instruction set: avx512, avx2, neon or portable; also KERNELS_ISA
    #[arg(long, value_name = "ISA")]
    pub isa: Option<Isa>,
    /// Who multiplies matrices: simd (ours) or matrixmultiply, a second implementation
    #[arg(long, value_name = "ENGINE", default_value = "simd")]
    pub engine: Engine,
    /// Train only the i-th of n shares of the trials
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<(usize, usize)>,
    /// Train everything again; the old log is set aside
    #[arg(long)]
    pub fresh: bool,
    /// How to show progress
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub progress: Progress,
    /// Say less: no progress, and no table with -qq
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub quiet: u8,
    /// Say more: every trial as it ends
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// Ways to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// A line now and then
    Plain,
    /// One JSON object a line
    Json,
    /// Nothing
    None,
}

/// The arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Experiment files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// The arguments of `plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// An experiment file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
}

/// The arguments of `report` and `status`.
#[derive(Debug, Args)]
pub struct Results {
    /// A results folder, such as results/lr_sweep
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// The arguments of `query`.
#[derive(Debug, Args)]
pub struct Query {
    /// A results folder, such as results/lr_sweep
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Which trials: 'optimizer.lr < 0.1 and (test_loss < 2 or schedule = cosine)'
    #[arg(short = 'F', long, value_name = "EXPRESSION")]
    pub filter: Option<String>,
    /// Group by these axes, or by `setting`: means over the trials of a group
    #[arg(long, value_name = "AXIS,...", value_delimiter = ',')]
    pub by: Vec<String>,
    /// The columns, or `all`: test_loss,gap_loss
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub show: Vec<String>,
    /// Sort by a column; -test_loss has the highest first
    #[arg(long, value_name = "[-]COLUMN", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// So many rows at most
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<usize>,
    /// How to write them
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: QueryFormat,
}

/// Ways to write the answer of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// For a terminal
    Table,
    /// Every digit, a line for each row
    Csv,
    /// An array of objects
    Json,
    /// Markdown
    Md,
    /// LaTeX with booktabs
    Tex,
}

/// The arguments of `data`.
#[derive(Debug, Args)]
pub struct Data {
    /// Sets to look for; all of them when not given, and then a missing one is no failure
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// A folder with data files; also RUNNER_DATA and `data/`
    #[arg(long, value_name = "DIR")]
    pub data: Vec<PathBuf>,
}

/// The arguments of `bench`.
#[derive(Debug, Args)]
pub struct Bench {
    /// Experiment files whose training is measured, instead of everything else
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// Measure only these groups
    #[arg(long, value_name = "GROUP,...", value_delimiter = ',', value_parser = groups())]
    pub only: Vec<String>,
    /// Take little time: short samples, small workloads, few rounds
    #[arg(long)]
    pub quick: bool,
    /// Samples of every measure, each in a round of its own: 9, or 6 when quick
    #[arg(long, value_name = "N", value_parser = rounds)]
    pub rounds: Option<usize>,
    /// Compare with an earlier `report.json`; exit code 3 when something became slower
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Trials at a time; the number of cores when not given
    #[arg(short, long, value_name = "N", value_parser = positive)]
    pub jobs: Option<usize>,
    /// Threads per trial; what the trials leave of the cores when not given
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// Measure only this instruction set: avx512, avx2, neon or portable; also KERNELS_ISA
    #[arg(long, value_name = "ISA")]
    pub isa: Option<Isa>,
    /// Say less: no progress, and no tables with -qq
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub quiet: u8,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub struct List {
    /// What kind; all of them when not given
    pub kind: Option<String>,
}

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A key path or a name
    pub key: String,
}

/// The arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// The file to write; its name becomes the experiment's
    #[arg(value_name = "FILE", default_value = "experiment.toml")]
    pub file: PathBuf,
    /// The experiment to begin with
    #[arg(short, long, value_name = "NAME", default_value = "minimal")]
    pub template: String,
    /// Write the JSON Schema beside it, and name it in the first line, so that editors complete and check the file
    #[arg(long)]
    pub schema: bool,
    /// List the templates instead
    #[arg(short, long)]
    pub list: bool,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("expected an integer from 1 to 1024".into()),
    }
}

fn groups() -> PossibleValuesParser {
    let value = |group: &bench::Group| PossibleValue::new(group.name).help(group.summary);
    PossibleValuesParser::new(bench::GROUPS.iter().map(value))
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 2..=1000) => Ok(n),
        _ => Err("expected an integer from 2 to 1000".into()),
    }
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parts {
        Some((i, n)) if i >= 1 && i <= n => Ok((i, n)),
        _ => Err("expected i/n with i from 1 to n, such as 2/4".into()),
    }
}
