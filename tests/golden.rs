//! What PyTorch answers, held against what we compute: activations, losses, optimizers, schedules and whole runs. The
//! numbers are in `tests/golden/`, made by `make.py` there. Every case there must be one that a file can
//! say, in PyTorch's spelling.

mod common;

use common::{
    Errors, compare, golden, list, more, numbers, placed, rehearse, rows, scratches, singles, text, toml, value,
};
use kernels::isa::NEGLIGIBLE;
use kernels::loss::Targets;
use kernels::optimizer::{Buffers, PLANES, Step};
use kernels::{Cpu, Scratch, loss};
use runner::base::diagnostics::{Diagnostics, Place};
use runner::base::key::{Key, Kind};
use runner::base::random::Seeds;
use runner::base::registry::Members;
use runner::base::shape::{Shape, Target};
use runner::base::values::{Chosen, Value};
use runner::learn::objective::{self, Answers, LOSSES, Objective};
use runner::learn::optimizer::{self, Instead, OPTIMIZERS};
use runner::learn::schedule::{self, Rates, Run, SCHEDULES};
use runner::learn::stopping::{Better, Measures};
use runner::nn::activation::{self, ACTIVATIONS};
use runner::trial::rows::Batch;
use runner::trial::team::Team;
use serde_json::Value as Json;

/// A member as a file would name it, with its settings in PyTorch's spelling.
fn choose(registry: fn() -> &'static dyn Members, common: &'static [Key], name: &str, settings: &Json) -> Chosen {
    let about = registry().find(name).unwrap_or_else(|| panic!("no {} is called `{name}`", registry().kind()));
    let mut text = format!("{{ type = \"{name}\"");
    for (name, setting) in settings.as_object().expect("settings by name") {
        let found = about.keys.iter().chain(common).find(|key| key.names().any(|known| known == name));
        let key = found.unwrap_or_else(|| panic!("`{}` has no setting `{name}`", about.name));
        // PyTorch counts scheduler steps, and here the scheduler steps with the optimizer
        let steps = matches!(key.kind, Kind::Length);
        let setting = if steps { format!("{{ steps = {setting} }}") } else { toml(setting) };
        text += &format!(", {name} = {setting}");
    }
    match value(&(text + " }"), &Kind::Member { registry, common }) {
        Ok(Value::Member(chosen)) => chosen,
        Ok(other) => panic!("a member was read as {other:?}"),
        Err(mistakes) => panic!("PyTorch takes what we do not:\n{mistakes}"),
    }
}

/// A few units in the last place of a number. In the tails, where a function or its slope is a difference of numbers near
/// one, of a tenth.
const ACTIVATION_ERROR: f64 = 1e-6;

#[test]
fn activations() {
    let file = golden("activations.json");
    let x = singles(&file["x"]);
    let mut errors = Errors::new("activations", ACTIVATION_ERROR);
    for case in list(&file["functions"]) {
        let name = text(case, "name");
        let chosen = choose(|| &*ACTIVATIONS, &[], name, &case["settings"]);
        let f = activation::build(&chosen);
        for cpu in Cpu::all() {
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            f.forward(cpu, &x, &mut y);
            f.backward(cpu, &x, &y, &vec![1.0; x.len()], &mut dx);
            let (values, derivatives) = (numbers(&case["value"]), numbers(&case["derivative"]));
            for i in 0..x.len() {
                let floor = if x[i].abs() < 1.0 { f64::from(f32::MIN_POSITIVE) } else { 0.1 };
                let mut check = |ours: f32, theirs: f64, at: &str| {
                    // what is negligible may be zero
                    let none = ours == 0.0 && theirs.abs() < f64::from(NEGLIGIBLE);
                    let theirs = if none { 0.0 } else { theirs };
                    errors.check(f64::from(ours), theirs, theirs.abs().max(floor), &at);
                };
                check(y[i], values[i], &format!("{name} of {}", x[i]));
                check(dx[i], derivatives[i], &format!("derivative of {name} at {}", x[i]));
            }
        }
    }
    errors.report();
}

/// A few units in the last place of the largest number beside it: a loss near zero is a difference of logits, a slope near
/// zero one of probabilities.
const LOSS_ERROR: f64 = 1e-6;

