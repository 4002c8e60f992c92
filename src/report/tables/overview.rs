//! The summary table that a person reads, in the terminal and in the report: one row per setting, the mean and half the
//! 95 % interval of what matters, how many trials stand behind it, and the best value of each column marked.

use comfy_table::{Attribute, Cell, CellAlignment, LineStyle, Table, TableStyle};

use crate::report::frame::Frame;
use crate::report::number::{rounded, with_interval};
use crate::report::spread::{Group, Spread};
use crate::report::words;

/// Up to so many settings, all are shown.
const ALL: usize = 40;
/// Of more settings, so many of the best.
const BEST: usize = 20;
/// The measures every overview has where the trials have them, with the order in which they make room, the highest first.
const MEASURES: [(&str, usize); 8] = [
    ("train_loss", 1),
    ("validation_loss", 6),
    ("test_loss", 1),
    ("gap_loss", 5),
    ("train_accuracy", 4),
    ("validation_accuracy", 7),
    ("test_accuracy", 3),
    ("gap_accuracy", 8),
];

/// Rules above, under the head and below, as in a printed table.
const RULES: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The table before it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// The columns from left to right.
    pub columns: Vec<Column>,
    /// What the numbers are and what is left out.
    pub caption: String,
}

/// A column with its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its title.
    pub title: String,
    /// Its cells, one per row.
    pub cells: Vec<String>,
    /// The row with the best value.
    pub best: Option<usize>,
    /// Whether it holds numbers, which stand at the right.
    pub right: bool,
    /// When there is too little room, the column with the highest number goes first; 0 always stays.
    goes: usize,
}

impl Column {
    /// A column without a best value that always stays.
    pub fn new(title: impl Into<String>, cells: Vec<String>, right: bool) -> Self {
        Self { title: title.into(), cells, best: None, right, goes: 0 }
    }
}

/// What stands behind `±`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Half {
    /// Half the 95 % interval of the mean.
    #[default]
    Interval,
    /// The standard deviation over the trials.
    Sd,
    /// Nothing.
    None,
}

impl Half {
    fn of(self, spread: &Spread) -> Option<f64> {
        match self {
            Half::Interval => spread.half(),
            Half::Sd => spread.sd,
            Half::None => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Half::Interval => "mean ± half the 95 % interval over the n trials that finished",
            Half::Sd => "mean ± standard deviation over the n trials that finished",
            Half::None => "mean over the n trials that finished",
        }
    }
}

/// The overview of a frame. `extra` are measures that an expectation or a figure names, beside the usual ones. The `whole`
/// one has every setting, and its rank by the measure that settings are chosen by.
pub fn overview(frame: &Frame, extra: &[String], half: Half, whole: bool) -> Overview {
    let all: Vec<usize> = (0..frame.cells.len()).collect();
    let most = if whole { usize::MAX } else { ALL };
    let mut caption = format!("{}; all else in `summary.csv`", half.words());
    let (cells, shortened) = match frame.selecting_metric().filter(|_| all.len() > most) {
        None => (all.iter().copied().take(most).collect(), all.len() > most),
        Some(metric) => {
            let ranked = frame.ranked(&all, metric);
            caption.push_str(&format!("; shown are the best {} by {}", BEST.min(ranked.len()), words::metric(metric)));
            (ranked.into_iter().take(BEST).collect::<Vec<_>>(), true)
        }
    };
    if shortened {
        caption.push_str(&format!("; {} more settings there", all.len() - cells.len()));
    }
    let mut columns: Vec<Column> = (0..frame.axes.len()).map(|axis| axis_column(frame, axis, &cells)).collect();
    let known = frame.summaries();
    // answers that need no network have rows of their own
    let column = |name: &&String| {
        MEASURES.iter().all(|(m, _)| m != name) && NAIVE.iter().all(|(prefix, _)| !name.starts_with(prefix))
    };
    let extra = extra.iter().filter(column).map(|e| (e.as_str(), 2));
    for (metric, goes) in MEASURES.into_iter().chain(extra) {
        // what chose the rows stays
        let goes = if shortened && frame.selecting_metric() == Some(metric) { 0 } else { goes };
        if known.iter().any(|k| k == metric) && columns.iter().all(|c| c.title != words::metric(metric)) {
            columns.push(measure_column(frame, metric, goes, half, &cells));
        }
    }
    if whole {
        columns.extend(rank_column(frame, &cells));
    }
    if columns.iter().any(|c| c.best.is_some()) {
        caption.push_str("; the best of a column is marked");
    }
    columns.extend(counts(frame, &cells));
    add_baselines(frame, &mut columns);
    Overview { columns, caption }
}

