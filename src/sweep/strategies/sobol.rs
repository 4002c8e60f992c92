//! Sobol' points: settings that fill the space of the axes evenly, so that a projection on any axis, and on most pairs of
//! axes, is filled evenly too. The first 2^k of them are a net: every cell of a grid of 2^k equal boxes along an axis
//! holds exactly one.

use crate::base::diagnostics::Place;
use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::values::{Chosen, Value};

use super::drawn::{settings, too_few};
use super::{Build, Strategy};
use crate::sweep::axes::Dimension;

/// Bits of a coordinate.
const BITS: usize = 32;

/// For every dimension after the first: the coefficients `a` of its primitive polynomial and the initial direction
/// numbers `m`, as many as the polynomial's degree. The first rows of `new-joe-kuo-6.21201` (Joe and Kuo 2008).
const DIRECTIONS: [(u32, &[u32]); 20] = [
    (0, &[1]),
    (1, &[1, 3]),
    (1, &[1, 3, 1]),
    (2, &[1, 1, 1]),
    (1, &[1, 1, 3, 3]),
    (4, &[1, 3, 5, 13]),
    (2, &[1, 1, 5, 5, 17]),
    (4, &[1, 1, 5, 5, 5]),
    (7, &[1, 1, 7, 11, 19]),
    (11, &[1, 1, 5, 1, 1]),
    (13, &[1, 1, 1, 3, 11]),
    (14, &[1, 3, 5, 5, 31]),
    (1, &[1, 3, 3, 9, 7, 49]),
    (13, &[1, 1, 1, 15, 21, 21]),
    (16, &[1, 3, 1, 13, 27, 49]),
    (19, &[1, 1, 1, 15, 7, 5]),
    (22, &[1, 3, 1, 15, 13, 25]),
    (25, &[1, 1, 5, 5, 19, 61]),
    (1, &[1, 3, 7, 11, 23, 15, 103]),
    (4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// The most axes there are direction numbers for.
const MOST: usize = DIRECTIONS.len() + 1;

/// The direction numbers v_1, v_2, ... of a dimension as binary fractions, from the recurrence
/// `m_k = 2 a_1 m_{k-1} ^ 4 a_2 m_{k-2} ^ ... ^ 2^s m_{k-s} ^ m_{k-s}`.
fn directions(dimension: usize) -> [u32; BITS] {
    let mut v = [0; BITS];
    let Some(&(a, initial)) = dimension.checked_sub(1).map(|d| &DIRECTIONS[d]) else {
        return std::array::from_fn(|k| 1 << (BITS - 1 - k));
    };
    let s = initial.len();
    for k in 0..BITS {
        v[k] = if k < s {
            initial[k] << (BITS - 1 - k)
        } else {
            let inner = (1..s).filter(|j| a >> (s - 1 - j) & 1 == 1).fold(0, |sum, j| sum ^ v[k - j]);
            inner ^ v[k - s] ^ (v[k - s] >> s)
        };
    }
    v
}

/// The sequence in `dimensions` dimensions, in the order of Gray codes (Antonov and Saleev 1979), with the bits of every
/// dimension changed by those of `shift`.
fn sequence(dimensions: usize, shift: &[u32]) -> impl Iterator<Item = Vec<f64>> {
    let directions: Vec<[u32; BITS]> = (0..dimensions).map(directions).collect();
    let mut state = shift.to_vec();
    (0_u32..).map(move |i| {
        let point = state.iter().map(|x| f64::from(*x) / (1_u64 << BITS) as f64).collect();
        let changed = (!i).trailing_zeros() as usize;
        state.iter_mut().zip(&directions).for_each(|(x, v)| *x ^= v[changed.min(BITS - 1)]);
        point
    })
}

struct Sobol {
    count: u64,
    place: Place,
    seed: Option<u64>,
}

impl Strategy for Sobol {
    fn draws(&self) -> bool {
        true
    }

    fn misfit(&self, dimensions: &[Dimension]) -> Option<(Place, String, String)> {
        if let Some(beyond) = dimensions.get(MOST) {
            let message =
                format!("strategy `sobol` has direction numbers for {MOST} axes, not for {}", dimensions.len());
            return Some((beyond.place(), message, "sweep fewer at a time, or take strategy `random`".to_owned()));
        }
        too_few(self.count, self.place, dimensions)
    }

    fn count(&self, _: &[Dimension]) -> Option<u64> {
        Some(self.count)
    }

    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>> {
        let shift = |d: usize| {
            let mut stream = self.seed.map(|seed| Stream::new(seed, "sweep sobol", &[d as u64]));
            stream.as_mut().map_or(0, |stream| stream.below(1 << BITS) as u32)
        };
        let shift: Vec<u32> = (0..dimensions.len()).map(shift).collect();
        let count = self.count as usize;
        settings(dimensions, count, sequence(shift.len(), &shift).take(count))
    }
}

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "sobol",
        aliases: &["qmc"],
        summary: "settings that fill the space evenly, from the same axes as `random`: best with a `count` of 2^k; points \
                  that come to the same setting are one",
        formula: "",
        source: "Sobol' 1967; direction numbers of Joe and Kuo 2008",
        keys: vec![
            Key::required("count", Kind::COUNT, "how many points"),
            Key::optional(
                "seed",
                Kind::Whole { least: 0, most: i64::MAX },
                "of a random digital shift; the plain sequence, which begins in the corner of all lower ends, when not given",
            ),
        ],
        example: "{ type = \"sobol\", count = 16 }".into(),
    };
    let build = |chosen: &Chosen| -> Box<dyn Strategy> {
        let values = &chosen.values;
        let seed = match values.value("seed") {
            Value::Whole(seed) => Some(*seed as u64),
            _ => None,
        };
        Box::new(Sobol { count: values.whole("count") as u64, place: values.place("count"), seed })
    };
    Entry { about, build }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1024 * scipy.stats.qmc.Sobol(21, scramble=False).random(1024)`, SciPy 1.17.
    #[test]
    fn the_points_are_those_of_scipy() {
        let points: Vec<Vec<f64>> = sequence(MOST, &[0; MOST]).take(1024).collect();
        let at = |i: usize| points[i].iter().map(|x| (x * 1024.0) as u32).collect::<Vec<_>>();
        assert_eq!(at(0), [0; MOST]);
        assert_eq!(at(1), [512; MOST]);
        assert_eq!(
            at(100),
            [424, 264, 792, 744, 904, 760, 24, 488, 648, 712, 472, 696, 488, 872, 328, 504, 696, 760, 856, 344, 776]
        );
        assert_eq!(
            at(1023),
            [1, 771, 627, 149, 191, 449, 143, 633, 353, 871, 695, 37, 133, 681, 371, 475, 321, 897, 599, 327, 887]
        );
    }

    #[test]
    fn every_axis_is_filled_evenly_shifted_or_not() {
        let shift: [u32; MOST] = std::array::from_fn(|d| 0x9e37_79b9_u32.wrapping_mul(d as u32 + 1));
        for shift in [[0; MOST], shift] {
            let points: Vec<Vec<f64>> = sequence(MOST, &shift).take(256).collect();
            for d in 0..MOST {
                let mut boxes: Vec<u32> = points.iter().map(|p| (p[d] * 256.0) as u32).collect();
                boxes.sort_unstable();
                assert_eq!(boxes, (0..256).collect::<Vec<_>>(), "axis {d}");
            }
        }
    }
}
