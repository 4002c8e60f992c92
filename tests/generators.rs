//! The sources that make their rows, held against closed forms, scikit-learn's figures and the tables they stand for.

mod common;

use common::rows::{classes, counts, mistakes, moments, near, parts, rows, targets};
use runner::data::Dataset;

#[test]
fn rows_follow_their_seed_and_more_rows_contain_fewer() {
    for name in [
        "parity",
        "spirals",
        "moons",
        "circles",
        "blobs",
        "regression",
        "teacher",
        "friedman",
        "adding",
        "temporal_order",
        "copy",
    ] {
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

type Operation = fn(u64, u64) -> u64;

#[test]
fn modular_is_a_table_of_all_pairs() {
    // what the class is modulo p, or, of a division, the class times b
    let operations: [(&str, Operation); 7] = [
        ("add", |a, b| a + b),
        ("subtract", |a, b| a + 13 * 13 - b),
        ("multiply", |a, b| a * b),
        ("squares", |a, b| a.pow(2) + b.pow(2)),
        ("quadratic", |a, b| a.pow(2) + a * b + b.pow(2)),
        ("cubic", |a, b| a.pow(3) + a * b),
        ("divide", |a, _| a),
    ];
    for (name, result) in operations {
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
        let chosen = a[i].clone();
        for (_, row) in a.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = row[i] / chosen[i];
            row.iter_mut().zip(&chosen).for_each(|(x, pivot)| *x -= factor * pivot);
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
