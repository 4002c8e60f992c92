//! `report.md`: the question, the verdicts, the table, the figures with their captions, and how it was made. A pure
//! function of the results: no clock, no machine, no path. What a user wrote is text, never markup.

use super::expect;
use super::tables::overview::markdown as table;
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
    let overview = report.overview();
    out.push_str(&overview.markdown(escape));
    out.push_str(&format!("\n{}\n\n", words::sentence(&overview.caption)));
    if !report.figures.is_empty() {
        out.push_str("## Figures\n\n");
    }
    for (i, figure) in report.figures.iter().enumerate() {
        let caption = escape(&figure.plot.caption(report.frame));
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
            let lines: Vec<String> = p.lines().map(|line| escape(line.trim())).filter(|l| !l.is_empty()).collect();
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
        out.push_str(&format!("{}\n\n", escape(report.methods.trim())));
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

/// Text that Markdown shows as it was written, on one line and in a table too.
pub fn escape(text: &str) -> String {
    let mut out = String::new();
    let letters: Vec<char> = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let word = |i: Option<usize>| i.and_then(|i| letters.get(i)).is_some_and(|c| c.is_alphanumeric());
    let mut start = true;
    for (i, &c) in letters.iter().enumerate() {
        let marks = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '!' => true,
            // within a word it is only a letter
            '_' => !(word(i.checked_sub(1)) && word(Some(i + 1))),
            '#' | '-' | '+' | '=' => start,
            '.' | ')' => i > 0 && letters[..i].iter().all(char::is_ascii_digit),
            _ => false,
        };
        if marks {
            out.push('\\');
        }
        out.push(c);
        start = start && c == ' ';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Options, Parser};

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
        assert_eq!(escape("lr_sweep at 0.1"), "lr_sweep at 0.1", "plain text stays readable");
    }

    #[test]
    fn a_command_cannot_end_its_own_block() {
        assert_eq!(code("runner a.toml\n"), "```sh\nrunner a.toml\n```\n");
        assert!(code("a ``` b").starts_with("````sh\n"));
    }
}
