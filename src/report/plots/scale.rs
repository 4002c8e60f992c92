//! From numbers to places on an axis, linear or logarithmic, and the ticks a reader expects there: 1, 2 and 5 times powers
//! of ten, decades on a logarithmic axis.

use crate::report::number::{decade, power_of_ten, tidy};

/// An axis that knows the numbers at its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Whether places are proportional to logarithms.
    pub log: bool,
    /// The ends, as logarithms where it is logarithmic.
    ends: (f64, f64),
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The number it stands at.
    pub at: f64,
    /// What is written beside it; nothing at a minor tick.
    pub label: String,
}

impl Scale {
    /// From `low` to `high` with `margin` (a share of the length) at both ends. Equal ends are moved apart.
    pub fn new(low: f64, high: f64, log: bool, margin: f64) -> Self {
        let (mut low, mut high) = if log { (libm::log10(low), libm::log10(high)) } else { (low, high) };
        // below this width the ends are the same number as far as a picture goes
        if high - low <= 1e-12 * low.abs().max(high.abs()) {
            let apart = if log || low == 0.0 { 0.5 } else { 0.1 * low.abs() };
            (low, high) = (low - apart, high + apart);
        }
        // halves and a clamp, so that the widest axis there can be has finite ends
        let more = 2.0 * margin * (high / 2.0 - low / 2.0);
        Self { log, ends: ((low - more).max(f64::MIN), (high + more).min(f64::MAX)) }
    }

    /// The place of a number: 0 at the low end, 1 at the high end, beyond them outside; not finite where the number is not
    /// or a logarithm does not exist.
    pub fn place(&self, x: f64) -> f64 {
        let x = if self.log { libm::log10(x) } else { x };
        (x / 2.0 - self.ends.0 / 2.0) / (self.ends.1 / 2.0 - self.ends.0 / 2.0)
    }

    /// The same axis with the low end moved down by a share of its length.
    #[must_use]
    pub fn with_room_below(self, share: f64) -> Self {
        Self { ends: (self.ends.0 - share * (self.ends.1 - self.ends.0), self.ends.1), ..self }
    }

    /// The ticks from low to high; about `wanted` of them have labels.
    pub fn ticks(&self, wanted: usize) -> Vec<Tick> {
        if !self.log {
            return linear(self.ends.0, self.ends.1, wanted);
        }
        let decades = self.ends.1 - self.ends.0;
        if decades < 0.7 {
            // so short a stretch of a logarithmic axis is nearly linear
            let (low, high) = (libm::pow(10.0, self.ends.0), libm::pow(10.0, self.ends.1));
            return linear(low, high, wanted);
        }
        self.decades((decades / wanted as f64).ceil() as i32, decades <= 2.5)
    }

    /// Labels at every `every`th decade, and at 2 and 5 too when `between`; minor ticks where decades are not crowded.
    fn decades(&self, every: i32, between: bool) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for e in self.ends.0.floor() as i32..=self.ends.1.ceil() as i32 {
            for digit in 1..10 {
                let at = f64::from(digit) * power_of_ten(e);
                let labelled = digit == 1 && e.rem_euclid(every) == 0 || between && (digit == 2 || digit == 5);
                let shown = labelled || (every == 1 && self.ends.1 - self.ends.0 < 7.0) || digit == 1;
                if shown && (-1e-9..=1.0 + 1e-9).contains(&self.place(at)) {
                    ticks.push(Tick { at, label: if labelled { label(at) } else { String::new() } });
                }
            }
        }
        ticks
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten.
fn linear(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let rough = (high / wanted as f64 - low / wanted as f64).max(f64::MIN_POSITIVE);
    let unit = power_of_ten(decade(rough));
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= rough * 0.999).unwrap_or(unit);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    let places = (-decade(step)).max(0) as usize;
    let large = low.abs().max(high.abs());
    (first..=last.min(first + 50))
        .map(|i| {
            let at = i as f64 * step;
            let plain = large < 1e5 && (places <= 5 || large >= 1e-3) && places < 9;
            Tick {
                at,
                label: if i == 0 {
                    "0".into()
                } else if plain {
                    minus(format!("{at:.places$}"))
                } else {
                    label(at)
                },
            }
        })
        .collect()
}

/// The sign of a negative number as print has it.
fn minus(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A number as a tick says it: `0.01`, `200`, `10⁻⁵`, `2×10⁶`.
pub fn label(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) {
        return minus(tidy(x, 6));
    }
    let text = minus(format!("{x:.3e}"));
    let (mantissa, e) = text.split_once('e').expect("scientific notation has an e");
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let raised: String = e
        .chars()
        .map(|c| match c.to_digit(10) {
            Some(d) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][d as usize],
            None => '⁻',
        })
        .collect();
    if mantissa == "1" { format!("10{raised}") } else { format!("{mantissa}×10{raised}") }
}

