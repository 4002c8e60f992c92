//! The range of an axis: `{ linear = [a, b] }` or `{ log = [a, b] }`. With `count` it is a list of values at equal
//! distances or ratios; without, a strategy draws from it.

use serde_json::{Value as Json, json};

use crate::base::diagnostics::{Diagnostics, Place};
use crate::base::node::{Data, Node};

/// The most values an axis may have.
const MOST_POINTS: i64 = 100_000;

/// The keys of a range.
pub const KEYS: [&str; 3] = ["linear", "log", "count"];

/// A range between two numbers, which are written as values, never as exponents.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Whether equal ratios count, not equal distances.
    pub log: bool,
    /// How many values it stands for; none where a strategy draws from it.
    pub count: Option<usize>,
    from: f64,
    to: f64,
    /// Whether both ends are integers, so that what lies between them is too.
    whole: bool,
    /// Where the ends are written.
    place: Place,
    /// As it was written.
    pub node: Node,
}

/// A range written as a table, for the schema. Whether it may be without `count` is for the strategy to say.
pub fn rule() -> Vec<Json> {
    let count = json!({ "type": "integer", "minimum": 2, "maximum": MOST_POINTS });
    let of = |key: &str, number: Json| {
        json!({
            "type": "object",
            "properties": { key: { "type": "array", "items": number, "minItems": 2, "maxItems": 2, "uniqueItems": true },
                            "count": count },
            "required": [key],
            "additionalProperties": false,
        })
    };
    vec![of("linear", json!({ "type": "number" })), of("log", json!({ "type": "number", "exclusiveMinimum": 0 }))]
}

/// Whether a value of `[sweep.axes]` means a range.
pub fn is_range(node: &Node) -> bool {
    KEYS.iter().any(|key| node.get(key).is_some())
}

impl Range {
    /// Reads the range of an axis; `draws`: whether it may be without `count`.
    pub fn read(path: &str, node: &Node, draws: bool, diagnostics: &mut Diagnostics) -> Option<Self> {
        for entry in node.entries() {
            if !KEYS.contains(&entry.key.as_str()) {
                let message = format!("unknown key `{}` in the range of axis `{path}`", entry.key);
                diagnostics.error_with_hint(entry.place, message, "", "known here: `linear`, `log`, `count`");
                return None;
            }
        }
        let (ends, log) = match (node.get("linear"), node.get("log")) {
            (Some(ends), None) => (ends, false),
            (None, Some(ends)) => (ends, true),
            _ => {
                let message = format!("the range of axis `{path}` needs one of `linear` and `log`");
                let hint = "write `{ log = [a, b], count = n }`";
                diagnostics.error_with_hint(node.place, message, "", hint);
                return None;
            }
        };
        let count = count(path, node, draws, diagnostics)?;
        let number = |n: &Node| number(n).filter(|x| x.is_finite());
        let pair = match &ends.data {
            Data::List(items) if items.len() == 2 => number(&items[0]).zip(number(&items[1])),
            _ => None,
        };
        let Some((from, to)) = pair.filter(|(a, b)| a < b && (!log || *a > 0.0)) else {
            let kind = if log { "two rising numbers above 0" } else { "two rising numbers" };
            let message = format!("the range of axis `{path}` must go between {kind}");
            diagnostics.error_with_hint(ends.place, message, "", "write `[from, to]`");
            return None;
        };
        let whole = matches!(&ends.data, Data::List(items) if items.iter().all(|i| matches!(i.data, Data::Whole(_))));
        Some(Self { log, count, from, to, whole, place: ends.place, node: node.clone() })
    }

    /// Its values, both ends included. Those between are rounded to four significant digits where that keeps them apart, so
    /// that what a table shows is what was used; a range between integers gives integers. None without `count`.
    pub fn points(&self) -> Vec<Node> {
        let Some(count) = self.count else { return Vec::new() };
        let (a, b) = (self.from, self.to);
        let exact = |i: usize| match i {
            i if self.log => libm::exp(libm::log(a) + (libm::log(b) - libm::log(a)) * i as f64 / (count - 1) as f64),
            i => a + (b - a) * i as f64 / (count - 1) as f64,
        };
        let round = |digits: usize| {
            let between = (1..count - 1).map(|i| significant(exact(i), if self.whole { 12 } else { digits }));
            [a].into_iter().chain(between).chain([b]).collect::<Vec<f64>>()
        };
        let apart = |values: &[f64]| values.windows(2).all(|w| w[0] < w[1]);
        let values = Some(round(4)).filter(|v| apart(v)).unwrap_or_else(|| round(12));
        let mut nodes: Vec<Node> = values.into_iter().map(|x| self.node(x)).collect();
        nodes.dedup();
        nodes
    }

