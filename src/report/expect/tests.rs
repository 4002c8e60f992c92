//! Expectations read from text and held against frames whose numbers are known.

use super::*;
use crate::base::diagnostics::Diagnostics;
use crate::base::node::Node;
use crate::base::read;
use crate::report::frame::{Axis, Outline};
use crate::report::sample::{Outcome, frame_of, labelled, numeric};

fn parse(of: &str, axes: &[Axis]) -> Result<Expectation, String> {
    let text = format!("name = \"e\"\nof = {of}\nbetween = [0, 1]\n");
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("e.toml", &text);
    let node = Node::parse(origin, &text, &mut diagnostics);
    let names = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let summaries = names(&["train_loss", "test_loss", "test_accuracy", "mean_train_loss", "goal_step"]);
    let outline = Outline { axes, summaries: &summaries, columns: &summaries[..3] };
    let values = read::table(&node, EXPECT, "`[[expect]]`", &mut diagnostics);
    let read = values.and_then(|v| Expectation::read(&v, &outline, &mut diagnostics));
    assert_eq!(read.is_some(), diagnostics.is_empty());
    read.ok_or_else(|| diagnostics.render(false))
}

/// Four rates, log, with these test losses; the last one diverges in one of two seeds.
fn losses() -> Frame {
    use Outcome::{Diverged, Done};
    let axes = [numeric("optimizer.lr", &[0.01, 0.1, 1.0, 10.0], true)];
    let cells: [&[Outcome]; 4] =
        [&[Done(2.0), Done(2.2)], &[Done(0.5), Done(0.7)], &[Done(0.9), Done(1.1)], &[Done(4.0), Diverged(9.0)]];
    frame_of(&axes, &cells)
}

#[test]
fn every_statistic_is_the_number_computed_by_hand() {
    let frame = losses();
    let cases = [
        ("{ mean = 'test_loss', where = { 'optimizer.lr' = 0.01 } }", 2.1),
        ("{ mean = 'test_loss', where = { optimizer.lr = 10 } }", 4.0),
        ("{ median = 'test_loss' }", 1.1),
        ("{ min = 'test_loss' }", 0.5),
        ("{ max = 'test_loss' }", 4.0),
        ("{ sd = 'test_loss', where = { 'optimizer.lr' = 0.1 } }", 0.02_f64.sqrt()),
        ("{ min = 'test_loss', over = 'optimizer.lr' }", 0.6),
        ("{ max = 'test_loss', over = 'optimizer.lr' }", 4.0),
        ("{ argmin = 'test_loss', over = 'optimizer.lr' }", 0.1),
        ("{ argmax = 'test_loss', over = 'optimizer.lr' }", 10.0),
        // three of eight trials have a loss below 1, and so reached the goal
        ("{ share = 'goal_step' }", 0.375),
        ("{ share = 'test_loss', at_most = 1.1 }", 0.5),
        ("{ share = 'test_loss', at_least = 2.2 }", 0.25),
        // halfway between 0.1 and 1 in the logarithm
        ("{ mean = 'test_loss', at = { 'optimizer.lr' = 0.31622776601683794 } }", 0.8),
        (
            "{ mean = 'test_loss', at = { 'optimizer.lr' = 0.01 }, minus = { mean = 'test_loss', at = { 'optimizer.lr' = 1 } } }",
            1.1,
        ),
        (
            "{ max = 'test_loss', over = 'optimizer.lr', divided_by = { min = 'test_loss', over = 'optimizer.lr' } }",
            4.0 / 0.6,
        ),
        ("{ mean = 'test_loss', where = { optimizer.lr = [0.1, 1] } }", 0.8),
        (
            "{ max = 'test_loss', over = 'optimizer.lr', where = { optimizer.lr = { at_least = 0.05, at_most = 1 } } }",
            1.0,
        ),
        // ranks 3, 1, 2, 4 of the means 2.1, 0.6, 1.0, 4.0
        ("{ correlation = 'test_loss', over = 'optimizer.lr' }", 0.4),
        // the sample falls from 2.3 towards the last loss, or rises to it: 3 of the 7 rise all along
        ("{ correlation = 'test_loss', over = 'step', where = { optimizer.lr = 0.1 } }", -1.0),
        // at evaluation i of 20 steps each the loss is L + (2.3 - L) exp(-0.4 i): below 1.5 from i = 2 on for 0.5, for 0.7 from i = 2 on
        ("{ mean = 'step', when = { test_loss = 1.5 }, where = { optimizer.lr = 0.1 } }", 40.0),
        ("{ mean = 'epoch', when = { test_loss = 1.5 }, where = { optimizer.lr = 0.1 } }", 0.5),
        (
            "{ mean = 'step', when = { test_loss = 0.8 }, where = { optimizer.lr = 0.1 }, divided_by = { mean = 'step', when = { train_loss = 0.8 }, where = { optimizer.lr = 0.1 } } }",
            1.2,
        ),
        ("{ share = 'step', when = { test_loss = 0.6 } }", 0.125),
        ("{ share = 'test_loss', when = { test_loss = 1.5 }, at_most = 1.35 }", 0.25),
    ];
    for (of, expected) in cases {
        let expectation = parse(of, &frame.axes).unwrap();
        let measured = expectation.judge(&frame).measured.unwrap();
        assert!((measured - expected).abs() < 1e-12, "{of}: {measured}, by hand {expected}");
    }
}

