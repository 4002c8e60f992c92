//! What a `[network]` section makes of its layers beside their functions, which `tests/gradients.rs` proves: how they hand
//! down what is said about training them, and that dropout depends on nothing but the seed, the step and the place.

mod common;

use common::networks::{INPUTS, OUTPUTS, networks};
use common::{Rehearsal, evaluated, planned, rehearse, scratches};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::base::shape::{Shape, Target};
use runner::nn::network::Network;
use runner::trial::divided::divides;
use runner::trial::plan::DataOutline;
use runner::trial::rows::Batch;
use runner::trial::team::Team;

/// A trial of these layers on rows of three numbers, of which one of three classes is to be told.
#[track_caller]
fn trial(layers: &str) -> Rehearsal {
    let text = format!(
        "optimizer = {{ type = 'sgd', lr = 0.1 }}
         loss = 'cross_entropy'
         train = {{ steps = 1, batch_size = 'full' }}
         network = {{ layers = [{layers}] }}
         data = {{ type = 'table', inputs = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]], targets = [0, 1, 2] }}"
    );
    rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn initial(network: &Network, seed: u64) -> Vec<f32> {
    let mut params = vec![f32::NAN; network.parameters()];
    network.initialise(Seeds::new(seed), &mut params);
    params
}

#[test]
fn a_layer_hands_its_care_down() {
    let network = trial(
        "{ type = 'dense', units = 3 },
         { type = 'residual', lr = 0.5, weight_decay = 0.1, layers = [
             { type = 'dense', units = 3, lr = 4, bias = false },
             { type = 'dense', units = 3, lr = 0, weight_decay = 0, frozen = true, bias = false },
             { type = 'residual', frozen = true, layers = [{ type = 'dense', units = 3, bias = false }] },
         ] },
         { type = 'dense', units = 3, frozen = true }",
    )
    .plan
    .network;
    let cares: Vec<_> =
        network.slots().iter().map(|slot| (slot.care.lr, slot.care.weight_decay, slot.care.frozen)).collect();
    let (first, last) = ((1.0, None, false), (1.0, None, true));
    let body = [(2.0, Some(0.1), false), (0.0, Some(0.0), true), (0.5, Some(0.1), true)];
    assert_eq!(cares, [first, first, body[0], body[1], body[2], last, last]);
    let ends: Vec<_> = network.slots().iter().map(|slot| (slot.first, slot.last)).collect();
    let hidden = (false, false);
    assert_eq!(ends, [(true, false), (true, false), hidden, hidden, hidden, (false, true), (false, true)]);
}

/// 3 x 4 + 4 x 4 + 4 x 3 multiply-adds; those for the gradient of the rows themselves are spared.
#[test]
fn the_work_of_a_step_is_counted_in_multiply_adds() {
    let operations = |layers: &str| trial(layers).plan.network.operations();
    let (four, three) = ("{ type = 'dense', units = 4, activation = 'relu' }", "{ type = 'dense', units = 3 }");
    assert_eq!(operations(&format!("{four}, {four}, {three}")), 2 * (3 * (12 + 16 + 12) - 12));
    let residual = format!("{{ type = 'residual', layers = [{four}, {three}] }}");
    assert_eq!(operations(&residual), 2 * (3 * (12 + 12) - 12), "also where the first layer is within another");
    let later = format!("{{ type = 'scale', by = 2, learned = 'vector' }}, {residual}");
    assert_eq!(operations(&later), 2 * 3 * (12 + 12), "and no gradient is spared behind a layer");
    assert_eq!(operations("{ type = 'scale', by = 2 }"), 0);
    let idle = format!("{{ type = 'scale', by = 2 }}, {{ type = 'activation', function = 'tanh' }}, {four}, {three}");
    assert_eq!(operations(&idle), 2 * (3 * (12 + 12) - 12), "what learns nothing needs no gradient either");
}

