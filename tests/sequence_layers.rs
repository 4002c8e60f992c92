//! Layers on sequences against `torch.nn`: outputs, gradients and fifty steps of training from the same initial parameters.
//! The numbers are in `tests/golden/sequence_layers.json`, made by the script beside it.

mod common;

use common::{Errors, compare, golden, list, more, numbers, placed, rehearse, rows, scratches, singles, text};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::trial::team::{Batch, Team};

/// Of the largest number beside it: a few dozen roundings, in another order than PyTorch's.
const VALUE_ERROR: f64 = 1e-5;
/// Fifty steps carry a rounding along.
const CURVE_ERROR: f64 = 1e-4;

#[test]
fn layers_agree_with_pytorch() {
    let file = golden("sequence_layers.json");
    let x = singles(&file["x"]);
    let width: usize = numbers(&file["shape"]).iter().map(|n| *n as usize).product();
    let data = format!("inputs = {}, targets = {}", rows(&x, width), file["classes"]);
    let (mut values, mut curves) = (Errors::new("first step", VALUE_ERROR), Errors::new("curves", CURVE_ERROR));
    for case in list(&file["cases"]) {
        let layers = text(case, "layers");
        println!("{layers}");
        let text = format!(
            "data = {{ type = 'table', {data} }}
             loss = 'cross_entropy'
             optimizer = {{ type = {}{} }}
             train = {{ steps = 50, batch_size = 'full' }}
             network.layers = [{{ type = 'reshape', shape = {} }}, {layers}]",
            case["optimizer"],
            more(&case["settings"]),
            file["shape"],
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let tensors: Vec<Vec<f32>> = list(&case["tensors"]).iter().map(|tensor| singles(&tensor["initial"])).collect();
        for (cpu, threads) in Cpu::all().into_iter().zip([1, 3, 2]) {
            let mut scratches = scratches(threads);
            let mut team = Team::new(plan, cpu, &mut scratches, train, placed(&rehearsal, &tensors), Seeds::new(0));
            compare(&mut values, &format!("outputs of {layers}"), &team.outputs(train), &singles(&case["outputs"]));
            for (t, loss) in numbers(&case["losses"]).into_iter().enumerate() {
                let step = t as u64;
                let ours = team.step(train, Batch::Stretch(0, train.rows()), step + 1, plan.rates.at(step));
                curves.check(ours, loss, loss, &format!("{layers} before step {t}, {threads} threads"));
                if t == 0 {
                    let gradients: Vec<Vec<f32>> = list(&case["gradients"]).iter().map(singles).collect();
                    let theirs = placed(&rehearsal, &gradients);
                    compare(&mut values, &format!("gradients of {layers}"), team.grads(), &theirs);
                }
            }
        }
    }
    values.report();
    curves.report();
}
