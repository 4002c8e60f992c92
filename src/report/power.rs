//! A power law through measurements, `y = a n^b + c`: how a loss falls with the number of rows (Hestness et al. 2017). The
//! squares of the logarithms are minimised, because a loss is as far off at 10 % above as at 10 % below.

/// `y = a n^b + c` with a, c >= 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// The factor.
    pub a: f64,
    /// The exponent.
    pub b: f64,
    /// What no number of rows takes away.
    pub c: f64,
}

/// Below so many points three parameters say nothing, and c stays 0.
const ENOUGH: usize = 4;

impl PowerLaw {
    /// Its value at `n`.
    pub fn at(&self, n: f64) -> f64 {
        self.a * libm::pow(n, self.b) + self.c
    }

    /// The law that fits points (n, y), both above 0, best; none below three different n.
    pub fn fit(points: &[(f64, f64)]) -> Option<Self> {
        if points.iter().any(|(n, y)| !(*n > 0.0 && *y > 0.0 && n.is_finite() && y.is_finite())) {
            return None;
        }
        let mut sizes: Vec<f64> = points.iter().map(|p| p.0).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        if sizes.len() < 3 {
            return None;
        }
        // sizes are measured in their geometric mean, which keeps a and b apart
        let centre = libm::exp(points.iter().map(|p| libm::log(p.0)).sum::<f64>() / points.len() as f64);
        let points: Vec<(f64, f64)> = points.iter().map(|(n, y)| (libm::log(n / centre), *y)).collect();
        let least = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        let straight = line(&points, 0.0);
        let mut best = (loss(&points, &straight), straight);
        // the valley of c is long and bent, so the way down is begun at several places of it
        for share in [0.05, 0.3, 0.6, 0.85, 0.97] {
            if sizes.len() < ENOUGH {
                break;
            }
            let found = descend(&points, line(&points, share * least));
            let squares = loss(&points, &found);
            if squares < best.0 * (1.0 - 1e-9) {
                best = (squares, found);
            }
        }
        let [log_a, b, log_c] = best.1;
        Some(Self { a: libm::exp(log_a - b * libm::log(centre)), b, c: libm::exp(log_c) })
    }
}

/// ln a, b and ln c of the line through (ln n, ln (y - c)).
fn line(points: &[(f64, f64)], c: f64) -> [f64; 3] {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / count;
    let mean_y = points.iter().map(|p| libm::log(p.1 - c)).sum::<f64>() / count;
    let square: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.0 - mean_x)).sum();
    let product: f64 = points.iter().map(|p| (p.0 - mean_x) * (libm::log(p.1 - c) - mean_y)).sum();
    let b = product / square;
    [mean_y - b * mean_x, b, libm::log(c)]
}

/// The value at ln n, and its two parts.
fn parts(&[log_a, b, log_c]: &[f64; 3], x: f64) -> (f64, f64, f64) {
    let (power, rest) = (libm::exp(log_a + b * x), libm::exp(log_c));
    (power + rest, power, rest)
}

/// The sum of the squares of the logarithms' differences.
fn loss(points: &[(f64, f64)], law: &[f64; 3]) -> f64 {
    let square = |(x, y): &(f64, f64)| {
        let difference = libm::log(parts(law, *x).0 / y);
        difference * difference
    };
    points.iter().map(square).sum()
}