#[test]
fn the_parabola_finds_the_minimum_between_the_rates() {
    // the loss is a parabola in ln lr with its minimum at 0.3
    let rates = [0.01, 0.05, 0.2, 0.9, 3.0];
    let loss = |x: f64| 0.5 + 0.1 * libm::pow(libm::log(x / 0.3), 2.0);
    let outcomes: Vec<[Outcome; 1]> = rates.iter().map(|x| [Outcome::Done(loss(*x))]).collect();
    let cells: Vec<&[Outcome]> = outcomes.iter().map(|o| o.as_slice()).collect();
    let frame = frame_of(&[numeric("optimizer.lr", &rates, true)], &cells);
    let of = |fit: &str| format!("{{ argmin = 'test_loss', over = 'optimizer.lr'{fit} }}");
    let measured = |fit| parse(&of(fit), &frame.axes).unwrap().judge(&frame).measured.unwrap();
    assert_eq!(measured(""), 0.2);
    assert!((measured(", fit = 'parabola'") - 0.3).abs() < 1e-12);
    // at the end of the axis there is no neighbour on one side: the grid's value stands
    let rising =
        frame_of(&[numeric("optimizer.lr", &[0.1, 1.0], true)], &[&[Outcome::Done(1.0)], &[Outcome::Done(2.0)]]);
    let at_the_end = parse(&of(", fit = 'parabola'"), &rising.axes).unwrap();
    assert_eq!(at_the_end.judge(&rising).measured, Some(0.1));
}

#[test]
fn the_verdict_waits_for_missing_trials_and_is_missed_when_all_diverged() {
    use Outcome::{Diverged, Done, Failed, Pending};
    let verdict = |outcomes: &[Outcome], of: &str| {
        let frame = frame_of(&[], &[outcomes]);
        parse(of, &[]).unwrap().judge(&frame).verdict
    };
    let mean = "{ mean = 'test_loss' }";
    assert_eq!(verdict(&[Done(0.5), Done(1.0)], mean), Verdict::Met);
    assert_eq!(verdict(&[Done(1.5), Done(1.0)], mean), Verdict::Missed);
    assert_eq!(verdict(&[Done(0.5), Pending], mean), Verdict::Pending);
    assert_eq!(verdict(&[Done(0.5), Failed], mean), Verdict::Pending);
    assert_eq!(verdict(&[Diverged(1.0), Diverged(1.0)], mean), Verdict::Missed);
    assert_eq!(verdict(&[Done(0.5)], "{ sd = 'test_loss' }"), Verdict::Pending);
    assert_eq!(verdict(&[Diverged(0.5), Done(0.5)], "{ share = 'test_loss', at_most = 0.5 }"), Verdict::Met);
}

#[test]
fn mistakes_have_their_place_and_the_way_out() {
    let axes = [numeric("optimizer.lr", &[0.1, 1.0], true), labelled("schedule", &["constant", "cosine"])];
    let wrong = [
        "{ meen = 'test_loss' }",
        "{ mean = 'tset_loss' }",
        "{ mean = 'test_loss', median = 'test_loss' }",
        "{ over = 'optimizer.lr' }",
        "{ argmin = 'test_loss' }",
        "{ argmin = 'test_loss', over = 'optimizer.rl', where = { schedule = 'cosine' } }",
        "{ argmin = 'test_loss', over = 'optimizer.lr' }",
        "{ argmin = 'test_loss', over = 'schedule', where = { 'optimizer.lr' = 1 } }",
        "{ mean = 'test_loss', where = { schedule = 'cosin', optimizer.lr = 0.2 } }",
        "{ mean = 'test_loss', at = { optimizer.lr = 2 }, where = { schedule = 'cosine' } }",
        "{ mean = 'test_loss', at = { optimizer.lr = 'x' }, where = { schedule = 'cosine' } }",
        "{ mean = 'test_loss', over = 'optimizer.lr' }",
        "{ share = 'test_loss', at_least = 2, at_most = 1 }",
        "{ mean = 'test_loss', minus = { optimizer.lr = 1 } }",
        "{ mean = 'test_loss', minus = { mean = 'test_loss' }, divided_by = { mean = 'test_los' } }",
        "{ mean = 'step' }",
        "{ mean = 'goal_step', when = { train_acuracy = 0.99 } }",
        "{ mean = 'test_loss', when = {} }",
        "{ correlation = 'test_loss' }",
        "{ correlation = 'test_loss', over = 'schedule', where = { optimizer.lr = 1 } }",
        "{ mean = 'test_loss', where = { optimizer.lr = { at_least = 2 } } }",
        "{ mean = 'test_loss', where = { optimizer.lr = [], schedule = ['constant', 'cosin'] } }",
        "{ mean = 'test_loss', where = { optimizer.lr = { at_least = '2' } } }",
    ];
    let all: Vec<String> = wrong.iter().map(|of| parse(of, &axes).expect_err(of)).collect();
    insta::assert_snapshot!(all.concat());
}

