//! Gradients, of every activation, loss and layer that the registries hold: what the kernels and networks compute in
//! `f32` against central differences of their references in `f64`. A new member is tested by being listed.

mod common;

use common::{Errors, FORMS, rehearse, rows, scratches};
use kernels::loss::{Loss, Mean, Targets};
use kernels::{Cpu, Form, Scratch, Setting};
use runner::base::random::{Seeds, Stream};
use runner::base::registry::Members;
use runner::learn::objective::LOSSES;
use runner::nn::activation::ACTIVATIONS;
use runner::nn::layer::Draws;
use runner::nn::layers::LAYERS;
use runner::nn::network::Network;
use runner::trial::rows::Batch;
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
const INPUTS: usize = 5;
const OUTPUTS: usize = 3;
/// What dropout draws from.
const SEEDS: Seeds = Seeds::new(5);

/// What a member's example does not show: layers first and inside of others, their other settings.
const OTHERS: &[&str] = &[
    "{ type = 'dropout', rate = 0.4 }, 'flatten', { type = 'permute', seed = 3 }, { type = 'dense', units = 70 },
     { type = 'concat', layers = [{ type = 'dropout', rate = 0.5 }, { type = 'dense', units = 18, activation = 'tanh' }] },
     { type = 'scale', by = 'inverse_sqrt' }",
    // two that learn nothing, the second in the place of the first's output
    "{ type = 'scale', by = 1.5 }, { type = 'activation', function = 'tanh' }, { type = 'dense', units = 4, activation = 'tanh' }",
    "{ type = 'scale', by = 1.5, learned = 'vector' },
     { type = 'residual', layers = [{ type = 'scale', learned = 'number' }, { type = 'permute', seed = 1 }] },
     { type = 'concat', layers = [{ type = 'concat', layers = [{ type = 'scale', by = -0.5, learned = 'number' }] }] }",
    "{ type = 'dense', units = 17, bias = false }, 'batch_norm', { type = 'activation', function = 'tanh' }, { type = 'dense', units = 18 },
     { type = 'reshape', shape = [2, 3, 3] }, { type = 'batch_norm', affine = false, momentum = 0.3 },
     { type = 'residual', layers = [{ type = 'conv2d', channels = 2, kernel_size = 3, padding = 1 }, 'batch_norm'] },
     { type = 'layer_norm', over = 'all' }, { type = 'reshape', shape = [3, 6] },
     { type = 'per_step', layers = [{ type = 'dense', units = 5 }, 'layer_norm', 'batch_norm'] }",
    "{ type = 'dense', units = 34 }, { type = 'reshape', shape = [2, 17] }, { type = 'rms_norm', eps = 0.01 },
     { type = 'layer_norm', bias = false }, { type = 'rms_norm', elementwise_affine = false, over = 'all' }, 'batch_norm'",
    "{ type = 'dense', units = 120 }, { type = 'reshape', shape = [2, 6, 10] },
     { type = 'conv2d', channels = 4, kernel_size = [3, 2], padding = [1, 0], groups = 2, activation = 'tanh' },
     { type = 'max_pool2d', kernel_size = 3, stride = 2, padding = 1 },
     { type = 'conv2d', channels = 18, kernel_size = 2, dilation = [2, 1], bias = false },
     { type = 'l2_pool2d', kernel_size = 'global' }",
    "{ type = 'dense', units = 46 }, { type = 'reshape', shape = [2, 23] },
     { type = 'conv1d', channels = 5, kernel_size = 5, stride = 2, padding = 1 }, { type = 'max_pool1d', kernel_size = 2, dilation = 2, stride = 1 },
     { type = 'conv1d', channels = 3, kernel_size = 2, padding = 'same', dilation = 2, activation = 'sigmoid' },
     { type = 'avg_pool1d', kernel_size = 3, stride = 2, padding = 1 }",
    "{ type = 'dense', units = 75 }, { type = 'reshape', shape = [3, 5, 5] },
     { type = 'avg_pool2d', kernel_size = [2, 1], stride = 1 }, { type = 'conv2d', channels = 6, kernel_size = 3, stride = [1, 2], padding = 'same' },
     { type = 'l2_pool2d', kernel_size = 2, stride = 1 }, { type = 'conv2d', channels = 33, kernel_size = 1 }, { type = 'avg_pool2d', kernel_size = 'global' }",
    "{ type = 'reshape', shape = [5, 1] }, { type = 'lstm', units = 17, forget_bias = 1.0 }",
    // large enough for sums of blocks of rows
    "{ type = 'reshape', shape = [5, 1] }, { type = 'gru', units = 27, return_sequences = true }, { type = 'lstm', units = 18 }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'lstm', units = 3, layers = 2, bidirectional = true, dropout = 0.3 }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'gru', units = 3, bidirectional = true, return_sequences = true, forget_bias = 'chrono' },
     { type = 'gru', units = 4, bias = false, return_sequences = true },
     { type = 'per_step', layers = [{ type = 'dropout', rate = 0.4 }, { type = 'dense', units = 2, activation = 'sigmoid' }] }",
    "{ type = 'dense', units = 8 }, { type = 'reshape', shape = [4, 2] },
     { type = 'rnn', units = 3, nonlinearity = 'relu', layers = 3, return_sequences = true },
     { type = 'residual', layers = [{ type = 'rnn', units = 3, return_sequences = true, recurrent_init = 'orthogonal' }] }",
    "{ type = 'embedding', units = 4, vocabulary = 6 }, 'positional_embedding',
     { type = 'residual', layers = [{ type = 'attention', heads = 2 }] },
     { type = 'residual', layers = [{ type = 'per_step', layers = [
        { type = 'dense', units = 3, activation = 'gelu' }, { type = 'dense', units = 4 },
     ] }] }",
    "{ type = 'dense', units = 18 }, { type = 'reshape', shape = [6, 3] },
     { type = 'positional_embedding', kind = 'sinusoidal' }, { type = 'attention', bias = false, causal = true }",
    "{ type = 'dense', units = 36 }, { type = 'reshape', shape = [2, 3, 6] }, { type = 'spatial_dropout', rate = 0.3 },
     { type = 'upsample', factor = [2, 3] }, { type = 'transpose', extents = [0, -1] },
     { type = 'spatial_dropout', extent = -1 }, { type = 'transpose', extents = [2, 1] }",
    "{ type = 'parallel', join = 'add', branches = [[{ type = 'dense', units = 6 }], [{ type = 'dense', units = 6, bias = false }, 'dropout']] },
     { type = 'parallel', branches = [[], [{ type = 'dense', units = 3 }, { type = 'activation', function = 'tanh' }], [{ type = 'scale', learned = 'vector' }]] },
     { type = 'dense', units = 32 }, { type = 'reshape', shape = [2, 4, 4] },
     { type = 'parallel', branches = [
        [{ type = 'conv2d', channels = 3, kernel_size = 1 }],
        [{ type = 'conv2d', channels = 1, kernel_size = 3, padding = 1, activation = 'tanh' }, 'batch_norm'],
        [{ type = 'parallel', extent = 1, branches = [[{ type = 'max_pool2d', kernel_size = [2, 1] }], [{ type = 'avg_pool2d', kernel_size = [2, 1] }]] }],
        [],
     ] },
     { type = 'avg_pool2d', kernel_size = 2 }, { type = 'reshape', shape = [8, 4] },
     { type = 'parallel', extent = -1, branches = [[{ type = 'per_step', layers = [{ type = 'dense', units = 2 }] }], [], [{ type = 'gru', units = 3, return_sequences = true }]] },
     { type = 'parallel', branches = [[{ type = 'dense', units = 2 }]] }, { type = 'parallel', branches = [[], []], join = 'add' }",
    "{ type = 'dense', units = 4, activation = 'tanh' }, { type = 'dense', units = 5, tied = '0' }, { type = 'dense', units = 4, share = '0' },
     { type = 'residual', layers = [{ type = 'dense', units = 5, tied = '0', bias = false }, { type = 'dense', units = 4, share = '0' }] },
     { type = 'scale', by = 0.5, learned = 'vector' }, { type = 'scale', share = '4', learned = 'vector' },
     { type = 'scale', by = 1.5, learned = 'number' }, { type = 'scale', share = '6', learned = 'number' },
     { type = 'dense', units = 32 }, { type = 'reshape', shape = [2, 4, 4] },
     { type = 'conv2d', channels = 2, kernel_size = 3, padding = 1, activation = 'tanh' }, { type = 'conv2d', channels = 2, kernel_size = 3, padding = 1, share = '10' }",
    "{ type = 'embedding', units = 4 }, 'positional_embedding', { type = 'positional_embedding', share = '1' },
     { type = 'residual', layers = ['layer_norm', { type = 'attention', heads = 2, causal = true }] },
     { type = 'residual', layers = ['layer_norm', { type = 'attention', heads = 2, causal = true }], share = '3' },
     { type = 'gru', units = 4, return_sequences = true }, { type = 'gru', units = 4, return_sequences = true, share = '5' },
     { type = 'per_step', layers = [{ type = 'dense', units = 5, tied = '0' }] }",
    "{ type = 'parallel', branches = [[{ type = 'embedding', units = 3 }], [{ type = 'embedding', units = 3, share = '0.branches.0.0' }]] }",
];

