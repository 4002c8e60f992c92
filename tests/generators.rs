//! The sources that make their rows, held against closed forms, scikit-learn's figures and the tables they stand for; and
//! what every source can be asked for, held against what its documentation says of it.

mod common;

use common::value;
use runner::base::diagnostics::Diagnostics;
use runner::base::key::Kind;
use runner::base::random::Seeds;
use runner::base::values::{Chosen, Value};
use runner::data::{self, COMMON, Cache, Dataset, Folders, Labels, Outline, Prepared, SOURCES};

fn chosen(text: &str) -> Chosen {
    let kind = Kind::Member { registry: || &*SOURCES, common: COMMON };
    match value(text, &kind) {
        Ok(Value::Member(chosen)) => chosen,
        other => panic!("{text}: {other:?}"),
    }
}

/// The parts of a section for a seed; their sizes and shapes are those of the outline.
#[track_caller]
fn parts(text: &str, seed: u64) -> Prepared {
    parts_in(text, seed, &Folders::default())
}

#[track_caller]
fn parts_in(text: &str, seed: u64, folders: &Folders) -> Prepared {
    let chosen = chosen(text);
    let mut diagnostics = Diagnostics::new();
    let outline = data::outline(&chosen, folders, &mut diagnostics);
    let outline = outline.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"));
    let prepared = data::prepared(&chosen, folders, Seeds::new(seed), &Cache::new(1)).expect("rows");
    let Outline { shape, target, train, validation, test, series } = outline;
    assert_eq!(prepared.train.rows(), train, "{text}: training rows");
    assert_eq!(prepared.validation.as_ref().map_or(0, |data| data.rows()), validation, "{text}: validation rows");
    assert_eq!(prepared.test.rows(), test, "{text}: test rows");
    for data in prepared.parts() {
        assert_eq!((&data.shape, data.labels.target(), data.series), (&shape, target, series), "{text}");
        assert_eq!(data.x.len(), data.rows() * shape.width(), "{text}");
        assert!(data.x.iter().all(|x| x.is_finite()), "{text}: not all inputs are finite");
    }
    prepared
}

fn mistakes(text: &str) -> usize {
    let mut diagnostics = Diagnostics::new();
    assert!(data::outline(&chosen(text), &Folders::default(), &mut diagnostics).is_none(), "{text} is right");
    diagnostics.count()
}

fn classes(data: &Dataset) -> &[u32] {
    match &data.labels {
        Labels::Classes { of, .. } => of,
        other => panic!("classes, not {other:?}"),
    }
}

fn targets(data: &Dataset) -> Vec<f64> {
    match &data.labels {
        Labels::Values { of, .. } => of.iter().map(|y| f64::from(*y)).collect(),
        other => panic!("values, not {other:?}"),
    }
}

fn rows(data: &Dataset) -> Vec<Vec<f64>> {
    data.x.chunks(data.shape.width()).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

fn counts(data: &Dataset, of: usize) -> Vec<usize> {
    (0..of).map(|class| classes(data).iter().filter(|c| **c as usize == class).count()).collect()
}

/// Mean and variance.
fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
}

#[track_caller]
fn near(ours: f64, theirs: f64, error: f64) {
    assert!((ours - theirs).abs() <= error, "{ours}, not {theirs} within {error}");
}

#[test]
fn rows_follow_their_seed_and_more_rows_contain_fewer() {
    for name in ["parity", "spirals", "moons", "circles", "blobs", "regression", "teacher", "friedman"] {
        let of = |train: usize, more: &str, seed| {
            parts(&format!("{{ type = \"{name}\", train = {train}, test = 50{more} }}"), seed)
        };
        let (one, two) = (of(100, "", 1), of(100, "", 2));
        assert_ne!(one.train.x, two.train.x, "{name}: every trial has its own rows");
        assert_ne!(one.train.x[..50], one.test.x[..50], "{name}: training and test rows differ");
        let (pinned, again) = (of(100, ", seed = 1", 7), of(100, ", seed = 1", 8));
        assert_eq!(
            (&pinned.train, &pinned.test),
            (&again.train, &again.test),
            "{name}: trials share the rows of a seed"
        );
        assert_eq!(pinned.train, one.train, "{name}: the trial's seed is a seed");
        let many = of(150, "", 1);
        assert_eq!(many.train.x[..one.train.x.len()], one.train.x, "{name}: more rows contain the fewer");
        assert_eq!(many.test, one.test, "{name}: test rows do not depend on the training rows");
    }
}