#[test]
fn losses() {
    let file = golden("losses.json");
    let mut errors = Errors::new("losses", LOSS_ERROR);
    for case in list(&file["cases"]) {
        let (name, width) = (text(case, "loss"), case["width"].as_u64().expect("a width") as usize);
        for reduction in ["mean", "rows", "sum"] {
            let mut settings = case["settings"].clone();
            settings["reduction"] = reduction.into();
            let chosen = choose(|| &*LOSSES, objective::COMMON, name, &settings);
            compare_loss(case, &chosen, width, reduction, &mut errors);
        }
    }
    errors.report();
}

fn compare_loss(case: &Json, chosen: &Chosen, width: usize, reduction: &str, errors: &mut Errors) {
    let z = singles(&case["z"]);
    let batch = z.len() / width;
    let member = loss::ALL.iter().find(|member| member.name == chosen.name).expect("the registry is made of these");
    let classes =
        (member.build)(&member.defaults().expect("no loss of PyTorch's has a required setting")).takes_classes();
    let target = if classes { Target::Classes(width) } else { Target::Values(width) };
    let (of, values): (Vec<u32>, Vec<f32>) = match target {
        Target::Classes(_) => (numbers(&case["targets"]).iter().map(|c| *c as u32).collect(), Vec::new()),
        Target::Values(_) => (Vec::new(), singles(&case["targets"])),
    };
    let targets = if classes { Targets::Classes(&of) } else { Targets::Values(&values) };
    let objective =
        Objective::new(chosen, (target, 1), &Shape::flat(width), (Place::default(), ""), &mut Diagnostics::new());
    let objective = objective.expect("loss, targets and width fit each other");
    let (row_losses, wanted) = (numbers(&case["each"]), &case[reduction]);
    let (gradient, loss) = (numbers(&wanted["gradient"]), wanted["loss"].as_f64().expect("a loss"));
    let largest = |x: &[f64]| x.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let divisor = objective.divisor(batch, of.iter().copied());
    // a loss may be what is left of rows of either sign
    let size = loss.abs() * row_losses.iter().map(|x| x.abs()).sum::<f64>() / row_losses.iter().sum::<f64>().abs();
    for cpu in Cpu::all() {
        let (mut losses, mut dz) = (vec![f32::NAN; batch], vec![f32::NAN; z.len()]);
        objective.slope(cpu, divisor, &z, Answers { targets, lengths: &[] }, &mut losses, &mut dz);
        let at = |what: &str| format!("{what} of {} over {width} outputs, {reduction}, on {}", chosen.name, cpu.isa());
        for row in 0..batch {
            errors.check(f64::from(losses[row]), row_losses[row], row_losses[row].abs().max(1.0), &at("a row"));
        }
        errors.check(objective.total(losses.iter(), divisor), loss, size, &at("the loss"));
        for i in 0..z.len() {
            errors.check(f64::from(dz[i]), gradient[i], largest(&gradient), &at("the gradient"));
        }
    }
}

/// Against PyTorch in `f32`, of the largest parameter. Both round every operation to 2^-24, in nearly the same order; a
/// hundred steps add up.
const OPTIMIZER_ERROR: f64 = 1e-6;

#[test]
fn optimizers() {
    let file = golden("optimizers.json");
    let snapshots: Vec<u64> = list(&file["snapshots"]).iter().map(|s| s.as_u64().expect("a step")).collect();
    let mut errors = Errors::new("optimizers", OPTIMIZER_ERROR);
    for case in list(&file["cases"]) {
        let (name, which) = (text(case, "optimizer"), text(case, "case"));
        // what was not given is our own default
        let given = list(&case["given"]).iter().map(|name| name.as_str().expect("a name"));
        let given: Json = given.map(|name| (name.to_owned(), case["settings"][name].clone())).collect();
        let chosen = choose(|| &*OPTIMIZERS, optimizer::COMMON, name, &given);
        let rule = optimizer::build(&chosen, Instead::default()).expect("a rule");
        let mut params = singles(case.get("initial").unwrap_or(&file["initial"]));
        // a case whose optimizer asks for a matrix says of which extents
        let extents =
            case.get("extents").map_or(vec![params.len()], |e| numbers(e).iter().map(|n| *n as usize).collect());
        let mut memory: [Vec<f32>; PLANES] =
            std::array::from_fn(|plane| vec![0.0; if plane < rule.planes() { params.len() } else { 0 }]);
        let (mut product, mut scratch) = (1.0, Scratch::new());
        for number in 1..=*snapshots.last().expect("some snapshots") {
            let gradient = |i: usize| (((i as u64 * 37 + number * 17) % 101) as f64 / 50.5 - 1.0) as f32;
            let grads: Vec<f32> = (0..params.len()).map(gradient).collect();
            let lr = case.get("lrs").map_or(optimizer::rate(&chosen), |lrs| numbers(lrs)[number as usize - 1]);
            let step = Step { number, lr, momentum: None, product };
            product *= rule.factor(step);
            let memory = memory.each_mut().map(Vec::as_mut_slice);
            let buffers = Buffers { params: &mut params, grads: &grads, memory, extents: &extents };
            rule.step(Cpu::best(), Step { product, ..step }, buffers, &mut scratch);
            let Some(at) = snapshots.iter().position(|s| *s == number) else { continue };
            let theirs = numbers(&case["float32"][at]);
            let size = theirs.iter().fold(0.0_f64, |most, p| most.max(p.abs()));
            for (ours, theirs) in params.iter().zip(theirs) {
                errors.check(f64::from(*ours), theirs, size, &format!("{which} after step {number}"));
            }
        }
    }
    errors.report();
}

