//! What becomes of the gradients at the end of a step: penalties are added, they are clipped, and every parameter takes
//! its step. Where all parameters are trained alike that is one pass over the flat buffer; where a layer has its own
//! rate or decay, where biases do not decay or something is frozen, the buffer falls into groups, each with an optimizer
//! of its own that was built from the same settings. Nothing here depends on where threads cut the buffer: what needs
//! all of it, the length of the gradient, is summed by one thread between two phases, and an optimizer that needs whole
//! tensors gets cuts between tensors.

use std::ops::Range;

use kernels::gemm::Scratch;
use kernels::isa::Cpu;
use kernels::optimizer::{Buffers, Optimizer, PLANES, Step};
use kernels::{elementwise, reduce};

use crate::base::values::Chosen;
use crate::learn::lbfgs::Lbfgs;
use crate::learn::objective::Objective;
use crate::learn::optimizer::{self, Instead};
use crate::learn::sharpness::Sharpness;
use crate::nn::constraint::Bound;
use crate::nn::params::{Role, Slot};

use super::climb::Climb;

/// How the parameters of a plan are updated.
pub struct Update {
    groups: Vec<Group>,
    frozen: Vec<Range<usize>>,
    /// What is measured along the way, and how much of it a batch replaces.
    statistics: Vec<(Range<usize>, f32)>,
    /// What counts the steps.
    counts: Vec<usize>,
    /// Between which floats the buffer may be cut, where not everywhere.
    tensors: Option<Vec<usize>>,
    penalized: Vec<Range<usize>>,
    l1: f32,
    l2: f32,
    clip_value: Option<f32>,
    clip_norm: Option<f64>,
    climb: Option<Climb>,
    /// Weights that obey something after every step.
    bounds: Vec<Bound>,
    /// How a step searches, if it does.
    search: Option<Lbfgs>,
    /// What decays in what a search minimises, and by which factor.
    decays: Vec<(Range<usize>, f64)>,
    /// The optimizer's own, where a schedule sets another one at some steps.
    momentum: Option<f64>,
}

/// Parameters that are trained alike, side by side in the buffer.
struct Group {
    optimizer: Box<dyn Optimizer>,
    /// Multiplies the learning rate.
    lr: f64,
    pieces: Vec<Piece>,
}

/// What an optimizer is given at a time: all of a group, or a tensor of it.
struct Piece {
    range: Range<usize>,
    extents: Vec<usize>,
}

/// A stretch of the flat buffers.
pub struct Stretch<'a> {
    /// The parameters.
    pub params: &'a mut [f32],
    /// Their gradients; empty where they are computed block by block.
    pub grads: &'a mut [f32],
    /// The optimizer's memory.
    pub memory: [&'a mut [f32]; PLANES],
}

impl<'a> Stretch<'a> {
    /// The same stretch, lent.
    pub fn again(&mut self) -> Stretch<'_> {
        let [a, b, c, d] = &mut self.memory;
        Stretch { params: self.params, grads: self.grads, memory: [a, b, c, d] }
    }

    /// The stretch in two, the first of `at` floats.
    pub fn split(self, at: usize) -> (Self, Self) {
        let (params, params_rest) = self.params.split_at_mut(at);
        let cut = |plane: &'a mut [f32]| {
            let at = at.min(plane.len());
            plane.split_at_mut(at)
        };
        let (grads, grads_rest) = cut(self.grads);
        let [a, b, c, d] = self.memory.map(cut);
        let first = Self { params, grads, memory: [a.0, b.0, c.0, d.0] };
        (first, Self { params: params_rest, grads: grads_rest, memory: [a.1, b.1, c.1, d.1] })
    }
}