/// Networks of layers `W` wide. The first layer of each is dense, so that the gradient of its parameters holds the gradient
/// of the input of the others.
const NETWORKS: &[&str] = &[
    "{ type = 'dense', units = W, activation = 'tanh' }",
    "{ type = 'dense', units = W, bias = false }, { type = 'dense', units = W, bias = false, activation = 'sigmoid' }",
    "{ type = 'dense', units = W }, { type = 'residual', layers = [
        { type = 'dense', units = W, activation = 'relu' },
        { type = 'residual', layers = [
            { type = 'dense', units = W, bias = false },
            { type = 'activation', function = 'sigmoid' },
        ] },
        { type = 'dense', units = W },
    ] }",
];

/// Whether these layers can be placed on rows of [`INPUTS`] numbers.
fn fits(layers: &str) -> bool {
    fits_on(layers, "")
}

/// The same on rows of which `more` is said.
fn fits_on(layers: &str, more: &str) -> bool {
    let zeros = rows(&[0.0; INPUTS * OUTPUTS], INPUTS);
    let text = format!(
        "optimizer = {{ type = 'sgd', lr = 0.1 }}
         loss = 'cross_entropy'
         train = {{ steps = 1, batch_size = 'full' }}
         network = {{ layers = [{layers}, {{ type = 'dense', units = {OUTPUTS} }}] }}
         data = {{ type = 'table', inputs = {zeros}, targets = [0, 1, 2]{more} }}"
    );
    rehearse(&text).is_ok()
}