/// The gradients of the inputs alone are spared: what is between them and the output needs its own.
#[test]
fn no_gradient_is_spared_within_the_first_layer() {
    let operations = |layers: &str| {
        let text = format!(
            "optimizer = {{ type = 'sgd', lr = 0.1 }}
             loss = 'mse'
             train = {{ steps = 1, batch_size = 'full' }}
             network = {{ layers = [{layers}, {{ type = 'dense', units = 1 }}] }}
             data = {{ type = 'adding', length = 50, vary = 0.0, train = 8, test = 8 }}"
        );
        rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}")).plan.network.operations()
    };
    let (t, f, h) = (50, 2, 64);
    let dense = |inputs: usize| 3 * inputs;
    // four gates: forward, weights, then the gradients of the states but for the first, which is a zero
    let lstm = 4 * h * (2 * t * (f + h) + (t - 1) * h);
    assert_eq!(operations("{ type = 'lstm', units = 64 }"), 2 * (lstm + dense(h)));
    // of the 49 gradients of states, those at the steps 20 and 40 are cut off
    let cut = 4 * h * (2 * t * (f + h) + (t - 3) * h);
    assert_eq!(operations("{ type = 'lstm', units = 64, truncate = 20 }"), 2 * (cut + dense(h)));
    let ways = 3 * h * (2 * t * (f + h) + (t - 1) * h);
    let above = 3 * h * (3 * t * 2 * h + 2 * t * h + (t - 1) * h);
    assert_eq!(
        operations("{ type = 'gru', units = 64, layers = 2, bidirectional = true }"),
        2 * (2 * (ways + above) + dense(2 * h)),
        "the second level gives the first the gradients of its states"
    );
    // weights of 3 F² and F² at every step, two products of T² F; the first one's input needs no gradient
    let attention = 3 * (4 * t * f * f + 2 * t * t * f) - 3 * t * f * f;
    assert_eq!(operations("'attention', 'flatten'"), 2 * (attention + dense(t * f)));
}

#[test]
fn a_layer_starts_from_its_own_initialiser_and_moves_no_other() {
    let plain = trial("{ type = 'dense', units = 2 }, { type = 'dense', units = 3 }").plan.network;
    let own = trial("{ type = 'dense', units = 2, init = 'zeros' }, { type = 'dense', units = 3 }").plan.network;
    let (plain, ours) = (initial(&plain, 1), initial(&own, 1));
    assert!(ours[..8].iter().all(|w| *w == 0.0) && plain[..8].iter().all(|w| *w != 0.0));
    assert_eq!(ours[8..], plain[8..]);
}

#[test]
fn layers_that_are_repeated_are_those_written_out() {
    let (first, last) = ("{ type = 'dense', units = 4 }", "{ type = 'dense', units = 3 }");
    let twice =
        |layers: &str| trial(&format!("{first}, {{ type = 'repeat', times = 2, layers = [{layers}] }}, {last}"));
    let block = "{ type = 'dense', units = 4, bias = false }, { type = 'dropout' }";
    let (network, plain) = (twice(block).plan.network, trial(&[first, block, block, last].join(", ")).plan.network);
    let names = |network: &Network| network.slots().iter().map(|slot| slot.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&network)[2..4], ["1.body.0.weight", "1.body.2.weight"]);
    assert_eq!(network.parameters(), plain.parameters());
    assert_eq!(network.operations(), plain.operations());
    let params = initial(&network, 1);
    assert_ne!(params[16..32], params[32..48], "each time with parameters of its own");
}

/// The layers of [`trained`] with and without dropout.
fn dropping(rate: f64) -> String {
    let drop = format!("{{ type = 'dropout', p = {rate} }}");
    format!("{drop}, {{ type = 'dense', units = 90, activation = 'tanh' }}, {drop}, {{ type = 'dense', units = 3 }}")
}

const PLAIN: &str = "{ type = 'dense', units = 90, activation = 'tanh' }, { type = 'dense', units = 3 }";

/// Parameters after `steps.end` steps, begun anew with what was there after `steps.start` of them.
fn trained(trial: &Rehearsal, threads: usize, looks: usize, seed: u64, steps: &[u64]) -> Vec<f32> {
    let mut params = initial(&trial.plan.network, seed);
    let mut done = 0;
    for until in steps {
        let mut scratches = scratches(threads);
        let mut team = Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, params, Seeds::new(seed));
        while done < *until {
            (0..looks).for_each(|_| drop(team.outputs(&trial.train)));
            done += 1;
            team.step(&trial.train, Batch::Stretch(0, 3), done, 0.5);
        }
        params = team.params().to_vec();
    }
    params
}

