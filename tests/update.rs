//! What a step does to the parameters: the same bits for any number of threads, whatever the optimizer, clipping,
//! penalties and groups; and that layers, biases and schedules get what the file says.

mod common;

use common::{Rehearsal, rehearse, scratches};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::learn::optimizer::OPTIMIZERS;
use runner::trial::rows::Batch;
use runner::trial::team::Team;

/// A trial on 24 rows of five numbers in three classes.
fn trial(first: &str, loss: &str, optimizer: &str, schedule: &str) -> Rehearsal {
    let number = |n: usize| ((n * 37 + 11) % 101) as f32 / 50.5 - 1.0;
    let inputs: Vec<f32> = (0..24 * 5).map(number).collect();
    let classes: Vec<usize> = (0..24).map(|i| (i * 7 + i / 5) % 3).collect();
    let text = format!(
        "data = {{ type = 'table', inputs = {}, targets = {classes:?} }}
         loss = {{ type = 'cross_entropy'{loss} }}
         optimizer = {{ {optimizer} }}
         schedule = {schedule}
         train = {{ steps = 12, batch_size = 'full' }}
         network.layers = [
             {{ type = 'dense', units = 33, activation = 'tanh'{first} }},
             {{ type = 'dense', units = 20, activation = 'tanh' }},
             {{ type = 'dense', units = 3 }},
         ]",
        common::rows(&inputs, 5),
    );
    rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"))
}

/// The parameters before and after some steps.
fn trained(rehearsal: &Rehearsal, threads: usize, steps: u64) -> (Vec<f32>, Vec<f32>) {
    let (plan, train) = (&rehearsal.plan, &rehearsal.train);
    let mut params = vec![0.0; plan.network.parameters()];
    plan.network.initialise(plan.seeds(3), &mut params);
    let mut scratches = scratches(threads);
    let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, params.clone(), Seeds::new(0));
    for t in 0..steps {
        let loss = team.step(train, Batch::Stretch(0, train.rows()), t + 1, plan.rates.at(t));
        assert!(loss.is_finite(), "step {t}");
    }
    (params, team.params().to_vec())
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// Whether the parameters of these slots moved.
fn moved(rehearsal: &Rehearsal, (before, after): &(Vec<f32>, Vec<f32>), name: &str) -> bool {
    let slot = rehearsal.plan.network.slots().iter().find(|slot| slot.name == name).expect("a slot of that name");
    before[slot.range()] != after[slot.range()]
}

#[test]
fn the_number_of_threads_does_not_show() {
    let optimizers: Vec<String> = OPTIMIZERS.entries.iter().map(|entry| entry.about.name.to_owned()).collect();
    let mut cases = Vec::new();
    for name in optimizers.iter().filter(|name| *name != "perceptron") {
        let own = format!("type = '{name}', lr = 0.01, weight_decay = 0.1");
        cases.push((String::new(), String::new(), own.clone()));
        // a search takes neither clipped gradients nor rates of layers
        let (clips, care) = match name.as_str() {
            "lbfgs" => ("", ", weight_decay = 0.0"),
            _ => (", clip_norm = 0.05, clip_value = 0.02", ", lr = 0.5, weight_decay = 0.0"),
        };
        let all = format!("{own}{clips}, decay_bias = false");
        cases.push((care.to_owned(), ", l1 = 0.001, l2 = 0.01".to_owned(), all));
        cases.push((", frozen = true".to_owned(), String::new(), own.clone()));
        let constraint = ", constraint = { type = 'max_norm', most = 0.2 }";
        cases.push((constraint.to_owned(), String::new(), own));
    }
    for (first, loss, optimizer) in cases {
        let rehearsal = trial(&first, &loss, &optimizer, "'constant'");
        let alone = trained(&rehearsal, 1, 5).1;
        for threads in [2, 3, 7] {
            let together = trained(&rehearsal, threads, 5).1;
            assert_eq!(bits(&alone), bits(&together), "{optimizer}{loss}{first}, {threads} threads");
        }
    }
}

#[test]
fn a_layer_has_its_own_rate_and_decay() {
    let plain = "type = 'sgd', lr = 0.1, momentum = 0.9";
    let usual = trial("", "", plain, "'constant'");
    // a multiplier of a power of two is exact
    let halved = trained(&trial(", lr = 0.5", "", plain, "'constant'"), 1, 1);
    let (before, full) = trained(&usual, 1, 1);
    for (i, slot) in usual.plan.network.slots().iter().enumerate() {
        for at in slot.range() {
            let factor = if i < 2 { 0.5 } else { 1.0 };
            let wanted = factor * (full[at] - before[at]);
            assert!((halved.1[at] - before[at] - wanted).abs() <= 1e-7, "{} {at}", slot.name);
        }
    }
    let all = trained(&trial("", "", &format!("{plain}, weight_decay = 0.5"), "'constant'"), 1, 1).1;
    let first = trained(&trial(", weight_decay = 0.5", "", plain, "'constant'"), 1, 1).1;
    for (i, slot) in usual.plan.network.slots().iter().enumerate() {
        let wanted = if i < 2 { &all } else { &full };
        assert_eq!(bits(&first[slot.range()]), bits(&wanted[slot.range()]), "{}", slot.name);
        assert_eq!(i < 2, first[slot.range()] != full[slot.range()], "{}", slot.name);
    }
}