/// What makes the inputs of a table the numbers of symbols.
const SYMBOLS: &str = ", symbols = 5";

/// A layer behind a dense one, on rows of the first form that it takes; or alone, on symbols.
fn on_form(example: &str) -> String {
    let on = |form: &&str| format!("{{ type = 'dense', units = 18 }}, {form}{example}");
    let found = FORMS.iter().map(on).find(|layers| fits(layers));
    let found = found.or_else(|| fits_on(example, SYMBOLS).then(|| example.to_owned()));
    found.unwrap_or_else(|| panic!("no form of rows fits {example}"))
}

/// The networks at widths below, at and above a block of lanes; every layer and every activation by its own example.
fn networks() -> Vec<String> {
    let mut bodies = Vec::new();
    for width in [1, 3, 17, 33] {
        let flat = LAYERS.all().into_iter().filter(|layer| fits(&layer.example));
        let own = flat.map(|layer| format!("{{ type = 'dense', units = W }}, {}", layer.example));
        let all = NETWORKS.iter().map(|body| (*body).to_owned()).chain(own);
        bodies.extend(all.map(|body| body.replace('W', &width.to_string())));
    }
    let dense = |example: &str| format!("{{ type = 'dense', units = 17, activation = {example} }}");
    bodies.extend(ACTIVATIONS.all().into_iter().map(|activation| dense(&activation.example)));
    bodies.extend(OTHERS.iter().map(|body| (*body).to_owned()));
    bodies.extend(LAYERS.all().into_iter().filter(|layer| !fits(&layer.example)).map(|layer| on_form(&layer.example)));
    bodies.iter().map(|body| format!("[{body}, {{ type = 'dense', units = {OUTPUTS} }}]")).collect()
}

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

