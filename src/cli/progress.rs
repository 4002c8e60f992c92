//! What a person sees while trials run: on a terminal a bar for the sweep with the time left and the best so far, and a
//! line for each running trial; elsewhere a plain line now and then; for programs one JSON object a line. Everything
//! goes to stderr and nothing of it reaches the results.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::report::number::rounded;
use crate::report::words::count;
use crate::run::Observer;
use crate::trial::record::{Record, Status, word};

use super::args::{Progress, Run};
use super::tell;

/// The observer that the arguments ask for.
pub(super) fn observer(name: &str, args: &Run) -> Box<dyn Observer> {
    let terminal = console::Term::stderr().is_term();
    match args.progress {
        _ if args.quiet > 0 => Box::new(Silent),
        Progress::None => Box::new(Silent),
        Progress::Json => Box::new(Json),
        Progress::Auto if terminal => Box::new(Bars::new(name, args.verbose > 0)),
        Progress::Auto | Progress::Plain => Box::new(Plain::new(name, args.verbose > 0)),
    }
}

/// The label of a trial: `optimizer.lr = 0.1, seed 3`.
fn title(axes: &[(String, String)], seed: u64) -> String {
    let axes: String = axes.iter().map(|(path, label)| format!("{path} = {label}, ")).collect();
    format!("{axes}seed {seed}")
}

/// How a trial ended, in few words.
fn ending(record: &Record) -> String {
    let number = |name: &str| record.summary(name).map(|x| format!(", {} {}", name.replace('_', " "), rounded(x, 4)));
    match &record.status {
        Status::Done => {
            ["train_loss", "test_loss", "test_accuracy"].iter().filter_map(|n| number(n)).collect::<String>()
        }
        Status::Diverged { step } => format!(", diverged at step {step}"),
        Status::Failed { message } => format!(", failed: {message}"),
    }
}

/// The lowest test loss so far and whose it is.
#[derive(Default)]
struct Best(Option<(f64, String)>);

impl Best {
    fn consider(&mut self, record: &Record) {
        let loss = record.summary("test_loss").filter(|x| record.status == Status::Done && x.is_finite());
        if let Some(loss) = loss.filter(|x| self.0.as_ref().is_none_or(|(best, _)| x < best)) {
            self.0 = Some((loss, title(&record.axes, record.seed)));
        }
    }

    fn text(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |(loss, whose)| format!("best test loss {} ({whose})", rounded(*loss, 4)))
    }
}

struct Silent;

impl Observer for Silent {
    fn begin(&self, _all: usize, _done: usize, _now: usize) {}
    fn started(&self, _worker: usize, _labels: &[(String, String)], _seed: u64) {}
    fn evaluated(&self, _worker: usize, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}
    fn finished(&self, _worker: usize, _record: &Record) {}
    fn end(&self) {}
}

/// How often plain lines are written at the most.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

struct Plain {
    name: String,
    verbose: bool,
    state: Mutex<PlainState>,
}

struct PlainState {
    now: usize,
    finished: usize,
    started: Instant,
    said: Instant,
    best: Best,
}

impl Plain {
    fn new(name: &str, verbose: bool) -> Self {
        let (started, said) = (Instant::now(), Instant::now());
        let state = PlainState { now: 0, finished: 0, started, said, best: Best::default() };
        Self { name: name.to_owned(), verbose, state: Mutex::new(state) }
    }
}

impl Observer for Plain {
    fn begin(&self, all: usize, done: usize, now: usize) {
        self.state.lock().expect("nobody panics here").now = now;
        tell(&format!("{}: {}, {done} done before, {now} to train", self.name, count(all, "trial")));
    }

    fn started(&self, _worker: usize, _labels: &[(String, String)], _seed: u64) {}

    fn evaluated(&self, _worker: usize, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}

    fn finished(&self, _worker: usize, record: &Record) {
        let mut state = self.state.lock().expect("nobody panics here");
        state.finished += 1;
        state.best.consider(record);
        if self.verbose {
            tell(&format!("{}: {}{}", self.name, title(&record.axes, record.seed), ending(record)));
        }
        if state.said.elapsed() >= PLAIN_EVERY || state.finished == state.now {
            let spent = state.started.elapsed().as_secs_f64();
            let left = spent / state.finished as f64 * (state.now - state.finished) as f64;
            let left = if left > 0.0 { format!(", about {left:.0} s left") } else { String::new() };
            let (finished, now, best) = (state.finished, state.now, state.best.text());
            tell(&format!("{}: {finished}/{now} trained in {spent:.1} s{left}; {best}", self.name));
            state.said = Instant::now();
        }
    }