/// The range that a picture should show of some numbers: all of them, unless a few lie so far out that the others would
/// be flattened into a third of the height. Then it ends with the last number within three spreads (from quartile to
/// quartile) of the quartiles (after Tukey 1977), but never short of `must`. A range of `least` is not cut, nor are
/// small numbers above 0 on an axis of numbers above 0 (`least` 0).
pub fn robust_range(values: &[f64], must: &[f64], least: f64) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().chain(must).copied().filter(|x| x.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (&low, &high) = (sorted.first()?, sorted.last()?);
    let quartile = |q: usize| sorted[(sorted.len() - 1) * q / 4];
    let (q1, q3) = (quartile(1), quartile(3));
    let reach = 3.0 * (q3 - q1).max(0.1 * q3.abs());
    let fence = (if low >= 0.0 && least == 0.0 { 0.0 } else { q1 - reach }, q3 + reach);
    let shown = || sorted.iter().filter(|x| (fence.0..=fence.1).contains(*x) || must.contains(x));
    let (a, b) = (shown().next().copied().unwrap_or(low), shown().next_back().copied().unwrap_or(high));
    let flattened = high / 3.0 - low / 3.0 > b - a && high - low > least;
    if flattened { Some((a, b)) } else { Some((low, high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks(6).into_iter().map(|t| t.label).filter(|l| !l.is_empty()).collect()
    }

    #[test]
    fn ticks_are_the_ones_a_reader_expects() {
        assert_eq!(labels(Scale::new(0.01, 5.0, true, 0.03)), ["0.01", "0.1", "1"]);
        assert_eq!(labels(Scale::new(0.1, 3.0, true, 0.03)), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(labels(Scale::new(0.0, 200.0, false, 0.0)), ["0", "50", "100", "150", "200"]);
        assert_eq!(labels(Scale::new(1.5, 2.3, false, 0.0)), ["1.6", "1.8", "2.0", "2.2"]);
        assert_eq!(labels(Scale::new(1e-9, 1e3, true, 0.0)), ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1", "100"]);
        assert_eq!(
            labels(Scale::new(0.0, 3e6, false, 0.0)),
            ["0", "5×10⁵", "10⁶", "1.5×10⁶", "2×10⁶", "2.5×10⁶", "3×10⁶"]
        );
    }

    #[test]
    fn degenerate_and_extreme_axes_have_ticks_and_finite_places() {
        for (low, high) in
            [(0.0, 0.0), (2.77, 2.77), (-1e308, 1e308), (1e-300, 2e-300), (5e-324, 1e-323), (1e300, 1e301)]
        {
            for log in [false, true] {
                if log && low <= 0.0 {
                    continue;
                }
                let scale = Scale::new(low, high, log, 0.04);
                assert!(scale.place(low).is_finite() && scale.place(high).is_finite(), "{low} {high} {log}");
                assert!(scale.place(low) >= 0.0 && scale.place(high) <= 1.0, "{low} {high} {log}: {scale:?}");
                assert!(scale.ticks(6).len() < 100, "{low} {high} {log}");
            }
        }
    }

    #[test]
    fn a_few_huge_values_do_not_flatten_the_others_and_none_is_cut_without_need() {
        let mut values: Vec<f64> = (0..30).map(|i| 1.5 + 0.02 * f64::from(i)).collect();
        assert_eq!(robust_range(&values, &[], 0.0), Some((1.5, 2.08)));
        values.extend([40.0, 1e30, f64::INFINITY, f64::NAN]);
        let (low, high) = robust_range(&values, &[], 0.0).unwrap();
        assert!(low == 1.5 && high < 5.0, "{low} {high}");
        assert_eq!(robust_range(&values, &[40.0], 0.0).unwrap().1, 40.0);
        let decades = [-12.0, -1.0, -0.9, -1.1, -0.8];
        assert_eq!(robust_range(&decades, &[], 8.0), Some((-1.1, -0.8)));
        assert_eq!(robust_range(&decades, &[], 12.0), Some((-12.0, -0.8)));
        let solved = [0.69, 0.69, 0.69, 0.69, 0.0];
        assert_eq!(robust_range(&solved, &[], 0.0), Some((0.0, 0.69)));
        assert_eq!(robust_range(&[f64::NAN], &[], 0.0), None);
    }
}