/// The gradient of the loss over all rows, on every instruction set, by one thread to as many as have packing buffers, with rows side by side and
/// picked: all must have the same bits.
fn gradient(text: &str, params: &[f32], scratches: &mut [Scratch]) -> Vec<f32> {
    let rehearsal = rehearse(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let (plan, train) = (&rehearsal.plan, &rehearsal.train);
    let picked: Vec<u32> = (0..ROWS as u32).collect();
    let mut first: Option<Vec<f32>> = None;
    let most = scratches.len();
    for (cpu, threads) in cpus().into_iter().flat_map(|cpu| (1..=most).map(move |threads| (cpu, threads))) {
        for batch in [Batch::Stretch(0, ROWS), Batch::Picked(&picked)] {
            let mut team = Team::new(plan, cpu, &mut scratches[..threads], train, params.to_vec(), SEEDS);
            team.step(train, batch, 1, 0.1);
            let ours = team.grads().to_vec();
            let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            let first = first.get_or_insert_with(|| ours.clone());
            assert_eq!(bits(&ours), bits(first), "{threads} threads on {} give other bits: {text}", cpu.isa());
        }
    }
    first.expect("there is an instruction set")
}

/// The loss of a batch from the outputs of its rows.
type Total<'a> = Box<dyn Fn(&[Vec<f64>]) -> f64 + 'a>;

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
    let mut params: Vec<f64> = params.iter().map(|p| f64::from(*p)).collect();
    let x: Vec<Vec<f64>> = x.chunks(INPUTS).map(|x| x.iter().map(|x| f64::from(*x)).collect()).collect();
    let mut slopes = vec![Vec::with_capacity(params.len()); objectives.len()];
    for i in 0..params.len() {
        let at = params[i];
        let [above, below] = [at + H, at - H].map(|p| {
            params[i] = p;
            network.reference_rows(&params, &x, Some(Draws { seeds: SEEDS, step: 1, row: 0 }))
        });
        params[i] = at;
        for (slopes, objective) in slopes.iter_mut().zip(objectives) {
            slopes.push(((objective.total)(&above) - (objective.total)(&below)) / (2.0 * H));
        }
    }
    slopes
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
    for layers in networks() {
        let errors = if layers.contains("_norm") { &mut normalised } else { &mut plain };
        let objectives = objectives(&outputs);
        let named = !fits(layers.trim_start_matches('[').trim_end_matches(']'));
        let (x, more) = if named { (&symbols, SYMBOLS) } else { (&numbers, "") };
        let texts: Vec<String> = objectives.iter().map(|o| trial(&layers, &o.text, (x, more), &o.targets)).collect();
        let network = rehearse(&texts[0]).unwrap_or_else(|mistakes| panic!("{mistakes}")).plan.network;
        let mut params = vec![0.0; network.parameters()];
        network.initialise(Seeds::new(1), &mut params);
        let theirs = slopes(&network, &params, x, &objectives);
        for ((text, objective), theirs) in texts.iter().zip(&objectives).zip(theirs) {
            let ours = gradient(text, &params, &mut scratches);
            let largest = |slopes: &[f64]| slopes.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
            for slot in network.slots() {
                let size = largest(&theirs[slot.range()]).max(0.01 * largest(&theirs));
                for i in slot.range() {
                    let at = format!("{} of `{}`, {} on {layers}", i - slot.offset, slot.name, objective.text);
                    errors.check(f64::from(ours[i]), theirs[i], size, &at);
                }
            }
        }
    }
    plain.report();
    normalised.report();
}
