//! The Euclidean length of something that has a number for every parameter: of the parameters, their gradient, their way
//! from the start. Of the whole, and where it is asked for of every tensor.

use super::*;

/// The setting of such a probe.
pub(super) fn keys() -> Vec<Key> {
    vec![
        Key::preset("tensors", Kind::Flag, "false", "a column for each tensor too: `NORM_0.weight`").or(&["per_layer"]),
    ]
}

/// Such a length.
pub(super) struct Length {
    name: &'static str,
    tensors: bool,
    wants: Wants,
    element: fn(&State<'_>, usize) -> f64,
}

impl Length {
    /// The length of the vector of `element`s, with the settings that were read.
    pub(super) fn new(name: &'static str, values: &Values, element: fn(&State<'_>, usize) -> f64) -> Self {
        Self { name, tensors: values.flag("tensors"), wants: Wants::Nothing, element }
    }

    /// The same, told what its elements are made of beside the parameters.
    pub(super) fn of(self, wants: Wants) -> Self {
        Self { wants, ..self }
    }
}

impl OfState for Length {
    fn wants(&self) -> Wants {
        self.wants
    }

    fn columns(&self, network: &Network) -> Vec<String> {
        let each = network.slots().iter().filter(|_| self.tensors);
        let each = each.map(|slot| format!("{}_{}", self.name, slot.name));
        [self.name.to_owned()].into_iter().chain(each).collect()
    }

    fn measure(&self, state: &State<'_>) -> Vec<f64> {
        let each = state.network.slots().iter().filter(|_| self.tensors).map(Slot::range);
        let length = |range: std::ops::Range<usize>| {
            libm::sqrt(range.map(|i| (self.element)(state, i)).map(|x| x * x).sum::<f64>())
        };
        std::iter::once(0..state.params.len()).chain(each).map(length).collect()
    }
}