#[test]
fn parity_is_the_product_of_the_first_bits() {
    let data = parts("{ type = \"parity\", train = 20000, bits = 12, degree = 3 }", 0).train;
    for (row, class) in rows(&data).iter().zip(classes(&data)) {
        assert!(row.iter().all(|x| x.abs() == 1.0));
        assert_eq!(row[..3].iter().product::<f64>(), 2.0 * f64::from(*class) - 1.0);
    }
    // four deviations of a mean of 20,000 signs
    let bound = 4.0 / f64::sqrt(20_000.0);
    near(classes(&data).iter().map(|c| 2.0 * f64::from(*c) - 1.0).sum::<f64>() / 20_000.0, 0.0, bound);
    for bit in 0..12 {
        let signs = rows(&data).into_iter().zip(classes(&data)).map(|(row, c)| (row[bit], 2.0 * f64::from(*c) - 1.0));
        near(signs.clone().map(|(x, _)| x).sum::<f64>() / 20_000.0, 0.0, bound);
        // no bit alone tells anything of the class
        near(signs.map(|(x, y)| x * y).sum::<f64>() / 20_000.0, 0.0, bound);
    }
    assert_eq!(mistakes("{ type = \"parity\", bits = 3, degree = 4 }"), 1);
}

#[test]
fn modular_is_a_table_of_all_pairs() {
    // the operation, and what must be the class times b, or the class, modulo p
    let operations: [(&str, fn(u64, u64) -> u64); 6] = [
        ("add", |a, b| a + b),
        ("subtract", |a, b| a + 13 * 13 - b),
        ("multiply", |a, b| a * b),
        ("squares", |a, b| a.pow(2) + b.pow(2)),
        ("quadratic", |a, b| a.pow(2) + a * b + b.pow(2)),
        ("cubic", |a, b| a.pow(3) + a * b),
    ];
    for (name, result) in operations.into_iter().chain([("divide", (|a, _| a) as fn(u64, u64) -> u64)]) {
        let found = parts(&format!("{{ type = \"modular\", p = 13, operation = \"{name}\", fraction = 0.3 }}"), 5);
        let mut seen = Vec::new();
        for data in [&found.train, &found.test] {
            for (row, class) in rows(data).iter().zip(classes(data)) {
                let hot = |half: &[f64]| {
                    assert_eq!(half.iter().sum::<f64>(), 1.0);
                    half.iter().position(|x| *x == 1.0).expect("one is hot") as u64
                };
                let (a, b) = (hot(&row[..13]), hot(&row[13..]));
                seen.push((a, b));
                let class = u64::from(*class);
                let class = if name == "divide" { class * b } else { class };
                assert_eq!(class % 13, result(a, b) % 13, "{a} {name} {b}");
            }
        }
        let pairs = if name == "divide" { 13 * 12 } else { 13 * 13 };
        assert_eq!(found.train.rows(), (0.3 * f64::from(pairs)).round() as usize, "{name}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), pairs as usize, "{name}: every pair once");
    }
    let of = |seed| parts("{ type = \"modular\", p = 13 }", seed).train;
    assert_ne!(of(0).x, of(1).x, "every trial has its own pairs");
    assert_eq!(mistakes("{ type = \"modular\", p = 12, operation = \"divide\" }"), 1);
    assert_eq!(mistakes("{ type = \"modular\", p = 12, fraction = 1 }"), 1);
}

#[test]
fn moons_circles_and_spirals_lie_where_they_should() {
    let moons = parts("{ type = \"moons\", noise = 0, train = 999 }", 0).train;
    assert_eq!(counts(&moons, 2), [500, 499]);
    for (row, class) in rows(&moons).iter().zip(classes(&moons)) {
        let (x, y) = if *class == 0 { (row[0], row[1]) } else { (1.0 - row[0], 0.5 - row[1]) };
        near(x.hypot(y), 1.0, 1e-6);
        assert!(y >= -1e-6, "the upper half of the circle");
    }
    let circles = parts("{ type = \"circles\", noise = 0, factor = 0.3 }", 0).train;
    assert_eq!(counts(&circles, 2), [500, 500]);
    for (row, class) in rows(&circles).iter().zip(classes(&circles)) {
        near(row[0].hypot(row[1]), if *class == 0 { 1.0 } else { 0.3 }, 1e-6);
    }
    let spirals = parts("{ type = \"spirals\", noise = 0, classes = 3, turns = 1.5, train = 3000 }", 0).train;
    assert_eq!(counts(&spirals, 3), [1000, 1000, 1000]);
    for (row, class) in rows(&spirals).iter().zip(classes(&spirals)) {
        let t = (13.0 * row[0].hypot(row[1]) - 1.0) / 12.0;
        let angle = 2.0 * std::f64::consts::PI * (1.5 * t + f64::from(*class) / 3.0);
        near(row[0], row[0].hypot(row[1]) * angle.cos(), 1e-5);
        near(row[1], row[0].hypot(row[1]) * angle.sin(), 1e-5);
    }
    // the noise is added to the circle, so the mean square radius is 1 + 2 noise^2
    let noisy = parts("{ type = \"circles\", noise = 0.5, factor = 0, train = 40000 }", 0).train;
    let squares: Vec<f64> = rows(&noisy).iter().step_by(2).map(|row| row[0].powi(2) + row[1].powi(2)).collect();
    near(moments(&squares).0, 1.5, 0.04);
}

#[test]
fn blobs_have_their_centres_and_deviation() {
    let data = parts(
        "{ type = \"blobs\", classes = 4, features = 3, deviation = 0.5, center_box = [2, 3], train = 40000 }",
        0,
    );
    assert_eq!(counts(&data.train, 4), [10_000; 4]);
    for class in 0..4 {
        for feature in 0..3 {
            let of = |data: &Dataset| -> Vec<f64> {
                rows(data).iter().skip(class).step_by(4).map(|row| row[feature]).collect()
            };
            let (mean, variance) = moments(&of(&data.train));
            assert!((1.98..3.02).contains(&mean));
            near(variance, 0.25, 0.02);
            near(moments(&of(&data.test)).0, mean, 0.15);
        }
    }
}

#[test]
fn regression_is_linear_in_the_informative_inputs() {
    let text = "{ type = \"regression\", features = 6, informative = 3, outputs = 2, noise = 0, train = 6 }";
    let solve = |seed| {
        let data = parts(text, seed).train;
        // six rows determine six coefficients
        let (mut a, y) = (rows(&data), targets(&data));
        a.iter_mut().zip(y.chunks(2)).for_each(|(row, y)| row.push(y[0]));
        eliminate(a)
    };
    let w = solve(0);
    assert!(w[..3].iter().all(|w| w.abs() > 1e-3) && w[3..].iter().all(|w| w.abs() < 1e-4), "{w:?}");
    assert!(solve(1)[..3].iter().zip(&w).all(|(a, b)| (a - b).abs() > 1e-6), "fresh coefficients for every seed");
    // over seeds the signal has variance 1, and the noise adds its own
    let all: Vec<f64> = (0..200)
        .flat_map(|seed| {
            targets(&parts("{ type = \"regression\", features = 10, noise = 0.5, train = 100 }", seed).train)
        })
        .collect();
    let (mean, variance) = moments(&all);
    near(mean, 0.0, 0.05);
    near(variance, 1.25, 0.15);
}

/// Solves a linear system, the right side in the last column.
fn eliminate(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for i in 0..n {
        let pivot = (i..n).max_by(|p, q| a[*p][i].abs().total_cmp(&a[*q][i].abs())).expect("rows are left");
        a.swap(i, pivot);
        for j in (0..n).filter(|j| *j != i) {
            let factor = a[j][i] / a[i][i];
            for k in i..=n {
                a[j][k] -= factor * a[i][k];
            }
        }
    }
    (0..n).map(|i| a[i][n] / a[i][i]).collect()
}

#[test]
fn a_teacher_labels_its_rows() {
    let linear = parts("{ type = \"teacher\", features = 5, activation = \"linear\", train = 5, test = 5 }", 3);
    // a linear teacher's coefficients, found from the training rows, predict the test rows
    let system = |data: &Dataset| -> Vec<Vec<f64>> {
        rows(data)
            .into_iter()
            .zip(targets(data))
            .map(|(mut row, y)| {
                row.push(y);
                row
            })
            .collect()
    };
    let w = eliminate(system(&linear.train));
    for (row, y) in rows(&linear.test).iter().zip(targets(&linear.test)) {
        near(row.iter().zip(&w).map(|(x, w)| x * w).sum(), y, 1e-3);
    }
    let data = parts("{ type = \"teacher\", features = 8, units = 20, classes = 3, train = 30000 }", 0).train;
    assert!(counts(&data, 3).iter().all(|n| *n > 1000), "{:?}", counts(&data, 3));
    let (mean, variance) = moments(&rows(&data).concat());
    near(mean, 0.0, 0.01);
    near(variance, 1.0, 0.02);
    // tanh and erf are odd, so the outputs have mean 0; a rectifier's mean square is half its input's
    let odd = parts("{ type = \"teacher\", activation = \"erf\", train = 20000 }", 0).train;
    near(moments(&targets(&odd)).0, 0.0, 0.03);
    assert_eq!(mistakes("{ type = \"teacher\", outputs = 4, classes = 3 }"), 1);
}

#[test]
fn sinusoids_have_their_frequencies() {
    let text = "{ type = \"sinusoids\", frequencies = [3, 7], amplitudes = [1, 0.5], train = 65, test = 64 }";
    let found = parts(text, 0);
    near(rows(&found.train)[1][0], 1.0 / 64.0, 1e-7);
    near(rows(&found.test)[0][0], 0.5 / 64.0, 1e-7);
    for (data, n) in [(&found.train, 64), (&found.test, 64)] {
        for k in 0..32 {
            let (mut re, mut im) = (0.0, 0.0);
            for (row, y) in rows(data).iter().zip(targets(data)).take(n) {
                let angle = 2.0 * std::f64::consts::PI * f64::from(k) * row[0];
                (re, im) = (re + y * angle.cos(), im + y * angle.sin());
            }
            let amplitude = re.hypot(im) * 2.0 / n as f64;
            near(
                amplitude,
                match k {
                    3 => 1.0,
                    7 => 0.5,
                    _ => 0.0,
                },
                1e-5,
            );
        }
    }
    assert_ne!(targets(&parts(text, 1).train), targets(&found.train), "every seed has its phases");
    assert_eq!(mistakes("{ type = \"sinusoids\", amplitudes = [1] }"), 1);
    assert_eq!(mistakes("{ type = \"sinusoids\", frequencies = [] }"), 1);
}

/// Means and deviations of four million rows of scikit-learn 1.9's `make_friedman1` to `3` without noise.
#[test]
fn friedman_has_the_moments_of_scikit_learn() {
    for (problem, width, mean, deviation) in
        [(1, 10, 14.4186, 4.8807), (2, 4, 479.642, 379.032), (3, 4, 1.32397, 0.316417)]
    {
        let text =
            |noise: f64| format!("{{ type = \"friedman\", problem = {problem}, train = 200000, noise = {noise} }}");
        let data = parts(&text(0.0), 0).train;
        assert_eq!(data.shape.width(), width);
        let (ours, variance) = moments(&targets(&data));
        near(ours, mean, deviation * 0.01);
        near(variance.sqrt(), deviation, deviation * 0.01);
        let (_, noisy) = moments(&targets(&parts(&text(deviation), 0).train));
        near(noisy.sqrt(), deviation * std::f64::consts::SQRT_2, deviation * 0.02);
    }
}

/// 60 rows of two numbers in three classes: 30, 20 and 10 of them, mixed.
fn sixty(more: &str) -> String {
    let class = |i: usize| [0, 1, 0, 2, 0, 1][i % 6];
    let inputs: Vec<String> = (0..60).map(|i| format!("[{i}, {}]", 100 + i * i)).collect();
    let targets: Vec<String> = (0..60).map(|i| class(i).to_string()).collect();
    let test = "test_inputs = [[1000, 1001], [1002, 1003]], test_targets = [0, 1]";
    format!(
        "{{ type = \"table\", inputs = [{}], targets = [{}], {test}{more} }}",
        inputs.join(", "),
        targets.join(", ")
    )
}

/// The numbers of the rows of a part of [`sixty`].
fn numbers(data: &Dataset) -> Vec<usize> {
    rows(data).iter().map(|row| row[0] as usize).collect()
}

#[test]
fn folds_are_disjoint_and_keep_the_classes() {
    let mut all = Vec::new();
    for fold in 0..4 {
        let found = parts(&sixty(&format!(", folds = 4, fold = {fold}, validation = 5")), 3);
        // whichever the seed: 15 rows, of which 7 or 8, 5, and 2 or 3 of the classes
        assert_eq!(found.test, parts(&sixty(&format!(", folds = 4, fold = {fold}")), 9).test);
        let counts = counts(&found.test, 3);
        assert!((7..=8).contains(&counts[0]) && counts[1] == 5 && (2..=3).contains(&counts[2]), "{counts:?}");
        let (test, validation) = (numbers(&found.test), numbers(found.validation.as_ref().expect("five rows")));
        let mut whole = [numbers(&found.train), validation, test.clone()].concat();
        whole.sort_unstable();
        assert_eq!(whole, (0..60).collect::<Vec<_>>(), "train, validation and test are all rows, each once");
        all.extend(test);
    }
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>(), "every row is tested on once");
    let repeat = |repeat| parts(&sixty(&format!(", folds = 4, repeat = {repeat}")), 0).test;
    assert_ne!(numbers(&repeat(0)), numbers(&repeat(1)));
    // sizes that do not divide
    let sizes: Vec<usize> = (0..7).map(|i| parts(&sixty(&format!(", folds = 7, fold = {i}")), 0).test.rows()).collect();
    assert_eq!(sizes, [9, 9, 9, 9, 8, 8, 8]);
    for wrong in ["fold = 1", "folds = 3, fold = 3", "folds = 61", "repeat = 1"] {
        assert_eq!(mistakes(&sixty(&format!(", {wrong}"))), 1, "{wrong}");
    }
}