/// In `f64`; PyTorch works some schedules out step by step, so its own roundings add up.
const SCHEDULE_ERROR: f64 = 1e-12;

/// What a schedule can follow where nothing is measured.
const NOTHING: Measures<'static> = Measures { columns: &[], better: |_| None };

#[test]
fn schedules() {
    let file = golden("schedules.json");
    let base = file["base_lr"].as_f64().expect("a rate");
    let mut errors = Errors::new("schedules", SCHEDULE_ERROR);
    for case in list(&file["cases"]) {
        let (name, which) = (text(case, "type"), text(case, "case"));
        let mut settings = case["settings"].clone();
        if case["warmup"].is_object() {
            let steps = &case["warmup"]["steps"];
            // of the two spellings of a warm-up ours is the one that reaches the full rate at the step after its last
            if case["warmup"]["total_iters"] != *steps {
                continue;
            }
            settings["warmup"] = steps.clone();
        }
        let chosen = choose(|| &*SCHEDULES, schedule::COMMON, name, &settings);
        let lrs = numbers(&case["lrs"]);
        let mut diagnostics = Diagnostics::new();
        let rates = Rates::new(&chosen, base, Run { steps: lrs.len() as u64, per_epoch: 1 }, NOTHING, &mut diagnostics);
        let rates = rates.unwrap_or_else(|| panic!("{which}:\n{}", diagnostics.render(false)));
        // after its half period PyTorch's cosine rises again; ours stays at the lowest rate
        let end = settings["T_max"].as_u64().filter(|_| case["warmup"].is_null()).unwrap_or(u64::MAX);
        if let Some(momenta) = case.get("momenta") {
            for (t, theirs) in (0_u64..).zip(numbers(momenta)) {
                let ours = rates.momentum(t).expect("the schedule sets it");
                errors.check(ours, theirs, theirs, &format!("momentum of {which} at step {t}"));
            }
        }
        for (t, theirs) in (0_u64..).zip(lrs) {
            let theirs = if t > end { settings["eta_min"].as_f64().expect("a rate") } else { theirs };
            // a rate far below the others is a difference of theirs
            errors.check(rates.at(t), theirs, theirs.max(1e-3 * base), &format!("{which} at step {t}"));
        }
    }
    errors.report();
}

#[test]
fn plateau() {
    let file = golden("schedules.json");
    let base = file["base_lr"].as_f64().expect("a rate");
    let (seen, columns) = (numbers(&file["plateau"]["seen"]), ["train_loss".to_owned()]);
    let measures = Measures { columns: &columns, better: |_| Some(Better::Lower) };
    let mut errors = Errors::new("plateau", SCHEDULE_ERROR);
    for case in list(&file["plateau"]["cases"]) {
        let mut settings = case["settings"].clone();
        settings["monitor"] = "train_loss".into();
        let chosen = choose(|| &*SCHEDULES, schedule::COMMON, "plateau", &settings);
        let run = Run { steps: seen.len() as u64, per_epoch: 1 };
        let rates = Rates::new(&chosen, base, run, measures, &mut Diagnostics::new()).expect("a measure to follow");
        let mut follower = rates.follow();
        follower.look(0, &[-1e9]);
        let falls = numbers(&case["lrs"]).windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!(falls > 1, "a case that does not fall shows nothing: {settings}");
        for (t, (measure, theirs)) in (1_u64..).zip(seen.iter().zip(numbers(&case["lrs"]))) {
            follower.look(t, &[*measure]);
            errors.check(follower.at(t), theirs, theirs, &format!("{settings} after evaluation {t}"));
        }
    }
    errors.report();
}

