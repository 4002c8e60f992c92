//! Placing: a list of layers in a file becomes a chain with shapes and slots. Mistakes are reported with the line of the
//! layer and the shapes that led to it. A layer that shares the parameters of an earlier one is handed that one's slots when
//! it asks for its own, so a layer knows nothing of it but whether a gradient is there already.

use kernels::spatial::Pool;

use crate::base::diagnostics::{Diagnostics, Place, suggest};
use crate::base::shape::Shape;
use crate::base::values::{Chosen, Item, Value, Values};

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
    /// How the shape came about, from the data on: see [`Placed::story`].
    story: String,
    /// What the layer being placed is called in the file.
    layer: &'static str,
    within: Within,
    index: usize,
    /// Of the layer being placed.
    care: Care,
    /// Whose parameters the layer being placed uses, if not its own, and where that was said.
    source: Option<(String, Place)>,
    /// Whether it asked for some that are not there.
    broken: bool,
    /// Weights of the layer being placed.
    weights: usize,
    /// What the layers inside of it multiply.
    inner: Work,
    /// What slots there were when the last layer was placed.
    pushed: (usize, usize),
}

/// What a list of layers takes over from the layer it is in.
#[derive(Debug, Clone, Default)]
struct Within {
    /// What the names of its slots begin with.
    prefix: String,
    care: Care,
    /// What leads to its first layer.
    story: String,
    /// What the names of the slots that it uses begin with, where that layer shares another's, and where that was said.
    source: Option<(String, Place)>,
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

/// Layers that were placed.
pub struct Placed {
    /// The layers.
    pub chain: Chain,
    /// The shape of the rows that they give.
    pub shape: Shape,
    /// How it came about, layer by layer: `40 -> dense -> 50`; within another layer `40 -> residual.body: 40 -> dense -> 50`.
    pub story: String,
}

/// What a layer says about its parameters.
fn care(values: &Values) -> impl Iterator<Item = &'static str> {
    let said = |key: &&str| match *key {
        "lr" => values.number(key) != 1.0,
        "frozen" => values.flag(key),
        _ => values.has(key),
    };
    ["weight_decay", "init", "constraint", "lr", "frozen"].into_iter().filter(said)
}

/// Places the layers of a list one after the other. Nothing is returned when one of them does not fit.
pub fn chain(layers: &[Item], input: Input<'_>, slots: &mut Slots, diagnostics: &mut Diagnostics) -> Option<Placed> {
    place(layers, input, Within::default(), slots, diagnostics)
}

fn place(
    layers: &[Item],
    Input { shape: input, symbols, padded }: Input<'_>,
    within: Within,
    slots: &mut Slots,
    diagnostics: &mut Diagnostics,
) -> Option<Placed> {
    let mut placing = Placing {
        pushed: slots.state(),
        slots,
        diagnostics,
        chain: Chain::new(input.width()),
        shape: input.clone(),
        symbols,
        padded,
        story: format!("{}{input}", within.story),
        layer: "",
        care: within.care.clone(),
        within,
        index: 0,
        source: None,
        broken: false,
        weights: 0,
        inner: Work::default(),
    };
    for (index, item) in layers.iter().enumerate() {
        let Value::Member(chosen) = &item.value else { unreachable!("a list of layers holds members") };
        (placing.index, placing.layer) = (index, chosen.name);
        placing.care = placing.within.care.within(&chosen.values);
        placing.source = placing.shared(chosen)?;
        let before = placing.slots.list().len();
        LAYERS.build(chosen.name)(chosen, &mut placing)?;
        if placing.broken {
            return None;
        }
        placing.cared(chosen, before)?;
        placing.slots.close(placing.name());
        placing.story.push_str(&format!(" -> {} -> {}", chosen.name, placing.shape));
    }
    placing.chain.turn(Layout::Rows);
    Some(Placed { chain: placing.chain, shape: placing.shape, story: placing.story })
}

