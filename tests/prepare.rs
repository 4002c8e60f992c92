//! What every source can be asked for, held against what its documentation says; and the files that need more than to be
//! read: categories, gaps, series, photographs.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::program::{expect, folder};
use common::root;
use common::rows::{chosen, classes, counts, mistakes, moments, near, parts, parts_in, rows, targets};
use runner::base::diagnostics::Diagnostics;
use runner::base::shape::Shape;
use runner::data::{self, Dataset, Folders};
use tempfile::TempDir;

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

    let shuffled = parts(&text(", corruption = \"shuffled\""), 0);
    let mut orders = BTreeSet::new();
    for (before, after) in before.iter().zip(rows(&shuffled.train)) {
        let order: Option<Vec<usize>> = after.iter().map(|x| before.iter().position(|y| y == x)).collect();
        orders.insert(order.expect("the same numbers"));
    }
    assert_eq!(orders.len(), 400, "every row has an order of its own");

    let random = parts(&text(", corruption = \"random\""), 0);
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

/// A folder with one file.
fn holding(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, Folders) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join(name), bytes).expect("a temporary file");
    let folders = Folders::new(vec![folder.path().to_path_buf()]);
    (folder, folders)
}

/// What a person reads of a section that is wrong.
#[track_caller]
fn refusal(text: &str, folders: &Folders) -> String {
    let mut diagnostics = Diagnostics::new();
    diagnostics.origin("test.toml", &format!("x = {text}"));
    assert!(data::outline(&chosen(text), folders, &mut diagnostics).is_none(), "{text} is right");
    diagnostics.render(false)
}

const PEOPLE: &str =
    "id;sex;age;city;tall\n1;f;20;Rome;no\n2;m;;Oslo;yes\n3;f;40;?;no\n4;m;60;Rome;yes\n5;f;30;Bonn;\n";

#[test]
fn categories_become_one_hot_and_gaps_are_mended_or_left_out() {
    let (_folder, folders) = holding("people.csv", PEOPLE);
    let text = |more: &str| {
        format!(
            "{{ type = \"csv\", path = \"people.csv\", delimiter = \";\", target = \"sex\", drop = [\"id\", \"tall\"], \
             categorical = [\"city\"], split = \"chronological\", test = 1{more} }}"
        )
    };
    let dropped = parts_in(&text(", missing = \"drop\""), 0, &folders);
    // age, then Bonn, Rome: Oslo is only in a row that was left out
    assert_eq!(rows(&dropped.train), [[20.0, 0.0, 1.0], [60.0, 0.0, 1.0]]);
    assert_eq!(rows(&dropped.test), [[30.0, 1.0, 0.0]]);
    assert_eq!((classes(&dropped.train), classes(&dropped.test)), (&[0, 1][..], &[0][..]));
    // means of the four training rows: age 40, Rome twice of three and Oslo once
    let mended = parts_in(&text(", missing = \"mean\""), 0, &folders);
    let third = f64::from(1.0_f32 / 3.0);
    assert_eq!(rows(&mended.train)[1], [40.0, 0.0, 1.0, 0.0]);
    for (ours, theirs) in rows(&mended.train)[2].iter().zip([40.0, 0.0, third, 2.0 * third]) {
        near(*ours, theirs, 1e-6);
    }
    for (more, words) in [
        ("", ["row 3", "column `age`", "missing = "]),
        (", missing = \"mean\", target = \"tall\", drop = [\"id\"]", ["row 6", "column `tall`", "missing = "]),
        (", categorical = [\"town\"]", ["no column `town`", "`city`", "hint"]),
        (", categorical = [\"sex\"]", ["`categorical` names column `sex`", "no input", "hint"]),
        (", drop = [7]", ["`drop` is column 7", "5 columns", "numbered from 0"]),
        (", drop = [0, 2, 3, 4]", ["none is left", "5 columns", "people.csv"]),
        (", delimiter = \"semicolon\"", ["`delimiter` cannot be `semicolon`", "one character", "tab"]),
    ] {
        // what is written again replaces what is usual
        let keys = ["type = \"csv\"", "path = \"people.csv\"", "split = \"chronological\"", "test = 1"];
        let usual = [
            ("delimiter", "\";\""),
            ("target", "\"sex\""),
            ("drop", "[\"id\", \"tall\"]"),
            ("categorical", "[\"city\"]"),
        ];
        let usual = usual.iter().filter(|(key, _)| !more.contains(&format!(", {key} = ")));
        let usual: Vec<String> = usual.map(|(key, value)| format!("{key} = {value}")).collect();
        let section = format!("{{ {}, {}{more} }}", keys.join(", "), usual.join(", "));
        let message = refusal(&section, &folders);
        for word in words {
            assert!(message.contains(word), "{more}: `{word}` is missing in\n{message}");
        }
    }
}

