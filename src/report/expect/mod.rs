//! Expectations: a published result, the number of ours that answers to it, the band it should lie in, and the verdict. In
//! reading order: the keys and what they become (here), their reading with all mistakes found before anything is
//! trained ([`read`]), the measuring ([`measure`]) and how sure the seeds are of it.

mod measure;
mod read;

use measure::Measured;

use super::frame::Frame;
use super::number::{exact, exact_or_empty, tidy};
use super::select::{Selection, WHERE};
use super::tables::Sheet;
use super::tables::overview::Column;
use crate::base::key::{Key, Kind};
use crate::base::schema::any_of;
use kernels::member::Bounds;
use serde_json::{Value, json};

/// The keys of an `[[expect]]`.
pub static EXPECT: &[Key] = &[
    Key::required("name", Kind::Text, "what is expected, in a few words"),
    Key::required("of", Kind::Table(OF), "the number of ours: one statistic of one measure, and of which trials")
        .ruled("statistic", read::rule),
    Key::optional("published", ANY, "the published number, for the table: the verdict is by the band"),
    Key::optional("between", PAIR, "the band the number must lie in, both ends included"),
    Key::optional("at_least", ANY, "the lower end of the band, which has no upper one"),
    Key::optional("at_most", ANY, "the upper end of the band, which has no lower one"),
    Key::optional("source", Kind::Text, "where the published number stands: author, year, table"),
];

/// The keys of a number: one statistic of one measure, and of which trials. Exactly one statistic must be written.
const NUMBER: [Key; 16] = [
    Key::optional("mean", Kind::Text, "the mean of this measure over the finished trials"),
    Key::optional("median", Kind::Text, "the median of this measure over the finished trials"),
    Key::optional("min", Kind::Text, "the smallest value of this measure; with `over`, the smallest mean of a setting"),
    Key::optional("max", Kind::Text, "the largest value of this measure; with `over`, the largest mean of a setting"),
    Key::optional("sd", Kind::Text, "the standard deviation of this measure over the finished trials, n - 1 below"),
    Key::optional(
        "share",
        Kind::Text,
        "the share of trials that have this measure (`goal_step`: that reached the goal), or have it `at_least` or \
         `at_most` a number; a diverged trial has not",
    ),
    Key::optional("argmin", Kind::Text, "the number of the axis `over` where the mean of this measure is smallest"),
    Key::optional("argmax", Kind::Text, "the number of the axis `over` where the mean of this measure is largest"),
    Key::optional(
        "correlation",
        Kind::Text,
        "the rank correlation (Spearman 1904) of this measure's means with the numbers of the axis `over`; with \
         `over = \"step\"`, of its evaluations with the step, the mean over the trials",
    ),
    Key::optional("over", Kind::Text, "the key path of the axis along which the best setting is looked for"),
    WHERE,
    Key::optional(
        "when",
        Kind::Map(&ANY),
        "take the measure not at the end but at the first evaluation that reaches this: `{ train_accuracy = 0.99 }`; a \
         loss or an error must be at most the number, anything else at least; the measure can then be `step` or `epoch` too; a trial \
         that never gets there has none",
    ),
    Key::optional(
        "fit",
        Kind::Word(&[("parabola", "the extremum of the parabola through the best setting and its two neighbours")]),
        "refines argmin and argmax, in the logarithm of a logarithmic axis",
    ),
    Key::optional(
        "at",
        Kind::Map(&Kind::Raw),
        "with `mean`: key path of an axis = number; the mean there, interpolated linearly between settings, in the \
         logarithm of a logarithmic axis",
    ),
    Key::optional("at_least", ANY, "of `share`: the measure must be this or more"),
    Key::optional("at_most", ANY, "of `share`: the measure must be this or less"),
];

/// The keys of `of`: a number, and what is done with a second one.
pub static OF: &[Key] = &{
    let second: Kind = Kind::Table(&NUMBER);
    let minus = Key::optional("minus", second, "a second number, which is subtracted; a table with the keys of `of`")
        .ruled("statistic", read::rule);
    let mut keys = [minus; NUMBER.len() + 2];
    let mut i = 0;
    while i < NUMBER.len() {
        keys[i] = NUMBER[i];
        i += 1;
    }
    keys[i + 1] = Key::optional("divided_by", second, "a second number, by which the first is divided")
        .ruled("statistic", read::rule);
    keys
};

/// Every expectation has one band.
pub fn rule() -> Value {
    let ends = any_of(["at_least", "at_most"]);
    json!({ "items": { "oneOf": [any_of(["between"]), ends] } })
}

const ANY: Kind = Kind::Number(Bounds::Any);
const PAIR: Kind = Kind::Numbers { count: Some(2), bounds: Bounds::Any };

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// In a few words.
    pub name: String,
    /// The published number.
    pub published: Option<f64>,
    /// The lower end of the band; `-inf` where there is none.
    pub low: f64,
    /// The upper end of the band; `inf` where there is none.
    pub high: f64,
    /// Where the published number stands.
    pub source: Option<String>,
    quantity: Quantity,
}

/// A number that is computed from a frame, perhaps of two.
#[derive(Debug, Clone, PartialEq)]
struct Quantity {
    first: Number,
    second: Option<(Operation, Number)>,
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Minus,
    DividedBy,
}