impl Care {
    /// The care of a layer that says this, inside of one that is cared for like `self`: multipliers multiply, what is
    /// frozen outside is frozen inside, and of the others the inner one stands.
    fn within(&self, inner: &Values) -> Self {
        let decay = inner.has("weight_decay").then(|| inner.number("weight_decay"));
        let member = |key: &str| inner.has(key).then(|| inner.member(key).clone());
        Self {
            lr: self.lr * inner.number("lr"),
            weight_decay: decay.or(self.weight_decay),
            frozen: self.frozen || inner.flag("frozen"),
            init: member("init").or_else(|| self.init.clone()),
            constraint: member("constraint").or_else(|| self.constraint.clone()),
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

    /// A slot of the layer being placed: a new one, or that of the layer whose parameters it shares.
    pub fn slot(&mut self, name: &str, role: Role, extents: &[usize], fan: (usize, usize)) -> Slot {
        self.slot_with(name, role, extents, fan, |_| {})
    }

    /// The same with what is particular about a new one.
    pub fn slot_with(
        &mut self,
        name: &str,
        role: Role,
        extents: &[usize],
        fan: (usize, usize),
        change: impl FnOnce(&mut Slot),
    ) -> Slot {
        let slot = match self.source.clone() {
            Some((source, place)) => self.lent(&source, name, (role, extents), place).unwrap_or_else(|| {
                self.broken = true;
                // for the layer to be placed; nobody will see the network
                Slots::default().add(String::new(), role, extents, fan, Care::default())
            }),
            None => {
                self.slots.add(format!("{}.{name}", self.name()), role, extents, fan, self.care.clone());
                let slot = self.slots.list_mut().last_mut().expect("it was just added");
                change(slot);
                slot.clone()
            }
        };
        self.weights += if role == Role::Weight { slot.len() } else { 0 };
        slot
    }

    /// The weights `extents` of an earlier layer, for a layer that uses them turned over.
    pub fn turned(&mut self, layer: &str, place: Place, extents: [usize; 2]) -> Option<Slot> {
        self.known(layer, place)?;
        let slot = self.slots.lend(&format!("{layer}.weight"));
        let is_matrix =
            |slot: &Slot| matches!(slot.role, Role::Weight | Role::Embedding) && slot.layout.extents.len() == 2;
        let Some(slot) = slot.filter(is_matrix) else {
            let hint = "a layer is tied to the weights of a `dense` or `embedding`";
            self.misfit(place, format!("layer `{layer}` has no matrix of weights"), hint);
            return None;
        };
        if slot.extents != extents {
            let [units, inputs] = extents;
            let (found, wanted) = (Shape(slot.extents), Shape(extents.to_vec()));
            let message = format!("the weights of `{layer}` are {found}, and turned over they must be {wanted} here");
            let hint =
                format!("the layer has {inputs} inputs and {units} units: those of `{layer}` the other way round");
            self.misfit(place, message, hint);
            return None;
        }
        self.weights += slot.len();
        Some(slot)
    }

    /// A number for the layer being placed, when it draws random numbers in training: how many such there are before it.
    pub fn drawing(&mut self) -> u64 {
        self.slots.one_more_drawing()
    }

    /// Adds a placed layer that gives rows of `shape`.
    pub fn push(&mut self, layer: Box<dyn Layer>, shape: Shape) {
        let (weights, inner) = (std::mem::take(&mut self.weights), std::mem::take(&mut self.inner));
        let own = layer.work().unwrap_or(Work::products(weights));
        let (name, again) = match &self.source {
            Some((source, _)) => (source.clone(), true),
            None => (self.name(), false),
        };
        let slots = self.slots.list_mut().iter_mut().filter(|slot| slot.layer() == name);
        let uses = own.forward.div_ceil(weights.max(1)).max(1);
        slots.for_each(|slot| slot.uses = if again { slot.uses + uses } else { uses });
        let learns = self.slots.state() != std::mem::replace(&mut self.pushed, self.slots.state());
        self.chain.turn(layer.layout());
        self.chain.push(layer, shape.width(), inner.and(1, own), learns);
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
        let input = Input { shape: &self.shape.clone(), symbols: self.symbols, padded: self.padded };
        self.inside(name, layers, input, 1)
    }

    /// The same, starting from rows of `shape`, of which a row of the layer being placed has so many.
    pub fn nested_on(&mut self, name: &str, layers: &[Item], shape: &Shape, rows: usize) -> Option<(Chain, Shape)> {
        self.inside(name, layers, Input { shape, symbols: None, padded: None }, rows)
    }

    fn inside(&mut self, name: &str, layers: &[Item], input: Input<'_>, rows: usize) -> Option<(Chain, Shape)> {
        let within = Within {
            prefix: format!("{}.{name}.", self.name()),
            story: format!("{} -> {}.{name}: ", self.story, self.layer),
            care: self.care.clone(),
            source: self.source.as_ref().map(|(source, place)| (format!("{source}.{name}."), *place)),
        };
        let placed = place(layers, input, within, self.slots, self.diagnostics)?;
        self.inner = self.inner.and(rows, placed.chain.work());
        Some((placed.chain, placed.shape))
    }

    /// The name of the layer being placed: `1.body.0`.
    fn name(&self) -> String {
        format!("{}{}", self.within.prefix, self.index)
    }

    /// Whose parameters a layer uses, if not its own. What cannot be is reported.
    fn shared(&mut self, chosen: &Chosen) -> Option<Option<(String, Place)>> {
        let values = &chosen.values;
        if !values.has("share") {
            let outer = self.within.source.as_ref();
            return Some(outer.map(|(source, place)| (format!("{source}{}", self.index), *place)));
        }
        let (layer, place) = (values.text("share"), values.place("share"));
        self.known(layer, place)?;
        if let Some(key) = care(values).next() {
            let message = format!("`{key}` has no meaning for parameters that belong to layer `{layer}`");
            self.diagnostics.error_with_hint(values.place(key), message, "", format!("say it at layer `{layer}`"));
            return None;
        }
        Some(Some((layer.to_owned(), place)))
    }

    /// Reports what is said about parameters of a layer that has none; `before` is how many slots there were before it.
    fn cared(&mut self, chosen: &Chosen, before: usize) -> Option<()> {
        if self.source.is_some() {
            return Some(());
        }
        let new = &self.slots.list()[before..];
        let weights = new.iter().any(|slot| slot.role == Role::Weight);
        let idle = care(&chosen.values).find(|key| new.is_empty() || *key == "constraint" && !weights);
        let Some(key) = idle else { return Some(()) };
        let (what, hint) = if new.is_empty() {
            ("parameters", "leave it out, or say it at a layer that learns something")
        } else {
            ("incoming weights", "constraints are for layers whose units multiply their inputs by weights of their own")
        };
        let message = format!("`{key}` has no meaning for this layer: `{}` has no {what} here", chosen.name);
        self.diagnostics.error_with_hint(chosen.values.place(key), message, "", hint);
        None
    }

    /// Looks for an earlier layer with parameters; one that is not there is reported.
    fn known(&mut self, layer: &str, place: Place) -> Option<()> {
        if self.slots.layers().any(|known| known == layer) {
            return Some(());
        }
        let hint = match self.slots.layers().next() {
            Some(_) => suggest(layer, self.slots.layers()),
            None => {
                "layers are named by their places: `\"0\"`, `\"1.body.0\"`; this is the first with parameters".into()
            }
        };
        self.misfit(place, format!("no layer before this one that has parameters is called `{layer}`"), hint);
        None
    }

    /// A slot of an earlier layer; one that is not there, or is another, is reported.
    fn lent(&mut self, source: &str, name: &str, of: (Role, &[usize]), place: Place) -> Option<Slot> {
        let (role, extents) = of;
        // one mistake of a layer is enough
        if self.broken {
            return None;
        }
        let Some(slot) = self.slots.lend(&format!("{source}.{name}")) else {
            let hint = "share with a layer of the same type and settings";
            self.misfit(place, format!("layer `{source}` has no `{name}` to share"), hint);
            return None;
        };
        if !slot.is_learned() {
            let message = format!("`{name}` of layer `{source}` is measured along the way, which cannot be shared");
            self.misfit(place, message, "a layer that measures its rows must be one of its own");
            return None;
        }
        let same = std::mem::discriminant(&slot.role) == std::mem::discriminant(&role) && slot.extents == extents;
        if !same {
            let (found, wanted) = (Shape(slot.extents), Shape(extents.to_vec()));
            let message = format!("`{name}` of layer `{source}` is {found}, but {wanted} is needed here");
            self.misfit(place, message, "layers that share have the same type, settings and inputs");
            return None;
        }
        Some(slot)
    }

    /// Reports that the layer does not fit, with the shapes so far.
    pub fn misfit(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let label = format!("shapes so far: {}", self.story);
        self.diagnostics.error_with_hint(place, message, label, hint);
    }
}
