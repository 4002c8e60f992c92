//! Gradients, of every activation, loss and layer that the registries hold: what the kernels and networks compute in
//! `f32` against central differences of their references in `f64`. A new member is tested by being listed.

mod common;

use std::sync::Arc;

use common::networks::{INPUTS, OUTPUTS, SYMBOLS, networks};
use common::{Errors, Rehearsal, planned, rehearse, rows, scratches};
use kernels::loss::{Loss, Mean, Targets};
use kernels::{Cpu, Form, Scratch, Setting};
use rayon::prelude::*;
use runner::base::random::{Seeds, Stream};
use runner::base::registry::Members;
use runner::base::shape::{Shape, Target};
use runner::data::{Dataset, Labels};
use runner::learn::objective::LOSSES;
use runner::nn::layer::Draws;
use runner::nn::network::Network;
use runner::nn::params::Slot;
use runner::trial::plan::{DataOutline, Plan};
use runner::trial::rows::{Batch, Part};
use runner::trial::team::Team;

/// The distance of a central difference. Its error is h² f''' / 6 from the formula and 2^-53 f / h from rounding, both
/// below 1e-9 for functions and slopes of order one: far below what `f32` can tell.
const H: f64 = 1e-5;

/// Every instruction set of this machine, and portable lanes without a fused multiply-add.
fn cpus() -> Vec<Cpu> {
    Cpu::all().into_iter().chain([Cpu::software_fma()]).collect()
}

/// The numbers that a member is built from: all defaults (0.1 where there is none), then each setting in turn half as
/// large again and half as large, or on either side of zero; the other way round for a flag, every other word, the neighbours of a
/// whole number, and for a list `count` numbers.
fn variants(settings: &[Setting], count: usize) -> Vec<Vec<f64>> {
    let usual: Vec<Vec<f64>> =
        settings.iter().map(|s| s.default.map_or(vec![0.1; s.form.width().unwrap_or(0)], <[f64]>::to_vec)).collect();
    let mut all = vec![usual.concat()];
    for (i, setting) in settings.iter().enumerate() {
        let each = |change: fn(f64) -> f64| usual[i].iter().map(|x| change(*x)).collect::<Vec<f64>>();
        let changed = match setting.form {
            Form::Flag => vec![each(|x| 1.0 - x)],
            Form::Word(words) => (1..words.len()).map(|place| vec![place as f64]).collect(),
            Form::Whole => vec![each(|x| x - 1.0), each(|x| x + 1.0)],
            Form::List => vec![(0..count).map(|i| 0.5 + 0.25 * i as f64).collect()],
            Form::Number | Form::Pair => {
                vec![each(|x| if x == 0.0 { 0.5 } else { 1.5 * x }), each(|x| if x == 0.0 { -0.5 } else { 0.5 * x })]
            }
        };
        for numbers in changed.into_iter().filter(|numbers| numbers.iter().all(|x| setting.bounds.allow(*x))) {
            let mut variant = usual.clone();
            variant[i] = numbers;
            all.push(variant.concat());
        }
    }
    all
}

fn random(purpose: &str, len: usize, bound: f64) -> Vec<f32> {
    let mut stream = Stream::new(len as u64, purpose, &[]);
    (0..len).map(|_| stream.symmetric(bound) as f32).collect()
}

/// The slope of `f` along the number at `i` of `x`.
fn slope(x: &mut [f64], i: usize, f: &dyn Fn(&[f64]) -> f64) -> f64 {
    let at = x[i];
    x[i] = at + H;
    let above = f(x);
    x[i] = at - H;
    let below = f(x);
    x[i] = at;
    (above - below) / (2.0 * H)
}

/// Values and slopes of order one are made of at most a dozen roundings of 2^-24 each: 1e-6 of a number, or of one where
/// the number is smaller, because the slope of a function that levels off is a difference of numbers near one.
const MEMBER_ERROR: f64 = 1e-6;

