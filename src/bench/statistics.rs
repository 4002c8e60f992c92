//! What repeated measurements tell. Times are skewed and have outliers, so nothing here assumes a distribution: the median,
//! an interval between two order statistics, the noise from the measurements themselves, and a verdict that is given only
//! where both the intervals and the noise allow it.

use serde::{Deserialize, Serialize};

/// The coverage that an interval is to have at least.
const CONFIDENCE: f64 = 0.95;

/// Differences below this are noise, however quiet the machine was: code and data lie elsewhere in the next process.
pub const LEAST_NOISE: f64 = 0.01;

/// The median of a measure with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// The ends of the interval.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// The probability with which the interval holds the true median: 0.95 or more from six values on.
    pub confidence: f64,
}

impl Estimate {
    /// Of these values, at least one.
    pub fn of(values: &[f64]) -> Self {
        let sorted = sorted(values);
        let (rank, confidence) = rank(sorted.len());
        let (low, high) = (sorted[rank], sorted[sorted.len() - 1 - rank]);
        Self { median: middle(&sorted), low, high, confidence }
    }

    /// Half the width of the interval, from the median to its farther end.
    pub fn half(&self) -> f64 {
        (self.high - self.median).max(self.median - self.low)
    }

    fn apart(&self, other: &Self) -> bool {
        self.low > other.high || other.low > self.high
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The middle of sorted values, or the mean of the two middle ones.
fn middle(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    0.5 * (sorted[(n - 1) / 2] + sorted[n / 2])
}

/// How many values lie outside at each end of the narrowest interval between order statistics that holds the median of any
/// continuous distribution with 95 %, and with how much it does: 1 - 2 P(Bin(n, 1/2) <= rank) (Thompson 1936). With too few
/// values it goes from the lowest to the highest, which is less.
fn rank(n: usize) -> (usize, f64) {
    let (mut probability, mut below) = (libm::pow(0.5, n as f64), 0.0);
    let mut found = (0, (1.0 - 2.0 * probability).max(0.0));
    for k in 0..n / 2 {
        below += probability;
        if k > 0 && 1.0 - 2.0 * below < CONFIDENCE {
            break;
        }
        found = (k, 1.0 - 2.0 * below);
        probability *= (n - k) as f64 / (k + 1) as f64;
    }
    found
}

/// By how much two halves of the same measurements differ: |ln| of the ratio of the medians of the rounds with even and
/// with odd numbers. None below two rounds.
pub fn difference_of_halves(rounds: &[f64]) -> Option<f64> {
    let half = |from: usize| sorted(&rounds.iter().copied().skip(from).step_by(2).collect::<Vec<_>>());
    (rounds.len() > 1).then(|| libm::fabs(libm::log(middle(&half(0)) / middle(&half(1)))))
}

/// The noise of measures that have these differences: what 95 % of them stay below.
pub fn noise(differences: &[f64]) -> f64 {
    let sorted = sorted(differences);
    if sorted.is_empty() { 0.0 } else { crate::report::spread::quantile(&sorted, CONFIDENCE).max(LEAST_NOISE) }
}

/// What comes of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// By more than the noise, and the intervals are apart.
    Faster,
    /// The same the other way.
    Slower,
    /// By less than the noise.
    WithinNoise,
    /// By more than the noise, but the intervals overlap: more rounds would tell.
    Unclear,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 4] = [Verdict::Faster, Verdict::Slower, Verdict::WithinNoise, Verdict::Unclear];

    /// In a table.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::WithinNoise => "within noise",
            Verdict::Unclear => "unclear",
        }
    }

    /// Of a speed that is `ratio` times the one before, `apart` when the intervals are.
    fn of(ratio: f64, apart: bool, noise: f64) -> Self {
        let beyond = ratio.max(1.0 / ratio) > 1.0 + noise;
        match (beyond, apart) {
            (false, _) => Verdict::WithinNoise,
            (true, false) => Verdict::Unclear,
            (true, true) if ratio > 1.0 => Verdict::Faster,
            (true, true) => Verdict::Slower,
        }
    }
}

