//! The threads of one trial and their memory. A training step has two phases with a meeting between them:
//!
//! 1. *rows*: every thread takes a stretch of the batch's rows through forward, loss and backward, or they divide every layer
//!    between them, and meet after each: see [`divided`];
//! 2. *parameters*: every thread takes a stretch of the flat buffer, computes its gradients over all rows in order, and
//!    updates it. Where the update needs the gradient or a tensor as a whole, they meet between the two.
//!
//! In every phase every number is computed by one thread with the same operations in the same order as a single thread
//! would, so the bits do not depend on how many there are.

use std::borrow::Cow;
use std::ops::Range;

use kernels::gemm::Scratch;
use kernels::isa::Cpu;
use kernels::optimizer::{PLANES, Step};
use kernels::{Floats, elementwise};

use crate::base::random::Seeds;
use crate::nn::chain::at_once;
use crate::nn::layer::{Draws, Pass, Trace, Traces};
use crate::nn::params::Slot;

use super::crew;
use super::divided;
use super::plan::Plan;
use super::rows::{Batch, Gathered, Part};
use super::search::{Field, Search};
use super::update::Stretch;

/// A thread's share of a batch, or all of it, and its working memory.
pub(super) struct Shard {
    pub rows: Range<usize>,
    pub gathered: Gathered,
    pub kept: Floats,
    pub losses: Vec<f32>,
}

/// What a thread has of its own in both phases.
pub(super) struct Hand<'p> {
    pub scratch: &'p mut Scratch,
    /// Room for a block of gradients, where they are not kept.
    block: Floats,
}

/// A trial's state between steps: parameters, gradients, the optimizer's memory, and the working memory of its threads.
/// Everything is allocated here; a step allocates nothing. The packing buffers belong to the worker, which lends them to
/// one trial after the other: they are larger than a small network.
pub struct Team<'p> {
    plan: &'p Plan,
    cpu: Cpu,
    seeds: Seeds,
    params: Floats,
    /// Empty where nobody needs all of it at once.
    grads: Floats,
    /// Where the parameters are while a step climbs; empty where none does.
    home: Floats,
    memory: [Floats; PLANES],
    shards: Vec<Shard>,
    /// Whether the threads divide the layers between them: the first shard has all rows then.
    divided: bool,
    cuts: Vec<usize>,
    update_cuts: Vec<usize>,
    /// The boundaries of the blocks between the cuts.
    blocks: Vec<usize>,
    /// Of the factors that the optimizer gave for the steps so far.
    product: f64,
    hands: Vec<Hand<'p>>,
    /// What the constraints remember of where it started.
    start: Vec<Vec<f32>>,
    /// The state of an optimizer that searches.
    search: Option<Search>,
}

/// Rows that one thread evaluates at a time.
const EVALUATED: usize = 256;

