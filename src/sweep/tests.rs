//! Sweeps as they are written, and the settings that they come to.

use crate::base::diagnostics::Diagnostics;
use crate::base::node::Node;
use crate::base::read;
use crate::base::values::Item;

use super::space::Space;
use super::{KEYS, SEEDS};

fn space(text: &str) -> Result<Space, String> {
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("t.toml", text);
    let root = Node::parse(origin, text, &mut diagnostics);
    let sweep = root.get("sweep").expect("a sweep");
    let section = read::table(sweep, KEYS, "`[sweep]`", &mut diagnostics);
    let seeds = root.get("seeds").expect("seeds");
    let value = read::value(seeds, &SEEDS, "`seeds`", &mut diagnostics).expect("right seeds");
    let seeds = Item { place: seeds.place, value };
    let space = section.and_then(|section| Space::new(&section, &seeds, &root, &mut diagnostics));
    space.filter(|_| diagnostics.is_empty()).ok_or_else(|| diagnostics.render(false))
}

/// The labels of every setting of a sweep in a file with an optimizer.
fn labels(sweep: &str) -> Vec<String> {
    let text = format!("seeds = 1\n[optimizer]\ntype = \"sgd\"\nlr = 0.1\n{sweep}");
    let space = space(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let label = |cell: &Vec<usize>| {
        let labels = space.axes.iter().zip(cell).map(|(axis, at)| axis.points[*at].label.as_str());
        labels.collect::<Vec<_>>().join(" ")
    };
    space.cells.iter().map(label).collect()
}

#[test]
fn a_grid_varies_its_last_axis_fastest() {
    assert_eq!(labels("[sweep.axes]\na = [1, 2]\nb = [3, 4]\n"), ["1 3", "1 4", "2 3", "2 4"]);
    assert_eq!(labels("[sweep]\n"), [""]);
}

#[test]
fn keys_go_together_in_a_zip_and_within_a_grid() {
    assert_eq!(labels("[sweep]\nstrategy = \"zip\"\naxes = { a = [1, 2], b = [3, 4] }\n"), ["1 3", "2 4"]);
    // a value that stands there twice is one value of its axis
    assert_eq!(
        labels("[sweep.axes]\n\"a, b\" = [[1, 3], [1, 4], [2, 4]]\nc = [5, 6]\n"),
        ["1 3 5", "1 3 6", "1 4 5", "1 4 6", "2 4 5", "2 4 6"]
    );
}

#[test]
fn listed_settings_leave_what_they_do_not_name() {
    let list =
        "[sweep.strategy]\ntype = \"list\"\n[[sweep.strategy.settings]]\na = 1\n[[sweep.strategy.settings]]\nb = 2\n";
    assert_eq!(labels(list), ["1 -", "- 2"]);
    assert_eq!(labels(&format!("{list}[sweep.axes]\nc = [3, 4]\n")), ["1 - 3", "1 - 4", "- 2 3", "- 2 4"]);
}

#[test]
fn blocks_are_united_and_what_they_share_is_one_setting() {
    let blocks = "[[sweep.blocks]]\naxes = { a = [1, 2], b = [3] }\n[[sweep.blocks]]\naxes = { b = [3, 4], a = [2] }\n";
    assert_eq!(labels(blocks), ["1 3", "2 3", "2 4"]);
    assert_eq!(labels(&format!("[sweep]\naxes = {{ c = [0] }}\n{blocks}")), ["0 - -", "- 1 3", "- 2 3", "- 2 4"]);
}

#[test]
fn conditions_are_about_axes_what_stands_below_them_and_the_file() {
    let axes = "[sweep.axes]\noptimizer = [{ type = \"sgd\", lr = 1, label = \"mine\" }, \"adamw\"]\na = [1, 2]\n";
    let exclude = |condition: &str| labels(&format!("{axes}[[sweep.exclude]]\n{condition}\n"));
    assert_eq!(exclude("\"optimizer.type\" = \"sgd\"\na = 2"), ["mine 1", "adamw 1", "adamw 2"]);
    assert_eq!(exclude("optimizer = \"mine\"\na = [1.0, 2]"), ["adamw 1", "adamw 2"]);
    assert_eq!(exclude("optimizer = \"adamw\""), ["mine 1", "mine 2"]);
    assert_eq!(exclude("\"optimizer.lr\" = 1.0"), ["adamw 1", "adamw 2"]);
    let when = "[[sweep.when]]\nif = { \"optimizer.type\" = \"sgd\" }\naxes = { m = [0.0, 0.9] }\n";
    assert_eq!(
        labels(&format!("{axes}{when}")),
        ["mine 1 0.0", "mine 1 0.9", "mine 2 0.0", "mine 2 0.9", "adamw 1 -", "adamw 2 -"]
    );
    let both = format!("{axes}{when}[[sweep.exclude]]\nm = 0.9\na = 1\n");
    assert_eq!(labels(&both), ["mine 1 0.0", "mine 2 0.0", "mine 2 0.9", "adamw 1 -", "adamw 2 -"]);
}

fn numbers(sweep: &str) -> Vec<Vec<f64>> {
    let space = space(&format!("seeds = 1\n{sweep}")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for axis in &space.axes {
        let numbers: Vec<f64> = axis.points.iter().filter_map(super::axes::Point::number).collect();
        assert!(numbers.windows(2).all(|w| w[0] < w[1]), "the values of an axis rise: {numbers:?}");
    }
    let number = |(axis, at): (&super::axes::Axis, &usize)| axis.points[*at].number().expect("a number");
    space.cells.iter().map(|cell| space.axes.iter().zip(cell).map(number).collect()).collect()
}

const DRAWN: &str =
    "axes = { a = { log = [1e-4, 1.0] }, b = { linear = [1, 6] }, c = [10, 20, 30], d = { linear = [-1.0, 1.0] } }\n";

/// Mean and variance of uniform draws, 6 standard errors wide.
#[test]
fn random_settings_have_the_distributions_of_their_axes() {
    let n = 4000;
    let drawn = numbers(&format!("[sweep]\nstrategy = {{ type = \"random\", count = {n} }}\n{DRAWN}"));
    assert_eq!(drawn.len(), n);
    let check = |x: Vec<f64>, mean: f64, variance: f64| {
        let found = x.iter().sum::<f64>() / n as f64;
        assert!((found - mean).abs() < 6.0 * libm::sqrt(variance / n as f64), "mean {found} instead of {mean}");
        let spread = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
        assert!((spread / variance - 1.0).abs() < 0.1, "variance {spread} instead of {variance}");
    };
    let axis = |i: usize| drawn.iter().map(|setting| setting[i]).collect::<Vec<f64>>();
    check(axis(0).into_iter().map(libm::log10).collect(), -2.0, 16.0 / 12.0);
    check(axis(1), 3.5, 35.0 / 12.0);
    check(axis(2), 20.0, 200.0 / 3.0);
    check(axis(3), 0.0, 4.0 / 12.0);
}

#[test]
fn more_random_settings_begin_with_the_same_ones() {
    let of = |strategy: &str, axes: &str| {
        numbers(&format!("[sweep]\nstrategy = {{ type = \"random\", {strategy} }}\n{axes}"))
    };
    let (few, many) = (of("count = 5", DRAWN), of("count = 50", DRAWN));
    assert_eq!(few, many[..5]);
    assert_ne!(few, of("count = 5, seed = 1", DRAWN));
    // another axis changes nobody's values
    let alone = of("count = 5", "axes = { a = { log = [1e-4, 1.0] } }\n");
    assert_eq!(alone.concat(), few.iter().map(|setting| setting[0]).collect::<Vec<_>>());
    // all combinations there are, each once
    let mut all = of("count = 6", "axes = { a = [1, 2], b = { linear = [1, 3] } }\n");
    all.sort_by(|x, y| x.partial_cmp(y).expect("numbers"));
    assert_eq!(all, [[1.0, 1.0], [1.0, 2.0], [1.0, 3.0], [2.0, 1.0], [2.0, 2.0], [2.0, 3.0]]);
}

/// `scipy.stats.qmc.Sobol(2, scramble=False).random(8)`, scaled by hand.
#[test]
fn sobol_settings_are_the_points_of_the_sequence_on_the_axes() {
    let sweep = "[sweep]\nstrategy = { type = \"sobol\", count = 8 }\naxes = { a = { linear = [0.0, 8.0] }, b = [1, 2, 3, 4] }\n";
    let expected = [[0.0, 1.0], [4.0, 3.0], [6.0, 2.0], [2.0, 4.0], [3.0, 2.0], [7.0, 4.0], [5.0, 1.0], [1.0, 3.0]];
    assert_eq!(numbers(sweep), expected);
}

#[test]
fn sweeps_of_a_trillion_are_refused_at_once() {
    let wide = "axes = { a = { linear = [0.0, 1.0], count = 100000 }, b = { linear = [0.0, 1.0], count = 100000 } }\n";
    for sweep in [
        format!("[sweep]\n{wide}"),
        format!("[sweep]\nstrategy = {{ type = \"random\", count = 1_000_000_000_000 }}\n{DRAWN}"),
        format!("[sweep]\nstrategy = {{ type = \"sobol\", count = 1_000_000_000_000 }}\n{DRAWN}"),
        format!("[sweep]\n{wide}[[sweep.exclude]]\na = 0.0\n"),
        format!("[sweep]\naxes = {{ o = [1] }}\n[[sweep.when]]\nif = {{ o = 1 }}\n{wide}"),
        format!("[[sweep.blocks]]\naxes = {{ o = [1] }}\n[[sweep.blocks]]\n{wide}"),
    ] {
        let mistakes = space(&format!("seeds = 100\n{sweep}")).expect_err("too many");
        assert!(mistakes.contains("the sweep has more than 1000000 trials"), "{mistakes}");
    }
}