/// The place of each setting among all, from 1, by the measure that settings are chosen by.
fn rank_column(frame: &Frame, cells: &[usize]) -> Option<Column> {
    let metric = frame.selecting_metric().filter(|_| cells.len() > 1)?;
    let ranked = frame.ranked(cells, metric);
    let place = |cell: &usize| ranked.iter().position(|c| c == cell).map_or("–".to_owned(), |i| (i + 1).to_string());
    Some(Column::new("rank", cells.iter().map(place).collect(), true))
}

/// The naive answers: what their measures begin with, and what they are called.
const NAIVE: [(&str, &str); 2] = [("baseline_", "naive baseline"), ("persistence_", "the last value again")];

/// Last rows with what naive answers score (the majority class or the mean; of a series the last value again), where they
/// are the same for every setting.
fn add_baselines(frame: &Frame, columns: &mut Vec<Column>) {
    let value = |column: &Column, prefix: &str| {
        let of = |m: &&str| words::metric(m) == column.title;
        let known = frame.summaries();
        let bases: Vec<&str> = known.iter().filter_map(|k| k.strip_prefix(prefix)).collect();
        let metric = bases.into_iter().find(|m| of(m))?;
        let cells = 0..frame.cells.len();
        let name = format!("{prefix}{metric}");
        let spreads: Vec<Spread> = cells.map(|c| frame.group(c, &name).spread).filter(|s| s.n() > 0).collect();
        let texts: Vec<String> = spreads.iter().filter_map(|s| s.mean).map(|m| rounded(m, 4)).collect();
        texts.first().filter(|first| texts.iter().all(|t| t == *first)).cloned()
    };
    let rows = NAIVE.map(|(prefix, name)| (name, columns.iter().map(|c| value(c, prefix)).collect::<Vec<_>>()));
    let mut rows: Vec<_> = rows.into_iter().filter(|(_, values)| values.iter().any(Option::is_some)).collect();
    if !rows.is_empty() && frame.axes.is_empty() {
        let settings = columns.first().map_or(0, |c| c.cells.len());
        columns.insert(0, Column::new("", vec![String::new(); settings], false));
        rows.iter_mut().for_each(|(_, values)| values.insert(0, None));
    }
    for (name, values) in rows {
        for (i, (column, value)) in columns.iter_mut().zip(values).enumerate() {
            let name = if i == 0 { name } else { "" };
            column.cells.push(value.unwrap_or_else(|| name.to_owned()));
        }
    }
}

fn axis_column(frame: &Frame, axis: usize, cells: &[usize]) -> Column {
    let labels = cells.iter().map(|&cell| frame.label(cell, axis).to_owned()).collect();
    Column::new(words::axis(&frame.axes[axis].path), labels, frame.axes[axis].numbers().is_some())
}

fn measure_column(frame: &Frame, metric: &str, goes: usize, half: Half, cells: &[usize]) -> Column {
    let text = |&cell: &usize| {
        let group = frame.group(cell, metric);
        let Some(mean) = group.spread.mean else { return "–".into() };
        let text = with_interval(mean, half.of(&group.spread));
        // fewer trials have the measure than finished: the goal was not reached by all
        if group.spread.n() < group.done { format!("{text} (n = {})", group.spread.n()) } else { text }
    };
    let best = match frame.has_a_best(metric) && cells.len() > 1 {
        true => frame.ranked(cells, metric).first().and_then(|b| cells.iter().position(|c| c == b)),
        false => None,
    };
    Column { title: words::metric(metric), cells: cells.iter().map(text).collect(), best, right: true, goes }
}

