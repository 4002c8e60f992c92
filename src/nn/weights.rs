//! Parameters as a file: safetensors with the names and layouts of PyTorch's `state_dict`, so that
//! `load_state_dict(load_file("last.safetensors"))` takes them, and what PyTorch saved can be started from. A network
//! stores most matrices the other way round than PyTorch; every slot knows its [`Layout`](super::params::Layout). What layers
//! share is there once, under the name of the first of them, as `safetensors.torch.save_model` writes and `load_model` reads it.

use std::borrow::Cow;

use safetensors::{Dtype, SafeTensors, View};

use crate::base::diagnostics::suggest;
use crate::base::error::{Error, Result};
use crate::base::shape::Shape;

use super::params::{Role, Slot};

/// A tensor as PyTorch would have it.
struct Tensor<'a> {
    kind: Dtype,
    extents: &'a [usize],
    bytes: Vec<u8>,
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.kind
    }

    fn shape(&self) -> &[usize] {
        self.extents
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The file of some parameters.
pub fn to_bytes(slots: &[Slot], params: &[f32]) -> Vec<u8> {
    let tensors = slots.iter().map(|slot| {
        let (kind, numbers) = (kind(slot), order(slot).map(|i| params[slot.offset + i]));
        let bytes = match kind {
            Dtype::I64 => numbers.flat_map(|count| (count as i64).to_le_bytes()).collect(),
            _ => numbers.flat_map(f32::to_le_bytes).collect(),
        };
        (slot.name.as_str(), Tensor { kind, extents: &slot.layout.extents, bytes })
    });
    // what other programs look for; one entry, because the order of several would not be the same twice
    let about = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    safetensors::serialize(tensors, Some(about)).expect("every tensor has as many bytes as its extents say")
}

/// The parameters that a file holds for a network with these slots, in their order. Errors: no safetensors; a tensor that
/// is missing, too many, of another shape or another kind of numbers, which is named.
pub fn from_bytes(slots: &[Slot], bytes: &[u8]) -> Result<Vec<f32>> {
    let file = SafeTensors::deserialize(bytes).map_err(|e| Error::new(format!("it is no safetensors file: {e}")))?;
    let known = |name: &str| slots.iter().any(|slot| slot.name == name);
    let mut params = vec![0.0; slots.last().map_or(0, |slot| slot.range().end)];
    for slot in slots {
        let Ok(tensor) = file.tensor(&slot.name) else {
            let unused: Vec<&str> = file.names().into_iter().filter(|name| !known(name)).collect();
            let message = format!("it has no tensor `{}`", slot.name);
            return Err(Error::new(message).hint(suggest(&slot.name, unused)));
        };
        let wanted = &slot.layout.extents;
        if tensor.shape() != wanted {
            let (found, wanted) = (Shape(tensor.shape().to_vec()), Shape(wanted.clone()));
            let message = format!("its tensor `{}` has the shape {found}, but the network's has {wanted}", slot.name);
            return Err(Error::new(message).hint("shapes are PyTorch's: outputs x inputs"));
        }
        if tensor.dtype() != kind(slot) {
            let message = format!("its tensor `{}` holds {:?}, not {:?}", slot.name, tensor.dtype(), kind(slot));
            return Err(Error::new(message).hint("save it from PyTorch with `model.float().state_dict()`"));
        }
        if slot.role == Role::Count {
            let (counts, _) = tensor.data().as_chunks::<8>();
            params[slot.offset] = i64::from_le_bytes(counts[0]) as f32;
            continue;
        }
        let (numbers, _) = tensor.data().as_chunks::<4>();
        for (number, i) in numbers.iter().zip(order(slot)) {
            params[slot.offset + i] = f32::from_le_bytes(*number);
        }
    }
    let mut rest: Vec<&str> = file.names().into_iter().filter(|name| !known(name)).collect();
    rest.sort_unstable();
    match rest.first() {
        Some(name) => Err(Error::new(format!("it has a tensor `{name}`, which the network has not"))),
        None => Ok(params),
    }
}

/// The kind of numbers that PyTorch has in a slot.
fn kind(slot: &Slot) -> Dtype {
    if slot.role == Role::Count { Dtype::I64 } else { Dtype::F32 }
}

/// The places of a slot's numbers within it, in the order in which PyTorch stores them.
fn order(slot: &Slot) -> impl Iterator<Item = usize> + use<> {
    let columns = if slot.layout.transposed { slot.row() } else { 1 };
    let rows = slot.len() / columns.max(1);
    (0..columns).flat_map(move |column| (0..rows).map(move |row| row * columns + column))
}
