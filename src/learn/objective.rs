//! The objective: a loss from the kernels' list, how it is summed over a batch, and the form in which it wants its
//! targets. A classification loss takes the class of a row; the others take numbers, so a class becomes a one-hot row, or
//! 0 and 1 where the network has a single output. A row with a target for each of its steps counts as so many rows: what is
//! said of a row here holds for a step.

use std::sync::LazyLock;

use kernels::isa::Cpu;
use kernels::loss::{self, Allowed, Loss, Mean, Targets};
use kernels::member::Bounds;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::key::{Key, Kind};
use crate::base::registry::Registry;
use crate::base::shape::{Shape, Target};
use crate::base::values::Chosen;

type Build = fn(&[f64]) -> Box<dyn Loss>;

/// Every loss there is.
pub static LOSSES: LazyLock<Registry<Build>> = LazyLock::new(|| Registry::of_kernels("loss", loss::ALL));

/// What every loss takes.
pub static COMMON: &[Key] = &[
    Key::preset(
        "reduction",
        Kind::Word(&[
            ("mean", "over the rows, and over the outputs too where PyTorch's loss of that name does so"),
            ("rows", "over the rows, of the sum over the outputs: PyTorch's `batchmean`"),
            ("sum", "over the rows and the outputs"),
        ]),
        "\"mean\"",
        "how the losses of a batch become one number",
    ),
    Key::preset(
        "l1",
        Kind::Number(Bounds::AtLeast(0.0)),
        "0.0",
        "adds l1 Σ|w| over all weights, not the biases, to what is minimised: gradient l1 sign(w); the measured loss is \
         that of the data alone",
    ),
    Key::preset(
        "l2",
        Kind::Number(Bounds::AtLeast(0.0)),
        "0.0",
        "adds l2 Σw² over all weights, not the biases, to what is minimised: gradient 2 l2 w, as in Keras (for `sgd`, \
         twice a weight_decay of that size); the measured loss is that of the data alone",
    ),
];

/// How a target is stored for a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The index of the class.
    Class,
    /// One number per class: 1 for the row's own, 0 for the others.
    OneHot(usize),
    /// One number: the class, 0 or 1.
    Binary,
    /// The row's own numbers.
    Values(usize),
}

/// What some rows of a batch are held against.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a> {
    /// Their targets.
    pub targets: Targets<'a>,
    /// How many steps each row has; empty where all have all.
    pub lengths: &'a [u32],
}

/// A loss ready to be used on a network's output.
pub struct Objective {
    loss: Box<dyn Loss>,
    name: &'static str,
    form: Form,
    width: usize,
    steps: usize,
    /// What the mean is over; none for a sum.
    mean: Option<Mean>,
    penalties: (f64, f64),
}

impl Objective {
    /// The chosen loss on a network with rows of shape `output` and data with `steps` such targets per row, the first extent
    /// of `output` where they are more than one. `layer` is the place of the last layer, with the shapes that led to its output.
    /// What does not fit is reported.
    pub fn new(
        chosen: &Chosen,
        (target, steps): (Target, usize),
        output: &Shape,
        layer: (Place, &str),
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let outputs = outputs_per_target(target, steps, output, layer, diagnostics)?;
        let per = if steps == 1 { "per row" } else { "per step" };
        let entry = LOSSES.entry(chosen.name);
        let loss = (entry.build)(&chosen.values.kernel_numbers(&entry.about.keys));
        let form = match (target, loss.takes_classes()) {
            (Target::Classes(n), true) if outputs == n => Form::Class,
            (Target::Classes(2), false) if outputs == 1 && loss.threshold().is_some() => Form::Binary,
            (Target::Classes(n), false) if outputs == n => Form::OneHot(n),
            (Target::Values(n), false) if outputs == n => Form::Values(n),
            (Target::Values(_), true) => {
                let message = format!("loss `{}` needs classes, but the data's targets are numbers", chosen.name);
                diagnostics.error_with_hint(chosen.place, message, "", "use `mse` for targets that are numbers");
                return None;
            }
            (Target::Classes(n), _) => {
                let message = format!("the network gives {outputs} numbers {per}, but the data has {n} classes");
                let hint = format!("let the last layer have `units = {n}`");
                diagnostics.error_with_hint(layer.0, message, shapes(layer.1), hint);
                return None;
            }
            (Target::Values(n), false) => {
                let message = format!("the network gives {outputs} numbers {per}, but a target has {n}");
                let hint = format!("let the last layer have `units = {n}`");
                diagnostics.error_with_hint(layer.0, message, shapes(layer.1), hint);
                return None;
            }
        };
        let weights = loss.class_weights();
        if !weights.is_empty() && (weights.len() != outputs || weights.iter().all(|weight| *weight == 0.0)) {
            let key = entry.about.keys.last().expect("weights are its last setting").name;
            let message = if weights.len() == outputs {
                format!("every weight in `{key}` is 0, so nothing would be learned")
            } else {
                format!("`{key}` holds {} numbers, but the data has {outputs} classes", weights.len())
            };
            let hint = "write one weight for each class, in their order";
            diagnostics.error_with_hint(chosen.values.place(key), message, "", hint);
            return None;
        }
        let mean = match chosen.values.text("reduction") {
            "sum" => None,
            "rows" => Some(Mean::Rows),
            _ => Some(loss.mean()),
        };
        let penalties = (chosen.values.number("l1"), chosen.values.number("l2"));
        Some(Self { loss, name: chosen.name, form, width: outputs, steps, mean, penalties })
    }