    fn end(&self) {}
}

struct Bars {
    all: MultiProgress,
    sweep: ProgressBar,
    verbose: bool,
    state: Mutex<(Vec<ProgressBar>, Best)>,
}

impl Bars {
    fn new(name: &str, verbose: bool) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let sweep = all.add(ProgressBar::new(0));
        let template = "{prefix} {wide_bar} {pos}/{len} trials, {elapsed} spent, {eta} left\n{wide_msg}";
        sweep.set_style(ProgressStyle::with_template(template).expect("the template is right"));
        sweep.set_prefix(name.to_owned());
        Self { all, sweep, verbose, state: Mutex::default() }
    }

    /// The line of a worker, made when it is first heard of.
    fn line(&self, worker: usize) -> ProgressBar {
        let mut state = self.state.lock().expect("nobody panics here");
        while state.0.len() <= worker {
            let bar = self.all.add(ProgressBar::new(0));
            bar.set_style(ProgressStyle::with_template("  {bar:16} {wide_msg}").expect("the template is right"));
            state.0.push(bar);
        }
        state.0[worker].clone()
    }
}

impl Observer for Bars {
    fn begin(&self, all: usize, done: usize, _now: usize) {
        self.sweep.set_length(all as u64);
        self.sweep.set_position(done as u64);
        self.sweep.reset_eta();
    }

    fn started(&self, worker: usize, labels: &[(String, String)], seed: u64) {
        let line = self.line(worker);
        line.set_position(0);
        line.set_prefix(title(labels, seed));
        line.set_message(title(labels, seed));
    }

    fn evaluated(&self, worker: usize, step: u64, steps: u64, columns: &[String], values: &[f64]) {
        let line = self.line(worker);
        line.set_length(steps);
        line.set_position(step);
        let measures = columns.iter().zip(values).filter(|(c, _)| c.ends_with("_loss"));
        let measures: Vec<String> =
            measures.map(|(c, x)| format!("{} {}", c.replace('_', " "), rounded(*x, 4))).collect();
        line.set_message(format!("{}: step {step}/{steps}, {}", line.prefix(), measures.join(", ")));
    }

    fn finished(&self, _worker: usize, record: &Record) {
        if self.verbose {
            let _ = self.all.println(format!("{}{}", title(&record.axes, record.seed), ending(record)));
        }
        let mut state = self.state.lock().expect("nobody panics here");
        state.1.consider(record);
        self.sweep.set_message(state.1.text());
        self.sweep.inc(1);
    }

    fn end(&self) {
        let _ = self.all.clear();
    }
}

/// One JSON object a line; a number that is not finite is a word.
struct Json;

fn number(x: f64) -> serde_json::Value {
    if x.is_finite() { json!(x) } else { json!(word(x)) }
}

impl Observer for Json {
    fn begin(&self, all: usize, done: usize, now: usize) {
        tell(&json!({ "type": "begin", "trials": all, "done": done, "now": now }).to_string());
    }

    fn started(&self, worker: usize, labels: &[(String, String)], seed: u64) {
        tell(&json!({ "type": "started", "worker": worker, "axes": labels, "seed": seed }).to_string());
    }

    fn evaluated(&self, worker: usize, step: u64, steps: u64, columns: &[String], values: &[f64]) {
        let measures: serde_json::Map<_, _> = columns.iter().cloned().zip(values.iter().map(|x| number(*x))).collect();
        let line = json!({ "type": "evaluated", "worker": worker, "step": step, "steps": steps, "values": measures });
        tell(&line.to_string());
    }

    fn finished(&self, worker: usize, record: &Record) {
        let summary: serde_json::Map<_, _> = record.summary.iter().map(|(n, x)| (n.to_string(), number(*x))).collect();
        let status = match &record.status {
            Status::Done => json!("done"),
            Status::Diverged { step } => json!({ "diverged": step }),
            Status::Failed { message } => json!({ "failed": message }),
        };
        let line = json!({
            "type": "finished", "worker": worker, "trial": record.trial, "axes": record.axes, "seed": record.seed,
            "status": status, "summary": summary, "seconds": record.seconds,
        });
        tell(&line.to_string());
    }

    fn end(&self) {
        tell(&json!({ "type": "end" }).to_string());
    }
}
