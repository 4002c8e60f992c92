//! Whole trials of a few rows: when they end, what their records hold, and that looking changes nothing.

use std::sync::Arc;

use kernels::gemm::Scratch;
use kernels::isa::Cpu;

use crate::base::diagnostics::Diagnostics;
use crate::base::node::Node;
use crate::base::random::Seeds;
use crate::data::{self, Cache, Dataset, Folders};
use crate::nn::chain::at_once;
use crate::trial::plan::Plan;
use crate::trial::record::{Record, Status};
use crate::trial::rows::{Batch, Part};
use crate::trial::sections::{self, member};
use crate::trial::team::Team;
use crate::trial::train::{Identity, Means, Watch, pieces, train};

struct Nobody;

impl Watch for Nobody {
    fn evaluated(&self, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}

    fn stop(&self) -> bool {
        false
    }
}

/// The record of the trial that the sections of `text` describe, with seed 0.
#[track_caller]
fn record(text: &str) -> Record {
    let (plan, parts) = planned(text);
    let means = Means { cpu: Cpu::best(), parts: &parts, watch: &Nobody };
    let who = Identity { trial: "t".into(), axes: vec![], seed: 0 };
    train(&plan, who, &means, &mut [Scratch::new()]).expect("nobody stops it")
}

/// The plan of that trial, and its data.
#[track_caller]
fn planned(text: &str) -> (Plan, Vec<Arc<Dataset>>) {
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("test.toml", text);
    let root = Node::parse(origin, text, &mut diagnostics);
    let read = sections::read(&root, &mut diagnostics);
    let planned = member(&read, "data").and_then(|chosen| {
        let known = data::outline(chosen, &Folders::default(), &mut diagnostics)?;
        let prepared =
            data::prepared(chosen, &Folders::default(), Seeds::new(0), &Cache::new(1)).expect("no file is read");
        Some((Plan::new(&read, &known.into(), &mut diagnostics)?, prepared.parts()))
    });
    assert!(diagnostics.is_empty(), "{}", diagnostics.render(false));
    planned.expect("no mistake was found")
}

/// A small network on MNIST-1D that soon knows its few rows by heart; `train` and `eval` are the rest of the sections.
fn mnist1d(train: &str, eval: &str) -> Record {
    record(&format!(
        "data = {{ type = 'mnist1d', train = 120, test = 60, validation = 40 }}
         network.layers = [{{ type = 'dense', units = 30, activation = 'tanh' }}, {{ type = 'dense', units = 10 }}]
         loss = 'cross_entropy'
         optimizer = {{ type = 'sgd', lr = 0.5 }}
         [train]
         batch_size = 20
         {train}
         [eval]
         {eval}"
    ))
}

/// A network of one layer without a bias on rows that are written.
fn rows(data: &str, units: usize, loss: &str, metrics: &str) -> Record {
    record(&format!(
        "data = {{ type = 'table', {data} }}
         network.layers = [{{ type = 'dense', units = {units} }}]
         loss = {loss}
         optimizer = {{ type = 'sgd', lr = 0.1 }}
         train = {{ steps = 4, batch_size = 'full' }}
         eval = {{ every = {{ steps = 2 }}, metrics = {metrics} }}"
    ))
}

fn column(record: &Record, name: &str) -> Vec<f64> {
    record.column(name).unwrap_or_else(|| panic!("{name} is not in {:?}", record.columns)).collect()
}

fn near(ours: f64, theirs: f64, allowed: f64) {
    assert!((ours - theirs).abs() <= allowed * theirs.abs().max(1.0), "{ours}, not {theirs}");
}