#[test]
fn the_band_has_exactly_one_form() {
    let read = |band: &str| {
        let text = format!("name = \"e\"\nof = {{ mean = \"test_loss\" }}\n{band}\n");
        let mut diagnostics = Diagnostics::new();
        let origin = diagnostics.origin("e.toml", &text);
        let node = Node::parse(origin, &text, &mut diagnostics);
        let outline = Outline { axes: &[], summaries: &["test_loss".to_owned()], columns: &[] };
        let values = read::table(&node, EXPECT, "`[[expect]]`", &mut diagnostics).unwrap();
        Expectation::read(&values, &outline, &mut diagnostics).map(|e| (e.band(), e.low, e.high))
    };
    assert_eq!(read("between = [0.45, 0.85]"), Some(("0.45 to 0.85".into(), 0.45, 0.85)));
    assert_eq!(read("at_least = 2"), Some(("at least 2".into(), 2.0, f64::INFINITY)));
    assert_eq!(read("at_most = 2"), Some(("at most 2".into(), f64::NEG_INFINITY, 2.0)));
    assert_eq!(read("at_least = 1\nat_most = 2").map(|e| e.0), Some("1 to 2".into()));
    for wrong in ["", "between = [2, 1]", "between = [1, 2]\nat_most = 3"] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[test]
fn the_interval_over_seeds_is_that_of_the_mean_and_none_of_two_seeds() {
    let losses: Vec<f64> = (0..20).map(|i| 0.5 + 0.01 * f64::from(i)).collect();
    let outcomes: Vec<Outcome> = losses.iter().map(|x| Outcome::Done(*x)).collect();
    let frame = frame_of(&[], &[&outcomes]);
    let expectation = parse("{ mean = 'test_loss' }", &[]).unwrap();
    let judged = expectation.judge(&frame);
    let (low, high) = judged.interval.unwrap();
    // sd = 0.01 sqrt(35), and the mean of 20 has 1 / sqrt(20) of what the population of these 20 has
    let half = 1.96 * 0.01 * ((20.0_f64 * 20.0 - 1.0) / 12.0).sqrt() / 20.0_f64.sqrt();
    assert!((low - (0.595 - half)).abs() < 0.2 * half && (high - (0.595 + half)).abs() < 0.2 * half, "{low} {high}");
    assert_eq!(judged.n, 20);
    let ratio = parse("{ mean = 'test_loss', divided_by = { mean = 'test_loss' } }", &[]).unwrap();
    assert_eq!(ratio.judge(&frame).interval, Some((1.0, 1.0)), "both numbers of the same drawn seeds");
    let two = frame_of(&[], &[&outcomes[..2]]);
    assert_eq!(expectation.judge(&two).interval, None);
}

#[test]
fn rank_correlations_are_those_of_scipy() {
    use crate::report::spread::spearman;
    // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) and ([1, 2, 2, 3], [1, 3, 2, 4])
    let near = |x: Option<f64>, y: f64| assert!((x.unwrap() - y).abs() < 1e-12, "{x:?} {y}");
    near(spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]), 0.820_782_681_668_123_3);
    near(spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 3.0, 2.0, 4.0]), 0.948_683_298_050_513_8);
    assert_eq!(spearman(&[1.0, 2.0], &[3.0, 3.0]), None);
}

#[test]
fn a_number_of_some_trials_says_of_how_many() {
    let all = [Outcome::Done(1.0), Outcome::Done(2.0), Outcome::Done(3.0)];
    let some = [Outcome::Done(1.0), Outcome::Diverged(9.0), Outcome::Done(3.0)];
    let expectation = parse("{ max = 'test_loss' }", &[]).unwrap();
    let titles = |outcomes: &[Outcome]| {
        let frame = frame_of(&[], &[outcomes]);
        let judged = [expectation.judge(&frame)];
        let columns = columns(&judged);
        columns.iter().find(|c| c.title == "trials").map(|c| c.cells.clone())
    };
    assert_eq!(titles(&all), None);
    assert_eq!(titles(&some), Some(vec!["2 of 3".to_owned()]));
}
