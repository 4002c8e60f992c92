//! The parameters of a network: one flat buffer, in which every tensor has a slot. Gradients and the optimizer's memory
//! are buffers of the same layout, so an update, a norm, a distance or a checkpoint is one pass over a slice.

use std::ops::Range;

use crate::base::values::Chosen;

/// What a slot holds, as far as its initial values are concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Role {
    /// A matrix that multiplies activations.
    Weight,
    /// Vectors, one of which is looked up and stands for a symbol or a place.
    Embedding,
    /// A vector added to them.
    Bias,
    /// Factors of them, one by one, that start from this number whatever the initialiser.
    Factor(f32),
    /// A vector added to them that starts from this number whatever the initialiser.
    Offset(f32),
    /// What is measured along the way and not learned: no gradient, no optimizer, but after every step `p += momentum (g - p)`,
    /// where its layer writes the batch's measure as the gradient g.
    Statistic {
        /// What it starts from.
        start: f32,
        /// How much of it a batch replaces.
        momentum: f32,
    },
    /// A single number: how many steps were taken. As a number of 24 bits it stays at 2^24 then.
    Count,
}

/// A tensor's place in the flat buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Its name, as PyTorch's `nn.Sequential` gives it: `0.weight`, `1.body.0.bias`.
    pub name: String,
    /// Its extents: `(in, out)` for a weight, `(out)` for a bias. A weight is stored with the inputs as rows, the
    /// transpose of PyTorch's layout, because then the forward product reads it in order.
    pub extents: Vec<usize>,
    /// Its first float.
    pub offset: usize,
    /// What it holds.
    pub role: Role,
    /// How PyTorch stores it.
    pub layout: Layout,
    /// Inputs of a unit of its layer.
    pub fan_in: usize,
    /// What PyTorch's own rule takes for the inputs of a unit: the same, but in recurrent layers the units.
    pub fan_pytorch: f64,
    /// Units of its layer.
    pub fan_out: usize,
    /// Whether it belongs to the first layer with weights.
    pub first: bool,
    /// Whether it belongs to the last one.
    pub last: bool,
    /// How often a row of the batch makes use of each of its numbers, on average over the layer: what the work on the
    /// gradients is divided between threads by.
    pub uses: usize,
    /// What its layer says about starting and training it.
    pub care: Care,
    /// What some of it starts from, whatever the initialiser.
    pub memory: Option<Memory>,
    /// In the hands of a layer that shares it: whether an earlier layer has it too, whose gradient comes first. Never so in
    /// the list of a network.
    pub again: bool,
}

/// How long the units of a recurrent layer remember at first: the biases of the gate that keeps the state.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// The place of that gate among the gates.
    pub gate: usize,
    /// The place of one that writes to the state, if it is to start from the opposite.
    pub opposite: Option<usize>,
    /// Units of the layer.
    pub units: usize,
    /// What the biases start from.
    pub bias: Remembered,
}

/// What the biases of a gate start from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Remembered {
    /// This number.
    Number(f32),
    /// `ln u`, `u` uniform between 1 and one less than so many steps (Tallec & Ollivier 2018).
    Chrono(usize),
}

/// How PyTorch stores a tensor: what a checkpoint holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Its extents there: `(out, in)`, `(out, in, height, width)`.
    pub extents: Vec<usize>,
    /// Whether the last extent here is the first one there: a slot of `(n, out)` is a tensor of `(out, n)`, where `n` may be
    /// several extents in the same order.
    pub transposed: bool,
}

impl Layout {
    /// What most slots have: a weight is transposed, all else is stored as it is.
    fn of(role: Role, extents: &[usize]) -> Self {
        if role == Role::Count {
            return Self { extents: Vec::new(), transposed: false };
        }
        let transposed = role == Role::Weight && extents.len() == 2;
        let there = if transposed { extents.iter().rev().copied().collect() } else { extents.to_vec() };
        Self { extents: there, transposed }
    }
}

/// How the parameters of a layer are started and trained, where that is not as the whole network's.
#[derive(Debug, Clone, PartialEq)]
pub struct Care {
    /// Multiplies the learning rate.
    pub lr: f64,
    /// Stands for the optimizer's own weight decay.
    pub weight_decay: Option<f64>,
    /// Whether they keep their initial values.
    pub frozen: bool,
    /// Stands for the network's initialiser.
    pub init: Option<Chosen>,
    /// What weights must obey.
    pub constraint: Option<Chosen>,
}

impl Default for Care {
    fn default() -> Self {
        Self { lr: 1.0, weight_decay: None, frozen: false, init: None, constraint: None }
    }
}

impl Slot {
    /// How many floats it has.
    pub fn len(&self) -> usize {
        self.extents.iter().product()
    }

    /// The name of its layer: `1.body.0`.
    pub fn layer(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(layer, _)| layer)
    }

    /// Whether it is learned, and not measured.
    pub fn is_learned(&self) -> bool {
        !matches!(self.role, Role::Statistic { .. } | Role::Count)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its floats in the flat buffer.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len()
    }

    /// Floats in one step of its first extent: work on a slot can be divided between its rows.
    pub fn row(&self) -> usize {
        if self.extents.len() > 1 { self.extents[1..].iter().product() } else { 1 }
    }

    /// Whether the gradient by it of so many shards before is there already, to be carried on, or that of an earlier layer.
    pub fn carries_on(&self, shard: usize) -> bool {
        shard > 0 || self.again
    }

    /// The rows of this slot that lie in `part` of the flat buffer, and where they stand within `part`. The cuts of
    /// [`Slots::cuts`] never go through a row.
    pub fn rows_within(&self, part: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
        let own = self.range();
        let (start, end) = (own.start.max(part.start), own.end.min(part.end));
        if start >= end {
            return None;
        }
        let row = self.row();
        Some(((start - own.start) / row..(end - own.start) / row, start - part.start..end - part.start))
    }
}

