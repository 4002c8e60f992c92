//! Windows that move over images and signals: convolution and pooling. A row of a batch is a stack of planes
//! `(channels, height, width)`; a signal `(channels, length)` is one of height 1.
//!
//! Sixteen rows of the batch are worked on at once, one in each lane: from layer to layer they are [brought together](lanes),
//! so that every number of a plane is a block of sixteen. A window may have any size, stride, padding, dilation or number of
//! groups, and all lanes stay full: no patch is ever copied, no edge of an image is ragged, and the maximum of a window needs
//! no shuffle. What it costs is a transposition before the first of such layers and one after the last, and what a batch that
//! is no multiple of sixteen wastes: the rest of its last block.
//!
//! What lies in the padding is left out of every chain, but for the gradient of the weights, where it counts as zeros.

mod conv;
mod finish;
mod lanes;
mod pool;
mod product;
mod weights;

pub use conv::{Conv, Trace, Traces};
pub use lanes::{collect, padded, spread};
pub use pool::{Pool, Pooling};

/// One axis of a window on its way over a plane. Lengths are in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The plane's length.
    pub input: usize,
    /// How many numbers the window has.
    pub kernel: usize,
    /// How far it moves at a time.
    pub stride: usize,
    /// Padding before the plane.
    pub before: usize,
    /// Padding after it.
    pub after: usize,
    /// The distance between the numbers of a window.
    pub dilation: usize,
}

impl Axis {
    /// The axis that a signal has not.
    pub const POINT: Axis = Axis { input: 1, kernel: 1, stride: 1, before: 0, after: 0, dilation: 1 };

    /// From the first number of a window to its last, both included.
    pub fn span(&self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// How often the window fits; zero where it is longer than the plane with its padding.
    pub fn output(&self) -> usize {
        let padded = self.input + self.before + self.after;
        padded.checked_sub(self.span()).map_or(0, |rest| rest / self.stride + 1)
    }

    /// For every place of the window the numbers in it, in order.
    fn windows(&self) -> Vec<Run> {
        let taps = |place: usize| {
            let tap = |tap: usize| {
                let from = (place * self.stride + tap * self.dilation).checked_sub(self.before)?;
                (from < self.input).then_some(Tap { tap, from })
            };
            (0..self.kernel).filter_map(tap).collect()
        };
        runs(self.output(), 1, self.stride, taps)
    }

    /// For every number of the plane the windows that hold it, in order.
    fn holders(&self) -> Vec<Run> {
        let output = self.output();
        let taps = |number: usize| {
            let tap = |tap: usize| {
                let start = (number + self.before).checked_sub(tap * self.dilation)?;
                let from = start / self.stride;
                (start.is_multiple_of(self.stride) && from < output).then_some(Tap { tap, from })
            };
            (0..self.kernel).rev().filter_map(tap).collect()
        };
        runs(self.input, self.stride, 1, taps)
    }
}

/// That a result takes from `from`, by the window's number `tap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tap {
    tap: usize,
    from: usize,
}

/// Results at equal distances that take alike: the one at `first + i step` takes from `from + i advance`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    first: usize,
    step: usize,
    count: usize,
    taps: Vec<Tap>,
    advance: usize,
}

impl Run {
    /// Where it stands and what it takes, of each result.
    fn each(&self) -> impl Iterator<Item = (usize, Vec<Tap>)> + '_ {
        (0..self.count).map(|i| (self.first + i * self.step, self.taps_of(i).collect()))
    }

    /// The first result's first tap, and the steps from one to the next: of numbers of the window, of places.
    fn progression(&self) -> (Tap, (isize, usize)) {
        let steps = match self.taps[..] {
            [first, second, ..] => (second.tap as isize - first.tap as isize, second.from - first.from),
            _ => (0, 0),
        };
        (self.taps.first().copied().unwrap_or(Tap { tap: 0, from: 0 }), steps)
    }

    fn taps_of(&self, i: usize) -> impl Iterator<Item = Tap> + '_ {
        self.taps.iter().map(move |tap| Tap { from: tap.from + i * self.advance, ..*tap })
    }
}

/// The results `0..places`, of which those at a distance of `step` may take alike, in runs.
fn runs(places: usize, step: usize, advance: usize, taps: impl Fn(usize) -> Vec<Tap>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for first in 0..step.min(places) {
        let begun = runs.len();
        for place in (first..places).step_by(step) {
            let taps = taps(place);
            match runs[begun..].last_mut() {
                Some(run) if run.taps_of(run.count).eq(taps.iter().copied()) => run.count += 1,
                _ => runs.push(Run { first: place, step, count: 1, taps, advance }),
            }
        }
    }
    runs
}

/// What every result takes, by its place.
fn each(runs: &[Run]) -> Vec<Vec<Tap>> {
    let mut all: Vec<(usize, Vec<Tap>)> = runs.iter().flat_map(Run::each).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, taps)| taps).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_the_windows_read_the_other_way() {
        for (input, kernel, stride, before, after, dilation) in
            [(7, 3, 1, 0, 0, 1), (9, 3, 2, 1, 1, 1), (11, 2, 3, 0, 1, 2), (5, 5, 1, 2, 2, 1), (6, 4, 4, 3, 0, 1)]
        {
            let axis = Axis { input, kernel, stride, before, after, dilation };
            let pairs = |all: &[Vec<Tap>]| {
                let one = |(place, taps): (usize, &Vec<Tap>)| {
                    taps.iter().map(|tap| (tap.tap, place, tap.from)).collect::<Vec<_>>()
                };
                all.iter().enumerate().flat_map(one).collect::<Vec<_>>()
            };
            let (windows, holders) = (each(&axis.windows()), each(&axis.holders()));
            assert_eq!((windows.len(), holders.len()), (axis.output(), input));
            assert!(holders.iter().all(|taps| taps.is_sorted_by_key(|tap| tap.from)), "in the order of the windows");
            for run in axis.windows().iter().chain(&axis.holders()) {
                let (first, (tap, from)) = run.progression();
                let nth = |i: usize| Tap {
                    tap: (first.tap as isize + i as isize * tap) as usize,
                    from: first.from + i * from,
                };
                assert!(run.taps.iter().enumerate().all(|(i, tap)| *tap == nth(i)), "steps of {run:?}");
            }
            let mut read: Vec<_> = pairs(&holders).into_iter().map(|(tap, from, place)| (tap, place, from)).collect();
            let mut taken = pairs(&windows);
            read.sort_unstable();
            taken.sort_unstable();
            assert_eq!(read, taken, "{axis:?}");
        }
    }

    #[test]
    fn runs_are_as_long_as_the_edges_allow() {
        let axis = Axis { input: 28, kernel: 5, stride: 1, before: 2, after: 2, dilation: 1 };
        let counts: Vec<usize> = axis.windows().iter().map(|run| run.count).collect();
        assert_eq!(counts, [1, 1, 24, 1, 1]);
        assert_eq!(Axis { before: 0, after: 0, ..axis }.windows().len(), 1);
    }
}
