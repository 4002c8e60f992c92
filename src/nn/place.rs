//! Placing: a list of layers in a file becomes a chain with shapes and slots. Mistakes are reported with the line of the
//! layer and the shapes that led to it.

use kernels::spatial::Pool;

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::shape::Shape;
use crate::base::values::{Item, Value, Values};

use super::chain::{Chain, Work};
use super::layer::{Layer, Layout};
use super::layers::LAYERS;
use super::params::{Care, Role, Slot, Slots};

/// The state of placing a chain.
pub struct Placing<'a> {
    slots: &'a mut Slots,
    /// Where mistakes go.
    pub diagnostics: &'a mut Diagnostics,
    chain: Chain,
    /// The shape that the next layer gets.
    shape: Shape,
    /// Of how many symbols its numbers are, if they name symbols.
    symbols: Option<usize>,
    /// How many steps rows of different lengths are padded to, if they are.
    padded: Option<usize>,
    /// How the shape came about: `40 -> dense 50 -> ...`.
    story: String,
    prefix: String,
    index: usize,
    /// Of the layer being placed.
    care: Care,
    /// Weights of the layer being placed.
    weights: usize,
    /// What the layers inside of it multiply.
    within: Work,
    /// Floats of the buffer when the last layer was placed.
    pushed: usize,
}

/// The rows that a chain gets.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Their shape.
    pub shape: &'a Shape,
    /// Of how many symbols their numbers are, if they name symbols.
    pub symbols: Option<usize>,
    /// How many steps they are padded to, if they have different lengths, which layers over their steps are told.
    pub padded: Option<usize>,
}

/// Places the layers of a list one after the other. Nothing is returned when one of them does not fit.
pub fn chain(
    layers: &[Item],
    input: Input<'_>,
    slots: &mut Slots,
    diagnostics: &mut Diagnostics,
) -> Option<(Chain, Shape)> {
    place(layers, input, (String::new(), Care::default()), slots, diagnostics)
}

fn place(
    layers: &[Item],
    Input { shape: input, symbols, padded }: Input<'_>,
    (prefix, outer): (String, Care),
    slots: &mut Slots,
    diagnostics: &mut Diagnostics,
) -> Option<(Chain, Shape)> {
    let story = input.to_string();
    let (chain, shape, care) = (Chain::new(input.width()), input.clone(), outer.clone());
    let (weights, within, pushed) = (0, Work::default(), slots.length());
    let mut placing = Placing {
        slots,
        diagnostics,
        chain,
        shape,
        symbols,
        padded,
        story,
        prefix,
        index: 0,
        care,
        weights,
        within,
        pushed,
    };
    for (index, item) in layers.iter().enumerate() {
        let Value::Member(chosen) = &item.value else { unreachable!("a list of layers holds members") };
        placing.index = index;
        placing.care = outer.within(&chosen.values);
        LAYERS.build(chosen.name)(chosen, &mut placing)?;
        placing.story = format!("{} -> {} -> {}", placing.story, chosen.name, placing.shape);
    }
    placing.chain.turn(Layout::Rows);
    Some((placing.chain, placing.shape))
}

impl Care {
    /// The care of a layer that says this, inside of one that is cared for like `self`: multipliers multiply, what is
    /// frozen outside is frozen inside, and of the others the inner one stands.
    fn within(&self, inner: &Values) -> Self {
        let decay = inner.has("weight_decay").then(|| inner.number("weight_decay"));
        let init = inner.has("init").then(|| inner.member("init").clone());
        Self {
            lr: self.lr * inner.number("lr"),
            weight_decay: decay.or(self.weight_decay),
            frozen: self.frozen || inner.flag("frozen"),
            init: init.or_else(|| self.init.clone()),
        }
    }
}

impl Placing<'_> {
    /// The shape of the rows that the layer gets.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Of how many symbols the numbers of those rows are, if they name symbols.
    pub fn symbols(&self) -> Option<usize> {
        self.symbols
    }

    /// How many steps rows of different lengths are padded to, if they are.
    pub fn padded(&self) -> Option<usize> {
        self.padded
    }

    /// A new slot of the layer being placed.
    pub fn slot(&mut self, name: &str, role: Role, extents: &[usize], fan: (usize, usize)) -> Slot {
        let slot =
            self.slots.add(format!("{}{}.{name}", self.prefix, self.index), role, extents, fan, self.care.clone());
        self.weights += if role == Role::Weight { slot.len() } else { 0 };
        slot
    }

    /// The same with what is particular about it.
    pub fn slot_with(
        &mut self,
        name: &str,
        role: Role,
        extents: &[usize],
        fan: (usize, usize),
        change: impl FnOnce(&mut Slot),
    ) -> Slot {
        self.slot(name, role, extents, fan);
        let slot = self.slots.list_mut().last_mut().expect("it was just added");
        change(slot);
        slot.clone()
    }

    /// A number for the layer being placed, when it draws random numbers in training: how many such there are before it.
    pub fn drawing(&mut self) -> u64 {
        self.slots.one_more_drawing()
    }

    /// Adds a placed layer that gives rows of `shape`.
    pub fn push(&mut self, layer: Box<dyn Layer>, shape: Shape) {
        let (weights, within) = (std::mem::take(&mut self.weights), std::mem::take(&mut self.within));
        let own = layer.multiply_adds().unwrap_or(weights);
        let name = format!("{}{}", self.prefix, self.index);
        let slots = self.slots.list_mut().iter_mut().filter(|slot| slot.layer() == name);
        slots.for_each(|slot| slot.uses = own.div_ceil(weights.max(1)).max(1));
        let learns = self.slots.length() > std::mem::replace(&mut self.pushed, self.slots.length());
        let work = Work { forward: within.forward + own, spared: within.spared + own };
        self.chain.turn(layer.layout());
        self.chain.push(layer, shape.width(), work, learns);
        self.shape = shape;
        self.symbols = None;
    }

    /// Adds a pooling that gives rows of `shape` to the layer before, if that takes it over; says whether it does.
    pub fn absorb(&mut self, pool: &Pool, shape: &Shape) -> bool {
        let does = self.chain.absorb(pool, shape.width());
        if does {
            self.shape = shape.clone();
        }
        does
    }

    /// Places the layers of a list inside the layer being placed, starting from the same shape.
    pub fn nested(&mut self, name: &str, layers: &[Item]) -> Option<(Chain, Shape)> {
        self.inside(name, layers, (&self.shape.clone(), self.padded), 1)
    }

    /// The same, starting from rows of `shape`, of which a row of the layer being placed has so many.
    pub fn nested_on(&mut self, name: &str, layers: &[Item], shape: &Shape, rows: usize) -> Option<(Chain, Shape)> {
        self.inside(name, layers, (shape, None), rows)
    }

    fn inside(
        &mut self,
        name: &str,
        layers: &[Item],
        (shape, padded): (&Shape, Option<usize>),
        rows: usize,
    ) -> Option<(Chain, Shape)> {
        let prefix = format!("{}{}.{name}.", self.prefix, self.index);
        let placed = place(
            layers,
            Input { shape, symbols: None, padded },
            (prefix, self.care.clone()),
            self.slots,
            self.diagnostics,
        )?;
        let inner = placed.0.work();
        let Work { forward, spared } = self.within;
        self.within = Work { forward: forward + rows * inner.forward, spared: spared + rows * inner.spared };
        Some(placed)
    }

    /// Reports that the layer does not fit, with the shapes so far.
    pub fn misfit(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let label = format!("shapes so far: {}", self.story);
        self.diagnostics.error_with_hint(place, message, label, hint);
    }
}