#[test]
fn subsets_are_nested_and_keep_validation_and_classes() {
    let of = |subset: &str| parts(&sixty(&format!(", validation = 12, subset = {subset}")), 1);
    let whole = parts(&sixty(", validation = 12"), 1);
    assert_eq!(numbers(&of("5").train), numbers(&whole.train)[..5]);
    assert_eq!(of("{ first = 5 }").train, of("5").train);
    assert_eq!(of("0.5").train.rows(), 24);
    let left = counts(&whole.train, 3);
    let mut before: Vec<usize> = Vec::new();
    for n in 1..=48 {
        let found = of(&format!("{{ stratified = {n} }}"));
        assert_eq!(found.validation, whole.validation, "the same rows are chosen by");
        let rows = numbers(&found.train);
        assert!(before.iter().all(|row| rows.contains(row)) && rows.is_sorted(), "{before:?} in {rows:?}");
        for (class, count) in counts(&found.train, 3).iter().enumerate() {
            let share = n as f64 * left[class] as f64 / 48.0;
            assert!((*count as f64 - share).abs() <= 1.0, "{count} of class {class}, not about {share}");
        }
        before = rows;
    }
    for wrong in ["0", "61", "{}", "{ first = 1, stratified = 1 }"] {
        assert_eq!(mistakes(&sixty(&format!(", subset = {wrong}"))), 1, "{wrong}");
    }
    assert_eq!(mistakes("{ type = \"friedman\", subset = { stratified = 10 } }"), 1);
}

