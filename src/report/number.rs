//! Numbers as text. A file that is read by a program gets every digit, the shortest that reads back as the same number;
//! a table that is read by a person gets as many digits as the uncertainty leaves standing.

use crate::trial::record::word;

/// Every digit: the shortest text that reads back as the same number; `nan`, `inf` and `-inf` as words.
pub fn exact(x: f64) -> String {
    match x.abs() {
        _ if !x.is_finite() => word(x).to_owned(),
        a if a == 0.0 || (1e-5..1e16).contains(&a) => format!("{x}"),
        _ => format!("{x:e}"),
    }
}

/// Every digit, or nothing where there is no number.
pub fn exact_or_empty(x: Option<f64>) -> String {
    x.map(exact).unwrap_or_default()
}

/// `x` with `digits` significant digits, plain between 0.0001 and 10^6 and as `1.23e-7` elsewhere.
pub fn rounded(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return word(x).to_owned();
    }
    let scientific = format!("{x:.*e}", digits - 1);
    match exponent(&scientific) {
        _ if x == 0.0 => "0".into(),
        e @ -4..6 => format!("{x:.*}", (digits as i32 - 1 - e).max(0) as usize),
        _ => scientific,
    }
}

/// [`rounded`] without zeros at its end: for labels, where columns need not line up.
pub fn tidy(x: f64, digits: usize) -> String {
    let text = rounded(x, digits);
    let (mantissa, rest) = text.split_at(text.find('e').unwrap_or(text.len()));
    if mantissa.contains('.') {
        format!("{}{rest}", mantissa.trim_end_matches('0').trim_end_matches('.'))
    } else {
        text
    }
}

/// `mean ± half`: the half-width with two significant digits (one, where two would give the mean more than four), the
/// mean to the same place. Without a half-width, the mean with four significant digits.
pub fn with_interval(mean: f64, half: Option<f64>) -> String {
    let Some(half) = half else { return rounded(mean, 4) };
    if !mean.is_finite() || !half.is_finite() || half <= 0.0 {
        return format!("{} ± {}", rounded(mean, 4), rounded(half, 2));
    }
    let whole = exponent(&format!("{:.3e}", mean.abs().max(half)));
    // the place of the half-width's second digit, but of its first where that gives the mean more than four
    let first = -exponent(&format!("{half:.1e}"));
    let places = (first + 1).min((3 - whole).max(first));
    match whole {
        -4..6 => {
            let places = places.max(0) as usize;
            format!("{mean:.places$} ± {half:.places$}")
        }
        _ => {
            let places = (places + whole).max(0) as usize;
            let unit = power_of_ten(whole);
            format!("({:.places$} ± {:.places$})e{whole}", mean / unit, half / unit)
        }
    }
}

/// The power of ten in a number's scientific notation.
fn exponent(scientific: &str) -> i32 {
    let (_, e) = scientific.split_once('e').expect("scientific notation has an e");
    e.parse().expect("the formatter writes an integer exponent")
}

/// The largest power of ten not above `|x|`, for a finite `x` other than 0.
pub fn decade(x: f64) -> i32 {
    exponent(&format!("{x:e}"))
}

/// 10^e, the nearest number to it.
pub fn power_of_ten(e: i32) -> f64 {
    format!("1e{e}").parse().expect("a power of ten is a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_text_reads_back_as_the_same_number_and_is_short() {
        for x in [0.0, -0.0, 0.1, 0.1 + 0.2, 1e-300, 1.5e300, 5e-324, 123456.0, 1e16, f64::MAX] {
            let text = exact(x);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), x.to_bits(), "{text}");
            assert!(text.len() < 25, "{text}");
        }
        assert_eq!([exact(f64::NAN), exact(f64::INFINITY), exact(f64::NEG_INFINITY)], ["nan", "inf", "-inf"]);
    }

    #[test]
    fn the_half_width_decides_how_many_digits_the_mean_has() {
        let cases = [
            (1.716_234, Some(0.0123), "1.716 ± 0.012"),
            (0.999_96, Some(0.000_51), "1.0000 ± 0.0005"),
            (0.129_03, Some(0.000_93), "0.1290 ± 0.0009"),
            (0.5, Some(0.099_9), "0.50 ± 0.10"),
            (12_345.6, Some(2345.0), "12346 ± 2345"),
            (1.234e-7, Some(4.5e-9), "(1.234 ± 0.045)e-7"),
            (3.0e9, Some(2.0e8), "(3.00 ± 0.20)e9"),
            (0.25, Some(0.0), "0.2500 ± 0"),
            (2.772_588_7, None, "2.773"),
            (f64::INFINITY, None, "inf"),
        ];
        for (mean, half, text) in cases {
            assert_eq!(with_interval(mean, half), text);
        }
    }

    #[test]
    fn tidy_numbers_have_no_zeros_at_the_end() {
        assert_eq!([tidy(0.63, 3), tidy(100.0, 3), tidy(1e-7, 3), tidy(0.0, 3)], ["0.63", "100", "1e-7", "0"]);
        assert_eq!([tidy(1234.5, 3), tidy(-2.5, 3)], ["1234", "-2.5"]);
    }
}
