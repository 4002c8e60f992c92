//! What networks start from, against closed forms: moments of the distributions, orthogonality, and that the
//! parametrizations by width train as their papers say.

mod common;

use common::{Rehearsal, rehearse, scratches};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::trial::rows::Batch;
use runner::trial::team::Team;

/// A trial of these layers that start from `init`.
#[track_caller]
fn trial(layers: &str, init: &str, optimizer: &str, inputs: usize) -> Rehearsal {
    let row = |r: usize| (0..inputs).map(|i| ((r * 31 + i * 17) % 23) as f32 / 11.5 - 1.0).collect::<Vec<f32>>();
    let rows = common::rows(&(0..6).flat_map(row).collect::<Vec<_>>(), inputs);
    let text = format!(
        "optimizer = {{ type = '{optimizer}', lr = 0.1 }}
         loss = {{ type = 'mse' }}
         train = {{ steps = 1, batch_size = 'full' }}
         network = {{ init = {init}, layers = [{layers}] }}
         data = {{ type = 'table', inputs = {rows}, targets = [[0.5], [-1.0], [0.3], [1.2], [-0.4], [0.9]] }}"
    );
    rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn initial(trial: &Rehearsal, seed: u64) -> Vec<f32> {
    let mut params = vec![f32::NAN; trial.plan.network.parameters()];
    trial.plan.network.initialise(Seeds::new(seed), &mut params);
    params
}

/// The weights and the biases of a layer of `inputs` and `units`.
fn layer(init: &str, inputs: usize, units: usize, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let layers = format!("{{ type = 'dense', units = {units}, init = {init} }}, {{ type = 'dense', units = 1 }}");
    let params = initial(&trial(&layers, "'zeros'", "sgd", inputs), seed);
    let of = |x: &[f32]| x.iter().map(|w| f64::from(*w)).collect::<Vec<f64>>();
    (of(&params[..inputs * units]), of(&params[inputs * units..][..units]))
}

/// Mean, variance, and fourth moment in units of the variance squared: 1.8 for uniform, 3 for normal numbers.
fn moments(x: &[f64]) -> (f64, f64, f64) {
    let mean = |f: &dyn Fn(f64) -> f64| x.iter().map(|x| f(*x)).sum::<f64>() / x.len() as f64;
    let m = mean(&|x| x);
    let variance = mean(&|x| (x - m).powi(2));
    (m, variance, mean(&|x| (x - m).powi(4)) / variance.powi(2))
}

const INPUTS: usize = 300;
const UNITS: usize = 200;

/// Mean, variance and fourth moment within five of the deviations that so many draws have.
#[track_caller]
fn distributed(init: &str, weights: &[f64], (mean, variance, fourth): (f64, f64, f64)) {
    let n = weights.len() as f64;
    let (m, v, f) = moments(weights);
    assert!((m - mean).abs() < 5.0 * (variance / n).sqrt(), "{init}: mean {m}, not {mean}");
    assert!((v / variance - 1.0).abs() < 5.0 * ((fourth - 1.0) / n).sqrt(), "{init}: variance {v}, not {variance}");
    assert!((f - fourth).abs() < 0.15, "{init}: fourth moment {f}, not {fourth}");
}

#[test]
fn moments_are_those_of_the_formulas() {
    let (n, m) = (INPUTS as f64, UNITS as f64);
    let (uniform, normal) = (1.8, 3.0);
    let cases = [
        ("'pytorch'", 0.0, 1.0 / (3.0 * n), uniform),
        ("'he'", 0.0, 2.0 / n, uniform),
        ("'kaiming_uniform'", 0.0, 2.0 / n, uniform),
        ("'he_normal'", 0.0, 2.0 / n, normal),
        ("'kaiming_normal'", 0.0, 2.0 / n, normal),
        ("'glorot'", 0.0, 2.0 / (n + m), uniform),
        ("'xavier_uniform'", 0.0, 2.0 / (n + m), uniform),
        ("'xavier_normal'", 0.0, 2.0 / (n + m), normal),
        ("'lecun_uniform'", 0.0, 1.0 / n, uniform),
        ("'lecun_normal'", 0.0, 1.0 / n, normal),
        ("{ type = 'uniform', bound = 0.3 }", 0.0, 0.03, uniform),
        ("{ type = 'normal', mean = 0.5, std = 0.2 }", 0.5, 0.04, normal),
        ("{ type = 'normal', std = 0.2, gain = 3 }", 0.0, 0.36, normal),
        ("{ type = 'ntk', sigma = 2 }", 0.0, 4.0 / n, normal),
        ("{ type = 'mup', base_width = 64 }", 0.0, 1.0 / n, normal),
        ("{ type = 'truncated_normal', std = 0.1, a = -5, b = 5 }", 0.0, 0.01, normal),
    ];
    for (init, mean, variance, fourth) in cases {
        distributed(init, &layer(init, INPUTS, UNITS, 1).0, (mean, variance, fourth));
    }
}

/// The moments of a normal distribution between -1 and 2 (Johnson, Kotz & Balakrishnan 1994), in units of its deviation.
#[test]
fn truncation_has_the_moments_of_the_closed_form() {
    let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let below = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    let (a, b) = (-1.0, 2.0);
    let inside = below(b) - below(a);
    let mean = (density(a) - density(b)) / inside;
    let variance = 1.0 + (a * density(a) - b * density(b)) / inside - mean * mean;
    let init = "{ type = 'truncated_normal', mean = 1, std = 0.1, a = 1.2, b = 0.9 }";
    let weights = layer(init, INPUTS, UNITS, 1).0;
    let standard: Vec<f64> = weights.iter().map(|w| (w - 1.0) / 0.1).collect();
    let (m, v, _) = moments(&standard);
    assert!((m - mean).abs() < 0.02 && (v - variance).abs() < 0.02, "{m}, not {mean}; {v}, not {variance}");
    assert!(weights.iter().all(|w| (0.9 - 1e-6..1.2 + 1e-6).contains(w)));
    let point = layer("{ type = 'truncated_normal', std = 0, a = 0.5, b = 1 }", 2, 2, 1).0;
    assert_eq!(point, [0.5; 4]);
}

#[test]
fn biases_are_zero_unless_the_initialiser_or_the_file_says_otherwise() {
    assert!(layer("'he_normal'", 4, 5, 1).1.iter().all(|b| *b == 0.0));
    assert!(layer("'pytorch'", 4, 50, 1).1.iter().all(|b| *b != 0.0 && b.abs() <= 0.5));
    assert_eq!(layer("{ type = 'pytorch', bias = 0.25, gain = 2 }", 4, 5, 1).1, [0.5; 5]);
    distributed("ntk", &layer("{ type = 'ntk', beta = 0.3 }", 1, 20000, 1).1, (0.0, 0.09, 3.0));
}

#[test]
fn constants() {
    assert_eq!(layer("'zeros'", 2, 3, 1).0, [0.0; 6]);
    assert_eq!(layer("'ones'", 2, 3, 1).0, [1.0; 6]);
    assert_eq!(layer("{ type = 'constant', value = -2 }", 2, 3, 1), (vec![-2.0; 6], vec![0.0; 3]));
    assert_eq!(layer("'identity'", 2, 3, 1).0, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(layer("'eye'", 3, 2, 1).0, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn orthogonal_matrices_are_orthogonal_and_favour_no_direction() {
    for (inputs, units) in [(50, 50), (90, 40), (40, 90), (1, 7), (7, 1)] {
        let w = layer("{ type = 'orthogonal', gain = 2 }", inputs, units, 3).0;
        let short = inputs.min(units);
        let at = |long: usize, i: usize| if inputs >= units { w[long * units + i] } else { w[i * units + long] };
        for (i, j) in (0..short).flat_map(|i| (0..short).map(move |j| (i, j))) {
            let product: f64 = (0..inputs.max(units)).map(|k| at(k, i) * at(k, j)).sum();
            let expected = if i == j { 4.0 } else { 0.0 };
            assert!((product - expected).abs() < 1e-5, "{inputs} x {units}: {i} and {j} give {product}");
        }
    }
    // a Q whose signs were not mended would have a diagonal of one sign; the deviation of the mean is 1/√(4 · 400)
    let corner: f64 = (0..400).map(|seed| layer("'orthogonal'", 4, 4, seed).0[0]).sum::<f64>() / 400.0;
    assert!(corner.abs() < 5.0 / 40.0, "{corner}");
}

#[test]
fn every_unit_of_a_sparse_layer_listens_to_as_many_inputs() {
    let weights = layer("{ type = 'sparse', sparsity = 0.91, std = 0.2 }", INPUTS, UNITS, 1).0;
    for unit in 0..UNITS {
        let zeros = (0..INPUTS).filter(|i| weights[i * UNITS + unit] == 0.0).count();
        assert_eq!(zeros, 273, "unit {unit}: the least whole number of at least 0.91 · 300");
    }
    let others: Vec<f64> = weights.into_iter().filter(|w| *w != 0.0).collect();
    let (_, variance, _) = moments(&others);
    assert!((variance / 0.04 - 1.0).abs() < 5.0 * (2.0 / others.len() as f64).sqrt(), "{variance}");
}

/// What the two biases of a recurrent layer start from together, one list of a number for each unit and gate for every level
/// and direction, on rows of so many steps.
fn gates(layer: &str, steps: usize, units: usize) -> Vec<Vec<Vec<f64>>> {
    let layers = format!(
        "{{ type = 'reshape', shape = [{steps}, 1] }}, {{ {layer}, units = {units} }}, {{ type = 'dense', units = 1 }}"
    );
    let trial = trial(&layers, "{ type = 'pytorch', gain = 3 }", "sgd", steps);
    let params = initial(&trial, 1);
    let of = |name: &str| -> Vec<&[f32]> {
        let slots = trial.plan.network.slots().iter().filter(|slot| slot.name.contains(name));
        slots.map(|slot| &params[slot.range()]).collect()
    };
    let sum = |(a, b): (&[f32], &[f32])| -> Vec<Vec<f64>> {
        let sums: Vec<f64> = a.iter().zip(b).map(|(a, b)| f64::from(*a) + f64::from(*b)).collect();
        sums.chunks(units).map(<[f64]>::to_vec).collect()
    };
    of(".bias_ih_").into_iter().zip(of(".bias_hh_")).map(sum).collect()
}

/// Gates in PyTorch's order: input, forget, cell and output of an LSTM, reset, update and new of a GRU, whose update gate is
/// how much of the state stays.
#[test]
fn a_forget_bias_is_the_sum_of_both_and_of_no_other_gate() {
    let (steps, units) = (50, 200);
    let longest = f64::from(steps as u32 - 1).ln();
    for (cell, opposite) in [("lstm", Some(0)), ("gru", None)] {
        let layer = |more: &str| format!("type = '{cell}', layers = 2, bidirectional = true{more}");
        let plain = gates(&layer(""), steps, units);
        assert_eq!(plain.len(), 4, "two levels of two directions");
        for bias in [1.0, -0.75, 0.0] {
            let own = gates(&layer(&format!(", forget_bias = {bias:?}")), steps, units);
            for (own, plain) in own.iter().zip(&plain) {
                assert_eq!(own[1], vec![bias; units], "{cell}");
                assert_ne!(own[1], plain[1], "{cell}");
                (0..own.len())
                    .filter(|gate| *gate != 1)
                    .for_each(|gate| assert_eq!(own[gate], plain[gate], "{cell} {gate}"));
            }
        }
        for (own, plain) in gates(&layer(", forget_bias = 'chrono'"), steps, units).iter().zip(&plain) {
            assert!(own[1].iter().all(|bias| (0.0..=longest).contains(bias)), "{cell}: {:?}", own[1]);
            // e to their power is uniform from 1 to T - 1
            let memories: Vec<f64> = own[1].iter().map(|bias| bias.exp()).collect();
            let (mean, variance, _) = moments(&memories);
            let (wanted, width) = (steps as f64 / 2.0, steps as f64 - 2.0);
            let n = units as f64;
            assert!((mean - wanted).abs() < 5.0 * width / (12.0 * n).sqrt(), "{cell}: a mean of {mean}, not {wanted}");
            assert!((12.0 * variance / (width * width) - 1.0).abs() < 5.0 * (0.8 / n).sqrt(), "{cell}: {variance}");
            for gate in (0..own.len()).filter(|gate| *gate != 1) {
                match opposite {
                    Some(opposite) if opposite == gate => {
                        assert!(own[gate].iter().zip(&own[1]).all(|(a, b)| *a == -b), "{cell} {gate}");
                    }
                    _ => assert_eq!(own[gate], plain[gate], "{cell} {gate}"),
                }
            }
        }
    }
}

/// The parameters after some steps in f64 from `params`: plain gradient descent, or Adam without its small number, the
/// rate of every slot times what the plan says of it.
fn trained(trial: &Rehearsal, mut params: Vec<f32>, scale_free: bool, steps: u64, lr: f64) -> Vec<f32> {
    let (plan, train) = (&trial.plan, &trial.train);
    let mut memory = vec![(0.0, 0.0); params.len()];
    for step in 1..=steps {
        let mut scratches = scratches(1);
        let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, params.clone(), Seeds::new(0));
        team.step(train, Batch::Stretch(0, train.rows()), step, lr);
        let grads = team.grads();
        for slot in plan.network.slots() {
            for i in slot.range() {
                let (g, (m, v)) = (f64::from(grads[i]), &mut memory[i]);
                let mut direction = g;
                if scale_free {
                    (*m, *v) = (0.9 * *m + 0.1 * g, 0.999 * *v + 0.001 * g * g);
                    let seen = |decay: f64| 1.0 - decay.powi(step as i32);
                    direction = (*m / seen(0.9)) / ((*v / seen(0.999)).sqrt() + 1e-30);
                }
                params[i] = (f64::from(params[i]) - lr * slot.care.lr * direction) as f32;
            }
        }
    }
    params
}

/// The neural tangent parametrization written out with layers that scale, and as an initialiser: the same training.
#[test]
fn ntk_is_the_network_with_its_constants_written_out() {
    let scale = "{ type = 'scale', by = 'inverse_sqrt' }";
    let dense =
        |units, activation| format!("{{ type = 'dense', units = {units}, bias = false, activation = '{activation}' }}");
    let (first, last) = (dense(40, "tanh"), dense(1, "identity"));
    for optimizer in ["sgd", "adamw"] {
        let written =
            trial(&format!("{scale}, {first}, {scale}, {last}"), "{ type = 'normal', std = 1 }", optimizer, 8);
        let ours = trial(&format!("{first}, {last}"), "'ntk'", optimizer, 8);
        let (w, mut p) = (initial(&written, 5), initial(&ours, 5));
        // the same draws, up to one rounding
        let constants = || ours.plan.network.slots().iter().flat_map(|s| vec![1.0 / (s.fan_in as f64).sqrt(); s.len()]);
        for ((w, p), constant) in w.iter().zip(&mut p).zip(constants()) {
            assert!((f64::from(*w) * constant - f64::from(*p)).abs() < 1e-6, "{w} {p}");
        }
        let (adam, lr) = if optimizer == "sgd" { (false, 0.5) } else { (true, 0.02) };
        let (w, p) = (trained(&written, w, adam, 20, lr), trained(&ours, p, adam, 20, lr));
        for ((w, p), constant) in w.iter().zip(&p).zip(constants()) {
            assert!((f64::from(*w) * constant - f64::from(*p)).abs() < 2e-5, "{optimizer}: {w} {p}");
        }
    }
}

/// The table of Yang et al. 2022 for a network that is `n` times as wide as its base.
#[test]
fn mup_scales_rates_as_its_table_says() {
    let dense = |units| format!("{{ type = 'dense', units = {units}, activation = 'relu' }}");
    let layers = format!("{}, {}, {{ type = 'dense', units = 1 }}", dense(256), dense(256));
    let n = 4.0;
    for (optimizer, expected) in
        [("sgd", [n, n, 1.0, n, 1.0 / n, 1.0]), ("adamw", [1.0, 1.0, 1.0 / n, 1.0, 1.0 / n, 1.0])]
    {
        let trial = trial(&layers, "{ type = 'mup', base_width = 64 }", optimizer, 8);
        let rates: Vec<f64> = trial.plan.network.slots().iter().map(|slot| slot.care.lr).collect();
        assert_eq!(rates, expected, "{optimizer}");
        let params = initial(&trial, 1);
        let output = trial.plan.network.slots()[4].range();
        let weights: Vec<f64> = params[output].iter().map(|w| f64::from(*w)).collect();
        let (_, variance, _) = moments(&weights);
        assert!((variance * 256.0 * n - 1.0).abs() < 5.0 * (2.0 / 256.0_f64).sqrt(), "{variance}");
    }
}

/// The coordinate check: how far the last hidden layer moves in a few steps, per unit. It does not depend on the width in
/// the maximal update parametrization and grows in the standard one.
#[test]
fn hidden_activations_move_alike_at_every_width_in_mup_only() {
    for (optimizer, lr) in [("sgd", 0.05), ("adamw", 0.0003)] {
        for (init, growing) in [("{ type = 'mup', base_width = 64 }", false), ("'lecun_normal'", true)] {
            let moved = |width: usize| {
                let hidden = format!("{{ type = 'dense', units = {width}, activation = 'tanh' }}");
                let body = format!("{hidden}, {hidden}");
                let whole = trial(&format!("{body}, {{ type = 'dense', units = 1 }}"), init, optimizer, 8);
                let seen =
                    trial(&format!("{body}, {{ type = 'dense', units = 1, init = 'ones' }}"), init, optimizer, 8);
                let activations = |params: &[f32]| {
                    let (plan, x) = (&seen.plan, seen.train.x(&(0..6)));
                    let layers = &params[..params.len() - width - 1];
                    let last = vec![0.0; width + 1];
                    let mut kept = vec![0.0; plan.network.kept(6)];
                    let mut scratch = kernels::Scratch::new();
                    let mut pass =
                        runner::nn::layer::Pass { cpu: Cpu::best(), scratch: &mut scratch, draws: None, lengths: &[] };
                    plan.network.forward(&mut pass, &[layers, &last].concat(), x, &mut kept);
                    // the activations of both hidden layers come first, each (6, width), in place of what they were taken of
                    kept[6 * width..][..6 * width].to_vec()
                };
                let seeds = 4;
                let mean = |seed| {
                    let start = initial(&whole, seed);
                    let (before, after) =
                        (activations(&start), activations(&trained(&whole, start.clone(), optimizer != "sgd", 4, lr)));
                    let far = before.iter().zip(&after).map(|(a, b)| f64::from((a - b).abs()));
                    far.sum::<f64>() / before.len() as f64
                };
                (0..seeds).map(mean).sum::<f64>() / seeds as f64
            };
            let (narrow, wide) = (moved(64), moved(512));
            println!("{optimizer} {init}: {narrow:.4} at 64, {wide:.4} at 512");
            let ratio = wide / narrow;
            let expected = if growing { 1.7..20.0 } else { 0.7..1.4 };
            assert!(expected.contains(&ratio), "{optimizer}, {init}: {narrow} at 64 and {wide} at 512");
        }
    }
}