impl Update {
    /// The chosen optimizer on a network with these slots; `momentum` is the largest that the schedule puts in
    /// place of its own.
    pub fn new(chosen: &Chosen, objective: &Objective, momentum: Option<f64>, slots: &[Slot]) -> Self {
        let values = &chosen.values;
        let decay_bias = values.flag("decay_bias");
        let search = optimizer::search(chosen);
        let (mut groups, mut frozen): (Vec<(Instead, Group)>, Vec<Range<usize>>) = (Vec::new(), Vec::new());
        let mut decays = Vec::new();
        for slot in slots.iter().filter(|slot| slot.is_learned()) {
            if slot.care.frozen {
                frozen.push(slot.range());
                continue;
            }
            let instead = Instead { weight_decay: decay_of(slot, decay_bias), momentum };
            let Some(optimizer) = optimizer::build(chosen, instead) else {
                decays.push((slot.range(), instead.weight_decay.unwrap_or(values.number("weight_decay"))));
                continue;
            };
            let lr = slot.care.lr;
            let extents = if optimizer.whole() { slot.extents.clone() } else { Vec::new() };
            let piece = Piece { range: slot.range(), extents };
            match groups.last_mut() {
                Some((same, group)) if *same == instead && group.lr == lr && group.end() == slot.offset => {
                    group.add(piece);
                }
                _ => groups.push((instead, Group { optimizer, lr, pieces: vec![piece] })),
            }
        }
        let groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
        let whole = groups.iter().any(|group| group.optimizer.whole());
        let tensors = slots.iter().map(|slot| slot.offset).chain(slots.last().map(|slot| slot.range().end));
        let bounds: Vec<Bound> = slots.iter().filter_map(Bound::new).collect();
        let (l1, l2) = objective.penalties();
        let penalized = slots.iter().filter(|slot| slot.role == Role::Weight && (l1, l2) != (0.0, 0.0));
        let number = |key: &str| values.has(key).then(|| values.number(key));
        Self {
            tensors: (whole || !bounds.is_empty()).then(|| tensors.collect()),
            groups,
            frozen,
            statistics: slots.iter().filter_map(statistic).collect(),
            counts: slots.iter().filter(|slot| slot.role == Role::Count).map(|slot| slot.offset).collect(),
            penalized: penalized.map(Slot::range).collect(),
            l1: l1 as f32,
            l2: l2 as f32,
            clip_value: number("clip_value").map(|x| x as f32),
            clip_norm: number("clip_norm"),
            climb: Sharpness::new(values).map(|sharpness| Climb::new(sharpness, slots)),
            bounds,
            search,
            decays: decays.into_iter().filter(|(_, factor)| *factor != 0.0).collect(),
            momentum: momentum.and_then(|_| optimizer::momentum(chosen)).map(|(_, own)| own),
        }
    }

    /// Floats of memory per parameter.
    pub fn planes(&self) -> usize {
        self.groups.iter().map(|group| group.optimizer.planes()).max().unwrap_or(0)
    }

    /// Floats of working memory that a step takes.
    pub fn room(&self) -> usize {
        self.bounds.iter().map(Bound::room).max().unwrap_or(0)
    }

    /// Whether a stretch of parameters can be updated before the gradients of all others are known.
    pub fn alone(&self) -> bool {
        self.tensors.is_none() && self.clip_norm.is_none() && self.climb.is_none() && self.search.is_none()
    }

    /// The cuts of the buffer for the update nearest to `cuts`, which divide the work of the gradients.
    pub fn cuts(&self, cuts: &[usize]) -> Vec<usize> {
        let nearest = |cut: &usize, bounds: &[usize]| bounds.iter().copied().min_by_key(|b| b.abs_diff(*cut));
        match &self.tensors {
            Some(bounds) => cuts.iter().map(|cut| nearest(cut, bounds).unwrap_or(0)).collect(),
            None => cuts.to_vec(),
        }
    }

    /// What stands in place of the momentum that the optimizer was built with, at a step for which the schedule says this.
    pub fn momentum(&self, scheduled: Option<f64>) -> Option<f64> {
        scheduled.or(self.momentum)
    }

    /// What the step contributes to the product over all steps.
    pub fn factor(&self, step: Step) -> f64 {
        self.groups.first().map_or(1.0, |group| group.optimizer.factor(step))
    }

    /// Makes of the loss's gradient, of the parameters in `part` of the buffer, that of what is minimised. What is measured
    /// and not learned takes its step here, and leaves no gradient for anything that follows.
    pub fn prepare(&self, cpu: Cpu, part: &Range<usize>, params: &mut [f32], grads: &mut [f32]) {
        for (range, momentum) in &self.statistics {
            let Some(at) = within(range, part) else { continue };
            elementwise::blend(cpu, *momentum, &grads[at.clone()], 1.0 - momentum, &mut params[at.clone()]);
            grads[at].fill(0.0);
        }
        for count in self.counts.iter().filter(|count| part.contains(count)) {
            params[count - part.start] += 1.0;
            grads[count - part.start] = 0.0;
        }
        for at in self.penalized.iter().filter_map(|range| within(range, part)) {
            elementwise::penalize(cpu, self.l1, self.l2, &params[at.clone()], &mut grads[at]);
        }
        for (range, factor) in &self.decays {
            let Some(at) = within(range, part) else { continue };
            elementwise::penalize(cpu, 0.0, (0.5 * factor) as f32, &params[at.clone()], &mut grads[at]);
        }
        for at in self.frozen.iter().filter_map(|range| within(range, part)) {
            grads[at].fill(0.0);
        }
    }