/// The minimum that is reached from here (Marquardt 1963).
fn descend(points: &[(f64, f64)], start: [f64; 3]) -> [f64; 3] {
    let (mut law, mut damping) = (start, 1e-3);
    let mut now = loss(points, &law);
    for _ in 0..200 {
        let (mut normal, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
        for (x, y) in points {
            let (value, power, rest) = parts(&law, *x);
            let slope = [power / value, power * x / value, rest / value];
            let difference = libm::log(y / value);
            for i in 0..3 {
                right[i] += slope[i] * difference;
                (0..3).for_each(|j| normal[i][j] += slope[i] * slope[j]);
            }
        }
        let mut damped = normal;
        (0..3).for_each(|i| damped[i][i] += damping * (normal[i][i] + 1e-12));
        let Some(step) = solve(damped, right) else { break };
        let next = [law[0] + step[0], law[1] + step[1], (law[2] + step[2]).max(-60.0)];
        let there = loss(points, &next);
        if there.is_finite() && there <= now {
            let done = now - there <= 1e-15 * now;
            (law, now, damping) = (next, there, damping * 0.3);
            if done {
                break;
            }
        } else {
            damping *= 4.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    law
}

/// Three equations solved by elimination with the largest pivot.
fn solve(mut m: [[f64; 3]; 3], mut right: [f64; 3]) -> Option<[f64; 3]> {
    for i in 0..3 {
        let pivot = (i..3).max_by(|a, b| m[*a][i].abs().total_cmp(&m[*b][i].abs()))?;
        m.swap(i, pivot);
        right.swap(i, pivot);
        for row in i + 1..3 {
            let factor = m[row][i] / m[i][i];
            (i..3).for_each(|j| m[row][j] -= factor * m[i][j]);
            right[row] -= factor * right[i];
        }
    }
    for i in (0..3).rev() {
        let rest: f64 = (i + 1..3).map(|j| m[i][j] * right[j]).sum();
        right[i] = (right[i] - rest) / m[i][i];
    }
    right.iter().all(|x| x.is_finite()).then_some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_without_noise_is_found_again() {
        for (a, b, c) in [(3.0, -0.4, 0.1), (2.0, -0.35, 0.0), (50.0, -1.0, 0.5), (1.0, -0.1, 0.2)] {
            let points: Vec<(f64, f64)> =
                (0..9).map(|i| 60.0 * libm::exp2(f64::from(i))).map(|n| (n, a * libm::pow(n, b) + c)).collect();
            let law = PowerLaw::fit(&points).unwrap();
            assert!((law.b - b).abs() < 1e-4 && (law.c - c).abs() < 1e-3 * (c + 0.1), "{law:?} {a} {b} {c}");
            for (n, y) in points {
                assert!((law.at(n) / y - 1.0).abs() < 1e-6, "{law:?}");
            }
        }
    }

    #[test]
    fn with_noise_no_neighbour_fits_better() {
        let noise = [0.03, -0.02, 0.01, -0.04, 0.02, 0.03, -0.01];
        let sizes = (0..7).map(|i| 100.0 * libm::exp2(f64::from(i)));
        let points: Vec<(f64, f64)> =
            sizes.zip(noise).map(|(n, e)| (n, (4.0 * libm::pow(n, -0.5) + 0.2) * (1.0 + e))).collect();
        let squares =
            |law: PowerLaw| -> f64 { points.iter().map(|(n, y)| libm::pow(libm::log(law.at(*n) / y), 2.0)).sum() };
        let law = PowerLaw::fit(&points).unwrap();
        for i in 0..6 {
            let moved = |j: usize| if i / 2 == j { 1.0 + 1e-3 * [1.0, -1.0][i % 2] } else { 1.0 };
            let other = PowerLaw { a: law.a * moved(0), b: law.b * moved(1), c: law.c * moved(2) };
            assert!(squares(law) <= squares(other), "{law:?} {other:?}");
        }
    }

    #[test]
    fn too_few_sizes_have_no_law_and_three_have_one_without_a_rest() {
        assert_eq!(PowerLaw::fit(&[(1.0, 1.0), (2.0, 0.5), (2.0, 0.4)]), None);
        assert_eq!(PowerLaw::fit(&[(1.0, 1.0), (2.0, 0.0), (4.0, 0.4)]), None);
        assert_eq!(PowerLaw::fit(&[(1.0, 1.0), (2.0, 0.5), (4.0, 0.3)]).unwrap().c, 0.0);
    }
}
