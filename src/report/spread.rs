//! What seeds tell: mean, spread and 95 % interval of some values, and beside them how many trials there were and how
//! they ended. A diverged trial is counted and never averaged; one value has no interval, not an interval of width 0.

use std::sync::LazyLock;

use super::frame::Trial;
use crate::trial::record::{Record, Status};

/// The values of one measure over trials, in the order of the trials, and what is computed from them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spread {
    /// The values.
    pub values: Vec<f64>,
    /// Their arithmetic mean; none without values.
    pub mean: Option<f64>,
    /// Their standard deviation with n - 1 in the denominator; none below two values.
    pub sd: Option<f64>,
    /// The 95 % interval of the mean, mean -+ t(0.975; n - 1) sd / sqrt(n) (Student 1908); none below two values.
    pub interval: Option<(f64, f64)>,
    /// The middle value, or the mean of the two middle ones.
    pub median: Option<f64>,
}

impl Spread {
    /// Of these values. One that is not finite makes the mean not finite: it is seen, not dropped.
    pub fn of(values: Vec<f64>) -> Self {
        let n = values.len();
        if n == 0 {
            return Self::default();
        }
        let mean = mean(&values);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let median = if n % 2 == 1 { sorted[n / 2] } else { 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]) };
        let sd = (n > 1).then(|| {
            let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
            (squares / (n - 1) as f64).sqrt()
        });
        let interval = sd.map(|sd| {
            let half = student_t(n - 1) * sd / (n as f64).sqrt();
            (mean - half, mean + half)
        });
        Self { values, mean: Some(mean), sd, interval, median: Some(median) }
    }

    /// How many values there are.
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// Half the width of the interval.
    pub fn half(&self) -> Option<f64> {
        self.interval.map(|(low, high)| 0.5 * (high - low))
    }
}

/// The mean, exact when all values are the same.
fn mean(values: &[f64]) -> f64 {
    let first = values[0];
    if !values.iter().all(|x| x.is_finite()) {
        return values.iter().sum::<f64>() / values.len() as f64;
    }
    first + values.iter().map(|x| (x - first) / values.len() as f64).sum::<f64>()
}

/// A quantile of sorted values, interpolated linearly between two of them (type 7 of Hyndman & Fan 1996, as in NumPy).
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// The rank correlation of pairs of numbers: Pearson's of their ranks, equal numbers sharing the mean of theirs (Spearman
/// 1904). None below two pairs, where all numbers of a side are the same, or where one is no number.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.iter().chain(y).any(|v| v.is_nan()) {
        return None;
    }
    let (x, y) = (ranks(x), ranks(y));
    let middle = 0.5 * (x.len() as f64 + 1.0);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let correlation = product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt();
    correlation.is_finite().then_some(correlation)
}

/// The rank of every number, from 1; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |x: &f64| {
        let below = values.iter().filter(|v| *v < x).count();
        let equal = values.iter().filter(|v| *v == x).count();
        below as f64 + 0.5 * (equal as f64 + 1.0)
    };
    values.iter().map(rank).collect()
}

/// One measure over the trials of a setting: the spread over those that finished, the others counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Over the finished trials that have the measure.
    pub spread: Spread,
    /// How many trials finished.
    pub done: usize,
    /// How many diverged.
    pub diverged: usize,
    /// How many could not be trained.
    pub failed: usize,
    /// How many have not been trained yet.
    pub pending: usize,
}

impl Group {
    /// Of the trials' values of a measure.
    pub fn of<'a>(trials: impl IntoIterator<Item = &'a Trial>, value: impl Fn(&Record) -> Option<f64>) -> Self {
        let mut group = Self::default();
        let mut values = Vec::new();
        for trial in trials {
            match &trial.record {
                None => group.pending += 1,
                Some(Record { status: Status::Diverged { .. }, .. }) => group.diverged += 1,
                Some(Record { status: Status::Failed { .. }, .. }) => group.failed += 1,
                Some(record) => {
                    group.done += 1;
                    values.extend(value(record));
                }
            }
        }
        group.spread = Spread::of(values);
        group
    }

    /// How many trials there are.
    pub fn trials(&self) -> usize {
        self.done + self.diverged + self.failed + self.pending
    }

    /// The share of diverged trials among those that were trained; 0 when none was.
    pub fn diverged_share(&self) -> f64 {
        self.diverged as f64 / (self.done + self.diverged).max(1) as f64
    }
}

