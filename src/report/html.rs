//! `report.html`: the same report as one file that needs no other and no network, its figures inlined, without scripts.

use std::collections::BTreeMap;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use super::plots::escape;

/// Quiet and printable: one column, the system's own fonts, dark where the reader's screen is.
const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #222; --quiet: #666; --line: #ddd; --paper: #fff; --code: #f5f5f3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ddd; --quiet: #999; --line: #444; --paper: #1b1b1b; --code: #262626; }
}
body { max-width: 60rem; margin: 2.5rem auto; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }
p { max-width: 48rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums;
  border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); }
th { border-bottom: 1px solid var(--ink); font-weight: 600; vertical-align: bottom; }
th, td { padding: .25rem .45rem; text-align: left; }
td[style*=right] { white-space: nowrap; }
tbody tr + tr td { border-top: 1px solid var(--line); }
svg { display: block; width: 100%; height: auto; background: #fff; border-radius: 4px; }
pre { background: var(--code); padding: .8rem 1rem; overflow-x: auto; border-radius: 4px; }
code { font: .88em ui-monospace, monospace; }
em { color: var(--quiet); }
@media print { body { margin: 0; max-width: none; } svg, tr { break-inside: avoid; } }
";

/// The page of a report in Markdown. `figures` are the pictures by the path under which the Markdown shows them.
pub fn page(title: &str, markdown: &str, figures: &BTreeMap<String, String>) -> String {
    let mut body = String::new();
    pulldown_cmark::html::push_html(&mut body, inline(markdown, figures).into_iter());
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

/// The events of the Markdown with each image replaced by its picture, each table in a box that scrolls, and whatever
/// looks like markup kept as text.
fn inline<'a>(markdown: &'a str, figures: &BTreeMap<String, String>) -> Vec<Event<'a>> {
    let raw = |text: &str| Event::Html(CowStr::from(text.to_owned()));
    let mut within_image = false;
    let mut out = Vec::new();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => {
                within_image = true;
                let svg = figures.get(dest_url.as_ref());
                out.push(raw(svg.unwrap_or_else(|| panic!("no figure is called `{dest_url}`"))));
            }
            Event::End(TagEnd::Image) => within_image = false,
            _ if within_image => {}
            Event::Html(text) | Event::InlineHtml(text) => out.push(Event::Text(text)),
            Event::Start(Tag::Table(_)) => out.extend([raw("<div class=\"wide\">\n"), event]),
            Event::End(TagEnd::Table) => out.extend([event, raw("</div>\n")]),
            event => out.push(event),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_its_figures_and_no_markup_of_the_user() {
        let figures = BTreeMap::from([("figures/a.svg".to_owned(), "<svg>drawn</svg>".to_owned())]);
        let text = "# <b>q</b>\n\n![Figure 1](figures/a.svg)\n\n<script>x</script>\n\n| a |\n| --: |\n| 1 |\n";
        let page = page("<b>q</b>", text, &figures);
        assert!(page.contains("<p><svg>drawn</svg></p>"), "{page}");
        assert!(page.contains("<title>&lt;b&gt;q&lt;/b&gt;</title>"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
        assert!(page.contains("<div class=\"wide\">\n<table>"), "{page}");
        assert!(!page.contains("http"), "nothing is fetched");
    }
}
