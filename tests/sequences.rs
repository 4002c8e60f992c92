//! Sequences: what the sources of them draw, held against their definitions; losses with a target at each step and rows of
//! different lengths, held against PyTorch's (`tests/golden/sequences.json`).

mod common;

use common::rows::{classes, moments, near, parts, parts_in, rows, targets};
use common::{Errors, golden, list, numbers, root, singles, text, toml, value};
use kernels::Cpu;
use runner::base::diagnostics::{Diagnostics, Place};
use runner::base::key::Kind;
use runner::base::shape::{Shape, Target};
use runner::base::values::Value;
use runner::data::{Dataset, Folders, Labels};
use runner::learn::objective::{self, LOSSES, Objective};
use runner::trial::rows::Part;
use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;

/// The steps of a row that are there, `features` numbers each.
fn steps(data: &Dataset, row: usize) -> Vec<Vec<f64>> {
    let features = data.shape.0.get(1).copied().unwrap_or(1);
    let all = &rows(data)[row];
    let (there, padding) = all.split_at(features * data.lengths.get(row).map_or(data.shape.0[0], |n| *n as usize));
    assert!(padding.iter().all(|x| *x == 0.0), "padding is zeros");
    there.chunks(features).map(<[f64]>::to_vec).collect()
}

#[test]
fn the_adding_problem_is_that_of_hochreiter_and_schmidhuber() {
    let data = parts("{ type = \"adding\", train = 4000, length = 40 }", 3).train;
    let (mut lengths, mut firsts) = (vec![0; 5], vec![0; 40]);
    for (row, target) in targets(&data).iter().enumerate() {
        let pairs = steps(&data, row);
        lengths[pairs.len() - 40] += 1;
        assert_eq!((pairs[0][1], pairs[pairs.len() - 1][1]), (-1.0, -1.0));
        let marked: Vec<usize> = (0..pairs.len()).filter(|t| pairs[*t][1] == 1.0).collect();
        let first = |t: &usize| *t < 10;
        assert!(marked.iter().all(|t| *t < 19) && (marked.len() < 2 || marked.iter().any(first)), "{marked:?}");
        assert!(pairs[1..pairs.len() - 1].iter().all(|pair| pair[1] == 0.0 || pair[1] == 1.0));
        // a first pair that is marked keeps its -1 and counts as 0
        assert!(marked.len() == 2 || (marked.len() == 1 && pairs[0][0] == 0.0), "{marked:?}");
        near(*target, 0.5 + marked.iter().map(|t| pairs[*t][0]).sum::<f64>() / 4.0, 1e-6);
        firsts[marked[0]] += 1;
    }
    assert!(lengths.iter().all(|n| (700..900).contains(n)), "lengths are uniform: {lengths:?}");
    assert!(firsts[1..10].iter().all(|n| *n > 200), "{firsts:?}");
    let (mean, variance) = moments(&targets(&data));
    near(mean, 0.5, 0.01);
    // 1/24, less what marked first pairs take away: of the two, one in ten and one in nineteen
    near(variance, (2.0 - 0.1 - 1.0 / 19.0) / 48.0, 0.002);
    let fixed = parts("{ type = \"adding\", train = 10, length = 40, vary = 0 }", 3).train;
    assert_eq!((fixed.shape.clone(), fixed.lengths.len()), (Shape(vec![40, 2]), 0));
    let shortest = parts("{ type = \"adding\", train = 300, length = 6, vary = 1 }", 3).train;
    assert_eq!(shortest.shape, Shape(vec![12, 2]));
}

