//! The first phase of a step whose threads share every layer, see [`crate::nn::shared`]: all rows of the batch are one shard
//! then. It pays where there are many weights and few rows.

use kernels::isa::Cpu;

use crate::nn::layer::Pass;
use crate::nn::shared::{Job, Share};

use super::crew;
use super::plan::Plan;
use super::rows::{Batch, Part};
use super::team::{Hand, Shard};

/// From so many parameters for each of its own rows on a thread waits longer for weights than for what others compute:
/// measured with networks of 0.1 to 2 million parameters in batches of 4 to 256.
const PARAMETERS: usize = 24 * 1024;

/// Whether so many threads share the layers of this network in training, with such a batch.
pub fn shares(plan: &Plan, threads: usize, batch: usize) -> bool {
    let network = &plan.network;
    let many = network.parameters() >= PARAMETERS * batch.div_ceil(threads);
    many && threads > 1 && plan.augment.is_none() && network.is_shared()
}

/// Forward, loss and backward of all rows of a batch of the training part, whose losses are divided by `divisor`.
pub(super) fn rows_phase(
    (plan, cpu): (&Plan, Cpu),
    params: &[f32],
    shard: &mut Shard,
    hands: &mut [Hand<'_>],
    (train, batch, divisor): (&Part, Batch<'_>, f64),
) {
    let (rows, inputs) = (batch.rows(), plan.network.input().width());
    let row = |place: usize| batch.row(place);
    let (x, answers) = match batch {
        Batch::Stretch(start, end) => (train.x(&(start..end)), train.answers(&(start..end))),
        Batch::Picked(_) => {
            shard.gathered.fill_answers(train, rows, &row);
            let x = Share::all(shard.gathered.x_mut(rows, inputs), rows);
            share(cpu, x, Share::divide_rows, hands, &|pass, mut x| {
                let first = x.rows.start;
                x.each(|x| train.gather(pass.cpu, &|place| row(first + place), x));
            });
            (shard.gathered.x(rows, inputs), shard.gathered.answers(rows, train))
        }
    };
    let kept = &mut shard.kept[..plan.network.kept(rows)];
    let mut all = |whole: Share<'_>, job: &Job<'_>| share(cpu, whole, Share::divide, hands, job);
    plan.network.forward_shared(&mut all, params, x, kept);
    let (z, dz) = plan.network.output_and_slope(rows, kept);
    plan.objective.slope(cpu, divisor, z, answers, &mut shard.losses[..rows * train.steps()], dz);
    plan.network.backward_shared(&mut all, params, rows, kept);
}

/// Divides a share between the threads, which do the job.
fn share<'a>(
    cpu: Cpu,
    whole: Share<'a>,
    divide: fn(Share<'a>, usize, usize) -> (Share<'a>, Share<'a>),
    hands: &mut [Hand<'_>],
    job: &Job<'_>,
) {
    if let [hand] = hands {
        return job(&mut Pass { cpu, scratch: hand.scratch, draws: None, lengths: &[] }, whole);
    }
    let (middle, of) = (hands.len() / 2, hands.len());
    let (own, rest) = divide(whole, middle, of);
    let (own_hands, other_hands) = hands.split_at_mut(middle);
    crew::both(|| share(cpu, own, divide, own_hands, job), || share(cpu, rest, divide, other_hands, job));
}
