//! The first phase of a step whose threads divide every layer between them, see [`crate::nn::divided`]: all rows of the
//! batch are one shard then. It pays where there are many weights and few rows.

use kernels::isa::Cpu;

use crate::nn::divided::{Job, Portion};
use crate::nn::layer::Pass;

use super::crew;
use super::plan::Plan;
use super::rows::{Batch, Part};
use super::team::{Hand, Shard};

/// From so many parameters for each of its own rows on, a thread waits longer for weights than for what others compute:
/// measured with networks of 0.1 to 2 million parameters in batches of 4 to 256, on two cores.
const PARAMETERS: usize = 24 * 1024;

/// Whether so many threads divide the layers of this network between them in training, with such a batch.
pub fn divides(plan: &Plan, threads: usize, batch: usize) -> bool {
    let network = &plan.network;
    let many = network.parameters() >= PARAMETERS * batch.div_ceil(threads);
    many && threads > 1 && plan.augment.is_none() && network.is_divisible()
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
    let (x, answers) = match batch {
        Batch::Stretch(start, end) => (train.x(&(start..end)), train.answers(&(start..end))),
        Batch::Picked(_) => {
            let x = Portion::all(shard.gathered.x_mut(rows, inputs), rows);
            divide((x, Portion::divide_rows), (cpu, hands), &|pass, mut x| {
                let to = x.values.whole().expect("rows are whole");
                train.gather(pass.cpu, batch.part(&x.rows), to);
            });
            shard.gathered.fill_answers(train, batch);
            (shard.gathered.x(rows, inputs), shard.gathered.answers(rows, train))
        }
    };
    let kept = &mut shard.kept[..plan.network.kept(rows)];
    let mut threads = |whole: Portion<'_>, job: &Job<'_>| divide((whole, Portion::divide), (cpu, hands), job);
    plan.network.forward_divided(&mut threads, params, x, kept);
    let (z, dz) = plan.network.output_and_slope(rows, kept);
    plan.objective.slope(cpu, divisor, z, answers, &mut shard.losses[..rows * train.steps()], dz);
    plan.network.backward_divided(&mut threads, params, rows, kept);
}

/// How a portion is divided: see [`Portion::divide`].
type Split<'a> = fn(Portion<'a>, usize, usize) -> (Portion<'a>, Portion<'a>);

/// Divides a portion between the threads, which do the job.
fn divide<'a>((whole, split): (Portion<'a>, Split<'a>), (cpu, hands): (Cpu, &mut [Hand<'_>]), job: &Job<'_>) {
    crew::divide(whole, hands, &split, &|portion, hand: &mut Hand<'_>| {
        job(&mut Pass { cpu, scratch: hand.scratch, draws: None, lengths: &[] }, portion);
    });
}