#[test]
fn temporal_order_is_told_by_the_marks() {
    for (marks, between) in [(2, vec![10..=20, 50..=60]), (3, vec![10..=20, 33..=43, 66..=76])] {
        let data = parts(&format!("{{ type = \"temporal_order\", marks = {marks}, train = 800, test = 9 }}"), 1).train;
        assert_eq!(data.shape, Shape(vec![110, 8]));
        let mut seen = vec![0; 1 << marks];
        for (row, class) in classes(&data).iter().enumerate() {
            let symbols: Vec<usize> = steps(&data, row)
                .iter()
                .map(|step| {
                    assert_eq!(step.iter().sum::<f64>(), 1.0, "one-hot");
                    step.iter().position(|x| *x == 1.0).expect("a one")
                })
                .collect();
            assert!((100..=110).contains(&symbols.len()));
            assert_eq!((symbols[0], symbols[symbols.len() - 1]), (4, 5), "the beginning and the end");
            let marked: Vec<usize> = (0..symbols.len()).filter(|t| symbols[*t] >= 6).collect();
            assert_eq!(marked.len(), marks);
            assert!(marked.iter().zip(&between).all(|(t, between)| between.contains(t)), "{marked:?}");
            assert!((1..symbols.len() - 1).all(|t| symbols[t] < 4 || marked.contains(&t)));
            assert_eq!(*class as usize, marked.iter().fold(0, |class, t| 2 * class + symbols[*t] - 6));
            seen[*class as usize] += 1;
        }
        assert!(seen.iter().all(|n| *n > 800 / seen.len() / 2), "{seen:?}");
    }
    let written = "{ type = \"temporal_order\", train = 20, test = 9, encoding = \"number\" }";
    let (numbered, hot) =
        (parts(written, 1).train, parts("{ type = \"temporal_order\", train = 20, test = 9 }", 1).train);
    let number = |row: &Vec<f64>| row.iter().position(|x| *x == 1.0).expect("a one") as f64;
    for row in 0..20 {
        let expected: Vec<f64> = steps(&hot, row).iter().map(number).collect();
        assert_eq!(steps(&numbered, row).concat(), expected);
    }
}

#[test]
fn what_is_to_be_copied_is_asked_for_at_the_end() {
    let text = "{ type = \"copy\", delay = 5, items = 3, symbols = 4, train = 50, test = 9, encoding = \"number\" }";
    let data = parts(text, 0).train;
    assert_eq!((data.steps, data.labels.target()), (11, Target::Classes(5)));
    for row in 0..50 {
        let (x, y) = (steps(&data, row).concat(), &classes(&data)[row * 11..][..11]);
        assert_eq!(x[3..], [4.0, 4.0, 4.0, 4.0, 5.0, 4.0, 4.0, 4.0]);
        assert_eq!(y[..8], [4; 8]);
        assert!(x[..3].iter().zip(&y[8..]).all(|(shown, asked)| *shown == f64::from(*asked) && *shown < 4.0));
    }
}

#[test]
fn a_text_is_windows_of_characters() {
    let of = |more: &str| parts(&format!("{{ type = \"text\", text = \"cabbacabäbac\", test = 4{more} }}"), 0);
    // c a b b a c a b | ä b a c; a b c ä are 0 to 3
    let found = of(", context = 3");
    assert_eq!(rows(&found.train), [[2.0, 0.0, 1.0], [1.0, 0.0, 2.0]]);
    assert_eq!(classes(&found.train), [0, 1, 1, 0, 2, 0]);
    assert_eq!((rows(&found.test), classes(&found.test)), (vec![vec![3.0, 1.0, 0.0]], &[1, 0, 2][..]));
    assert_eq!((found.train.rows(), found.train.steps, found.train.labels.target()), (2, 3, Target::Classes(4)));
    let last = of(", context = 3, stride = 2, targets = \"last\"");
    assert_eq!((classes(&last.train), last.train.steps), (&[1, 2, 1][..], 1));
    let hot = of(", context = 3, encoding = \"one_hot\"").train;
    assert_eq!((&hot.shape, steps(&hot, 0)[0].as_slice()), (&Shape(vec![3, 4]), &[0.0, 0.0, 1.0, 0.0][..]));
    let held = of(", context = 2, stride = 1, validation = 2").validation.expect("two windows");
    assert_eq!(rows(&held), [[0.0, 2.0], [2.0, 0.0]], "the last windows are held out");
}

#[test]
fn tiny_shakespeare_has_sixty_five_characters() {
    let folder = std::env::var_os("RUNNER_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: there is no `{}`; name a folder with the files in RUNNER_TEST_DATA", folder.display());
        return;
    }
    let written = "{ type = \"text\", path = \"tinyshakespeare/input.txt\", context = 64 }";
    let found = parts_in(written, 0, &Folders::new(vec![folder]));
    assert_eq!(found.train.labels.target(), Target::Classes(65));
    // of 1,115,394 characters 111,539 are tested on; the entropy of single characters is 3.31 nats
    assert_eq!((found.train.rows(), found.test.rows()), ((1_003_855 - 1) / 64, (111_539 - 1) / 64));
    let count = found.train.labels.count() as f64;
    let mut shares = vec![0.0; 65];
    classes(&found.train).iter().for_each(|class| shares[*class as usize] += 1.0 / count);
    near(shares.iter().filter(|p| **p > 0.0).map(|p: &f64| -p * p.ln()).sum(), 3.31, 0.01);
}

