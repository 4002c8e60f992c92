//! Tables: the CSV files of a results folder, which hold every number in full, and the summary table that a person
//! reads. A table is a function from the frame to rows of text.

mod metrics;
pub mod overview;
mod summary;
mod timing;
mod trials;

use super::frame::{Frame, Trial};

/// Rows of text under column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows, each as wide as the header.
    pub rows: Vec<Vec<String>>,
}

/// A CSV file of the results folder.
pub struct Table {
    /// Its file name.
    pub file: &'static str,
    /// What it holds.
    pub summary: &'static str,
    /// What computes it.
    pub make: fn(&Frame) -> Sheet,
}

/// All tables, in the order they are written.
pub static TABLES: &[Table] = &[
    Table {
        file: "trials.csv",
        summary: "one row per trial: its setting, how it ended, its numbers",
        make: trials::sheet,
    },
    Table {
        file: "summary.csv",
        summary: "one row per setting: mean, sd and 95 % interval over the seeds",
        make: summary::sheet,
    },
    Table { file: "metrics.csv", summary: "one row per evaluation of every trial", make: metrics::sheet },
    Table {
        file: "timing.csv",
        summary: "seconds of every trial: the only table that clocks write",
        make: timing::sheet,
    },
];

impl Sheet {
    /// An empty table with these columns.
    pub fn new(header: impl IntoIterator<Item = String>) -> Self {
        Self { header: header.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row, which must be as wide as the header.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let row: Vec<String> = row.into_iter().collect();
        assert_eq!(row.len(), self.header.len(), "a row as wide as the header {:?}", self.header);
        self.rows.push(row);
    }

    /// The table as CSV (RFC 4180, lines ended by a line feed).
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).expect("rows are equally wide and memory takes all");
        }
        writer.into_inner().expect("memory takes all")
    }
}

fn paths(frame: &Frame) -> impl Iterator<Item = String> + '_ {
    frame.axes.iter().map(|a| a.path.clone())
}

fn labels(frame: &Frame, trial: &Trial) -> Vec<String> {
    frame.labels(trial.cell).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{Outcome, frame_of, labelled, numeric};

    fn frame() -> Frame {
        use Outcome::{Diverged, Done, Failed, Pending};
        let axes =
            [numeric("optimizer.lr", &[0.1, 3.0], true), labelled("schedule", &["constant", "cosine, \"warm\""])];
        let cells: [&[Outcome]; 4] = [
            &[Done(0.5), Done(0.75)],
            &[Done(1.25), Failed],
            &[Diverged(f64::INFINITY), Done(2.0)],
            &[Diverged(f64::NAN), Pending],
        ];
        frame_of(&axes, &cells)
    }

    #[test]
    fn every_table_has_every_number() {
        let frame = frame();
        for table in TABLES.iter().filter(|t| t.file != "metrics.csv") {
            let text = String::from_utf8((table.make)(&frame).to_csv()).unwrap();
            insta::assert_snapshot!(table.file, text);
        }
        let metrics = (TABLES[2].make)(&frame);
        assert_eq!(metrics.rows.len(), 11 * 6, "eleven evaluations of each trial that has any");
        assert_eq!(metrics.rows[0][..5], ["00000000", "0.1", "constant", "0", "0"].map(str::to_owned));
    }

    #[test]
    fn without_axes_and_records_the_tables_are_headers_and_pending_rows() {
        let frame = frame_of(&[], &[&[Outcome::Pending]]);
        let counts: Vec<usize> = TABLES.iter().map(|t| (t.make)(&frame).rows.len()).collect();
        assert_eq!(counts, [1, 1, 0, 0]);
    }
}