#[test]
fn activations() {
    // halfway between multiples of 1/32, so that no kink at a round number lies within the difference
    let x: Vec<f32> = (-256..256).map(|i| (i as f32 + 0.5) / 32.0).collect();
    let dy = random("slopes", x.len(), 1.0);
    let mut errors = Errors::new("activations", MEMBER_ERROR);
    for member in kernels::activation::ALL {
        for settings in variants(member.settings, 0) {
            let f = (member.build)(&settings);
            for cpu in cpus() {
                let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
                f.forward(cpu, &x, &mut y);
                f.backward(cpu, &x, &y, &dy, &mut dx);
                for i in 0..x.len() {
                    let at = format!("`{}` {settings:?} of {} on {}", member.name, x[i], cpu.isa());
                    let value = f.reference(f64::from(x[i]));
                    errors.check(f64::from(y[i]), value, value.abs().max(1.0), &at);
                    let slope = f64::from(dy[i]) * slope(&mut [f64::from(x[i])], 0, &|x| f.reference(x[0]));
                    errors.check(f64::from(dx[i]), slope, slope.abs().max(1.0), &format!("slope of {at}"));
                }
            }
        }
    }
    errors.report();
}

/// Outputs of some rows, and targets of either kind between 0 and 1.
struct Outputs {
    width: usize,
    z: Vec<f32>,
    classes: Vec<u32>,
    values: Vec<f32>,
}

impl Outputs {
    fn new(rows: usize, width: usize) -> Self {
        let mut stream = Stream::new(width as u64, "classes", &[]);
        Outputs {
            width,
            z: random("outputs", rows * width, 4.0),
            classes: (0..rows).map(|_| stream.below(width as u64) as u32).collect(),
            values: random("targets", rows * width, 1.0).iter().map(|t| t.abs()).collect(),
        }
    }

    /// The same with outputs where the loss has a value: positive ones, where its reference has none for the others.
    fn within(mut self, loss: &dyn Loss) -> Self {
        let rows = self.z.len() / self.width;
        if (0..rows).any(|row| loss.reference(&self.outputs(row), &self.target(loss, row)).is_nan()) {
            self.z.iter_mut().for_each(|z| *z = z.abs() + 0.5);
        }
        self
    }

    fn outputs(&self, row: usize) -> Vec<f64> {
        self.z[row * self.width..][..self.width].iter().map(|z| f64::from(*z)).collect()
    }

    fn targets(&self, loss: &dyn Loss) -> Targets<'_> {
        if loss.takes_classes() { Targets::Classes(&self.classes) } else { Targets::Values(&self.values) }
    }

    /// The target of a row as a reference takes it.
    fn target(&self, loss: &dyn Loss, row: usize) -> Vec<f64> {
        if loss.takes_classes() {
            return vec![f64::from(self.classes[row])];
        }
        self.values[row * self.width..][..self.width].iter().map(|t| f64::from(*t)).collect()
    }
}

#[test]
fn losses() {
    const ROWS: usize = 5;
    const SCALE: f32 = 0.25;
    let mut errors = Errors::new("losses", MEMBER_ERROR);
    for member in kernels::loss::ALL {
        for width in [1, 2, 3, 10, 16, 17, 33] {
            for (settings, cpu) in variants(member.settings, width)
                .into_iter()
                .flat_map(|v| cpus().into_iter().map(move |c| (v.clone(), c)))
            {
                let loss = (member.build)(&settings);
                let outputs = Outputs::new(ROWS, width).within(&*loss);
                let (mut losses, mut dz) = ([f32::NAN; ROWS], vec![f32::NAN; ROWS * width]);
                loss.rows(cpu, width, &outputs.z, outputs.targets(&*loss), &mut losses, Some((&mut dz, SCALE)));
                for row in 0..ROWS {
                    let target = outputs.target(&*loss, row);
                    let mut z = outputs.outputs(row);
                    let at = format!("`{}` {settings:?} of {width} outputs, row {row} on {}", member.name, cpu.isa());
                    let value = loss.reference(&z, &target);
                    errors.check(f64::from(losses[row]), value, value.abs().max(1.0), &at);
                    for i in 0..width {
                        let slope = f64::from(SCALE) * slope(&mut z, i, &|z| loss.reference(z, &target));
                        let ours = f64::from(dz[row * width + i]);
                        errors.check(ours, slope, slope.abs().max(1.0), &format!("slope {i} of {at}"));
                    }
                }
            }
        }
    }
    errors.report();
}

/// Rows of a batch: an odd number, so that shards differ in size.
const ROWS: usize = 7;
/// What dropout draws from.
const SEEDS: Seeds = Seeds::new(5);

