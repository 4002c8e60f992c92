//! What strategies that draw share: points of the unit cube become rows of dimensions. A dimension with a list of values is
//! a choice, equally likely each; a range without `count` gives every setting a value of its own.

use std::collections::BTreeSet;

use crate::base::diagnostics::Place;

use crate::sweep::axes::{Dimension, Point};
use crate::sweep::range::Range;

/// How many settings the dimensions allow; none when that is beyond counting or a range has no end of values.
pub fn allowed(dimensions: &[Dimension]) -> Option<u64> {
    let of = |dimension: &Dimension| match dimension.open() {
        Some(range) => range.values(),
        None => Some(dimension.rows() as u64),
    };
    dimensions.iter().try_fold(1_u64, |n, dimension| n.checked_mul(of(dimension)?))
}

/// Why so many settings cannot be drawn.
pub fn too_few(count: u64, place: Place, dimensions: &[Dimension]) -> Option<(Place, String, String)> {
    let allowed = allowed(dimensions).filter(|allowed| *allowed < count)?;
    let message = format!("`count` is {count}, but the axes have no more than {allowed} combinations");
    Some((place, message, "draw fewer, or take strategy `grid` for all of them".to_owned()))
}

/// The settings that points of [0, 1)^d, one coordinate for every dimension, stand for: the first `count` that differ.
pub fn settings(dimensions: &mut [Dimension], count: usize, points: impl Iterator<Item = Vec<f64>>) -> Vec<Vec<usize>> {
    let ranges: Vec<Option<Range>> = dimensions.iter().map(|d| d.open().cloned()).collect();
    let rows: Vec<usize> = dimensions.iter().map(Dimension::rows).collect();
    // a drawn value is told by its bits, which rise with it when it is not negative: `rank` makes them rise always
    let code = |d: usize, u: f64| match &ranges[d] {
        Some(range) => rank(range.at(u)),
        None => ((u * rows[d] as f64) as u64).min(rows[d] as u64 - 1),
    };
    let mut seen = BTreeSet::new();
    let mut codes: Vec<Vec<u64>> = Vec::new();
    for point in points {
        if codes.len() == count {
            break;
        }
        let setting: Vec<u64> = point.iter().enumerate().map(|(d, u)| code(d, *u)).collect();
        if seen.insert(setting.clone()) {
            codes.push(setting);
        }
    }
    drop(seen);
    let drawn: Vec<Option<Vec<u64>>> =
        ranges.iter().enumerate().map(|(d, range)| range.as_ref().map(|_| rising(&codes, d))).collect();
    for (d, range) in ranges.iter().enumerate() {
        if let (Some(range), Some(drawn)) = (range, &drawn[d]) {
            dimensions[d].axes[0].points = drawn.iter().map(|code| Point::of(range.node(value(*code)))).collect();
        }
    }
    let row = |d: usize, code: u64| match &drawn[d] {
        Some(drawn) => drawn.binary_search(&code).expect("every drawn value is among them"),
        None => code as usize,
    };
    codes.iter().map(|setting| setting.iter().enumerate().map(|(d, code)| row(d, *code)).collect()).collect()
}

fn rising(codes: &[Vec<u64>], d: usize) -> Vec<u64> {
    let all: BTreeSet<u64> = codes.iter().map(|setting| setting[d]).collect();
    all.into_iter().collect()
}

/// The number's bits in an order in which they rise with it.
fn rank(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The inverse of [`rank`].
fn value(rank: u64) -> f64 {
    f64::from_bits(if rank >> 63 == 1 { rank & !(1 << 63) } else { !rank })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_rise_with_the_number_and_lead_back_to_it() {
        let numbers = [f64::MIN, -2.5, -1.0, -1e-300, 0.0, 1e-300, 0.1, 1.0, f64::MAX];
        assert!(numbers.windows(2).all(|w| rank(w[0]) < rank(w[1])));
        assert!(numbers.iter().all(|x| value(rank(*x)) == *x));
    }
}