#[test]
fn dropout_depends_on_seed_and_step_alone() {
    let trial = trial(&dropping(0.5));
    let once = trained(&trial, 1, 0, 3, &[7]);
    assert_eq!(once, trained(&trial, 3, 0, 3, &[7]), "three threads");
    assert_eq!(once, trained(&trial, 1, 2, 3, &[7]), "with evaluations between the steps");
    assert_eq!(once, trained(&trial, 2, 1, 3, &[2, 3, 7]), "interrupted twice");
}

#[test]
fn dropout_draws_anew_for_every_step_seed_and_layer() {
    let trial = trial(
        "{ type = 'dropout' }, { type = 'dropout' }, { type = 'dense', units = 90 }, 'dropout', { type = 'dense', units = 3 }",
    );
    let params = initial(&trial.plan.network, 3);
    let gradient = |seed, step| {
        let mut scratches = scratches(1);
        let mut team =
            Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, params.clone(), Seeds::new(seed));
        team.step(&trial.train, Batch::Stretch(0, 3), step, 0.5);
        team.grads().to_vec()
    };
    let first = gradient(1, 1);
    assert_eq!(first, gradient(1, 1));
    assert_ne!(first, gradient(1, 2));
    assert_ne!(first, gradient(2, 1));
    // the rows of the first layer's gradient are zero only where an input was dropped for all rows by either layer
    let zeros = first.iter().filter(|g| **g == 0.0).count();
    assert!(zeros > 0 && zeros < first.len(), "{zeros} of {}", first.len());
}

#[test]
fn without_training_or_rate_dropout_is_not_there() {
    let (plain, half, none) = (trial(PLAIN), trial(&dropping(0.5)), trial(&dropping(0.0)));
    let params = initial(&plain.plan.network, 3);
    assert_eq!(params, initial(&half.plan.network, 3), "dropout moves nobody's initial weights");
    let outputs = |trial: &Rehearsal| {
        let mut scratches = scratches(1);
        Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, params.clone(), Seeds::new(3))
            .outputs(&trial.train)
    };
    assert_eq!(outputs(&plain), outputs(&half), "in evaluation dropout is the identity");
    assert_eq!(trained(&plain, 1, 0, 3, &[7]), trained(&none, 2, 0, 3, &[7]), "a rate of zero");
    assert_ne!(trained(&plain, 1, 0, 3, &[7]), trained(&half, 1, 0, 3, &[7]));
}

/// Rows of three numbers become images of 40 channels of 2 x 3 that the layers leave as they are; what remains of them after
/// the layer that is given is the gradient by a factor of each number.
fn left(drop: &str) -> Vec<Vec<f32>> {
    let trial = trial(&format!(
        "{{ type = 'dense', units = 240, init = 'zeros', frozen = true }}, {{ type = 'reshape', shape = [40, 2, 3] }}, {drop},
         {{ type = 'scale', learned = 'vector' }}, {{ type = 'dense', units = 3, init = 'ones' }}"
    ));
    let mut params = initial(&trial.plan.network, 3);
    let slots = trial.plan.network.slots();
    params[slots[1].range()].fill(1.0);
    // the first class alone hears of each number
    params[slots[3].range()].iter_mut().enumerate().for_each(|(i, w)| *w = if i % 3 == 0 { 1e-4 } else { 0.0 });
    let mut scratches = scratches(1);
    (1..=20)
        .map(|step| {
            let start = params.clone();
            let mut team = Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, start, Seeds::new(1));
            team.step(&trial.train, Batch::Stretch(0, 1), step, 0.0);
            team.grads()[slots[2].range()].to_vec()
        })
        .collect()
}

#[test]
fn spatial_dropout_drops_whole_channels() {
    for (extent, count, channel) in
        [(0, 40, (|i| i / 6) as fn(usize) -> usize), (1, 2, |i| i / 3 % 2), (-1, 3, |i| i % 3)]
    {
        let (mut dropped, mut seen) = (0, 0);
        for numbers in left(&format!("{{ type = 'spatial_dropout', p = 0.25, extent = {extent} }}")) {
            for c in 0..count {
                let own: Vec<bool> = (0..240).filter(|i| channel(*i) == c).map(|i| numbers[i] == 0.0).collect();
                assert!(own.iter().all(|zero| *zero == own[0]), "extent {extent}: a part of channel {c} was dropped");
                dropped += usize::from(own[0]);
                seen += 1;
            }
        }
        let share = dropped as f64 / seen as f64;
        assert!(
            (share - 0.25).abs() < 4.0 * (0.25 * 0.75 / seen as f64).sqrt(),
            "extent {extent}: {dropped} of {seen}"
        );
    }
}