#[test]
fn chronological_validation_is_the_last_rows() {
    let found = parts(&sixty(", validation = 0.25, split = \"chronological\""), 1);
    assert_eq!(numbers(&found.train), (0..45).collect::<Vec<_>>());
    assert_eq!(numbers(&found.validation.expect("fifteen rows")), (45..60).collect::<Vec<_>>());
}

#[test]
fn what_is_fitted_is_fitted_on_the_training_rows() {
    let plain = parts(&sixty(", validation = 20"), 2);
    let fitted = |how: &str| parts(&sixty(&format!(", validation = 20, {how}")), 2);
    let column = |data: &Dataset, i: usize| -> Vec<f64> { rows(data).iter().map(|row| row[i]).collect() };
    for i in 0..2 {
        let train = column(&plain.train, i);
        let (mean, variance) = moments(&train);
        let (least, most) = train.iter().fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(*x), b.max(*x)));
        let parts = [
            ("scale = \"minmax\"", least, most - least),
            ("standardize = true", mean, variance.sqrt()),
            ("scale = 0.5", 0.0, 2.0),
        ];
        for (how, shift, size) in parts {
            for (ours, plain) in fitted(how).parts().iter().zip(plain.parts()) {
                for (x, before) in column(ours, i).into_iter().zip(column(&plain, i)) {
                    near(x, (before - shift) / size, 1e-4);
                }
            }
        }
    }
    for row in rows(&fitted("standardize = \"row\"").test) {
        near(row[0], -1.0, 1e-6);
        near(row[1], 1.0, 1e-6);
    }
    assert_eq!(mistakes(&sixty(", scale = 0")), 1);
    assert_eq!(mistakes("{ type = \"sinusoids\", standardize = \"row\" }"), 1);
}

