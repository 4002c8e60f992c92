//! `runner plan`: what a run will train, and what it will take.

use comfy_table::{presets, CellAlignment, Table};
use kernels::isa::Cpu;

use crate::base::error::{Error, Result};
use crate::run::experiment::Experiment;
use crate::run::forecast::{forecast, Forecast};
use crate::run::{digests, done, folder, trials};

use super::args::Plan;
use super::{complain, read, say, End};

/// Settings shown at the most.
const SHOWN: usize = 40;

pub(super) fn run(args: &Plan) -> End {
    let experiment = match read(&args.file, &args.common) {
        Ok(experiment) => experiment,
        Err(end) => return end,
    };
    match text(&experiment, args) {
        Ok(text) => {
            say(&text);
            End::Done
        }
        Err(error) => {
            complain(&error);
            End::Failed
        }
    }
}

fn text(experiment: &Experiment, args: &Plan) -> Result<String> {
    let cpu = Cpu::from_env().map_err(|missing| Error::new(missing.to_string()))?;
    let planned = trials(experiment, &cpu.multiplier().to_string(), &digests(experiment)?);
    let done = done(&folder(experiment, &args.common.out), &planned)?;
    let forecasts = forecast(experiment, cpu)?;
    let left = |cell: usize| planned.iter().filter(|p| p.cell == cell && !done.contains(&p.id)).count();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all: f64 = forecasts.iter().enumerate().map(|(cell, f)| f.seconds * left(cell) as f64).sum();
    let memory = forecasts.iter().map(|f| f.memory).max().unwrap_or(0) * cores;
    Ok(format!(
        "{}\n{} settings x {} seeds = {} trials, {} done, {} to train: about {} on {cores} cores, {} beside the data\n",
        table(&forecasts, experiment.space.seeds.len(), &left),
        experiment.space.cells.len(),
        experiment.space.seeds.len(),
        planned.len(),
        done.len(),
        planned.len() - done.len(),
        duration(all / cores as f64),
        bytes(memory),
    ))
}

fn table(forecasts: &[Forecast], seeds: usize, left: &dyn Fn(usize) -> usize) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let axes = forecasts.first().map_or(&[][..], |f| &f.labels).iter().map(|(path, _)| path.clone());
    table.set_header(axes.chain(["parameters", "steps", "time per trial", "done"].map(str::to_owned)));
    for (cell, f) in forecasts.iter().enumerate().take(SHOWN) {
        let done = format!("{}/{seeds}", seeds - left(cell));
        let sizes = [f.parameters.to_string(), f.steps.to_string(), duration(f.seconds), done];
        table.add_row(f.labels.iter().map(|(_, label)| label.clone()).chain(sizes));
    }
    let axes = forecasts.first().map_or(0, |f| f.labels.len());
    table.column_iter_mut().skip(axes).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let more = forecasts.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("\n... and {more} more settings") } else { String::new() };
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + &rest + "\n"
}

/// Seconds as a person says them.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.001 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

fn bytes(n: usize) -> String {
    match n {
        n if n < 1 << 20 => format!("{} KiB", n.div_ceil(1 << 10)),
        n if n < 1 << 30 => format!("{} MiB", n.div_ceil(1 << 20)),
        n => format!("{:.1} GiB", n as f64 / f64::from(1 << 30)),
    }
}