#[test]
fn branches_are_what_residual_and_concat_are() {
    let body = "{ type = 'dense', units = 3, activation = 'tanh' }, 'dropout', { type = 'dense', units = 3 }";
    let around =
        |layer: &str| trial(&format!("{{ type = 'dense', units = 3 }}, {layer}, {{ type = 'dense', units = 3 }}"));
    for (name, join) in [("residual", "add"), ("concat", "concat")] {
        let one = around(&format!("{{ type = '{name}', layers = [{body}] }}"));
        let other = around(&format!("{{ type = 'parallel', branches = [[], [{body}]], join = '{join}' }}"));
        let operations = [&one, &other].map(|trial| trial.plan.network.operations());
        assert_eq!(operations[0], operations[1], "{name}");
        assert_eq!(trained(&one, 1, 0, 3, &[7]), trained(&other, 2, 0, 3, &[7]), "{name}");
    }
}

/// Where the gradient is used up block by block, a block must have been through every layer that shares it.
#[test]
fn shared_weights_learn_the_same_in_blocks_and_at_once() {
    let layers = "{ type = 'dense', units = 400, activation = 'tanh' }, { type = 'dense', units = 400, activation = 'tanh' },
                  { type = 'dense', units = 400, activation = 'tanh', share = '1' }, { type = 'dense', units = 400, tied = '1' },
                  { type = 'dense', units = 3, tied = '0' }";
    let at = |measures: &str| {
        let text = format!(
            "optimizer = {{ type = 'sgd', lr = 0.1, momentum = 0.9 }}
             loss = 'cross_entropy'
             train = {{ steps = 1, batch_size = 'full' }}
             eval = {{ metrics = [{measures}] }}
             network = {{ layers = [{layers}] }}
             data = {{ type = 'table', inputs = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]], targets = [0, 1, 2] }}"
        );
        rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    };
    let (blocks, whole) = (at("'loss'"), at("'loss', 'grad_norm'"));
    let network = &blocks.plan.network;
    let names: Vec<&str> = network.slots().iter().map(|slot| slot.name.as_str()).collect();
    assert_eq!(names, ["0.weight", "0.bias", "1.weight", "1.bias", "3.bias", "4.bias"]);
    assert_eq!(network.learned(), 3 * 400 + 400 + 400 * 400 + 400 + 400 + 3, "what is shared counts once");
    assert!(!blocks.plan.keeps_gradient() && whole.plan.keeps_gradient());
    assert!(network.blocks(&network.cuts(1)).len() > 3, "there are several blocks");
    let once = trained(&whole, 1, 0, 3, &[5]);
    for threads in 1..4 {
        assert_eq!(once, trained(&blocks, threads, 0, 3, &[5]), "{threads} threads, block by block");
        assert_eq!(once, trained(&whole, threads, 0, 3, &[5]), "{threads} threads, whole");
    }
}

#[test]
fn a_step_honours_what_layers_say() {
    let decayed = |care: &str| {
        let trial = trial(&format!("{{ type = 'dense', units = 4{care} }}, {{ type = 'dense', units = 3 }}"));
        let start = initial(&trial.plan.network, 1);
        let mut scratches = scratches(2);
        let mut team = Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, start.clone(), Seeds::new(1));
        team.step(&trial.train, Batch::Stretch(0, 3), 1, 0.5);
        let moved: Vec<f32> = start.iter().zip(team.params()).map(|(a, b)| b - a).collect();
        (start, moved)
    };
    let (start, plain) = decayed("");
    let first = 0..16;
    for (care, expected) in [(", lr = 0.5", 0.5), (", frozen = true", 0.0), (", lr = 0", 0.0)] {
        let (_, moved) = decayed(care);
        assert_eq!(moved[16..], plain[16..], "the other layer, {care}");
        for (ours, plain) in moved[first.clone()].iter().zip(&plain) {
            assert!((ours - expected * plain).abs() < 1e-6, "{care}: {ours}, not {expected} of {plain}");
        }
    }
    let (_, moved) = decayed(", weight_decay = 0.1");
    for i in first {
        assert!((moved[i] - (plain[i] - 0.5 * 0.1 * start[i])).abs() < 1e-6, "{i}: {} and {}", moved[i], plain[i]);
    }
}