/// How many times as fast the new estimate is, and the verdict. `rate` says whether more is faster; `noise` is the larger
/// one of the two reports.
pub fn compare(old: &Estimate, new: &Estimate, rate: bool, noise: f64) -> (f64, Verdict) {
    let ratio = if rate { new.median / old.median } else { old.median / new.median };
    (ratio, Verdict::of(ratio, old.apart(new), noise))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Estimate::of(&[3.0, 1.0, 2.0]).median, 2.0);
        assert_eq!(Estimate::of(&[4.0, 1.0, 2.0, 3.0]).median, 2.5);
        let one = Estimate::of(&[7.0]);
        assert_eq!((one.median, one.low, one.high, one.confidence), (7.0, 7.0, 7.0, 0.0));
    }

    /// `scipy.stats.binom.cdf(k, n, 0.5)`: the largest k with 1 - 2 cdf >= 0.95, and that number.
    #[test]
    fn ranks_and_coverages_are_those_of_the_binomial_distribution() {
        let scipy = [
            (2, 0, 0.5),
            (5, 0, 0.9375),
            (6, 0, 0.96875),
            (8, 0, 0.9921875),
            (9, 1, 0.9609375),
            (12, 2, 0.96142578125),
            (15, 3, 0.96484375),
            (20, 5, 0.9586105346679688),
            (30, 9, 0.957_226_054_742_932_3),
            (100, 39, 0.9647997997822955),
        ];
        for (n, k, coverage) in scipy {
            let (rank, confidence) = rank(n);
            assert_eq!(rank, k, "{n} values");
            assert!((confidence - coverage).abs() < 1e-12, "{n} values: {confidence}");
        }
        assert!(rank(1000).1 >= CONFIDENCE);
    }

    /// Half of all samples of a skewed distribution have their interval around the true median, ln 2, 96 times of 100.
    #[test]
    fn the_interval_covers_the_median_as_often_as_it_says() {
        let mut stream = crate::base::random::Stream::new(1, "bench", &[]);
        let (n, tries) = (9, 4000);
        let covered = (0..tries).filter(|_| {
            let values: Vec<f64> = (0..n).map(|_| -libm::log(1.0 - stream.unit())).collect();
            let e = Estimate::of(&values);
            (e.low..=e.high).contains(&std::f64::consts::LN_2)
        });
        let share = covered.count() as f64 / f64::from(tries);
        // five standard deviations of a share of 4000
        assert!((share - 0.9609375).abs() < 5.0 * (0.961_f64 * 0.039 / 4000.0).sqrt(), "{share}");
    }

    #[test]
    fn noise_is_what_halves_of_the_same_differ_by() {
        assert_eq!(difference_of_halves(&[1.0]), None);
        assert_eq!(difference_of_halves(&[2.0, 2.0, 2.0]), Some(0.0));
        let twice = difference_of_halves(&[1.0, 2.0, 1.0, 2.0]).unwrap();
        assert!((twice - std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(noise(&[0.0, 0.001]), LEAST_NOISE);
        assert!((noise(&[0.0, 0.1, 0.2]) - 0.19).abs() < 1e-12, "numpy.quantile([0, .1, .2], .95)");
    }

    #[test]
    fn a_verdict_needs_intervals_apart_and_more_than_noise() {
        let at =
            |median: f64, half: f64| Estimate { median, low: median - half, high: median + half, confidence: 0.96 };
        let verdict = |old, new| compare(&old, &new, true, 0.05).1;
        assert_eq!(verdict(at(100.0, 1.0), at(100.0, 1.0)), Verdict::WithinNoise);
        assert_eq!(verdict(at(100.0, 1.0), at(104.0, 1.0)), Verdict::WithinNoise, "apart, but noise is as large");
        assert_eq!(verdict(at(100.0, 1.0), at(110.0, 1.0)), Verdict::Faster);
        assert_eq!(verdict(at(110.0, 1.0), at(100.0, 1.0)), Verdict::Slower);
        assert_eq!(verdict(at(100.0, 9.0), at(110.0, 9.0)), Verdict::Unclear);
        let time = compare(&at(2.0, 0.1), &at(1.0, 0.1), false, 0.05);
        assert_eq!(time, (2.0, Verdict::Faster), "half the time is twice the speed");
    }
}
