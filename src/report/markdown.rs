//! `report.md`: the question, the verdicts, the table, the figures with their captions, and how it was made. A pure
//! function of the results: no clock, no machine, no path. What a user wrote is text, never markup.

use super::expect;
use super::plots::Results;
use super::tables::overview::markdown as table;
use super::tables::variance;
use super::{Report, words};

/// The report.
pub fn report(report: &Report<'_>) -> String {
    let mut out = format!("# {}\n\n", escape(&report.frame.name));
    out.push_str(&question(&report.frame.question));
    out.push_str(&counts(report));
    let judged = report.judged();
    if !judged.is_empty() {
        out.push_str("## Expectations\n\n");
        out.push_str(&table(&expect::columns(&judged), escape));
        out.push('\n');
    }
    out.push_str("## Results\n\n");
    let overview = report.overview(false);
    out.push_str(&overview.markdown(escape));
    out.push_str(&format!("\n{}\n\n", words::sentence(&overview.caption)));
    let results = Results { frame: report.frame, judged: &judged };
    out.push_str(&variance::section(report.frame));
    if !report.figures.is_empty() {
        out.push_str("## Figures\n\n");
    }
    for (i, figure) in report.figures.iter().enumerate() {
        let caption = escape(&figure.plot.caption(&results));
        out.push_str(&format!("![Figure {0}](figures/{1}.svg)\n\n*Figure {0}.* {caption}\n\n", i + 1, figure.name));
    }
    out.push_str(&methods(report));
    out
}

/// The question, paragraph by paragraph.
fn question(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|p| !p.trim().is_empty());
    paragraphs
        .map(|p| {
            let lines: Vec<String> = p.lines().map(|line| prose(line.trim())).filter(|l| !l.is_empty()).collect();
            format!("{}\n\n", lines.join("\n"))
        })
        .collect()
}

/// How the trials ended.
fn counts(report: &Report<'_>) -> String {
    let count = report.frame.count();
    let settings = words::count(report.frame.cells.len(), "setting");
    let mut parts = vec![format!("{} of {} trials finished", count.done, count.trials())];
    let ends = [(count.diverged, "diverged"), (count.failed, "failed"), (count.pending, "pending")];
    parts.extend(ends.into_iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")));
    format!("{settings}, {}: {}.\n\n", words::count(report.frame.seeds.len(), "seed"), words::list(&parts))
}

fn methods(report: &Report<'_>) -> String {
    let mut out = String::from("## Methods\n\n");
    if !report.methods.trim().is_empty() {
        out.push_str(&format!("{}\n\n", prose(report.methods.trim())));
    }
    out.push_str(
        "Intervals are 95 % intervals of the mean over seeds (Student's t); a diverged trial is counted and is in no \
         mean.\n\n",
    );
    if !report.digests.is_empty() {
        out.push_str("| data | digest |\n| :-- | :-- |\n");
        for (name, digest) in report.digests {
            out.push_str(&format!("| {} | `{}` |\n", escape(name), digest.replace('`', "'")));
        }
        out.push('\n');
    }
    out.push_str(&format!("To repeat it:\n\n{}", code(report.command)));
    out
}

/// A block of code whose fence is longer than any within it.
fn code(text: &str) -> String {
    let mut fence = String::from("```");
    while text.contains(&fence) {
        fence.push('`');
    }
    format!("{fence}sh\n{}\n{fence}\n", text.trim_end())
}

/// Text that Markdown shows as it was written, on one line and in a table too. Only what would be markup is escaped, so
/// that the source stays readable.
pub fn escape(text: &str) -> String {
    let letters: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut out = String::new();
    for i in 0..letters.len() {
        if is_markup(&letters, i) {
            out.push('\\');
        }
        out.push(letters[i]);
    }
    out
}

/// A sentence whose backticks mean code, all else shown as it was written.
fn prose(text: &str) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        // a backtick without its partner is a letter like others
        return escape(text);
    }
    let piece = |(i, piece): (usize, &&str)| if i % 2 == 0 { escape(piece) } else { format!("`{piece}`") };
    pieces.iter().enumerate().map(piece).collect()
}

/// Whether the letter at `i` would be read as markup.
fn is_markup(letters: &[char], i: usize) -> bool {
    let next = letters.get(i + 1);
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let start = letters[..i].iter().all(|c| *c == ' ');
    match letters[i] {
        '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' => true,
        '!' => next == Some(&'['),
        // an entity: `&amp;`, `&#65;`
        '&' => word(next) || next == Some(&'#'),
        // within a word it is only a letter
        '_' => !(i > 0 && word(letters.get(i - 1)) && word(next)),
        '#' | '=' => start,
        // a list or a rule, but not the sign of a number
        '-' | '+' => start && !next.is_some_and(char::is_ascii_digit),
        // `1. ` begins a list, `0.1` does not
        '.' | ')' => {
            let number = letters[..i].iter().collect::<String>();
            let number = number.trim_start();
            !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()) && next.is_none_or(|c| *c == ' ')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Options, Parser};

    #[test]
    fn backticks_in_prose_mean_code_when_they_are_paired() {
        assert_eq!(prose("loss `mse`, a*b*c"), "loss `mse`, a\\*b\\*c");
        assert_eq!(prose("one ` alone"), escape("one ` alone"));
    }

    #[test]
    fn escaped_text_is_shown_as_it_was_written() {
        let hard = [
            "<script>alert(1)</script>",
            "a*b*c _d_ e_f `g` [h](i) ![j](k) ~~l~~ \\m | n",
            "# no heading",
            "- no list",
            "1. no list",
            "12) no list",
            "> no quote",
            "+ no list",
            "=== --- &amp; &#65; <http://x.y>",
            "optimizer.lr = 0.1, lr_sweep, 95 % ± 2",
        ];
        for text in hard {
            let escaped = escape(text);
            let shown: String = Parser::new_ext(&escaped, Options::all() - Options::ENABLE_SMART_PUNCTUATION)
                .map(|event| match event {
                    Event::Text(t) => t.to_string(),
                    Event::Start(pulldown_cmark::Tag::Paragraph) | Event::End(_) => String::new(),
                    other => panic!("{text}: {other:?}"),
                })
                .collect();
            assert_eq!(shown, text);
        }
        for plain in ["lr_sweep at 0.1", "0.62", "-0.5", "Greydanus & Kobak, ICML 2024", "1.716 ± 0.012"] {
            assert_eq!(escape(plain), plain, "plain text stays readable");
        }
    }

    #[test]
    fn a_command_cannot_end_its_own_block() {
        assert_eq!(code("runner a.toml\n"), "```sh\nrunner a.toml\n```\n");
        assert!(code("a ``` b").starts_with("````sh\n"));
    }
}
