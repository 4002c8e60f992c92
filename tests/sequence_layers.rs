//! Layers on sequences against `torch.nn`: outputs, gradients and fifty steps of training from the same initial parameters.
//! The numbers are in `tests/golden/sequence_layers.json`, made by the script beside it.

mod common;

use common::{
    Errors, Rehearsal, compare, golden, list, more, numbers, placed, planned, rehearse, rows, scratches, singles, text,
};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::base::shape::{Shape, Target};
use runner::data::{Dataset, Labels};
use runner::trial::plan::DataOutline;
use runner::trial::rows::{Batch, Part};
use runner::trial::team::Team;
use serde_json::Value as Json;
use std::sync::Arc;

/// Of the largest number beside it: a few dozen roundings, in another order than PyTorch's.
const VALUE_ERROR: f64 = 1e-5;
/// Fifty steps carry a rounding along.
const CURVE_ERROR: f64 = 1e-4;

#[test]
fn layers_on_sequences_agree_with_pytorch() {
    on_sequences(&golden("sequence_layers.json"));
}

#[test]
fn branches_and_shared_weights_agree_with_pytorch() {
    on_sequences(&golden("branches.json"));
}

fn on_sequences(file: &Json) {
    let width: usize = numbers(&file["shape"]).iter().map(|n| *n as usize).product();
    let inputs = rows(&singles(&file["x"]), width);
    let first = format!("{{ type = 'reshape', shape = {} }}, ", file["shape"]);
    agree(file, "cases", &inputs, "", &first);
}

#[test]
fn layers_on_symbols_agree_with_pytorch() {
    on_symbols(&golden("sequence_layers.json"));
}

#[test]
fn shared_vectors_of_symbols_agree_with_pytorch() {
    on_symbols(&golden("branches.json"));
}

fn on_symbols(file: &Json) {
    let steps = file["shape"][0].as_u64().expect("steps") as usize;
    let inputs = rows(&singles(&file["symbols"]), steps);
    agree(file, "symbol_cases", &inputs, ", symbols = 5", "");
}

#[test]
fn padded_rows_agree_with_packed_sequences_of_pytorch() {
    let file = golden("sequence_layers.json");
    let whole = |json: &Json| numbers(json).iter().map(|n| *n as u32).collect::<Vec<u32>>();
    let shape = Shape(whole(&file["shape"]).iter().map(|n| *n as usize).collect());
    let mut errors = Bounds::new();
    for case in list(&file["padded_cases"]) {
        let each = case["each"].as_bool().expect("a flag");
        let steps = if each { shape.0[0] } else { 1 };
        let classes = whole(&file[if each { "padded_classes" } else { "classes" }]);
        let parts = vec!["train", "test"];
        let target = Target::Classes(4);
        let lengths = whole(&file["lengths"]);
        let (shape, train) = (shape.clone(), lengths.len());
        let outline = DataOutline { shape, target, train, steps, symbols: None, padded: true, parts };
        let plan = planned(&sections_of(case, ""), &outline);
        let labels = Labels::Classes { of: classes, count: 4 };
        let data = Dataset { steps, lengths, ..Dataset::new(outline.shape, singles(&file["padded_x"]), labels) };
        let train = Part::new(Arc::new(data), plan.objective.form());
        errors.hold(case, &Rehearsal { plan, train });
    }
    errors.report();
}

/// All cases of a kind, on rows of which `more` is said, with a layer before those of the case.
fn agree(file: &Json, cases: &str, inputs: &str, more_data: &str, first: &str) {
    let mut errors = Bounds::new();
    for case in list(&file[cases]) {
        let text = format!(
            "data = {{ type = 'table', inputs = {inputs}, targets = {}{more_data} }}\n{}",
            file["classes"],
            sections_of(case, first),
        );
        errors.hold(case, &rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}")));
    }
    errors.report();
}

/// What a file says of a case but for its data.
fn sections_of(case: &Json, first: &str) -> String {
    format!(
        "loss = 'cross_entropy'
         optimizer = {{ type = {}{} }}
         train = {{ steps = 50, batch_size = 'full' }}
         eval = {{ metrics = ['grad_norm'] }}
         network.layers = [{first}{}]",
        case["optimizer"],
        more(&case["settings"]),
        text(case, "layers"),
    )
}

/// How far ours may be from theirs.
struct Bounds {
    values: Errors,
    curves: Errors,
}

impl Bounds {
    fn new() -> Self {
        Self { values: Errors::new("first step", VALUE_ERROR), curves: Errors::new("curves", CURVE_ERROR) }
    }

    /// Trains what is rehearsed with several threads on every instruction set, and holds it against what PyTorch got.
    fn hold(&mut self, case: &Json, rehearsal: &Rehearsal) {
        let (plan, train, layers) = (&rehearsal.plan, &rehearsal.train, text(case, "layers"));
        let tensors: Vec<Vec<f32>> = list(&case["tensors"]).iter().map(|tensor| singles(&tensor["initial"])).collect();
        for (cpu, threads) in Cpu::all().into_iter().zip([1, 3, 2]) {
            let mut scratches = scratches(threads);
            let mut team = Team::new(plan, cpu, &mut scratches, train, placed(rehearsal, &tensors), Seeds::new(0));
            let outputs = team.outputs(train);
            compare(&mut self.values, &format!("outputs of {layers}"), &outputs, &singles(&case["outputs"]));
            for (t, loss) in numbers(&case["losses"]).into_iter().enumerate() {
                let step = t as u64;
                let ours = team.step(train, Batch::Stretch(0, train.rows()), step + 1, plan.rates.at(step));
                self.curves.check(ours, loss, loss, &format!("{layers} before step {t}, {threads} threads"));
                if t == 0 {
                    let gradients: Vec<Vec<f32>> = list(&case["gradients"]).iter().map(singles).collect();
                    let theirs = placed(rehearsal, &gradients);
                    compare(&mut self.values, &format!("gradients of {layers}"), team.grads(), &theirs);
                }
            }
        }
    }

    fn report(self) {
        self.values.report();
        self.curves.report();
    }
}