#[test]
fn inputs_are_permuted_shuffled_or_replaced() {
    let text = |more: &str| format!("{{ type = \"blobs\", features = 50, train = 400, test = 100{more} }}");
    let plain = parts(&text(""), 0);
    let permuted = parts(&text(", permute = true"), 0);
    let (before, after) = (rows(&plain.train), rows(&permuted.train));
    let order: Vec<usize> =
        after[0].iter().map(|x| before[0].iter().position(|y| y == x).expect("the same numbers")).collect();
    assert!(order.iter().enumerate().any(|(i, from)| i != *from));
    for (plain, permuted) in plain.parts().iter().zip(permuted.parts()) {
        for (before, after) in rows(plain).iter().zip(rows(&permuted)) {
            assert_eq!(order.iter().map(|from| before[*from]).collect::<Vec<_>>(), after, "one order for all rows");
        }
    }
    let fixed = |seed| parts(&text(", seed = 1, permute = 5"), seed).test;
    assert_eq!(fixed(0), fixed(1), "trials share a permutation with a seed");
    assert_ne!(parts(&text(", seed = 1, permute = true"), 0).test, parts(&text(", seed = 1, permute = true"), 1).test);

    let shuffled = parts(&text(", inputs = \"shuffled\""), 0);
    let mut orders = std::collections::BTreeSet::new();
    for (before, after) in before.iter().zip(rows(&shuffled.train)) {
        let order: Option<Vec<usize>> = after.iter().map(|x| before.iter().position(|y| y == x)).collect();
        orders.insert(order.expect("the same numbers"));
    }
    assert_eq!(orders.len(), 400, "every row has an order of its own");

    let random = parts(&text(", inputs = \"random\""), 0);
    let (mean, variance) = moments(&before.concat());
    let (ours, noise) = moments(&rows(&random.train).concat());
    near(ours, mean, 0.1);
    near(noise / variance, 1.0, 0.03);
    assert_eq!(random.train.labels, plain.train.labels);
    assert_ne!(random.train.x[..50], random.test.x[..50]);
}

#[test]
fn labels_are_replaced_as_often_as_said() {
    let text = |noise: f64| format!("{{ type = \"blobs\", classes = 10, train = 20000, label_noise = {noise} }}");
    let clean = parts(&text(0.0), 0);
    let wrong = |noise: f64| -> Vec<bool> {
        let noisy = parts(&text(noise), 0);
        assert_eq!(noisy.test, clean.test);
        classes(&noisy.train).iter().zip(classes(&clean.train)).map(|(a, b)| a != b).collect()
    };
    let share = |wrong: &[bool]| wrong.iter().filter(|w| **w).count() as f64 / 20_000.0;
    let (some, all) = (wrong(0.3), wrong(1.0));
    // a draw hits the right class once in ten
    near(share(&some), 0.27, 0.013);
    near(share(&all), 0.9, 0.009);
    assert!(some.iter().zip(&all).all(|(some, all)| *all || !*some), "more noise keeps what less noise did");
    assert_eq!(mistakes("{ type = \"friedman\", label_noise = 0.1 }"), 1);
    assert_eq!(mistakes("{ type = \"friedman\", crop = 2 }"), 1);
}
