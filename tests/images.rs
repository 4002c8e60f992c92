//! The layers over images and signals, and normalisation, against PyTorch: `tests/golden/images.json`, made by `images.py` beside it.

mod common;

use common::{Errors, compare, golden, list, numbers, placed, rehearse, rows, scratches, singles, text};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::trial::rows::Batch;
use runner::trial::team::Team;

/// Of the largest number, after one pass through the network and back: some hundred roundings of 2^-24.
const FIRST_ERROR: f64 = 2e-6;
/// Of a loss, and after 50 steps of the largest output: a rounding at the start is carried along.
const TRAINED_ERROR: f64 = 1e-5;

#[test]
fn values_gradients_and_runs_are_pytorchs() {
    let file = golden("images.json");
    let batch = file["rows"].as_u64().expect("a number of rows") as usize;
    let (mut first, mut trained) = (Errors::new("first step", FIRST_ERROR), Errors::new("training", TRAINED_ERROR));
    for case in list(&file["cases"]) {
        let shape: Vec<usize> = numbers(&case["shape"]).iter().map(|n| *n as usize).collect();
        let width: usize = shape.iter().product();
        let value = |n: usize| (((n * 37 + 11) % 101) as f64 / 50.5 - 1.0) as f32;
        let x: Vec<f32> = (0..batch * width).map(value).collect();
        let classes: Vec<usize> = (0..batch).map(|i| (i * 7 + i / 5) % 3).collect();
        let layers: Vec<&str> = list(&case["layers"]).iter().filter_map(|layer| layer.as_str()).collect();
        let trial = format!(
            "data = {{ type = 'table', inputs = {}, targets = {classes:?} }}
             loss = 'cross_entropy'
             optimizer = {}
             train = {{ epochs = 1, batch_size = 'full' }}
             network.layers = [{{ type = 'reshape', shape = {shape:?} }}, {}]",
            rows(&x, width),
            text(&file, "optimizer"),
            layers.join(", "),
        );
        let rehearsal = rehearse(&trial).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let tensors = |key: &str| placed(&rehearsal, &list(&case[key]).iter().map(singles).collect::<Vec<_>>());
        for (cpu, threads) in [(Cpu::best(), 1), (Cpu::best(), 3), (Cpu::software_fma(), 2)] {
            let (plan, train) = (&rehearsal.plan, &rehearsal.train);
            let mut scratches = scratches(threads);
            let mut team = Team::new(plan, cpu, &mut scratches, train, tensors("initial"), Seeds::new(0));
            let name = text(case, "name");
            // in training mode a normalisation over the batch answers otherwise than in evaluation
            if !layers.iter().any(|layer| layer.contains("batch_norm")) {
                compare(&mut first, &format!("outputs of {name}"), &team.outputs(train), &singles(&case["outputs"]));
            }
            for (step, loss) in (0_u64..).zip(numbers(&case["losses"])) {
                let ours = team.step(train, Batch::Stretch(0, batch), step + 1, plan.rates.at(step));
                let errors = if step == 0 { &mut first } else { &mut trained };
                errors.check(ours, loss, loss, &format!("loss of {name} before step {step}, {threads} threads"));
                if step == 0 {
                    compare(&mut first, &format!("gradients of {name}"), team.grads(), &tensors("gradients"));
                }
            }
            if case.get("measured").is_some() {
                let slots = rehearsal.plan.network.slots().iter().filter(|slot| !slot.is_learned());
                let ours: Vec<_> = slots.map(|slot| &team.params()[slot.range()]).collect();
                let theirs = list(&case["measured"]);
                assert_eq!(ours.len(), theirs.len(), "statistics of {name}");
                for (ours, theirs) in ours.into_iter().zip(theirs) {
                    compare(&mut trained, &format!("statistics of {name}"), ours, &singles(theirs));
                }
            }
            let outputs = singles(&case["evaluated"]);
            compare(&mut trained, &format!("outputs of {name} after training"), &team.outputs(train), &outputs);
        }
    }
    first.report();
    trained.report();
}