/// The 0.975 quantile of Student's t distribution with `df` >= 1 degrees of freedom, within 1e-9 relative.
pub fn student_t(df: usize) -> f64 {
    // a report asks for the same few again and again
    static SMALL: LazyLock<Vec<f64>> = LazyLock::new(|| (1..=100).map(student_quantile).collect());
    SMALL.get(df - 1).copied().unwrap_or_else(|| student_quantile(df))
}

/// The angle theta = atan(t / sqrt(df)) is found by bisection of its distribution function.
fn student_quantile(df: usize) -> f64 {
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if student_within(middle, df) < 0.95 { low = middle } else { high = middle }
    }
    (df as f64).sqrt() * libm::tan(0.5 * (low + high))
}

/// The probability that |T| <= sqrt(df) tan(theta), as a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).
fn student_within(theta: f64, df: usize) -> f64 {
    let (sin, cos) = (libm::sin(theta), libm::cos(theta));
    let odd = df % 2 == 1;
    // the terms run cos^0 (even) or cos^1 (odd), each the one before times cos^2 (k - 1) / k
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if df == 1 { 0.0 } else { term };
    let mut k = if odd { 3 } else { 2 };
    while k + 2 <= df {
        term *= cos * cos * (k - 1) as f64 / k as f64;
        sum += term;
        k += 2;
    }
    if odd { std::f64::consts::FRAC_2_PI * (theta + sin * sum) } else { sin * sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{Outcome, frame_of};

    /// Fisher & Yates 1963, table III.
    #[test]
    fn quantiles_agree_with_published_tables() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (30, 2.042),
            (120, 1.980),
            (100_000, 1.960),
        ];
        for (df, published) in table {
            assert!((student_t(df) - published).abs() < 5.1e-4, "t with {df} degrees: {}", student_t(df));
        }
        // one and two degrees of freedom have closed forms
        assert!((student_t(1) / libm::tan(0.475 * std::f64::consts::PI) - 1.0).abs() < 1e-9);
        assert!((student_t(2) / (0.95 * (2.0 / (1.0 - 0.95_f64 * 0.95)).sqrt()) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_interval_of_five_values_is_the_textbook_one() {
        let s = Spread::of(vec![1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!((s.mean, s.median), (Some(3.0), Some(3.0)));
        assert!((s.sd.unwrap() - 2.5_f64.sqrt()).abs() < 1e-15);
        assert!((s.half().unwrap() - 2.776_445_105 * (2.5_f64 / 5.0).sqrt()).abs() < 1e-8);
    }

    #[test]
    fn one_value_has_no_interval_and_none_has_no_mean() {
        let one = Spread::of(vec![0.5]);
        assert_eq!((one.mean, one.sd, one.interval), (Some(0.5), None, None));
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn equal_values_have_exactly_their_mean_and_a_value_that_is_not_finite_shows() {
        assert_eq!(Spread::of(vec![0.1; 7]).mean, Some(0.1));
        assert_eq!(Spread::of(vec![0.1; 7]).interval, Some((0.1, 0.1)));
        assert_eq!(Spread::of(vec![1.0, f64::INFINITY]).mean, Some(f64::INFINITY));
    }

    #[test]
    fn a_diverged_trial_is_counted_and_not_averaged() {
        use Outcome::{Diverged, Done, Failed, Pending};
        let frame = frame_of(&[], &[&[Done(1.0), Diverged(1e30), Done(3.0), Failed, Pending]]);
        let group = frame.group(0, "test_loss");
        assert_eq!(group.spread.values, [1.0, 3.0]);
        assert_eq!((group.done, group.diverged, group.failed, group.pending), (2, 1, 1, 1));
        assert_eq!((group.trials(), group.diverged_share()), (5, 1.0 / 3.0));
    }
}
