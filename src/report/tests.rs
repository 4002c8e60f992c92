//! A whole report, written to a folder.

use super::*;
use crate::base::node::Node;
use crate::base::read;
use sample::rates;

const FILE: &str = "
[[expect]]
name = 'best learning rate'
of = { argmin = 'mean_train_loss', over = 'optimizer.lr', fit = 'parabola' }
published = 0.62
between = [0.45, 0.85]
source = 'Greydanus & Kobak, ICML 2024'
[[expect]]
name = 'loss at 0.01'
of = { mean = 'mean_train_loss', where = { optimizer.lr = 0.01 } }
at_least = 9
[report]
tables = ['markdown', 'latex', 'json']
spread = 'sd'
png = true
";

fn with_report(run: impl Fn(&Report<'_>)) {
    let frame = rates();
    let (summaries, columns) = (frame.summaries(), frame.columns());
    let outline = Outline { axes: &frame.axes, summaries: &summaries, columns: &columns };
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("e.toml", FILE);
    let node = Node::parse(origin, FILE, &mut diagnostics);
    let values = read::table(node.get("report").unwrap(), KEYS, "`[report]`", &mut diagnostics).unwrap();
    let figures = figures(&values, &outline, &mut diagnostics).unwrap();
    let crate::base::node::Data::List(items) = &node.get("expect").unwrap().data else { panic!("an array") };
    let read = |item| {
        let values = read::table(item, expect::EXPECT, "`[[expect]]`", &mut diagnostics)?;
        Expectation::read(&values, &outline, &mut diagnostics)
    };
    let expectations: Vec<Expectation> = items.iter().map(read).collect::<Option<_>>().expect("the file is right");
    run(&Report {
        frame: &frame,
        figures: &figures,
        style: &style(&values),
        expectations: &expectations,
        methods: "Networks of 50 tanh units were trained by SGD.",
        command: "runner experiments/lr_sweep.toml",
        digests: &[("mnist1d".into(), "00ff00ff00ff00ff".into())],
    });
}

#[test]
fn the_folder_has_every_file_and_no_figure_of_an_earlier_run() {
    with_report(|report| {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        files::write(&at("figures/old.svg"), b"old").unwrap();
        files::write(&at("figures/notes.txt"), b"mine").unwrap();
        let outcome = report.write(folder.path()).unwrap();
        assert_eq!(outcome, Outcome { met: 1, missed: 1, pending: 0 });
        let mut found: Vec<String> = Vec::new();
        for folder in [at(""), at("figures")] {
            let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
            found.extend(names);
        }
        found.sort();
        let expected = [
            "curves.csv",
            "curves.png",
            "curves.svg",
            "expectations.csv",
            "figures",
            "metrics.csv",
            "notes.txt",
            "report.html",
            "report.md",
            "summary.csv",
            "summary.json",
            "summary.md",
            "summary.tex",
            "sweep-optimizer.lr.csv",
            "sweep-optimizer.lr.png",
            "sweep-optimizer.lr.svg",
            "timing.csv",
            "trials.csv",
        ];
        assert_eq!(found, expected);
        let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
        let first: Vec<Vec<u8>> =
            found.iter().filter(|n| n.contains('.')).map(|n| read_either(folder.path(), n)).collect();
        report.write(folder.path()).unwrap();
        let again: Vec<Vec<u8>> =
            found.iter().filter(|n| n.contains('.')).map(|n| read_either(folder.path(), n)).collect();
        assert!(first == again, "the same bytes again");
        insta::assert_snapshot!("report", read("report.md"));
        insta::assert_snapshot!("expectations", read("expectations.csv"));
        insta::assert_snapshot!("latex", read("summary.tex"));
        let json: serde_json::Value = serde_json::from_str(&read("summary.json")).unwrap();
        assert_eq!(json.as_array().map(Vec::len), Some(13));
        assert_eq!(json[8]["rank"], 1, "{json}");
        assert!(read("report.html").matches("<svg").count() == 2);
        if let Some(out) = std::env::var_os("REPORT_FIGURES") {
            files::write(&Path::new(&out).join("report.html"), read("report.html").as_bytes()).unwrap();
        }
    });
}

fn read_either(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).or_else(|_| std::fs::read(folder.join("figures").join(name))).unwrap()
}

#[test]
fn the_terminal_has_the_table_then_the_verdicts() {
    with_report(|report| {
        insta::assert_snapshot!("terminal", report.terminal(100, false));
        let coloured = report.terminal(100, true);
        assert!(coloured.contains("\u{1b}[32mmet") && coloured.contains("\u{1b}[31mmissed"), "{coloured}");
    });
}