    /// What a search adds to the loss for the sizes of the parameters, whose gradient [`Update::prepare`] adds.
    pub fn penalty(&self, params: &[f32]) -> f64 {
        let sum = |range: &Range<usize>, of: &dyn Fn(f64) -> f64| -> f64 {
            params[range.clone()].iter().map(|p| of(f64::from(*p))).sum()
        };
        let (l1, l2) = (f64::from(self.l1), f64::from(self.l2));
        let penalties = self.penalized.iter().map(|range| sum(range, &|p| l1 * p.abs() + l2 * p * p));
        let decays = self.decays.iter().map(|(range, factor)| sum(range, &|p| 0.5 * factor * p * p));
        penalties.chain(decays).sum()
    }

    /// Clips every component of a prepared gradient.
    pub fn clip(&self, cpu: Cpu, grads: &mut [f32]) {
        if let Some(most) = self.clip_value {
            elementwise::clamp(cpu, most, grads);
        }
    }

    /// How a step climbs before it is taken, if it does.
    pub fn climb(&self) -> Option<&Climb> {
        self.climb.as_ref()
    }

    /// How a step searches, if it does.
    pub fn search(&self) -> Option<Lbfgs> {
        self.search
    }

    /// What the whole gradient is to be multiplied by, if anything.
    pub fn shortening(&self, cpu: Cpu, grads: &[f32]) -> Option<f32> {
        let factor = self.clip_norm? / (reduce::norm(cpu, grads) + 1e-6);
        // a length that is not a number shows in the parameters, as in PyTorch
        (factor < 1.0 || factor.is_nan()).then_some(factor as f32)
    }

    /// What the constraints remember of the parameters that training starts from.
    pub fn start(&self, cpu: Cpu, params: &[f32]) -> Vec<Vec<f32>> {
        self.bounds.iter().map(|bound| bound.start(cpu, &params[bound.slot.range()])).collect()
    }

    /// One step of the parameters in `part` of the buffer; `start` is what [`Update::start`] gave.
    pub fn step(
        &self,
        cpu: Cpu,
        (step, start): (Step, &[Vec<f32>]),
        part: &Range<usize>,
        stretch: Stretch<'_>,
        scratch: &mut Scratch,
    ) {
        let Stretch { params, grads, mut memory } = stretch;
        for group in &self.groups {
            let step = Step { lr: step.lr * group.lr, ..step };
            for piece in &group.pieces {
                let Some(at) = within(&piece.range, part) else { continue };
                let kept = group.optimizer.planes();
                let mut planes = memory.iter_mut().enumerate();
                let memory = std::array::from_fn(|_| match planes.next() {
                    Some((plane, floats)) if plane < kept => &mut floats[at.clone()],
                    _ => &mut [],
                });
                let (params, grads) = (&mut params[at.clone()], &grads[at.clone()]);
                let buffers = Buffers { params, grads, memory, extents: &piece.extents };
                group.optimizer.step(cpu, step, buffers, scratch);
            }
        }
        for (bound, start) in self.bounds.iter().zip(start) {
            if let Some(at) = within(&bound.slot.range(), part) {
                bound.hold(cpu, &mut params[at], start, scratch);
            }
        }
    }
}

impl Group {
    fn end(&self) -> usize {
        self.pieces.last().map_or(0, |piece| piece.range.end)
    }

    /// Takes up the slot that follows: as a tensor, or as more of the same.
    fn add(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if !self.optimizer.whole() => last.range.end = piece.range.end,
            _ => self.pieces.push(piece),
        }
    }
}

/// The place of a slot that is measured and not learned, and how much of it a batch replaces.
fn statistic(slot: &Slot) -> Option<(Range<usize>, f32)> {
    match slot.role {
        Role::Statistic { momentum, .. } => Some((slot.range(), momentum)),
        _ => None,
    }
}

/// What stands for the optimizer's weight decay, if not its own: the layer's, and none for biases where they do not decay.
fn decay_of(slot: &Slot, decays: bool) -> Option<f64> {
    if matches!(slot.role, Role::Bias | Role::Offset(_)) && !decays { Some(0.0) } else { slot.care.weight_decay }
}

/// Where the part of a range that lies in `part` stands within it.
fn within(range: &Range<usize>, part: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (range.start.max(part.start), range.end.min(part.end));
    (start < end).then(|| start - part.start..end - part.start)
}