#[test]
fn early_stopping_ends_where_the_validation_loss_says_and_restores_the_best() {
    let stopping = |more: &str| format!("epochs = 200\nearly_stopping = {{ patience = 3{more} }}");
    let plain = mnist1d(&stopping(""), "");
    let losses = column(&plain, "validation_loss");
    // by hand: the first evaluation that has no lower loss among the last three
    let stopped = (3..losses.len()).find(|i| {
        let earlier = losses[..i - 2].iter().copied().fold(f64::INFINITY, f64::min);
        losses[i - 2..=*i].iter().all(|loss| *loss >= earlier)
    });
    let stopped = stopped.expect("a network that learns its rows by heart gets worse on others");
    assert_eq!(stopped, losses.len() - 1, "it was trained on");
    assert_eq!(plain.summary("stop_step"), Some(plain.steps as f64));
    assert_eq!((plain.status.clone(), plain.steps), (Status::Done, stopped as u64 * plain.train_rows.div_ceil(20)));
    let best = plain.summary("best_step").expect("there is a best evaluation");
    assert_ne!(plain.weights_digest, plain.best_weights_digest);

    let restored = mnist1d(&stopping(", monitor = 'val_loss', restore_best_weights = true"), "");
    // as text, because the running loss before the first step is no number and so unlike itself
    assert_eq!(format!("{:?}", restored.rows), format!("{:?}", plain.rows), "only what is kept differs");
    assert_eq!(restored.steps, plain.steps);
    let there = mnist1d(&format!("steps = {best}"), "");
    assert_eq!(restored.weights_digest, there.weights_digest);
    assert_eq!(restored.best_weights_digest, there.weights_digest);
    for column in &there.columns {
        if &**column != "running_train_loss" {
            assert_eq!(restored.summary(column), there.summary(column), "{column}");
        }
    }
    assert_eq!(restored.summary("gap_loss"), there.summary("gap_loss"));
}

#[test]
fn a_goal_must_hold_for_as_many_evaluations_as_it_says() {
    let goal = "epochs = 200\ngoal = { train_accuracy = 1.0 }\ngoal_evaluations = 3";
    let record = mnist1d(goal, "");
    let accuracies = column(&record, "train_accuracy");
    assert!(accuracies.len() > 4 && accuracies[accuracies.len() - 4] < 1.0, "{accuracies:?}");
    assert_eq!(accuracies[accuracies.len() - 3..], [1.0; 3]);
    assert_eq!(record.summary("goal_step"), Some(record.rows[accuracies.len() - 3].step as f64));
    assert_eq!(record.summary("stop_step"), None);
}

#[test]
fn a_goal_reached_before_the_first_step_is_no_divergence() {
    let record = mnist1d("steps = 6\ngoal = { train_loss = 10.0 }", "every = { steps = 2 }");
    assert_eq!((&record.status, record.steps), (&Status::Done, 0));
    assert_eq!((record.summary("goal_step"), record.summary("mean_train_loss")), (Some(0.0), None));
}

#[test]
fn how_often_a_network_is_looked_at_changes_neither_weights_nor_measures() {
    let of = |every: &str| mnist1d("steps = 40", &format!("every = {every}\nmetrics = ['loss', 'grad_norm']"));
    let (often, seldom, listed) = (of("{ steps = 1 }"), of("{ log = 5 }"), of("[3, 11, 100]"));
    let steps = |record: &Record| record.rows.iter().map(|row| row.step).collect::<Vec<_>>();
    assert_eq!(steps(&often), (0..=40).collect::<Vec<_>>());
    assert_eq!(steps(&seldom), [0, 1, 3, 6, 16, 40]);
    assert_eq!(steps(&listed), [0, 3, 11, 40]);
    for other in [&seldom, &listed] {
        assert_eq!(other.weights_digest, often.weights_digest);
        for row in &other.rows[1..] {
            assert_eq!(row, &often.rows[row.step as usize]);
        }
    }
}

#[test]
fn the_running_loss_is_the_mean_of_the_batches_losses() {
    let (often, seldom) = (mnist1d("steps = 12", "every = 1"), mnist1d("steps = 12", "every = [5, 12]"));
    let losses = column(&often, "running_train_loss");
    let running = column(&seldom, "running_train_loss");
    assert!(losses[0].is_nan() && running[0].is_nan(), "no step was taken");
    near(running[1], losses[1..6].iter().sum::<f64>() / 5.0, 1e-12);
    near(running[2], losses[6..].iter().sum::<f64>() / 7.0, 1e-12);
    near(often.summary("mean_train_loss").unwrap(), losses[1..].iter().sum::<f64>() / 12.0, 1e-12);
}

#[test]
fn norms_are_those_of_the_buffers() {
    let data = "inputs = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], targets = [2.0, -1.0]";
    let metrics = "[{ type = 'weight_norm', tensors = true }, { type = 'distance_from_init', name = 'my' }, 'grad_norm',
                    'loss', { type = 'input_share', inputs = [0, 1] }, { type = 'input_share', name = 'other', inputs = [2] }]";
    let record = rows(data, 1, "'mse'", &metrics.replace('\n', " "));
    let of = |name: &str| column(&record, name);
    let (whole, weight, bias) = (of("weight_norm"), of("weight_norm_0.weight"), of("weight_norm_0.bias"));
    for i in 0..3 {
        near(whole[i] * whole[i], weight[i] * weight[i] + bias[i] * bias[i], 1e-12);
        near(of("input_share")[i] + of("other_input_share")[i], 1.0, 1e-12);
    }
    // the third weight never moves: its input is always 0
    let still = |i: usize| weight[i] * weight[i] * of("other_input_share")[i];
    near(still(2), still(0), 1e-12);
    assert_eq!(of("my_distance_from_init")[0], 0.0);
    assert!(of("my_distance_from_init")[2] > of("my_distance_from_init")[1]);
    assert!(of("grad_norm")[0].is_nan() && of("grad_norm")[2] < of("grad_norm")[1]);
}