/// All slots of a network, in the order they were placed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Slots {
    list: Vec<Slot>,
    length: usize,
    drawing: u64,
    lent: usize,
    layers: Vec<String>,
}

impl Slots {
    /// Adds a slot at the end of the buffer and returns it.
    pub fn add(&mut self, name: String, role: Role, extents: &[usize], fan: (usize, usize), care: Care) -> Slot {
        let (layout, extents, offset) = (Layout::of(role, extents), extents.to_vec(), self.length);
        let (fan_in, fan_out) = fan;
        let slot = Slot {
            name,
            extents,
            offset,
            role,
            layout,
            fan_in,
            fan_pytorch: fan_in as f64,
            fan_out,
            first: false,
            last: false,
            uses: 1,
            care,
            memory: None,
            again: false,
        };
        self.length += slot.len();
        self.list.push(slot.clone());
        slot
    }

    /// The slot of this name as a second layer has it.
    pub fn lend(&mut self, name: &str) -> Option<Slot> {
        let slot = self.list.iter().find(|slot| slot.name == name)?;
        self.lent += 1;
        Some(Slot { again: true, ..slot.clone() })
    }

    /// How much there is by now: floats, and slots that were lent to a second layer.
    pub fn state(&self) -> (usize, usize) {
        (self.length, self.lent)
    }

    /// Notes that all slots of the layer of this name are there.
    pub fn close(&mut self, layer: String) {
        self.layers.push(layer);
    }

    /// The layers that are closed and have slots, or hold layers that have.
    pub fn layers(&self) -> impl Iterator<Item = &str> + Clone {
        let within = |layer: &str, slot: &Slot| slot.name.strip_prefix(layer).is_some_and(|rest| rest.starts_with('.'));
        let all = self.layers.iter().map(String::as_str);
        all.filter(move |layer| self.list.iter().any(|slot| within(layer, slot)))
    }

    /// Counts one more layer that draws random numbers in training, and returns how many there were before.
    pub fn one_more_drawing(&mut self) -> u64 {
        self.drawing += 1;
        self.drawing - 1
    }

    /// Marks the slots of the first and of the last layer with weights, when all are there.
    pub fn mark_ends(&mut self) {
        let is_weight = |slot: &&Slot| matches!(slot.role, Role::Weight | Role::Embedding);
        let weights = || self.list.iter().filter(is_weight).map(|slot| slot.layer().to_owned());
        let (first, last) = (weights().next(), weights().next_back());
        for slot in &mut self.list {
            let layer = Some(slot.layer().to_owned());
            (slot.first, slot.last) = (layer == first, layer == last);
        }
    }

    /// The slots in order.
    pub fn list_mut(&mut self) -> &mut [Slot] {
        &mut self.list
    }

    /// The slots in order.
    pub fn list(&self) -> &[Slot] {
        &self.list
    }

    /// Floats in the whole buffer: the number of parameters.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Divides the buffer into `parts` contiguous stretches of nearly equal work that never go through a row: the
    /// `parts + 1` boundaries, some of them equal when there are fewer rows than parts.
    pub fn cuts(&self, parts: usize) -> Vec<usize> {
        let work = |slot: &Slot| slot.len() * slot.uses;
        let all: usize = self.list.iter().map(work).sum();
        let at = |part: usize| {
            let mut wanted = all * part / parts;
            for slot in &self.list {
                if wanted < work(slot) {
                    return slot.offset + wanted / slot.uses / slot.row() * slot.row();
                }
                wanted -= work(slot);
            }
            self.length
        };
        (0..=parts).map(at).collect()
    }

    /// Divides the stretches between `cuts` into blocks of about [`BLOCK`] floats, of whole rows: their boundaries, `cuts`
    /// among them.
    pub fn blocks(&self, cuts: &[usize]) -> Vec<usize> {
        let mut bounds = vec![0];
        for pair in cuts.windows(2) {
            let mut start = pair[0];
            for slot in &self.list {
                let (from, to) = (slot.offset.max(pair[0]), slot.range().end.min(pair[1]));
                // small tensors share a block
                if from >= to || to - start <= BLOCK {
                    continue;
                }
                bounds.push(from);
                start = from;
                let rows = BLOCK / slot.row();
                let step = slot.row() * if rows < TALL { rows.max(1) } else { rows / TALL * TALL };
                while to - start > BLOCK {
                    start = (start + step).min(to);
                    bounds.push(start);
                }
            }
            bounds.push(pair[1]);
        }
        bounds.dedup();
        bounds
    }
}

/// Floats of gradient that are computed and used up at a time, so that they never leave the cache.
const BLOCK: usize = 96 << 10;
/// Rows in the tallest tile of a product: blocks of so many, or twice, leave no low tile at the end.
const TALL: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_cover_the_buffer_and_respect_rows() {
        let mut slots = Slots::default();
        slots.add("0.weight".into(), Role::Weight, &[5, 7], (5, 7), Care::default());
        slots.add("0.bias".into(), Role::Bias, &[7], (5, 7), Care::default());
        for parts in 1..6 {
            let cuts = slots.cuts(parts);
            assert_eq!((cuts[0], *cuts.last().unwrap()), (0, 42));
            let mut covered = 0;
            for pair in cuts.windows(2) {
                let part = pair[0]..pair[1];
                for slot in slots.list() {
                    if let Some((rows, within)) = slot.rows_within(&part) {
                        assert_eq!(rows.len() * slot.row(), within.len());
                        covered += within.len();
                    }
                }
            }
            assert_eq!(covered, 42, "{cuts:?}");
        }
    }
}
