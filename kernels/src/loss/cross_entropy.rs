//! The cross-entropy of a softmax over classes. With `label_smoothing = e` the target of a row is `1 - e` for its class
//! and `e / C` for each of the `C` classes (Szegedy et al. 2016). Weights multiply the terms of their classes, and the
//! mean divides by the weights of the rows' classes instead of by their number, as in PyTorch.

use super::softmax::{OfCrossEntropy, Softmax};
use super::{Entry, Mean};
use crate::isa::Simd;
use crate::member::{Bounds, Form, Setting};

#[derive(Clone, Copy)]
struct CrossEntropy;

impl OfCrossEntropy for CrossEntropy {
    const MEAN: Mean = Mean::Weights;

    #[inline(always)]
    fn value_and_slope<S: Simd>(self, s: S, ce: S::V) -> (S::V, S::V) {
        (ce, s.splat(1.0))
    }

    fn reference(self, ce: f64) -> f64 {
        ce
    }
}

pub(super) const MEMBER: Entry = Entry {
    name: "cross_entropy",
    aliases: &[
        "sparse_categorical_crossentropy",
        "categorical_crossentropy",
        "softmax_cross_entropy",
        "CrossEntropyLoss",
    ],
    summary: "the cross-entropy of a softmax over logits, for classes",
    formula: "mean over rows of w_t (ln(sum_j e^(z_j)) - z_t), by the sum of their w_t",
    source: "PyTorch CrossEntropyLoss",
    settings: &[
        Setting {
            name: "label_smoothing",
            aliases: &[],
            form: Form::Number,
            default: Some(&[0.0]),
            bounds: Bounds::Within(0.0, 1.0),
            summary: "the share of a row's target that is spread over all classes",
        },
        Setting {
            name: "weight",
            aliases: &["class_weight"],
            form: Form::List,
            default: Some(&[]),
            bounds: Bounds::AtLeast(0.0),
            summary: "the weight of each class; all are 1 in an empty list",
        },
    ],
    build: |numbers| {
        let weights = numbers[1..].iter().map(|weight| *weight as f32).collect();
        Box::new(Softmax { of: CrossEntropy, smoothing: numbers[0], weights })
    },
};