    /// The value for a coordinate in [0, 1): uniform, or uniform in the logarithm, when that is. Integers each take the
    /// stretch up to the next; other values are rounded to six significant digits, which are what tables show.
    pub fn at(&self, u: f64) -> f64 {
        let top = if self.whole { self.to + 1.0 } else { self.to };
        let exact = match self.log {
            true => libm::exp(libm::log(self.from) + (libm::log(top) - libm::log(self.from)) * u),
            false => self.from + (top - self.from) * u,
        };
        let value = if self.whole { exact.floor() } else { significant(exact, 6) };
        value.clamp(self.from, self.to)
    }

    /// How many values can be drawn from it; none when there is no saying.
    pub fn values(&self) -> Option<u64> {
        self.whole.then(|| (self.to - self.from) as u64 + 1)
    }

    /// A value of it, placed where its ends are written.
    pub fn node(&self, x: f64) -> Node {
        Node { place: self.place, data: if self.whole { Data::Whole(x.round() as i64) } else { Data::Number(x) } }
    }
}

fn count(path: &str, node: &Node, draws: bool, diagnostics: &mut Diagnostics) -> Option<Option<usize>> {
    match node.get("count").map(|n| (n.place, &n.data)) {
        Some((_, Data::Whole(n))) if (2..=MOST_POINTS).contains(n) => Some(Some(*n as usize)),
        Some((place, _)) => {
            let message = format!("`count` of axis `{path}` must be an integer from 2 to {MOST_POINTS}");
            diagnostics.error_with_hint(place, message, "", "the two ends are values of the range");
            None
        }
        None if draws => Some(None),
        None => {
            let message = format!("the range of axis `{path}` lacks `count`");
            let hint =
                "add `count = n`, both ends included; strategies `random` and `sobol` draw from a range without it";
            diagnostics.error_with_hint(node.place, message, "", hint);
            None
        }
    }
}

/// The number a value is, if it is one.
pub fn number(node: &Node) -> Option<f64> {
    match node.data {
        Data::Whole(i) => Some(i as f64),
        Data::Number(x) => Some(x),
        _ => None,
    }
}

/// A number rounded to so many significant digits, by way of its decimal text.
fn significant(x: f64, digits: usize) -> f64 {
    format!("{:.*e}", digits - 1, x).parse().expect("a formatted number can be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        let mut diagnostics = Diagnostics::new();
        let document = format!("x = {text}");
        let origin = diagnostics.origin("t.toml", &document);
        let node = Node::parse(origin, &document, &mut diagnostics);
        let read = Range::read("x", node.get("x").unwrap(), true, &mut diagnostics);
        read.unwrap_or_else(|| panic!("{}", diagnostics.render(false)))
    }

    fn numbers(text: &str) -> Vec<f64> {
        range(text).points().iter().filter_map(number).collect()
    }

    #[test]
    fn a_log_range_has_its_ends_and_equal_ratios() {
        let values = numbers("{ log = [0.01, 5.0], count = 13 }");
        assert_eq!((values.len(), values[0], values[12]), (13, 0.01, 5.0));
        assert_eq!(values[8], 0.63);
        for pair in values.windows(2) {
            assert!((pair[1] / pair[0] - 1.6785).abs() < 2e-3, "{pair:?}");
        }
    }

    #[test]
    fn a_range_between_integers_gives_integers_once_each() {
        assert_eq!(numbers("{ log = [1, 8], count = 30 }"), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(numbers("{ linear = [-3, 3], count = 7 }"), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn the_ends_of_a_range_are_what_was_written() {
        for (text, a, b) in [
            ("{ linear = [0, 123456], count = 3 }", 0.0, 123_456.0),
            ("{ linear = [0.012345678, 98.7654321], count = 3 }", 0.012_345_678, 98.765_432_1),
        ] {
            let values = numbers(text);
            assert_eq!((values[0], values[2]), (a, b));
        }
    }

    /// The k-th of n equal parts of the coordinate leads to the k-th part of the range, or of its logarithm.
    #[test]
    fn coordinates_are_spread_evenly_over_the_range_or_its_logarithm() {
        let (linear, log) = (range("{ linear = [-1.0, 3.0] }"), range("{ log = [1e-4, 10.0] }"));
        for k in 0..=100 {
            let u = f64::from(k) / 100.0;
            assert!((linear.at(u) - (4.0 * u - 1.0)).abs() < 1e-5, "{u}");
            assert!((log.at(u) / libm::pow(10.0, 5.0 * u - 4.0) - 1.0).abs() < 1e-5, "{u}");
        }
        let dice = range("{ linear = [1, 6] }");
        let mut counts = [0; 6];
        (0..600).for_each(|k| counts[dice.at((f64::from(k) + 0.5) / 600.0) as usize - 1] += 1);
        assert_eq!(counts, [100; 6]);
        assert_eq!((dice.values(), linear.values()), (Some(6), None));
        // P(k) = log((k + 1) / k) / log(8)
        let octave = range("{ log = [1, 7] }");
        let ones = (0..3000).filter(|k| octave.at((f64::from(*k) + 0.5) / 3000.0) == 1.0).count();
        assert_eq!(ones, 1000);
    }
}