fn counts(frame: &Frame, cells: &[usize]) -> Vec<Column> {
    let groups: Vec<Group> = cells.iter().map(|&c| Group::of(frame.trials_of(c), |_| None)).collect();
    let whole = frame.count();
    let column = |title: &str, count: fn(&Group) -> usize| {
        Column::new(title, groups.iter().map(|g| count(g).to_string()).collect(), true)
    };
    let mut columns = vec![column("n", |g| g.done), column("diverged", |g| g.diverged)];
    if whole.failed > 0 {
        columns.push(column("failed", |g| g.failed));
    }
    if whole.pending > 0 {
        columns.push(column("pending", |g| g.pending));
    }
    columns
}

impl Overview {
    /// The table for a terminal of `width` characters; columns that do not fit are left out and named.
    pub fn terminal(&self, width: usize, colour: bool) -> String {
        let mut columns: Vec<&Column> = self.columns.iter().collect();
        let mut gone = Vec::new();
        while draw(&columns, false, None).lines().any(|line| line.chars().count() > width) {
            let last = columns.iter().enumerate().filter(|(_, c)| c.goes > 0).max_by_key(|(_, c)| c.goes);
            let Some((at, _)) = last else { break };
            gone.push(columns.remove(at).title.clone());
        }
        let table = draw(&columns, colour, Some(width));
        let mut caption = self.caption.clone();
        if !gone.is_empty() {
            caption.push_str(&format!("; no room for {}", words::list(&gone)));
        }
        let caption = words::wrap(&caption, |line| line.chars().count() <= width);
        format!("{table}\n{}\n", caption.join("\n"))
    }

    /// The table in Markdown, the best of each column in bold.
    pub fn markdown(&self, escape: fn(&str) -> String) -> String {
        markdown(&self.columns, escape)
    }
}

/// Columns as a Markdown table.
pub fn markdown(columns: &[Column], escape: fn(&str) -> String) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(columns.iter().map(|c| escape(&c.title)).collect());
    out.push_str(&line(columns.iter().map(|c| if c.right { "--:" } else { ":--" }.to_owned()).collect()));
    for row in 0..columns.first().map_or(0, |c| c.cells.len()) {
        let cell = |c: &Column| match c.best == Some(row) {
            true => format!("**{}**", escape(&c.cells[row])),
            false => escape(&c.cells[row]),
        };
        out.push_str(&line(columns.iter().map(cell).collect()));
    }
    out
}