/// The text of a trial of one step.
fn trial(layers: &str, loss: &str, (x, more): (&[f32], &str), targets: &str) -> String {
    format!(
        "optimizer = {{ type = 'sgd', lr = 0.1 }}
         loss = {loss}
         train = {{ steps = 1, batch_size = {ROWS} }}
         eval = {{ metrics = ['grad_norm'] }}
         network = {{ layers = {layers} }}
         data = {{ type = 'table', inputs = {}, targets = {targets}{more} }}",
        rows(x, INPUTS)
    )
}

/// The gradient of the loss over all rows, on every instruction set, by one thread to as many as have packing buffers, with
/// rows side by side and picked: all must have the same bits.
fn gradient(Rehearsal { plan, train }: &Rehearsal, params: &[f32], scratches: &mut [Scratch], what: &str) -> Vec<f32> {
    let rows = train.rows();
    let picked: Vec<u32> = (0..rows as u32).collect();
    let mut first: Option<Vec<f32>> = None;
    let most = scratches.len();
    for (cpu, threads) in cpus().into_iter().flat_map(|cpu| (1..=most).map(move |threads| (cpu, threads))) {
        for batch in [Batch::Stretch(0, rows), Batch::Picked(&picked)] {
            let mut team = Team::new(plan, cpu, &mut scratches[..threads], train, params.to_vec(), SEEDS);
            team.step(train, batch, 1, 0.1);
            let ours = team.grads().to_vec();
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let first = first.get_or_insert_with(|| ours.clone());
            assert_eq!(bits(&ours), bits(first), "{threads} threads on {} give other bits: {what}", cpu.isa());
        }
    }
    first.expect("there is an instruction set")
}

/// The loss of a batch from the outputs of its rows.
type Total<'a> = Box<dyn Fn(&[Vec<f64>]) -> f64 + Sync + 'a>;

/// What is minimised, as a file says it and written out in `f64`.
struct Objective<'a> {
    text: String,
    targets: String,
    total: Total<'a>,
}

/// Every loss, and the two that differ in what their mean is over with every reduction.
fn objectives(outputs: &Outputs) -> Vec<Objective<'_>> {
    let all = kernels::loss::ALL.iter().flat_map(|member| {
        let all: &[&str] =
            if ["cross_entropy", "mse"].contains(&member.name) { &["mean", "rows", "sum"] } else { &["mean"] };
        all.iter().map(move |reduction| (member, *reduction))
    });
    let objective = |(member, reduction): (&'static kernels::loss::Entry, &str)| {
        let loss = (member.build)(&variants(member.settings, 0)[0]);
        let example = LOSSES.find(member.name).expect("the registry has all").example.trim_end_matches([' ', '}']);
        let targets =
            if loss.takes_classes() { format!("{:?}", outputs.classes) } else { rows(&outputs.values, OUTPUTS) };
        let terms = match (reduction, loss.mean()) {
            ("sum", _) => 1,
            ("mean", Mean::Outputs) => ROWS * OUTPUTS,
            _ => ROWS,
        };
        let total = move |z: &[Vec<f64>]| {
            let row = |(row, z): (usize, &Vec<f64>)| loss.reference(z, &outputs.target(&*loss, row));
            z.iter().enumerate().map(row).sum::<f64>() / terms as f64
        };
        Objective { text: format!("{example}, reduction = '{reduction}' }}"), targets, total: Box::new(total) }
    };
    all.map(objective).collect()
}

