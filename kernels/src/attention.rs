//! Softmax over the keys that a query may see, and its way back, on a square of scores in place. Sums go in the order of
//! all reductions along a row: sixteen chains and one tree, over the keys that are seen alone.

use crate::elementwise::{load, store};
use crate::isa::{Cpu, LANES, Op, Simd};
use crate::math;
use crate::reduce::chains;

/// Which keys the queries of a row see.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Queries, and keys.
    pub steps: usize,
    /// Keys that are no padding.
    pub length: usize,
    /// Whether a query sees none after itself.
    pub causal: bool,
}

impl Sight {
    #[inline(always)]
    fn of(self, query: usize) -> usize {
        if self.causal { self.length.min(query + 1) } else { self.length }
    }
}

struct Softmax<'a> {
    sight: Sight,
    scale: f32,
    scores: &'a mut [f32],
}

impl Op for Softmax<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let scale = s.splat(self.scale);
        for (query, row) in self.scores.chunks_exact_mut(self.sight.steps).enumerate() {
            let (seen, unseen) = row.split_at_mut(self.sight.of(query));
            unseen.fill(0.0);
            let mut largest = s.splat(f32::NEG_INFINITY);
            for from in (0..seen.len()).step_by(LANES) {
                let to = seen.len().min(from + LANES);
                largest = s.select(s.first(to - from), s.max(largest, load(s, seen, from, to)), largest);
            }
            let most = s.splat(s.lanes(largest).into_iter().fold(f32::NEG_INFINITY, f32::max));
            let sum = chains(
                s,
                seen.len(),
                #[inline(always)]
                |sum, from, to| {
                    let e = math::exp(s, s.mul(scale, s.sub(load(s, seen, from, to), most)));
                    store(s, e, seen, from, to);
                    s.add(sum, e)
                },
            );
            let share = s.splat(1.0 / s.sum(sum));
            for from in (0..seen.len()).step_by(LANES) {
                let to = seen.len().min(from + LANES);
                let e = load(s, seen, from, to);
                store(s, s.settled(s.mul(e, share)), seen, from, to);
            }
        }
    }
}

/// `scores[q][k]` becomes `softmax_k(scale scores[q][k])` over the keys that query `q` sees, and zero at the others;
/// `scale` is positive, `scores` `(steps, steps)`.
pub fn softmax(cpu: Cpu, sight: Sight, scale: f32, scores: &mut [f32]) {
    assert_eq!(scores.len(), sight.steps * sight.steps, "softmax: scores of queries and keys");
    assert!(sight.length <= sight.steps, "softmax: {} keys of {}", sight.length, sight.steps);
    cpu.run(Softmax { sight, scale, scores });
}

struct Slope<'a> {
    sight: Sight,
    scale: f32,
    shares: &'a [f32],
    slopes: &'a mut [f32],
}

impl Op for Slope<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let steps = self.sight.steps;
        let rows = self.shares.chunks_exact(steps).zip(self.slopes.chunks_exact_mut(steps));
        for (query, (shares, slopes)) in rows.enumerate() {
            let (seen, unseen) = slopes.split_at_mut(self.sight.of(query));
            unseen.fill(0.0);
            let sum = chains(
                s,
                seen.len(),
                #[inline(always)]
                |sum, from, to| s.mul_add(load(s, shares, from, to), load(s, seen, from, to), sum),
            );
            let (mean, scale) = (s.splat(s.sum(sum)), s.splat(self.scale));
            for from in (0..seen.len()).step_by(LANES) {
                let to = seen.len().min(from + LANES);
                let pull = s.sub(load(s, seen, from, to), mean);
                store(s, s.settled(s.mul(scale, s.mul(load(s, shares, from, to), pull))), seen, from, to);
            }
        }
    }
}

/// The gradient of the scores from that of their softmax `p = shares`: `scale p (dp - sum_k p_k dp_k)`, in place of `dp`;
/// all `(steps, steps)`.
pub fn softmax_slope(cpu: Cpu, sight: Sight, scale: f32, shares: &[f32], slopes: &mut [f32]) {
    assert_eq!(shares.len(), sight.steps * sight.steps, "softmax: shares of queries and keys");
    assert_eq!(shares.len(), slopes.len(), "softmax: shares and slopes");
    cpu.run(Slope { sight, scale, shares, slopes });
}