/// Against PyTorch in `f64`, of the largest number: both sides' inputs are `f32`.
const LOSS_ERROR: f64 = 1e-6;

#[test]
fn losses_of_steps_are_those_of_pytorch() {
    let file = golden("sequences.json");
    let mut errors = Errors::new("losses of steps", LOSS_ERROR);
    for case in list(&file["cases"]) {
        compare(&file, case, &mut errors);
    }
    errors.report();
}

fn compare(file: &Json, case: &Json, errors: &mut Errors) {
    let count = |key: &str| file[key].as_u64().expect("a count") as usize;
    let (rows, steps, width) = (count("rows"), count("steps"), count("width"));
    let mut settings = case["settings"].clone();
    settings["type"] = case["loss"].clone();
    let kind = Kind::Member { registry: || &*LOSSES, common: objective::COMMON };
    let Ok(Value::Member(chosen)) = value(&toml(&settings), &kind) else { panic!("{settings}") };
    let lengths: Vec<u32> = numbers(&case["lengths"]).iter().map(|n| *n as u32).collect();
    let labels = match text(case, "loss") {
        "mse" => Labels::Values { of: singles(&case["targets"]), width },
        _ => Labels::Classes { of: numbers(&case["targets"]).iter().map(|t| *t as u32).collect(), count: width },
    };
    let target = labels.target();
    let output = Shape(vec![steps, width]);
    let objective = Objective::new(&chosen, (target, steps), &output, (Place::default(), ""), &mut Diagnostics::new());
    let objective = objective.expect("loss, targets and width fit each other");
    let whole = lengths.iter().all(|length| *length as usize == steps);
    let lengths = if whole { Vec::new() } else { lengths };
    let data = Dataset { steps, lengths, ..Dataset::new(Shape::flat(1), vec![0.0; rows], labels) };
    let (part, z) = (Part::new(Arc::new(data), objective.form()), singles(&file["z"]));
    let counted = (0..rows).map(|row| part.counted(row)).sum();
    let divisor = objective.divisor(counted, (0..rows).flat_map(|row| part.classes(row)).copied());
    let wanted = &case["float64"];
    let (loss, gradient) = (wanted["loss"].as_f64().expect("a loss"), numbers(&wanted["gradient"]));
    let largest = gradient.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let mut first: Option<(Vec<f32>, Vec<f32>)> = None;
    for cpu in Cpu::all() {
        // however the rows are divided, the bits are the same
        for cut in [0, 2, rows] {
            let (mut losses, mut dz) = (vec![f32::NAN; rows * steps], vec![f32::NAN; z.len()]);
            for part_rows in [0..cut, cut..rows].into_iter().filter(|part_rows| !part_rows.is_empty()) {
                let (at, of) = (part_rows.start * steps..part_rows.end * steps, part.answers(&part_rows));
                let (z, dz) = (&z[at.start * width..at.end * width], &mut dz[at.start * width..at.end * width]);
                objective.slope(cpu, divisor, z, of, &mut losses[at], dz);
            }
            errors.check(
                objective.total(losses.iter(), divisor),
                loss,
                loss,
                &format!("{} on {}", case["settings"], cpu.isa()),
            );
            for (ours, theirs) in dz.iter().zip(&gradient) {
                errors.check(f64::from(*ours), *theirs, largest, &case["settings"]);
            }
            let found = (losses, dz);
            assert_eq!(first.get_or_insert_with(|| found.clone()), &found);
        }
    }
    // what is measured is the same, of the targets that count
    let judged = part.judged(&z);
    assert_eq!(judged.z.len(), counted * width);
    let mut losses = vec![0.0; counted];
    objective.rows(Cpu::best(), &judged.z, judged.targets(), &mut losses);
    errors.check(objective.total(losses.iter(), divisor), loss, loss, &"measured");
}