#[test]
fn what_is_frozen_stays_and_biases_decay_only_if_they_are_to() {
    let frozen = trial(", frozen = true", "", "type = 'adamw', lr = 0.1", "'constant'");
    let ends = trained(&frozen, 1, 3);
    for (name, moves) in [("0.weight", false), ("0.bias", false), ("1.weight", true), ("2.bias", true)] {
        assert_eq!(moved(&frozen, &ends, name), moves, "{name}");
    }
    let usual = trial("", "", "type = 'adamw', lr = 0.1, weight_decay = 0.5", "'constant'");
    let spared = "type = 'adamw', lr = 0.1, weight_decay = 0.5, decay_bias = false";
    let none = "type = 'adamw', lr = 0.1, weight_decay = 0.0";
    let [decayed, spared, none] = [
        trained(&usual, 1, 1).1,
        trained(&trial("", "", spared, "'constant'"), 1, 1).1,
        trained(&trial("", "", none, "'constant'"), 1, 1).1,
    ];
    for slot in usual.plan.network.slots() {
        let wanted = if slot.name.ends_with("bias") { &none } else { &decayed };
        assert_eq!(bits(&spared[slot.range()]), bits(&wanted[slot.range()]), "{}", slot.name);
    }
}

#[test]
fn a_schedule_sets_the_momentum_of_an_optimizer_without_any() {
    let cycle =
        "{ type = 'cyclic', base_lr = 0.1, max_lr = 0.1, step_size_up = 100, base_momentum = 0.9, max_momentum = 0.9 }";
    let cycled = trained(&trial("", "", "type = 'sgd', lr = 0.1", cycle), 1, 6).1;
    let own = trained(&trial("", "", "type = 'sgd', lr = 0.1, momentum = 0.9", "'constant'"), 1, 6).1;
    assert_eq!(bits(&cycled), bits(&own));
}

#[test]
fn the_perceptron_rule_moves_misclassified_rows_only() {
    let text = |loss: &str| {
        format!(
            "data = {{ type = 'table', inputs = [[1.0, 2.0], [-1.0, 0.5], [2.0, -1.0]], targets = [1, 0, 1] }}
             loss = '{loss}'
             optimizer = {{ type = 'perceptron', lr = 0.5 }}
             train = {{ steps = 9, batch_size = 1, order = 'stored' }}
             network = {{ layers = [{{ type = 'dense', units = 1 }}], init = 'zeros' }}"
        )
    };
    let Rehearsal { plan, train } = rehearse(&text("perceptron")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let mut scratches = scratches(1);
    let mut team = Team::new(&plan, Cpu::best(), &mut scratches, &train, vec![0.0; 3], Seeds::new(0));
    let rows = [([1.0_f32, 2.0], 1.0), ([-1.0, 0.5], 0.0), ([2.0, -1.0], 1.0)];
    // Rosenblatt's rule by hand, where an output of zero is on neither side
    let (mut w, mut b) = ([0.0_f32; 2], 0.0_f32);
    for t in 0..9 {
        let (x, target) = rows[t % 3];
        let z = w[0] * x[0] + w[1] * x[1] + b;
        let towards = if target == 1.0 { 1.0 } else { -1.0 };
        if z * towards <= 0.0 {
            w = [w[0] + 0.5 * towards * x[0], w[1] + 0.5 * towards * x[1]];
            b += 0.5 * towards;
        }
        team.step(&train, Batch::Stretch(t % 3, t % 3 + 1), t as u64 + 1, plan.rates.at(t as u64));
        assert_eq!(team.params(), [w[0], w[1], b], "after step {t}");
    }
    let refused = rehearse(&text("bce")).err().expect("the rule has no other loss");
    assert!(refused.contains("the perceptron rule has no meaning with the loss `bce`"), "{refused}");
}

#[test]
fn contradictions_of_schedules_are_found_before_training() {
    let refused = |schedule: &str, optimizer: &str, expected: &str| {
        let text = format!(
            "data = {{ type = 'table', inputs = [[1.0], [2.0]], targets = [0, 1] }}
             loss = 'bce'
             optimizer = {{ type = '{optimizer}', lr = 0.5 }}
             schedule = {schedule}
             train = {{ steps = 9, batch_size = 1 }}
             network.layers = [{{ type = 'dense', units = 1 }}]"
        );
        let mistakes = rehearse(&text).err().unwrap_or_else(|| panic!("{schedule} is accepted"));
        assert!(mistakes.contains(expected), "{mistakes}");
    };
    refused("'one_cycle'", "adagrad", "cycles the momentum, and `adagrad` has none");
    refused("{ type = 'multistep', milestones = [5, 3] }", "sgd", "which do not rise");
    refused("{ type = 'multistep', milestones = [5], values = [0.1] }", "sgd", "there are 1 values");
    refused(
        "{ type = 'multistep', milestones = [5], values = [0.1, 0.2], gamma = 0.5 }",
        "sgd",
        "both `gamma` and `values`",
    );
    refused("{ type = 'plateau', monitor = 'test_loss' }", "sgd", "cannot set the learning rate");
    refused("'plateau'", "sgd", "`validation_loss` is not measured");
    let phases =
        |first: &str| format!("{{ type = 'sequential', phases = [{{ {first} }}, {{ schedule = 'cosine' }}] }}");
    refused(&phases("schedule = 'constant'"), "sgd", "only the last phase can do without `length`");
    let plateau = "schedule = { type = 'plateau', monitor = 'train_loss' }, length = 3";
    refused(&phases(plateau), "sgd", "cannot be a phase");
}