/// A batch may be cut anywhere in evaluation, with rows that fill a block of lanes and rows that do not: the outputs of a row
/// are made of it alone, behind a normalisation over the batch as well.
#[test]
fn outputs_of_a_row_depend_on_no_other() {
    const CUTS: [&[usize]; 2] = [&[3, 4], &[1, 16, 20]];
    let inputs: Vec<f32> = (0..37 * INPUTS).map(|i| ((i * 37 + 11) % 101) as f32 / 50.5 - 1.0).collect();
    let symbols: Vec<f32> = (0..37 * INPUTS).map(|i| (i * i % 5) as f32).collect();
    for (layers, named) in networks() {
        let text = format!(
            "loss = 'cross_entropy'
             optimizer = {{ type = 'sgd', lr = 0.1 }}
             train = {{ steps = 1, batch_size = 'full' }}
             network.layers = {layers}"
        );
        let (x, symbols) = if named { (&symbols, Some(5)) } else { (&inputs, None) };
        let (shape, target, parts) = (Shape::flat(INPUTS), Target::Classes(OUTPUTS), vec!["train", "test"]);
        let outline = DataOutline { shape, target, train: 37, steps: 1, symbols, padded: false, parts };
        let network = planned(&text, &outline).network;
        let params = initial(&network, 1);
        for (cpu, cuts) in Cpu::all().into_iter().flat_map(|cpu| CUTS.map(|cuts| (cpu, cuts))) {
            let rows: usize = cuts.iter().sum();
            let whole = evaluated(cpu, &network, &params, &x[..rows * INPUTS], &[]);
            let mut rest = &x[..];
            let part =
                |count: &usize| evaluated(cpu, &network, &params, rest.split_off(..count * INPUTS).expect("rows"), &[]);
            let parts = cuts.iter().flat_map(part).map(f32::to_bits);
            let whole: Vec<u32> = whole.into_iter().map(f32::to_bits).collect();
            assert_eq!(parts.collect::<Vec<_>>(), whole, "rows {cuts:?} on {} of {layers}", cpu.isa());
        }
    }
}

/// Gradients vanish on the way back through sixty sigmoids, in the place of their inputs, and softpluses, which are not: they
/// are zero from where they are negligible on, and none is so small that multiplying it takes long.
#[test]
fn gradients_that_vanish_are_zero() {
    for (function, scale, divided) in [("sigmoid", 0.1, true), ("softplus", 0.05, false)] {
        let layer = format!(
            "{{ type = 'dense', units = 24, activation = '{function}', init = {{ type = 'normal', std = {scale} }} }},\n"
        );
        let text = format!(
            "optimizer = {{ type = 'sgd', lr = 0.1, clip_norm = 1e9 }}
             loss = 'cross_entropy'
             train = {{ steps = 1, batch_size = 'full' }}
             network = {{ layers = [{} {{ type = 'dense', units = 2 }}] }}
             data = {{ type = 'table', inputs = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], targets = [0, 1] }}",
            layer.repeat(60)
        );
        let trial = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(divides(&trial.plan, 2, 2), divided, "{function}");
        for threads in [1, 2] {
            let mut scratches = scratches(threads);
            let start = initial(&trial.plan.network, 1);
            let mut team = Team::new(&trial.plan, Cpu::best(), &mut scratches, &trial.train, start, Seeds::new(1));
            team.step(&trial.train, Batch::Stretch(0, 2), 1, 0.1);
            let small = team.grads().iter().find(|g| **g != 0.0 && g.abs() < f32::MIN_POSITIVE);
            assert_eq!(small, None, "{function}, {threads} threads");
            assert!(
                team.grads()[..96].iter().all(|g| *g == 0.0),
                "{function}, {threads} threads: the first layer learns"
            );
        }
    }
}