impl<'p> Team<'p> {
    /// A team for a plan, a thread for each of the packing buffers, with all memory it will need on the training part
    /// `train`. `params` is what training starts from, `seeds` what is drawn at random on the way.
    pub fn new(
        plan: &'p Plan,
        cpu: Cpu,
        scratches: &'p mut [Scratch],
        train: &Part,
        params: impl Into<Floats>,
        seeds: Seeds,
    ) -> Self {
        let params = params.into();
        let batch = plan.batch_rows(train.rows());
        let threads = scratches.len().clamp(1, batch);
        let block = plan.network.block();
        let divided = divided::divides(plan, threads, batch);
        let together = divided || plan.network.coupled().is_some();
        let share = if together { batch } else { batch.div_ceil(block).div_ceil(threads) * block };
        let whole = (plan.training.batch.is_none() || !plan.training.shuffled) && plan.augment.is_none();
        let shard = |i| {
            let share = if together && i > 0 { 0 } else { share.min(batch) };
            Shard {
                rows: 0..0,
                gathered: if whole { Gathered::default() } else { Gathered::new(train, plan.augment.as_ref(), share) },
                kept: Floats::zeros(plan.network.kept(share.max(EVALUATED))),
                losses: vec![0.0; share * train.steps()],
            }
        };
        scratches.iter_mut().for_each(|scratch| scratch.reserve(plan.network.room().max(plan.update.room())));
        let planes = plan.update.planes();
        let memory = std::array::from_fn(|plane| Floats::zeros(if plane < planes { params.len() } else { 0 }));
        let cuts = plan.network.cuts(threads);
        let blocks = plan.network.blocks(&cuts);
        let (grads, block) = if plan.keeps_gradient() {
            (params.len(), 0)
        } else {
            (0, blocks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0))
        };
        Self {
            plan,
            cpu,
            seeds,
            grads: Floats::zeros(grads),
            start: plan.update.start(cpu, &params),
            home: Floats::zeros(if plan.update.climb().is_some() { params.len() } else { 0 }),
            params,
            memory,
            shards: (0..threads).map(shard).collect(),
            divided,
            update_cuts: plan.update.cuts(&cuts),
            cuts,
            blocks,
            product: 1.0,
            hands: scratches[..threads]
                .iter_mut()
                .map(|scratch| Hand { scratch, block: Floats::zeros(block) })
                .collect(),
            search: plan.update.search().map(|how| {
                let slots = plan.network.slots().iter().filter(|slot| slot.is_learned());
                Search::new(how, plan.network.parameters(), slots.map(Slot::range).collect(), plan.run.steps)
            }),
        }
    }

    /// The parameters.
    pub fn params(&self) -> &[f32] {
        &self.params
    }

    /// Exchanges the parameters for others.
    pub fn exchange(&mut self, params: &mut [f32]) {
        self.params.swap_with_slice(params);
    }

    /// The gradient of the last step's batch as the optimizer had it, with penalties and clipped, in the layout of the
    /// parameters; zero before the first step, and empty where the plan does not keep it.
    pub fn grads(&self) -> &[f32] {
        &self.grads
    }

    /// One step of training; `rate` is its learning rate and `number` counts from 1. Returns the loss of the batch
    /// before the step. When that is not a finite number, nothing is updated.
    pub fn step(&mut self, train: &Part, batch: Batch<'_>, number: u64, rate: f64) -> f64 {
        let loss = self.rows_phase(train, batch, number);
        if !loss.is_finite() {
            return loss;
        }
        if let Some(climb) = self.plan.update.climb() {
            self.whole_gradient(train, batch);
            climb.up(self.cpu, &mut self.params, &mut self.grads, &mut self.home);
            let uphill = self.rows_phase(train, batch, number);
            if !uphill.is_finite() {
                self.params.copy_from_slice(&self.home);
                return uphill;
            }
        }
        if let Some(search) = self.search.take() {
            self.search_phase(search, (train, batch, number), loss, rate);
            return loss;
        }
        self.parameters_phase(train, batch, number, rate);
        loss
    }

    /// The loss of a batch at the parameters as they are, and what the gradients of it are made from.
    fn rows_phase(&mut self, train: &Part, batch: Batch<'_>, number: u64) -> f64 {
        let rows = batch.rows();
        let (count, block) = (self.busy(rows), self.plan.network.block());
        let cut = |i: usize| (rows.div_ceil(block) * i.min(count) / count * block).min(rows);
        for (i, shard) in self.shards.iter_mut().enumerate() {
            shard.rows = cut(i)..cut(i + 1);
        }
        let (plan, cpu, params, seeds) = (self.plan, self.cpu, &self.params, self.seeds);
        let divisor = divisor(plan, train, batch);
        let one = |shard: &mut Shard, hand: &mut Hand<'_>| {
            let draws = Some(Draws { seeds, step: number, row: shard.rows.start });
            let pass = Pass { cpu, scratch: hand.scratch, draws, lengths: &[] };
            shard.rows_phase(plan, pass, params, (train, batch, divisor), &mut at_once);
        };
        if self.divided {
            divided::rows_phase((plan, cpu), params, &mut self.shards[0], &mut self.hands, (train, batch, divisor));
        } else {
            crew::each(&mut self.shards, &mut self.hands, &one);
        }
        let losses = self.shards.iter().flat_map(|shard| &shard.losses[..shard.rows.len() * train.steps()]);
        plan.objective.total(losses, divisor)
    }

    /// A step that measures the loss of the batch again and again, from where it was `loss`.
    fn search_phase(&mut self, mut search: Search, of: (&Part, Batch<'_>, u64), loss: f64, lr: f64) {
        let (train, batch, number) = of;
        self.whole_gradient(train, batch);
        let value = loss + self.plan.update.penalty(&self.params);
        search.step(self.cpu, lr, value, &mut Searched { team: self, of });
        self.search = Some(search);
        // there is no rule for a step, only what weights must obey after it
        let [a, b, c, d] = &mut self.memory;
        let all = 0..self.params.len();
        let stretch = Stretch { params: &mut self.params, grads: &mut self.grads, memory: [a, b, c, d] };
        let step = Step { number, lr, momentum: None, product: self.product };
        self.plan.update.step(self.cpu, (step, &self.start), &all, stretch, self.hands[0].scratch);
    }

    /// The gradient of what is minimised, of all parameters, not clipped.
    fn whole_gradient(&mut self, train: &Part, batch: Batch<'_>) {
        let shards = &self.shards[..self.busy(batch.rows())];
        let step = Step { number: 0, lr: 0.0, momentum: None, product: 1.0 };
        let phase =
            Phase { plan: self.plan, cpu: self.cpu, train, batch, shards, step, start: &self.start, clips: false };
        let [a, b, c, d] = &mut self.memory;
        let stretch = Stretch { params: &mut self.params, grads: &mut self.grads, memory: [a, b, c, d] };
        divide(&self.cuts, stretch, &mut self.hands, &|part, stretch, hand: &mut Hand<'_>| {
            phase.gradients(&part, stretch, hand.scratch);
        });
    }

    /// How many shards have rows in a batch of so many: the last of an epoch can have fewer rows than there are threads, and
    /// rows that depend on each other, or whose sums are taken together, stay together; so do all where layers are divided.
    fn busy(&self, rows: usize) -> usize {
        let network = &self.plan.network;
        let one = self.divided || network.coupled().is_some();
        self.shards.len().min(if one { 1 } else { rows.div_ceil(network.block()) })
    }

    /// What a step of this number is told.
    fn next(&mut self, number: u64, lr: f64) -> Step {
        let Plan { update, rates, .. } = self.plan;
        let step = Step { number, lr, momentum: update.momentum(rates.momentum(number - 1)), product: self.product };
        self.product *= update.factor(step);
        Step { product: self.product, ..step }
    }

    fn parameters_phase(&mut self, train: &Part, batch: Batch<'_>, number: u64, lr: f64) {
        let (plan, cpu, step) = (self.plan, self.cpu, self.next(number, lr));
        let shards = &self.shards[..self.busy(batch.rows())];
        let phase = Phase { plan, cpu, train, batch, shards, step, start: &self.start, clips: true };
        let [a, b, c, d] = &mut self.memory;
        let mut stretch = Stretch { params: &mut self.params, grads: &mut self.grads, memory: [a, b, c, d] };
        if plan.update.alone() {
            let blocks = self.blocks.as_slice();
            let both = |part: Range<usize>, stretch: Stretch<'_>, hand: &mut Hand<'_>| {
                phase.block_by_block(blocks, &part, stretch, hand, &mut at_once);
            };
            return divide(&self.cuts, stretch, &mut self.hands, &both);
        }
        let gradients = |part: Range<usize>, stretch: Stretch<'_>, hand: &mut Hand<'_>| {
            phase.gradients(&part, stretch, hand.scratch);
        };
        divide(&self.cuts, stretch.again(), &mut self.hands, &gradients);
        if plan.update.climb().is_some() {
            stretch.params.copy_from_slice(&self.home);
        }
        let shortening = plan.update.shortening(cpu, stretch.grads);
        let update = |part: Range<usize>, stretch: Stretch<'_>, hand: &mut Hand<'_>| {
            if let Some(factor) = shortening {
                elementwise::scale(cpu, factor, stretch.grads);
            }
            phase.update(&part, stretch, hand.scratch);
        };
        divide(&self.update_cuts, stretch, &mut self.hands, &update);
    }

    /// [`Team::step`] of a team of one thread, whose pieces `each` is given to do, perhaps again and again; says whether it can
    /// be taken to pieces.
    pub fn pieces(
        &mut self,
        train: &Part,
        batch: Batch<'_>,
        (number, lr): (u64, f64),
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) -> bool {
        let (plan, cpu) = (self.plan, self.cpu);
        if !plan.update.alone() || !plan.network.repeats() {
            return false;
        }
        let step = self.next(number, lr);
        let ([shard], [hand]) = (self.shards.as_mut_slice(), self.hands.as_mut_slice()) else { return false };
        shard.rows = 0..batch.rows();
        let pass = Pass {
            cpu,
            scratch: &mut *hand.scratch,
            draws: Some(Draws { seeds: self.seeds, step: number, row: 0 }),
            lengths: &[],
        };
        shard.rows_phase(plan, pass, &self.params, (train, batch, divisor(plan, train, batch)), each);
        let phase = Phase { plan, cpu, train, batch, shards: &self.shards, step, start: &self.start, clips: true };
        let [a, b, c, d] = &mut self.memory;
        let stretch = Stretch { params: &mut self.params, grads: &mut self.grads, memory: [a, b, c, d] };
        phase.block_by_block(&self.blocks, &(self.cuts[0]..self.cuts[1]), stretch, hand, each);
        true
    }

    /// The network's outputs for all rows of a part, `(rows, out)`.
    pub fn outputs(&mut self, part: &Part) -> Vec<f32> {
        let (plan, cpu, params) = (self.plan, self.cpu, &self.params);
        let (rows, width) = (part.rows(), plan.network.output().width());
        let mut z = vec![0.0; rows * width];
        let share = rows.div_ceil(self.shards.len()).max(1);
        let chunks = z.chunks_mut(share * width).enumerate();
        let mut shares: Vec<_> = self.shards.iter_mut().zip(chunks).collect();
        crew::each(&mut shares, &mut self.hands, &|(shard, (i, z)), hand| {
            let pass = Pass { cpu, scratch: &mut *hand.scratch, draws: None, lengths: &[] };
            shard.evaluate(plan, pass, params, part, *i * share, z);
        });
        z
    }
}