/// The slopes of the objectives along every parameter.
fn slopes(network: &Network, params: &[f32], x: &[f32], objectives: &[Objective<'_>]) -> Vec<Vec<f64>> {
    let params: Vec<f64> = params.iter().map(|p| f64::from(*p)).collect();
    let x: Vec<Vec<f64>> = x.chunks(INPUTS).map(|x| x.iter().map(|x| f64::from(*x)).collect()).collect();
    let along = |params: &mut Vec<f64>, i: usize| {
        let at = params[i];
        let [above, below] = [at + H, at - H].map(|p| {
            params[i] = p;
            network.reference_rows(params, &x, Some(Draws { seeds: SEEDS, step: 1, row: 0 }))
        });
        params[i] = at;
        objectives.iter().map(|o| ((o.total)(&above) - (o.total)(&below)) / (2.0 * H)).collect()
    };
    let all: Vec<Vec<f64>> = (0..params.len()).into_par_iter().map_init(|| params.clone(), along).collect();
    (0..objectives.len()).map(|objective| all.iter().map(|slopes| slopes[objective]).collect()).collect()
}

/// Holds a gradient against the slopes of a reference; one that is NaN was not asked for.
fn hold(errors: &mut Errors, slots: &[Slot], ours: &[f32], theirs: &[f64], what: &str) {
    let largest = |slopes: &[f64]| slopes.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
    for slot in slots {
        let size = largest(&theirs[slot.range()]).max(0.01 * largest(theirs));
        for i in slot.range().filter(|i| !theirs[*i].is_nan()) {
            errors.check(
                f64::from(ours[i]),
                theirs[i],
                size,
                &format!("{} of `{}`, {what}", i - slot.offset, slot.name),
            );
        }
    }
}

/// A gradient is a chain of some hundred roundings of 2^-24 each, over numbers that were themselves rounded on their way
/// through the layers: a few units in the last place of the largest gradient of its tensor, or of a hundredth of the
/// largest of all where the rows of a tensor cancel.
const NETWORK_ERROR: f64 = 4e-6;
/// Behind a normalisation a gradient may be what is left of numbers that cancel, divided by a small deviation: a row of one
/// number has none to give, nor has the bias of what is normalised.
const NORMALISED_ERROR: f64 = 1e-4;

#[test]
fn layers() {
    let numbers = random("inputs", ROWS * INPUTS, 1.0);
    let symbols: Vec<f32> = (0..ROWS * INPUTS).map(|i| (i * i % 5) as f32).collect();
    let mut outputs = Outputs::new(ROWS, OUTPUTS);
    // every class is there, so that the data has as many as the network has outputs
    outputs.classes[..OUTPUTS].copy_from_slice(&[2, 0, 1]);
    let (mut plain, mut normalised) =
        (Errors::new("layers", NETWORK_ERROR), Errors::new("normalised layers", NORMALISED_ERROR));
    let mut scratches = scratches(3);
    for (layers, named) in networks() {
        let errors = if layers.contains("_norm") { &mut normalised } else { &mut plain };
        let objectives = objectives(&outputs);
        let (x, more) = if named { (&symbols, SYMBOLS) } else { (&numbers, "") };
        let texts: Vec<String> = objectives.iter().map(|o| trial(&layers, &o.text, (x, more), &o.targets)).collect();
        let network = rehearse(&texts[0]).unwrap_or_else(|mistakes| panic!("{mistakes}")).plan.network;
        let mut params = vec![0.0; network.parameters()];
        network.initialise(Seeds::new(1), &mut params);
        let theirs = slopes(&network, &params, x, &objectives);
        for ((text, objective), theirs) in texts.iter().zip(&objectives).zip(theirs) {
            let rehearsal = rehearse(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            let ours = gradient(&rehearsal, &params, &mut scratches, text);
            hold(errors, network.slots(), &ours, &theirs, &format!("{} on {layers}", objective.text));
        }
    }
    plain.report();
    normalised.report();
}

/// Steps of padded rows, and numbers of each.
const STEPS: usize = 5;
const FEATURES: usize = 4;
/// How many steps a row has, again and again: one, all, and between.
const LENGTHS: [u32; 7] = [5, 3, 1, 4, 5, 2, 1];

/// Layers that answer for every step of a padded row; the first of each makes the gradient of the input of the others one of
/// parameters.
const OF_STEPS: &[&str] = &[
    "{ type = 'per_step', layers = [{ type = 'dense', units = 6, activation = 'tanh' }, 'layer_norm', { type = 'dense', units = 3 }] }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] },
     { type = 'rnn', units = 4, nonlinearity = 'relu', layers = 2, return_sequences = true }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] },
     { type = 'lstm', units = 3, layers = 2, bidirectional = true, return_sequences = true }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] },
     { type = 'residual', layers = [{ type = 'gru', units = 3, return_sequences = true, bias = false }] }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 4 }] },
     { type = 'residual', layers = [{ type = 'attention', heads = 2 }] }, { type = 'attention', causal = true, bias = false }",
];

/// Layers that answer for a row. The last are large enough for sums of blocks of rows.
const OF_ROWS: &[&str] = &[
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] }, { type = 'rnn', units = 4, bidirectional = true }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] }, { type = 'lstm', units = 3, layers = 2 }",
    "{ type = 'attention', heads = 4 }, { type = 'gru', units = 3, layers = 2, bidirectional = true }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] }, { type = 'rnn', units = 44 }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] }, { type = 'lstm', units = 21, bidirectional = true }",
    "{ type = 'per_step', layers = [{ type = 'dense', units = 3 }] }, { type = 'gru', units = 25 }",
];

