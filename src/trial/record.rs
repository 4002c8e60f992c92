//! What a trial leaves behind: one line of `log.jsonl`. Everything that is reported is computed from records; nothing is
//! asked of a network again.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of a measure. Ten thousand records have the same few, so they can share them.
pub type Name = Arc<str>;

/// How a trial ended. A diverged trial is an outcome, not a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All its steps were trained, or its goal was reached.
    Done,
    /// The loss was no longer a finite number at this step.
    Diverged {
        /// The step, counted from 1.
        step: u64,
    },
    /// It could not be trained: data that cannot be read, memory that is not there.
    Failed {
        /// Why.
        message: String,
    },
}

/// One evaluation: all columns measured in evaluation mode on the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Optimizer steps taken before it.
    pub step: u64,
    /// The same in passes over the training rows.
    pub epoch: f64,
    /// The learning rate of the last step taken (of the first, before any).
    pub lr: f64,
    /// The measures, in the order of [`Record::columns`]; not finite where the network is not.
    #[serde(with = "floats")]
    pub values: Vec<f64>,
}

/// A trial and its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The trial's hash: of its resolved settings, its seed and its data.
    pub trial: String,
    /// The label of its value on every axis, by key path: for people; the hash decides.
    pub axes: Vec<(String, String)>,
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub status: Status,
    /// How many numbers the network learns.
    pub parameters: u64,
    /// Rows of the training part.
    pub train_rows: u64,
    /// Optimizer steps taken.
    pub steps: u64,
    /// Names of the measures: `train_loss`, `test_loss`, `train_accuracy` ...
    pub columns: Vec<Name>,
    /// Every evaluation, in order.
    pub rows: Vec<Row>,
    /// The numbers that describe the whole trial, by name: the last of each measure (`test_loss`), those of the best
    /// evaluation (`best_step`, `best_test_loss`), `gap_loss`, `gap_accuracy`, `mean_train_loss`, `goal_step`, where
    /// early stopping ended it (`stop_step`), and what a constant reaches (`baseline_test_loss`). Where the best weights
    /// are restored, the last of each measure is that of the best evaluation.
    #[serde(with = "named")]
    pub summary: Vec<(Name, f64)>,
    /// Hash of the final parameters' bytes.
    pub weights_digest: String,
    /// Hash of those of the best evaluation; empty in a log that was written before there was one.
    #[serde(default)]
    pub best_weights_digest: String,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
    /// Rows the training steps went through.
    pub samples: u64,
    /// Seconds from start to end, evaluations included.
    pub seconds: f64,
}

impl Record {
    /// A number of the summary.
    pub fn summary(&self, name: &str) -> Option<f64> {
        self.summary.iter().find(|(n, _)| **n == *name).map(|(_, x)| *x)
    }

    /// A measure at every evaluation.
    pub fn column(&self, name: &str) -> Option<impl Iterator<Item = f64> + '_> {
        let at = self.columns.iter().position(|c| **c == *name)?;
        Some(self.rows.iter().map(move |row| row.values[at]))
    }
}

/// The names that records share.
#[derive(Default)]
pub struct Names(BTreeSet<Name>);

impl Names {
    /// Lets a record share the names that others have already.
    pub fn share(&mut self, record: &mut Record) {
        let names = record.summary.iter_mut().map(|(name, _)| name).chain(&mut record.columns);
        for name in names {
            match self.0.get(name) {
                Some(known) => *name = known.clone(),
                None => {
                    self.0.insert(name.clone());
                }
            }
        }
    }
}

/// A number in JSON, which has no word for the ones that are not finite: those are strings.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Float {
    Finite(f64),
    Word(String),
}

impl From<f64> for Float {
    fn from(x: f64) -> Self {
        if x.is_finite() { Float::Finite(x) } else { Float::Word(word(x).to_owned()) }
    }
}

impl From<Float> for f64 {
    fn from(x: Float) -> Self {
        match x {
            Float::Finite(x) => x,
            Float::Word(w) if w == "inf" => f64::INFINITY,
            Float::Word(w) if w == "-inf" => f64::NEG_INFINITY,
            Float::Word(_) => f64::NAN,
        }
    }
}

/// How a number that is not finite is written everywhere.
pub fn word(x: f64) -> &'static str {
    match () {
        () if x.is_nan() => "nan",
        () if x > 0.0 => "inf",
        () => "-inf",
    }
}

mod floats {
    use super::Float;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        values.iter().map(|x| Float::from(*x)).collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Float>::deserialize(deserializer)?.into_iter().map(f64::from).collect())
    }
}

mod named {
    use super::{Float, Name};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(values: &[(Name, f64)], serializer: S) -> Result<S::Ok, S::Error> {
        values.iter().map(|(name, x)| (name, Float::from(*x))).collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Name, f64)>, D::Error> {
        let read = Vec::<(Name, Float)>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|(name, x)| (name, f64::from(x))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_json_bit_by_bit_also_where_it_is_not_finite() {
        let record = Record {
            trial: "ab".into(),
            axes: vec![("optimizer.lr".into(), "0.1".into())],
            seed: 3,
            status: Status::Diverged { step: 7 },
            parameters: 10,
            train_rows: 4,
            steps: 7,
            columns: vec!["train_loss".into()],
            rows: vec![Row { step: 0, epoch: 0.0, lr: 0.1, values: vec![0.1 + 0.2] }],
            summary: vec![("test_loss".into(), f64::INFINITY), ("gap_loss".into(), -0.0)],
            weights_digest: "cd".into(),
            best_weights_digest: "ef".into(),
            train_seconds: 0.0,
            samples: 0,
            seconds: 0.0,
        };
        let json = serde_json::to_string(&record).unwrap();
        assert!(!json.contains('\n'));
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }

    #[test]
    fn a_record_without_what_came_later_is_read() {
        let old = r#"{"trial":"ab","axes":[],"seed":3,"status":"done","parameters":10,"train_rows":4,"steps":7,"columns":[],
            "rows":[],"summary":[["test_loss",0.5]],"weights_digest":"cd","train_seconds":0.0,"samples":0,"seconds":0.0}"#;
        let record = serde_json::from_str::<Record>(old).unwrap();
        assert_eq!((record.best_weights_digest.as_str(), record.summary("test_loss")), ("", Some(0.5)));
    }
}