/// A run of 200 steps is a long chain: a rounding at its start is carried along. PyTorch in `f64` parts from itself in
/// `f32` by 3e-7.
const TRAINING_ERROR: f64 = 1e-6;

#[test]
fn training() {
    let file = golden("training.json");
    let tensors: Vec<Vec<f32>> = list(&file["parameters"]).iter().map(|p| singles(&p["initial"])).collect();
    let data = format!("inputs = {}, targets = {}", rows(&singles(&file["x"]), 12), file["classes"]);
    let (mut first, mut curve) = (Errors::new("first step", 1e-6), Errors::new("loss curves", TRAINING_ERROR));
    for run in list(&file["runs"]) {
        let text = format!(
            "data = {{ type = 'table', {data} }}
             loss = {{ type = {}, reduction = {}{} }}
             optimizer = {{ type = {}{}{} }}
             train = {{ steps = {}, batch_size = 'full' }}
             network.layers = [
                 {{ type = 'dense', units = 20, activation = 'tanh' }},
                 {{ type = 'residual', layers = [{{ type = 'dense', units = 20, activation = 'relu' }}] }},
                 {{ type = 'dense', units = 4 }},
             ]",
            run["loss"],
            run["reduction"],
            more(&run["penalties"]),
            run["optimizer"],
            more(&run["settings"]),
            more(&run["clip"]),
            run["steps"],
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let theirs = &run["float32"];
        for threads in [1, 3] {
            let (plan, train) = (&rehearsal.plan, &rehearsal.train);
            let mut scratches = scratches(threads);
            let mut team =
                Team::new(plan, Cpu::best(), &mut scratches, train, placed(&rehearsal, &tensors), Seeds::new(0));
            compare(&mut first, "outputs", &team.outputs(train), &singles(&theirs["outputs"]));
            for (t, loss) in numbers(&theirs["losses"]).into_iter().enumerate() {
                let step = t as u64;
                let ours = team.step(train, Batch::Stretch(0, train.rows()), step + 1, plan.rates.at(step));
                curve.check(ours, loss, loss, &format!("{} before step {t}, {threads} threads", run["loss"]));
                if t == 0 {
                    let gradients: Vec<Vec<f32>> = list(&theirs["gradients"]).iter().map(singles).collect();
                    compare(&mut first, "gradients", team.grads(), &placed(&rehearsal, &gradients));
                }
            }
        }
    }
    first.report();
    curve.report();
}

/// The seed's own example: logistic regression on XOR, which ends at 4 ln 2 because no line separates it.
#[test]
fn xor() {
    let file = &golden("training.json")["xor"];
    let (steps, every) = (file["steps"].as_u64().expect("steps"), file["every"].as_u64().expect("a distance"));
    let targets: Vec<u32> = numbers(&file["targets"]).iter().map(|t| *t as u32).collect();
    let text = format!(
        "data = {{ type = 'table', inputs = {}, targets = {targets:?} }}
         loss = {{ type = 'bce', reduction = 'sum' }}
         optimizer = {{ type = 'sgd', lr = {} }}
         train = {{ steps = {steps}, batch_size = 'full' }}
         network.layers = [{{ type = 'dense', units = 1 }}]",
        rows(&singles(&file["x"]), 2),
        file["lr"],
    );
    let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let (plan, train) = (&rehearsal.plan, &rehearsal.train);
    let mut errors = Errors::new("xor", TRAINING_ERROR);
    for run in list(&file["runs"]) {
        let initial = [singles(&run["initial_weight"]), singles(&run["initial_bias"])];
        let mut scratches = scratches(1);
        let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, placed(&rehearsal, &initial), Seeds::new(0));
        let theirs = &run["float32"];
        let losses = numbers(&theirs["losses"]);
        for t in 0..=steps {
            if t == steps {
                let end = [singles(&theirs["weight"]), singles(&theirs["bias"])];
                for (ours, theirs) in team.params().iter().zip(placed(&rehearsal, &end)) {
                    errors.check(f64::from(*ours), f64::from(theirs), 1.0, &"a weight at the end");
                }
            }
            let ours = team.step(train, Batch::Stretch(0, 4), t + 1, plan.rates.at(t));
            if t % every == 0 {
                let loss = losses[(t / every) as usize];
                errors.check(ours, loss, loss, &format!("loss after {t} steps from {}", run["start"]));
            }
        }
    }
    errors.report();
}