/// A plan for these layers on rows of so many steps, or padded to them, with an answer for each step or for the row.
fn on_steps(layers: &str, each: bool, train: usize, steps: usize, padded: bool) -> Plan {
    let head = format!("{{ type = 'dense', units = {OUTPUTS} }}");
    let (head, answers) = if each { (format!("{{ type = 'per_step', layers = [{head}] }}"), steps) } else { (head, 1) };
    let (shape, target) = (Shape(vec![steps, FEATURES]), Target::Classes(OUTPUTS));
    let parts = vec!["train", "test"];
    let outline = DataOutline { shape, target, train, steps: answers, symbols: None, padded, parts };
    let text = format!(
        "loss = 'cross_entropy'
         optimizer = {{ type = 'sgd', lr = 0.1 }}
         train = {{ steps = 1, batch_size = {train} }}
         eval = {{ metrics = ['grad_norm'] }}
         network.layers = [{layers}, {head}]"
    );
    planned(&text, &outline)
}

/// A padded row is what a network for rows of its length makes of it, and what stands in its padding is nothing.
#[test]
fn layers_on_padded_rows() {
    const ROWS: usize = 19;
    let lengths: Vec<u32> = LENGTHS.into_iter().cycle().take(ROWS).collect();
    let x = random("inputs", ROWS * STEPS * FEATURES, 1.0);
    let loss = (kernels::loss::ALL.iter().find(|loss| loss.name == "cross_entropy").expect("a loss").build)(&[0.0]);
    let (mut plain, mut normalised) = (
        Errors::new("layers on padded rows", NETWORK_ERROR),
        Errors::new("normalised layers on padded rows", NORMALISED_ERROR),
    );
    let mut scratches = scratches(3);
    for (layers, each) in OF_STEPS.iter().map(|own| (*own, true)).chain(OF_ROWS.iter().map(|own| (*own, false))) {
        let answers = if each { STEPS } else { 1 };
        let classes: Vec<u32> = (0..ROWS * answers).map(|i| (i * i % OUTPUTS) as u32).collect();
        let plan = on_steps(layers, each, ROWS, STEPS, true);
        let labels = Labels::Classes { of: classes.clone(), count: OUTPUTS };
        let shape = plan.network.input().clone();
        let data = Dataset { steps: answers, lengths: lengths.clone(), ..Dataset::new(shape, x.clone(), labels) };
        let train = Part::new(Arc::new(data), plan.objective.form());
        let mut params = vec![0.0; plan.network.parameters()];
        plan.network.initialise(Seeds::new(1), &mut params);
        // a network for each length: nothing of what they learn depends on it
        let networks: Vec<Plan> = (1..=STEPS).map(|steps| on_steps(layers, each, ROWS, steps, false)).collect();
        let counted: u32 = if each { lengths.iter().sum() } else { ROWS as u32 };
        let total = |params: &[f64]| -> f64 {
            let row = |row: usize| -> f64 {
                let steps = lengths[row] as usize;
                let x = x[row * STEPS * FEATURES..][..steps * FEATURES].iter().map(|x| f64::from(*x)).collect();
                let z = networks[steps - 1].network.reference_rows(params, &[x], None).concat();
                let one = |(z, class): (&[f64], &u32)| loss.reference(z, &[f64::from(*class)]);
                z.chunks(OUTPUTS).zip(&classes[row * answers..]).map(one).sum()
            };
            (0..ROWS).map(row).sum::<f64>() / f64::from(counted)
        };
        let mut exact: Vec<f64> = params.iter().map(|p| f64::from(*p)).collect();
        // some of many do
        let every = 1 + params.len() / 300;
        let slopes = (0..params.len()).map(|i| if i % every == 0 { slope(&mut exact, i, &total) } else { f64::NAN });
        let slopes: Vec<f64> = slopes.collect();
        let rehearsal = Rehearsal { plan, train };
        let ours = gradient(&rehearsal, &params, &mut scratches, layers);
        let errors = if layers.contains("_norm") { &mut normalised } else { &mut plain };
        hold(errors, rehearsal.plan.network.slots(), &ours, &slopes, layers);
    }
    plain.report();
    normalised.report();
}
