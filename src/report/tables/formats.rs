//! Tables in the languages that other programs read: LaTeX for a paper, JSON for a program.

use super::overview::Column;
use crate::report::number::{exact, exact_or_empty};
use crate::report::spread::Spread;

/// Mean, standard deviation and the two ends of the 95 % interval, every digit.
pub fn statistics(spread: &Spread) -> [String; 4] {
    let (low, high) = spread.interval.unzip();
    [spread.mean, spread.sd, low, high].map(exact_or_empty)
}

/// Columns as a LaTeX table with the rules of `booktabs`, the best of each column in bold.
pub fn latex(columns: &[Column]) -> String {
    let align: String = columns.iter().map(|c| if c.right { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let mut out = format!("% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{align}}}\n\\toprule\n");
    out.push_str(&line(columns.iter().map(|c| escape(&c.title)).collect()));
    out.push_str("\\midrule\n");
    for row in 0..columns.first().map_or(0, |c| c.cells.len()) {
        let cell = |c: &Column| match c.best == Some(row) {
            true => format!("\\textbf{{{}}}", escape(&c.cells[row])),
            false => escape(&c.cells[row]),
        };
        out.push_str(&line(columns.iter().map(cell).collect()));
    }
    out.push_str("\\bottomrule\n\\end{tabular}\n");
    out
}

/// Text that LaTeX prints as it was written.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => out.extend(['\\', c]),
            // brackets after `\\` would be read as a distance
            '[' => out.push_str("{[}"),
            ']' => out.push_str("{]}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '±' => out.push_str("$\\pm$"),
            '–' => out.push_str("--"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Text in JSON.
pub fn json_text(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

/// A number in JSON, which has no word for those that are not finite: they are texts.
pub fn json_number(x: f64) -> String {
    if x.is_finite() { exact(x) } else { json_text(&exact(x)) }
}

/// A spread in JSON.
pub fn json_spread(spread: &Spread) -> String {
    let number = |x: Option<f64>| x.map_or_else(|| "null".to_owned(), json_number);
    let (low, high) = spread.interval.unzip();
    let parts = [("mean", spread.mean), ("sd", spread.sd), ("lo", low), ("hi", high)];
    let parts: Vec<String> = parts.iter().map(|(name, x)| format!("\"{name}\": {}", number(*x))).collect();
    format!("{{\"n\": {}, {}}}", spread.n(), parts.join(", "))
}

/// Rows as an array of objects, a line each; the values are JSON already.
pub fn json_rows(rows: impl Iterator<Item = Vec<(String, String)>>) -> String {
    let row = |row: Vec<(String, String)>| {
        let entries: Vec<String> = row.iter().map(|(key, value)| format!("{}: {value}", json_text(key))).collect();
        format!("  {{{}}}", entries.join(", "))
    };
    let rows: Vec<String> = rows.map(row).collect();
    if rows.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", rows.join(",\n")) }
}
