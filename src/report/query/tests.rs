//! Questions about frames whose numbers are known.

use super::*;
use crate::report::sample::{Outcome, frame_of, labelled, numeric};

fn frame() -> Frame {
    use Outcome::{Diverged, Done, Pending};
    let axes = [numeric("optimizer.lr", &[0.1, 1.0], true), labelled("schedule", &["constant", "cosine"])];
    let cells: [&[Outcome]; 4] =
        [&[Done(0.5), Done(0.75)], &[Done(1.25), Done(1.5)], &[Diverged(9.0), Done(2.0)], &[Diverged(9.0), Pending]];
    frame_of(&axes, &cells)
}

fn ask(filter: &str, by: &[&str], show: &[&str], sort: &str, format: Format) -> Result<String, String> {
    let texts = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let asked = Asked { filter: some(filter), by: texts(by), show: texts(show), sort: some(sort), limit: None };
    let mut diagnostics = Diagnostics::new();
    let answer = answer(&frame(), &asked, &mut diagnostics);
    assert_eq!(answer.is_some(), diagnostics.is_empty());
    answer.map(|a| a.write(format)).ok_or_else(|| diagnostics.render(false))
}

#[test]
fn a_filter_finds_the_trials_that_it_means() {
    let seeds = |filter: &str| {
        let csv = ask(filter, &[], &["trial"], "", Format::Csv).unwrap();
        csv.lines().skip(1).map(|l| l.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seeds("").len(), 8);
    assert_eq!(seeds("test_loss < 1"), ["00000000", "00000001"]);
    assert_eq!(seeds("optimizer.lr = 1e-1 and schedule = cosine"), ["00010000", "00010001"]);
    assert_eq!(
        seeds("test_loss <= 0.5 or not (seed = 0) and status = done"),
        ["00000000", "00000001", "00010001", "00020001"]
    );
    assert_eq!(seeds("schedule = \"constant\" and seed != 0"), ["00000001", "00020001"]);
    // what is missing is neither more nor less
    assert_eq!(seeds("goal_step > 0 or goal_step <= 0"), ["00000000", "00000001"]);
    assert_eq!(seeds("train_loss < test_loss and status == pending"), [] as [&str; 0]);
}

#[test]
fn groups_and_formats() {
    let all = [
        ask("", &["optimizer.lr"], &["test_loss"], "", Format::Table(100)),
        ask("status = done", &["setting"], &[], "-test_loss", Format::Csv),
        ask("optimizer.lr = 0.1", &["schedule"], &["test_loss", "goal_step"], "", Format::Json),
        ask("", &[], &["test_loss"], "-test_loss", Format::Markdown),
        ask("", &["schedule"], &["test_accuracy"], "", Format::Latex),
        ask("test_loss > 100", &[], &["test_loss"], "", Format::Json),
    ];
    insta::assert_snapshot!(all.map(Result::unwrap).join("\n"));
}

#[test]
fn mistakes_have_their_place_and_the_way_out() {
    let wrong = [
        ("test_lss < 1", &[][..], &[][..], ""),
        ("test_loss < 1 optimizer.lr = 3", &[], &[], ""),
        ("(test_loss < 1", &[], &[], ""),
        ("test_loss", &[], &[], ""),
        ("test_loss < ", &[], &[], ""),
        ("schedule = cosin", &[], &[], ""),
        ("schedule = 'cosine", &[], &[], ""),
        ("test_loss ~ 1", &[], &[], ""),
        ("", &["optimizer.rl"], &["test_los"], "-n_"),
        ("", &["schedule"], &["seed"], "optimizer.lr"),
    ];
    let all: Vec<String> =
        wrong.iter().map(|(f, by, show, sort)| ask(f, by, show, sort, Format::Csv).expect_err(f)).collect();
    insta::assert_snapshot!(all.concat());
}
