//! Tables: the CSV files of a results folder, which hold every number in full, and the summary table that a person
//! reads. A table is a function from the frame to rows of text.

pub mod formats;
mod metrics;
pub mod overview;
pub mod summary;
mod timing;
mod trials;
pub mod variance;

use super::frame::{Frame, Trial};

/// Rows of text under column names, kept as the CSV that they become: a sweep has many thousands of them.
pub struct Sheet {
    width: usize,
    csv: csv::Writer<Vec<u8>>,
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
        let header: Vec<String> = header.into_iter().collect();
        let mut sheet = Self { width: header.len(), csv: csv::Writer::from_writer(Vec::new()) };
        sheet.push(header);
        sheet
    }

    /// Adds a row, which must be as wide as the header.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        let row: Vec<String> = row.into_iter().collect();
        assert_eq!(row.len(), self.width, "a row as wide as the header: {row:?}");
        self.csv.write_record(row).expect("rows are equally wide and memory takes all");
    }

    /// The table as CSV (RFC 4180, lines ended by a line feed).
    pub fn into_csv(self) -> Vec<u8> {
        self.csv.into_inner().expect("memory takes all")
    }

    /// The rows below the header, read back.
    #[cfg(test)]
    pub fn rows(self) -> Vec<Vec<String>> {
        let text = self.into_csv();
        let mut reader = csv::Reader::from_reader(text.as_slice());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
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
            let text = String::from_utf8((table.make)(&frame).into_csv()).unwrap();
            insta::assert_snapshot!(table.file, text);
        }
        let metrics = (TABLES[2].make)(&frame).rows();
        assert_eq!(metrics.len(), 11 * 6, "eleven evaluations of each trial that has any");
        assert_eq!(metrics[0][..5], ["00000000", "0.1", "constant", "0", "0"].map(str::to_owned));
    }

    #[test]
    fn without_axes_and_records_the_tables_are_headers_and_pending_rows() {
        let frame = frame_of(&[], &[&[Outcome::Pending]]);
        let counts: Vec<usize> = TABLES.iter().map(|t| (t.make)(&frame).rows().len()).collect();
        assert_eq!(counts, [1, 1, 0, 0]);
    }
}