#[test]
fn the_baseline_is_the_constant_that_minimises_the_training_loss() {
    let of = |record: &Record, measure: &str| record.summary(&format!("baseline_test_{measure}")).expect("measured");
    // balanced classes: ln 3, and one third is right
    let balanced = "inputs = [1, 2, 3, 4, 5, 6], targets = [0, 1, 2, 2, 1, 0]";
    let record = rows(balanced, 3, "'cross_entropy'", "['loss', 'accuracy', 'error']");
    near(of(&record, "loss"), libm::log(3.0), 1e-6);
    near(of(&record, "accuracy"), 1.0 / 3.0, 1e-12);
    near(of(&record, "error"), 2.0 / 3.0, 1e-12);
    // the commonest class of the training rows, whatever is common in the test rows
    let skewed = "inputs = [1, 2, 3, 4], targets = [1, 1, 1, 0], test_inputs = [1, 2], test_targets = [0, 1]";
    let entropy = -0.5 * (libm::log(0.25) + libm::log(0.75));
    let record = rows(skewed, 2, "'cross_entropy'", "['loss', 'accuracy']");
    near(of(&record, "loss"), entropy, 1e-6);
    near(of(&record, "accuracy"), 0.5, 1e-12);
    near(of(&rows(skewed, 1, "'bce'", "['loss']"), "loss"), entropy, 1e-6);
    // one-hot rows under mse: the shares of the classes
    near(of(&rows(skewed, 2, "'mse'", "['loss']"), "loss"), 0.5 * (0.0625 + 0.5625), 1e-6);
    // numbers under mse: the mean, so the loss is the variance; and their mean absolute error
    let values = "inputs = [1, 2, 3, 4], targets = [[1.0, 3.0], [2.0, 3.0], [3.0, 3.0], [6.0, 3.0]]";
    let record = rows(values, 2, "'mse'", "['loss', 'mae', 'r2', 'rmse']");
    near(of(&record, "loss"), 0.5 * (4.0 + 1.0 + 0.0 + 9.0) / 4.0, 1e-6);
    near(of(&record, "mae"), 0.5 * (2.0 + 1.0 + 0.0 + 3.0) / 4.0, 1e-6);
    near(of(&record, "r2"), 0.5, 1e-6);
    let summed = rows(values, 2, "{ type = 'mse', reduction = 'sum' }", "['loss']");
    near(of(&summed, "loss"), 14.0, 1e-6);
}

/// A ramp that rises by 3, of which the first 20 values are trained on: from 0 to 57.
#[test]
fn errors_of_a_scaled_series_are_told_in_the_units_it_came_in() {
    let ramp: Vec<String> = (0..40).map(|i| (3 * i).to_string()).collect();
    let scaled = |how: &str| {
        record(&format!(
            "data = {{ type = 'series', values = [{}], window = 2, test = 20{how} }}
             network.layers = [{{ type = 'dense', units = 1, init = 'zeros' }}]
             loss = {{ type = 'mse', half = false }}
             optimizer = {{ type = 'sgd', lr = 1e-9 }}
             train = {{ steps = 1, batch_size = 'full' }}
             eval.metrics = ['loss', 'mae', 'rmse', 'r2', {{ type = 'within', tolerance = 3.5 }}]",
            ramp.join(", ")
        ))
    };
    let of = |record: &Record, name: &str| record.summary(name).expect("it is measured");
    let plain = scaled("");
    for (how, size) in [("", 1.0), (", scale = 'minmax'", 57.0), (", scale = -0.25", 4.0)] {
        let record = scaled(how);
        near(of(&record, "persistence_test_mae"), 3.0, 1e-4);
        near(of(&record, "persistence_test_rmse"), 3.0, 1e-4);
        near(of(&record, "persistence_test_within"), 1.0, 1e-12);
        near(of(&record, "persistence_test_loss"), 9.0 / (size * size), 1e-4);
        near(of(&record, "persistence_test_r2"), of(&plain, "persistence_test_r2"), 1e-4);
        near(of(&record, "baseline_test_mae"), of(&plain, "baseline_test_mae"), 1e-3);
    }
}