/// What the losses of a batch are divided by.
fn divisor(plan: &Plan, train: &Part, batch: Batch<'_>) -> f64 {
    let rows = batch.rows();
    let padded = |place| train.counted(batch.row(place));
    let targets = if train.steps() == 1 { rows } else { (0..rows).map(padded).sum() };
    let classes = (0..rows).flat_map(|place| train.classes(batch.row(place))).copied();
    plan.objective.divisor(targets, classes)
}

/// A team at a batch and a step, as a search sees it.
struct Searched<'a, 'p> {
    team: &'a mut Team<'p>,
    of: (&'a Part, Batch<'a>, u64),
}

impl Field for Searched<'_, '_> {
    fn params(&mut self) -> &mut [f32] {
        &mut self.team.params
    }

    fn grads(&mut self) -> &mut [f32] {
        &mut self.team.grads
    }

    fn measure(&mut self) -> f64 {
        let (train, batch, number) = self.of;
        let loss = self.team.rows_phase(train, batch, number);
        self.team.whole_gradient(train, batch);
        loss + self.team.plan.update.penalty(&self.team.params)
    }
}

impl Shard {
    /// `of` is the training part, the batch and what its losses are divided by.
    fn rows_phase<'a>(
        &'a mut self,
        plan: &Plan,
        mut pass: Pass<'a>,
        params: &[f32],
        of: (&'a Part, Batch<'_>, f64),
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) {
        let (train, batch, divisor) = of;
        let count = self.rows.len();
        if count == 0 {
            return;
        }
        let (x, answers) = match (batch.part(&self.rows), &plan.augment) {
            (Batch::Stretch(start, end), None) => (train.x(&(start..end)), train.answers(&(start..end))),
            (batch, augment) => {
                each(&mut || self.gathered.fill(pass.cpu, train, batch));
                if let (Some(augment), Some(Draws { seeds, step, row })) = (augment, pass.draws) {
                    let (x, spare) = self.gathered.change();
                    each(&mut || augment.rows(seeds, step, (row, count), x, spare));
                }
                (self.gathered.x(count, plan.network.input().width()), self.gathered.answers(count, train))
            }
        };
        let kept = &mut self.kept[..plan.network.kept(count)];
        pass.lengths = answers.lengths;
        plan.network.forward_by(&mut pass, params, x, kept, each);
        let (z, dz) = plan.network.output_and_slope(count, kept);
        let losses = &mut self.losses[..count * train.steps()];
        each(&mut || plan.objective.slope(pass.cpu, divisor, z, answers, losses, dz));
        plan.network.backward_by(&mut pass, params, x, kept, each);
    }

    /// What phase one left behind.
    fn trace<'a>(&'a self, plan: &Plan, train: &'a Part, batch: Batch<'_>) -> Trace<'a> {
        let x = match (batch.part(&self.rows), &plan.augment) {
            (Batch::Stretch(start, end), None) => train.x(&(start..end)),
            _ => self.gathered.x(self.rows.len(), plan.network.input().width()),
        };
        let rows = self.rows.len();
        Trace { rows, x, dy: &[], kept: &self.kept[..plan.network.kept(rows)] }
    }

    fn evaluate<'a>(
        &mut self,
        plan: &Plan,
        mut pass: Pass<'a>,
        params: &[f32],
        part: &'a Part,
        first: usize,
        z: &mut [f32],
    ) {
        let width = plan.network.output().width();
        for (i, z) in z.chunks_mut(EVALUATED * width).enumerate() {
            let start = first + i * EVALUATED;
            let count = z.len() / width;
            let kept = &mut self.kept[..plan.network.kept(count)];
            let rows = start..start + count;
            pass.lengths = part.lengths(&rows);
            let x = plan.augment.as_ref().map_or(Cow::Borrowed(part.x(&rows)), |augment| augment.still(part.x(&rows)));
            z.copy_from_slice(plan.network.forward(&mut pass, params, &x, kept));
        }
    }
}