#[test]
fn folds_of_a_file_are_made_of_all_its_rows() {
    let text: String = (0..20).map(|i| format!("{i},{}\n", i % 2)).collect();
    let (_folder, folders) = holding("rows.csv", text);
    let mut all: Vec<f64> = (0..5)
        .flat_map(|fold| {
            let section = format!("{{ type = \"csv\", path = \"rows.csv\", folds = 5, fold = {fold} }}");
            rows(&parts_in(&section, fold, &folders).test).concat()
        })
        .collect();
    all.sort_by(f64::total_cmp);
    assert_eq!(all, (0..20).map(f64::from).collect::<Vec<_>>());
    let shared = |seed| parts_in("{ type = \"csv\", path = \"rows.csv\" }", seed, &folders).test;
    assert_eq!(shared(0), shared(1), "trials share the test rows");
    let own = |seed| parts_in("{ type = \"csv\", path = \"rows.csv\", split_seed = \"trial\" }", seed, &folders).test;
    assert_ne!(own(0), own(1), "unless they draw their own");
}

#[test]
fn a_series_is_windows_and_later_values() {
    let text: String = (0..10).map(|i| format!("day {i},{}\n", i * 10)).collect();
    let (_folder, folders) = holding("days.csv", format!("day,value\n{text}"));
    let of = |more: &str| parts_in(&format!("{{ type = \"series\", path = \"days.csv\"{more} }}"), 0, &folders);
    let found = of(", window = 2, horizon = 2, test = 4");
    assert_eq!(rows(&found.train), [[0.0, 10.0], [10.0, 20.0], [20.0, 30.0]]);
    assert_eq!(targets(&found.train), [30.0, 40.0, 50.0]);
    assert_eq!(rows(&found.test), [[30.0, 40.0], [40.0, 50.0], [50.0, 60.0], [60.0, 70.0]]);
    assert_eq!(targets(&found.test), [60.0, 70.0, 80.0, 90.0], "the values that are tested on");
    assert_eq!((found.train.unit, of(", test = 3, scale = \"minmax\"").test.unit), (1.0, 60.0));
    assert!(found.train.series);
    // the range is that of the training values, 0 to 60; inputs and targets are divided alike
    let scaled = of(", test = 3, scale = \"minmax\"");
    let expected: Vec<f64> = (1..7).map(|i| f64::from(i as f32 / 6.0)).collect();
    for (ours, theirs) in targets(&scaled.train).iter().zip(&expected) {
        near(*ours, *theirs, 1e-6);
    }
    near(rows(&scaled.test)[2][0], 80.0 / 60.0, 1e-6);
    near(targets(&scaled.test)[2], 90.0 / 60.0, 1e-6);
    let validated = of(", test = 3, validation = 2");
    assert_eq!(targets(&validated.validation.expect("two windows")), [50.0, 60.0], "the last windows");
    let here =
        parts_in("{ type = \"series\", values = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90], test = 4 }", 0, &folders);
    assert_eq!((&here.train, &here.test), (&of(", test = 4").train, &of(", test = 4").test), "written in the file");
    for (more, word) in [
        (", window = 7", "less than one window"),
        (", values = [1, 2]", "not both"),
        (", folds = 3", "past and future"),
        (", standardize = \"row\"", "apart from its target"),
        (", column = \"day\"", "`day 0` is not a finite number"),
    ] {
        let message = refusal(&format!("{{ type = \"series\", path = \"days.csv\"{more} }}"), &folders);
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn records_are_photographs_and_cropped_in_the_middle() {
    // red 1, green 2, blue 3, and one pixel of the middle marked
    let record = |label: u8| {
        let mut bytes = vec![label];
        (1..=3).for_each(|plane| bytes.extend([plane; 1024]));
        bytes[1 + 1024 + 17 * 32 + 15] = 255;
        bytes
    };
    let bytes: Vec<u8> = [3, 9].into_iter().flat_map(record).collect();
    let (folder, folders) = holding("two.bin", &bytes);
    let text =
        |more: &str| format!("{{ type = \"cifar10\", train_files = [\"two.bin\"], test_files = [\"two.bin\"]{more} }}");
    let found = parts_in(&text(", test = 1, crop = 3"), 0, &folders);
    assert_eq!((classes(&found.train), classes(&found.test)), (&[3, 9][..], &[3][..]));
    assert_eq!(found.train.shape, Shape(vec![3, 3, 3]));
    // of 32 pixels 29 go: 15 before and 14 after
    let green: Vec<f64> = (0..9).map(|i| f64::from(if i == 6 { 255.0_f32 } else { 2.0 } / 255.0)).collect();
    assert_eq!(rows(&found.train)[1][9..18], green);
    assert!(refusal(&text(", crop = 33"), &folders).contains("32 x 32"));
    assert!(refusal(&text(", train = 3"), &folders).contains("3 are asked for"));
    let put = |bytes: &[u8]| std::fs::write(folder.path().join("two.bin"), bytes).expect("a temporary file");
    put(&bytes[..5000]);
    assert!(refusal(&text(""), &folders).contains("5000 bytes"));
    put(&[]);
    assert!(refusal(&text(""), &folders).contains("0 bytes"));
    let published = refusal("\"cifar10\"", &folders);
    for word in ["data_batch_5.bin", "test_batch.bin", "`data/cifar10/`", "--data DIR"] {
        assert!(published.contains(word), "{published}");
    }
}

/// The folder of published files, if there is one.
fn published() -> Option<Folders> {
    let folder = std::env::var_os("RUNNER_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: there is no `{}`; name a folder with the files in RUNNER_TEST_DATA", folder.display());
        return None;
    }
    Some(Folders::new(vec![folder]))
}

/// Persistence, the forecast that tomorrow is as today, has a root mean square error of 23.33 and 48.04 thousand passengers.
#[test]
fn the_airline_and_the_photographs_are_read() {
    let Some(folders) = published() else { return };
    let airline = "{ type = \"series\", path = \"timeseries/airline-passengers.csv\" }";
    let found = parts_in(airline, 0, &folders);
    assert_eq!((found.train.rows(), found.test.rows()), (95, 48));
    for (data, error) in [(&found.train, 23.333_283), (&found.test, 48.041_215)] {
        let squares: Vec<f64> = rows(data).iter().zip(targets(data)).map(|(x, y)| (x[0] - y) * (x[0] - y)).collect();
        near(moments(&squares).0.sqrt(), error, 1e-5);
    }
    let subset = "{ type = \"cifar10\", train_files = [\"cifar10-subset/train_first4000.bin\"], \
                  test_files = [\"cifar10-subset/test_first1000.bin\"], crop = 28, standardize = \"row\" }";
    let found = parts_in(subset, 0, &folders);
    assert_eq!((found.train.rows(), found.test.rows()), (4000, 1000));
    assert_eq!(found.train.shape.width(), 2352);
    assert!(counts(&found.train, 10).iter().all(|n| (350..450).contains(n)));
    for row in rows(&found.test) {
        let (mean, variance) = moments(&row);
        near(mean, 0.0, 1e-5);
        near(variance, 1.0, 1e-4);
    }
    let abalone = "{ type = \"csv\", path = \"uci/abalone.csv\", categorical = [0], task = \"values\" }";
    assert_eq!(parts_in(abalone, 0, &folders).train.shape.width(), 10, "three sexes and seven measures");
}

/// A missing set is told of, and fails only when it was asked for; a set that is there and wrong fails.
#[test]
fn the_command_says_what_is_missing_and_what_is_damaged() {
    let work = folder(&[]);
    let all = expect(0, work.path(), &["data"]);
    for words in ["mnist1d", "generated", "missing", "looked in `data`", "`path` of the experiment"] {
        assert!(all.out.contains(words), "`{words}` is missing in\n{}", all.out);
    }
    assert!(all.err.contains("cifar10: put `data_batch_1.bin`") && all.err.contains("`data/cifar10/`"), "{}", all.err);
    let asked = expect(1, work.path(), &["data", "cifar-10"]);
    assert!(asked.err.contains("the files of `cifar10` are not there"), "{}", asked.err);
    let misspelt = expect(2, work.path(), &["data", "mnits"]);
    assert!(misspelt.err.contains("no data is called `mnits`") && misspelt.err.contains("did you mean `mnist`?"));
    std::fs::create_dir_all(work.path().join("data/cifar10")).expect("a temporary folder");
    for file in (1..6).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".to_owned()]) {
        std::fs::write(work.path().join("data/cifar10").join(file), [0; 3073]).expect("a temporary file");
    }
    let damaged = expect(1, work.path(), &["data"]);
    assert!(damaged.out.contains("damaged") && damaged.err.contains("3073 bytes, not 30730000"), "{}", damaged.err);
}