#[test]
fn of_a_series_the_last_number_is_a_second_baseline() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("ramp.csv");
    let lines: String = (0..40).map(|day| format!("{}\n", 3 * day)).collect();
    std::fs::write(&path, format!("value\n{lines}")).expect("a small file");
    let record = record(&format!(
        "data = {{ type = 'series', path = '{}', window = 4, horizon = 2, test = 15 }}
         network.layers = [{{ type = 'dense', units = 1 }}]
         loss = 'mse'
         optimizer = {{ type = 'sgd', lr = 1e-6 }}
         train = {{ steps = 1, batch_size = 'full' }}
         eval.metrics = ['loss', 'mae']",
        path.display()
    ));
    // two days later the ramp is 6 higher
    assert_eq!(record.summary("persistence_test_mae"), Some(6.0));
    assert_eq!(record.summary("persistence_test_loss"), Some(36.0));
    assert!(record.summary("baseline_test_mae").is_some_and(|mae| mae > 6.0), "the mean of the past is far away");
}

#[test]
fn averaged_weights_are_measured_and_change_nothing_else() {
    let plain = mnist1d("steps = 60", "");
    let averaged = mnist1d("steps = 60\naverage = { type = 'swa', start = { steps = 20 }, every = { steps = 5 } }", "");
    let losses = |record: &Record, name| format!("{:?}", column(record, name));
    assert_eq!(
        losses(&averaged, "running_train_loss"),
        losses(&plain, "running_train_loss"),
        "the same steps are taken"
    );
    let (of_plain, of_mean) = (column(&plain, "train_loss"), column(&averaged, "train_loss"));
    // evaluated every 5 steps or so: until the first weights are taken in, the weights themselves are measured
    assert_eq!(of_mean[0], of_plain[0]);
    assert_ne!(of_mean.last(), of_plain.last());
    assert_ne!(averaged.weights_digest, plain.weights_digest);
}

/// With everything that a step does beside products: dropout, augmentation, weighted classes, a penalty, and an optimizer that
/// carries something on from step to step.
#[test]
fn the_pieces_of_a_step_are_the_step() {
    let (plan, parts) = planned(
        "data = { type = 'mnist1d', train = 120, test = 60, augment = [{ type = 'noise' }] }
         network.layers = [{ type = 'dense', units = 30, activation = 'tanh' }, { type = 'dropout', rate = 0.2 },
                           { type = 'dense', units = 10 }]
         loss = { type = 'cross_entropy', class_weight = [1, 2, 1, 1, 1, 3, 1, 1, 1, 1], l2 = 0.01 }
         optimizer = { type = 'nadam', lr = 0.01 }
         train = { epochs = 1, batch_size = 20 }",
    );
    let train = Part::new(parts[0].clone(), plan.objective.form());
    let mut params = vec![0.0; plan.network.parameters()];
    plan.network.initialise(Seeds::new(1), &mut params);
    let (mut scratch, mut other, rows) = ([Scratch::new()], [Scratch::new()], [3_u32, 7, 7, 100, 42]);
    let mut whole = Team::new(&plan, Cpu::best(), &mut scratch, &train, params.clone(), Seeds::new(1));
    let mut taken = Team::new(&plan, Cpu::best(), &mut other, &train, params.clone(), Seeds::new(1));
    for step in 1..4 {
        whole.step(&train, Batch::Picked(&rows), step, 0.01);
        assert!(taken.pieces(&train, Batch::Picked(&rows), (step, 0.01), &mut at_once));
        assert_eq!(whole.params(), taken.params(), "step {step}");
    }
    assert_ne!(whole.params(), params);
    assert!(pieces(&plan, Cpu::best(), &parts[0], &mut Scratch::new()).is_some_and(|seconds| seconds > 0.0));
}

#[test]
fn a_step_that_cannot_be_repeated_is_not_taken_to_pieces() {
    let (plan, parts) = planned(
        "data = { type = 'mnist1d', train = 40, test = 20 }
         network.layers = [{ type = 'reshape', shape = [40, 1] }, { type = 'lstm', units = 3 }, { type = 'dense', units = 10 }]
         loss = 'cross_entropy'
         optimizer = { type = 'sgd', lr = 0.01 }
         train = { steps = 2, batch_size = 20 }",
    );
    assert_eq!(pieces(&plan, Cpu::best(), &parts[0], &mut Scratch::new()), None);
}
