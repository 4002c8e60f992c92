//! `runner plan`: what a run will train, and what it will take.

use kernels::isa::Cpu;

use crate::base::error::{Error, Result};
use crate::report::tables::overview::{Column, draw};
use crate::report::words::count;
use crate::run::experiment::Experiment;
use crate::run::forecast::{Forecast, forecast};
use crate::run::{digests, done, folder, trials};

use super::args::Plan;
use super::{End, complain, read, say};

/// Settings shown at the most.
const SHOWN: usize = 40;

pub(super) fn run(args: &Plan) -> End {
    let experiment = match read(&args.file, &args.common) {
        Ok(experiment) => experiment,
        Err(end) => return end,
    };
    let cpu = match Cpu::from_env() {
        Ok(cpu) => cpu,
        Err(missing) => {
            complain(&Error::new(missing.to_string()));
            return End::Mistake;
        }
    };
    match text(&experiment, cpu, args) {
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

fn text(experiment: &Experiment, cpu: Cpu, args: &Plan) -> Result<String> {
    let planned = trials(experiment, &cpu.multiplier().to_string(), &digests(experiment)?);
    let done = done(&folder(experiment, &args.common.out), &planned)?;
    let forecasts = forecast(experiment, cpu)?;
    let trained = planned.iter().filter(|p| done.contains(&p.id)).count();
    let left = |cell: usize| planned.iter().filter(|p| p.cell == cell && !done.contains(&p.id)).count();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let all: f64 = forecasts.iter().enumerate().map(|(cell, f)| f.seconds * left(cell) as f64).sum();
    let memory = forecasts.iter().map(|f| f.memory).max().unwrap_or(0) * cores;
    Ok(format!(
        "{}\n{} x {} = {}, {trained} done, {} to train: about {} on {}, {} beside the data\n",
        table(&forecasts, experiment.space.seeds.len(), &left),
        count(experiment.space.cells.len(), "setting"),
        count(experiment.space.seeds.len(), "seed"),
        count(planned.len(), "trial"),
        planned.len() - trained,
        duration(all / cores as f64),
        count(cores, "core"),
        bytes(memory),
    ))
}

fn table(forecasts: &[Forecast], seeds: usize, left: &dyn Fn(usize) -> usize) -> String {
    let shown: Vec<(usize, &Forecast)> = forecasts.iter().enumerate().take(SHOWN).collect();
    let axes = forecasts.first().map_or(0, |f| f.labels.len());
    let mut columns: Vec<Column> = (0..axes)
        .map(|axis| {
            let labels = shown.iter().map(|(_, f)| f.labels[axis].1.clone()).collect();
            Column::new(forecasts[0].labels[axis].0.clone(), labels, false)
        })
        .collect();
    let mut add = |title: &str, cell: &dyn Fn(usize, &Forecast) -> String| {
        columns.push(Column::new(title, shown.iter().map(|(i, f)| cell(*i, f)).collect(), true));
    };
    add("parameters", &|_, f| f.parameters.to_string());
    add("steps", &|_, f| f.steps.to_string());
    add("time per trial", &|_, f| duration(f.seconds));
    add("done", &|cell, _| format!("{}/{seeds}", seeds - left(cell)));
    let drawn = draw(&columns.iter().collect::<Vec<_>>(), false, None);
    let more = forecasts.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("\n... and {more} more settings") } else { String::new() };
    drawn + &rest + "\n"
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