/// What the threads of the second phase share.
#[derive(Clone, Copy)]
struct Phase<'a> {
    plan: &'a Plan,
    cpu: Cpu,
    train: &'a Part,
    batch: Batch<'a>,
    shards: &'a [Shard],
    step: Step,
    start: &'a [Vec<f32>],
    /// Whether the components of the gradient are clipped.
    clips: bool,
}

impl Phase<'_> {
    /// Gradients and update of the parameters in `part` of the buffer, a block after the other, so that a gradient is in
    /// the cache when it is used.
    fn block_by_block(
        &self,
        blocks: &[usize],
        part: &Range<usize>,
        mut stretch: Stretch<'_>,
        hand: &mut Hand<'_>,
        each: &mut impl FnMut(&mut dyn FnMut()),
    ) {
        let first = blocks.partition_point(|bound| *bound < part.start);
        let count = blocks.partition_point(|bound| *bound < part.end) - first;
        for bounds in blocks[first..=first + count].windows(2) {
            let block = bounds[0]..bounds[1];
            let (own, rest) = stretch.split(block.len());
            stretch = rest;
            let Stretch { params, grads, memory } = own;
            let grads = if grads.is_empty() { &mut hand.block[..block.len()] } else { grads };
            let mut own = Stretch { params, grads, memory };
            each(&mut || self.gradients(&block, own.again(), hand.scratch));
            each(&mut || self.update(&block, own.again(), hand.scratch));
        }
    }

    /// The gradients of the parameters in `part` of the buffer.
    fn gradients(&self, part: &Range<usize>, stretch: Stretch<'_>, scratch: &mut Scratch) {
        let of = |shard: usize| self.shards[shard].trace(self.plan, self.train, self.batch);
        let traces = Traces { count: self.shards.len(), of: &of };
        let mut pass = Pass { cpu: self.cpu, scratch, draws: None, lengths: &[] };
        self.plan.network.gradients(&mut pass, part, &traces, stretch.grads);
        self.plan.update.prepare(self.cpu, part, stretch.params, stretch.grads);
        if self.clips {
            self.plan.update.clip(self.cpu, stretch.grads);
        }
    }

    fn update(&self, part: &Range<usize>, stretch: Stretch<'_>, scratch: &mut Scratch) {
        self.plan.update.step(self.cpu, (self.step, self.start), part, stretch, scratch);
    }
}

/// Does the work on the stretches between `cuts`, a thread for each.
fn divide<W>(cuts: &[usize], stretch: Stretch<'_>, hands: &mut [Hand<'_>], work: &W)
where
    W: Fn(Range<usize>, Stretch<'_>, &mut Hand<'_>) + Sync,
{
    crew::divide((cuts, stretch), hands, &split, &|(cuts, stretch), hand| work(cuts[0]..cuts[1], stretch, hand));
}

/// A stretch with the cuts in it, divided at one of them.
fn split<'a>((cuts, stretch): Cut<'a>, part: usize, _of: usize) -> (Cut<'a>, Cut<'a>) {
    let (first, rest) = stretch.split(cuts[part] - cuts[0]);
    ((&cuts[..=part], first), (&cuts[part..], rest))
}

/// A stretch, and where it is to be cut: its beginning and its end, and between them.
type Cut<'a> = (&'a [usize], Stretch<'a>);