    /// Whether no target of the data can be one that it does not take.
    pub fn takes_any(&self) -> bool {
        !matches!(self.form, Form::Values(_)) || self.loss.allowed() == Allowed::Any
    }

    /// What is wrong with targets that are numbers, if the loss cannot take one of them.
    pub fn misfit(&self, targets: &[f32]) -> Option<String> {
        let allowed = self.loss.allowed();
        let wrong = targets.iter().find(|target| !allowed.allow(**target))?;
        let wanted = match allowed {
            Allowed::Any => "numbers",
            Allowed::NotNegative => "numbers of at least 0",
            Allowed::Unit => "numbers from 0 to 1",
            Allowed::Signs => "-1 and 1 (or 0 and 1)",
        };
        Some(format!("loss `{}` takes targets that are {wanted}, but one is {wrong}", self.name))
    }

    /// How targets are to be stored.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Numbers of the network's output for a target.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Targets of a row.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The factors l1 and l2 of the penalties on the weights.
    pub fn penalties(&self) -> (f64, f64) {
        self.penalties
    }

    /// The output above which a network with a single output says class 1: 0 for losses on logits, else 1/2.
    pub fn threshold(&self) -> f32 {
        self.loss.threshold().expect("only a loss that has one is planned on a single output for two classes")
    }

    /// What the sum of the losses of `rows` rows is divided by; `classes` are theirs, asked for only where they have weights.
    pub fn divisor(&self, rows: usize, classes: impl Iterator<Item = u32>) -> f64 {
        let weights = self.loss.class_weights();
        match self.mean {
            None => 1.0,
            Some(Mean::Outputs) => rows as f64 * self.width as f64,
            Some(Mean::Weights) if !weights.is_empty() => {
                let sum: f64 = classes.map(|class| f64::from(weights[class as usize])).sum();
                // rows without weight have no mean: their losses, which are zero, are left as they are
                if sum > 0.0 { sum } else { 1.0 }
            }
            Some(Mean::Rows | Mean::Weights) => rows as f64,
        }
    }

    /// The losses of some rows of a batch, `(B)` or `(B, steps)`, and the gradient of the batch's loss by their outputs,
    /// `(B, width)` or `(B, steps, width)`. `divisor` is that of the whole batch; of a row with a length among `lengths` the
    /// steps that follow it have neither loss nor gradient.
    pub fn slope(&self, cpu: Cpu, divisor: f64, z: &[f32], answers: Answers<'_>, losses: &mut [f32], dz: &mut [f32]) {
        self.loss.rows(cpu, self.width, z, answers.targets, losses, Some((&mut *dz, (1.0 / divisor) as f32)));
        if self.steps > 1 {
            let rows = losses.chunks_exact_mut(self.steps).zip(dz.chunks_exact_mut(self.steps * self.width));
            for ((losses, dz), length) in rows.zip(answers.lengths) {
                losses[*length as usize..].fill(0.0);
                dz[*length as usize * self.width..].fill(0.0);
            }
        }
    }

    /// The losses of some rows, `(B)`.
    pub fn rows(&self, cpu: Cpu, z: &[f32], targets: Targets<'_>, losses: &mut [f32]) {
        self.loss.rows(cpu, self.width, z, targets, losses, None);
    }

    /// The loss of a batch from those of its rows, summed in f64 in their order.
    pub fn total<'a>(&self, losses: impl Iterator<Item = &'a f32>, divisor: f64) -> f64 {
        losses.map(|l| f64::from(*l)).sum::<f64>() * (1.0 / divisor)
    }
}

/// How many numbers of the output each target is held against. An output without the steps that have targets is reported.
fn outputs_per_target(
    target: Target,
    steps: usize,
    output: &Shape,
    (layer, story): (Place, &str),
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    if steps == 1 || output.0.first() == Some(&steps) {
        return Some(output.width() / steps);
    }
    let message =
        format!("the network gives rows of shape {output}, but the data has a target at each of {steps} steps");
    let (Target::Classes(wanted) | Target::Values(wanted)) = target;
    let hint = format!("let every layer keep the steps, and the last one give {steps} x {wanted}");
    diagnostics.error_with_hint(layer, message, shapes(story), hint);
    None
}

fn shapes(story: &str) -> String {
    format!("shapes so far: {story}")
}