/// Columns as a table for a terminal, cells broken where `width` demands it; the best of a column is starred.
pub fn draw<'a>(columns: &[&'a Column], colour: bool, width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(RULES);
    if colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    if let Some(width) = width {
        table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    let align = |c: &Column| if c.right { CellAlignment::Right } else { CellAlignment::Left };
    let head = |c: &&'a Column| {
        let title = if c.best.is_some() { format!("{}  ", c.title) } else { c.title.clone() };
        Cell::new(title).set_alignment(align(c)).add_attribute(Attribute::Bold)
    };
    table.set_header(columns.iter().map(head).collect::<Vec<_>>());
    for row in 0..columns.first().map_or(0, |c| c.cells.len()) {
        let cell = |c: &&'a Column| {
            // a no-break space keeps `mean ± half` on one line
            let plain: String = c.cells[row].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let text = plain.replace(" ± ", "\u{a0}±\u{a0}");
            let text = match c.best {
                Some(best) if best == row => format!("{text}\u{a0}*"),
                Some(_) => format!("{text}\u{a0}\u{a0}"),
                None => text,
            };
            let cell = Cell::new(text).set_alignment(align(c));
            if c.best == Some(row) { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        table.add_row(columns.iter().map(cell).collect::<Vec<_>>());
    }
    table.trim_fmt().replace('\u{a0}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{Outcome, frame_of, numeric, rates};

    #[test]
    fn the_table_of_a_sweep_fits_the_terminal_and_marks_the_best() {
        let table = overview(&rates(), &["mean_train_loss".into()], Half::Interval, false);
        insta::assert_snapshot!("wide", table.terminal(140, false));
        let narrow = table.terminal(80, false);
        insta::assert_snapshot!("narrow", narrow);
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        for width in [0, 1, 20, 100_000] {
            assert!(table.terminal(width, false).contains('±'), "{width}");
        }
        assert!(table.terminal(140, true).contains("\u{1b}["));
        assert!(!table.terminal(140, false).contains('\u{1b}'));
    }

    #[test]
    fn of_many_settings_the_best_are_shown_and_the_rest_is_counted() {
        let numbers: Vec<f64> = (0..50).map(f64::from).collect();
        let losses: Vec<[Outcome; 1]> = numbers.iter().map(|x| [Outcome::Done(50.0 - x)]).collect();
        let cells: Vec<&[Outcome]> = losses.iter().map(|l| l.as_slice()).collect();
        let table =
            overview(&frame_of(&[numeric("train.batch_size", &numbers, false)], &cells), &[], Half::Interval, false);
        assert_eq!(table.columns[0].cells.len(), 20);
        assert_eq!(table.columns[0].cells[0], "49");
        assert!(table.caption.contains("the best 20 by test loss; 30 more settings there"), "{}", table.caption);
    }

    #[test]
    fn naive_answers_are_the_last_rows() {
        let mut frame =
            frame_of(&[numeric("optimizer.lr", &[0.1, 1.0], true)], &[&[Outcome::Done(0.5)], &[Outcome::Done(2.0)]]);
        let records = frame.trials.iter_mut().filter_map(|t| t.record.as_mut());
        records.for_each(|r| r.summary.push(("baseline_test_loss".into(), 2.25)));
        let table = overview(&frame, &[], Half::Interval, false);
        let column = |title: &str| table.columns.iter().find(|c| c.title == title).unwrap();
        assert_eq!(column("learning rate").cells, ["0.1", "1", "naive baseline"]);
        assert_eq!(column("test loss").cells, ["0.5000", "2.000", "2.250"]);
        assert_eq!((column("test loss").best, column("n").cells[2].as_str()), (Some(0), ""));
        frame.trials[1].record.as_mut().unwrap().summary.retain(|(name, _)| &**name != "baseline_test_loss");
        assert_eq!(overview(&frame, &[], Half::Interval, false), table, "of the settings that have it");
        let records = frame.trials.iter_mut().filter_map(|t| t.record.as_mut());
        records.for_each(|r| r.summary.push(("persistence_test_loss".into(), 0.75)));
        let series = overview(&frame, &[], Half::Interval, false);
        let loss = series.columns.iter().find(|c| c.title == "test loss").unwrap();
        assert_eq!(series.columns[0].cells[2..], ["naive baseline", "the last value again"]);
        assert_eq!(loss.cells[2..], ["2.250", "0.7500"]);
        frame.trials.iter_mut().for_each(|t| t.record = None);
        assert_eq!(overview(&frame, &[], Half::Interval, false).columns[0].cells.len(), 2);
    }

    #[test]
    fn nothing_finished_is_a_table_of_counts() {
        let table = overview(&frame_of(&[], &[&[Outcome::Pending; 3]]), &[], Half::Interval, false);
        let titles: Vec<&str> = table.columns.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(titles, ["n", "diverged", "pending"]);
        assert_eq!(table.columns[2].cells, ["3"]);
    }

    #[test]
    fn what_the_user_wrote_cannot_break_a_markdown_table() {
        let column = Column::new("a|b", vec!["<i>|".into()], false);
        let text = markdown(&[column], crate::report::markdown::escape);
        assert_eq!(text, "| a\\|b |\n| :-- |\n| \\<i\\>\\| |\n");
    }
}