/// One statistic of one measure over some trials.
#[derive(Debug, Clone, PartialEq)]
struct Number {
    metric: String,
    reading: Reading,
    /// Of which settings.
    selection: Selection,
    statistic: Statistic,
}

/// Where in a trial its measure is read.
#[derive(Debug, Clone, PartialEq)]
enum Reading {
    /// In its summary.
    End,
    /// At the first evaluation at which all of these are reached.
    When(Vec<(String, f64)>),
    /// At every evaluation: its rank correlation with the step.
    Trend,
}

/// What is computed from the selected trials or settings.
#[derive(Debug, Clone, PartialEq)]
enum Statistic {
    Mean,
    Median,
    Min,
    Max,
    Sd,
    /// The share of trials whose measure lies in the band.
    Share {
        low: f64,
        high: f64,
    },
    /// An extremum of the settings' means along an axis.
    Along {
        axis: usize,
        largest: bool,
        answer: Answer,
    },
    /// The rank correlation of the settings' means with the numbers of an axis.
    Correlation {
        axis: usize,
    },
    /// The mean at a number of an axis.
    At {
        axis: usize,
        number: f64,
    },
}

/// What is asked of the best setting along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Its mean.
    Mean,
    /// Its number on the axis.
    Number,
    /// Where the parabola through it and its neighbours has its extremum.
    Parabola,
}

/// How an expectation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The number lies in the band.
    Met,
    /// It does not, or no trial finished that could give it.
    Missed,
    /// Trials it needs are missing.
    Pending,
}

impl Verdict {
    /// The verdict in one word.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::Pending => "pending",
        }
    }
}

/// An expectation held against results.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<'a> {
    /// What was expected.
    pub expectation: &'a Expectation,
    /// Our number, where it can be computed.
    pub measured: Option<f64>,
    /// Its 95 % interval, where there are seeds enough: the percentiles over seeds drawn again, all settings with the same
    /// draw (the bootstrap of Efron 1979).
    pub interval: Option<(f64, f64)>,
    /// How many trials have the measure.
    pub n: usize,
    /// Of so many that were trained: a diverged one has none, nor one that never reached its goal.
    pub of: usize,
    /// Whether it is as expected.
    pub verdict: Verdict,
}

impl Expectation {
    /// The measures it is about.
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        let second = self.quantity.second.as_ref().map(|(_, number)| number.metric.as_str());
        std::iter::once(self.quantity.first.metric.as_str()).chain(second)
    }

    /// Measures and compares. While trials that matter are missing the verdict is pending.
    pub fn judge(&self, frame: &Frame) -> Judged<'_> {
        let measured = self.quantity.measure(frame);
        let verdict = match measured.number {
            _ if measured.waits => Verdict::Pending,
            Some(x) if self.low <= x && x <= self.high => Verdict::Met,
            _ => Verdict::Missed,
        };
        let Measured { number, interval, n, of, .. } = measured;
        Judged { expectation: self, measured: number, interval, n, of, verdict }
    }

    /// The band in words: `0.45 to 0.85`, `at least 2.1`.
    pub fn band(&self) -> String {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => format!("{} to {}", exact(self.low), exact(self.high)),
            (true, false) => format!("at least {}", exact(self.low)),
            _ => format!("at most {}", exact(self.high)),
        }
    }
}

/// `expectations.csv`.
pub fn sheet(judged: &[Judged<'_>]) -> Sheet {
    let header = ["name", "measured", "lo", "hi", "n", "published", "low", "high", "verdict", "source"];
    let mut sheet = Sheet::new(header.map(str::to_owned));
    for j in judged {
        let e = j.expectation;
        sheet.push([
            e.name.clone(),
            exact_or_empty(j.measured),
            exact_or_empty(j.interval.map(|i| i.0)),
            exact_or_empty(j.interval.map(|i| i.1)),
            j.n.to_string(),
            exact_or_empty(e.published),
            exact(e.low),
            exact(e.high),
            j.verdict.word().to_owned(),
            e.source.clone().unwrap_or_default(),
        ]);
    }
    sheet
}

/// The verdicts as columns for a person: measured and published side by side.
pub fn columns(judged: &[Judged<'_>]) -> Vec<Column> {
    let column = |title: &str, right: bool, cell: &dyn Fn(&Judged<'_>) -> String| {
        Column::new(title, judged.iter().map(cell).collect(), right)
    };
    let number = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| tidy(x, 4));
    let interval = |j: &Judged<'_>| match j.interval {
        Some((low, high)) => format!("{} to {}", tidy(low, 4), tidy(high, 4)),
        None => "–".to_owned(),
    };
    let mut columns = vec![
        column("expectation", false, &|j| j.expectation.name.clone()),
        column("measured", true, &|j| number(j.measured)),
        column("95 % interval", true, &interval),
        column("published", true, &|j| number(j.expectation.published)),
        column("expected", false, &|j| j.expectation.band()),
    ];
    if judged.iter().any(|j| j.n < j.of) {
        columns.push(column("trials", true, &|j| format!("{} of {}", j.n, j.of)));
    }
    columns.push(column("verdict", false, &|j| j.verdict.word().to_owned()));
    if judged.iter().any(|j| j.expectation.source.is_some()) {
        columns.push(column("source", false, &|j| j.expectation.source.clone().unwrap_or_default()));
    }
    columns
}

#[cfg(test)]
mod tests;
