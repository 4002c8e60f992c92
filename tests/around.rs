//! What goes around a step: sharpness-aware minimisation, averages of weights, constraints and L-BFGS, held against PyTorch
//! (`tests/golden/around.json`, `lbfgs.json`), and augmentation, held against its definition. All of it has the same bits for
//! any threads, and so have networks whose layers they divide between them.

mod common;

use common::{Errors, compare, golden, list, more, numbers, placed, rehearse, rows, scratches, singles};
use kernels::Cpu;
use runner::base::random::Seeds;
use runner::base::shape::Shape;
use runner::data::augment::Augment;
use runner::trial::average::Mean;
use runner::trial::divided::divides;
use runner::trial::rows::Batch;
use runner::trial::team::Team;
use serde_json::Value as Json;

/// Thirty steps in `f32` against PyTorch's in `f64`.
const WEIGHT_ERROR: f64 = 2e-6;
const LOSS_ERROR: f64 = 1e-5;

/// The entries of a JSON object as a TOML table under a key, if there are any.
fn table(key: &str, json: &Json) -> String {
    let entries = more(json);
    if entries.is_empty() { String::new() } else { format!(", {key} = {{ {} }}", entries.trim_start_matches(", ")) }
}

#[test]
fn climbing_averaging_and_constraints_are_pytorchs() {
    let file = golden("around.json");
    let data = format!("inputs = {}, targets = {}", rows(&singles(&file["x"]), 6), file["classes"]);
    let tensors: Vec<Vec<f32>> = list(&file["initial"]).iter().map(singles).collect();
    let (mut weights, mut losses) = (Errors::new("weights", WEIGHT_ERROR), Errors::new("losses", LOSS_ERROR));
    for run in list(&file["runs"]) {
        let [sam, average, constraint] = ["sam", "average", "constraint"].map(|key| table(key, &run[key]));
        let settings = more(&run["settings"]);
        let text = format!(
            "data = {{ type = 'table', {data} }}
             loss = 'cross_entropy'
             optimizer = {{ type = {}{settings}{sam} }}
             train = {{ steps = 30, batch_size = 8, order = 'stored'{average} }}
             network.layers = [{{ type = 'dense', units = 5, activation = 'tanh'{constraint} }}, {{ type = 'dense', units = 3 }}]",
            run["optimizer"],
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train, theirs) = (&rehearsal.plan, &rehearsal.train, &run["float64"]);
        let end: Vec<Vec<f32>> = list(&theirs["end"]).iter().map(singles).collect();
        let mut first = None;
        for threads in [1, 2, 3] {
            let (mut scratches, start) = (scratches(threads), placed(&rehearsal, &tensors));
            let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, start, Seeds::new(0));
            let mut mean = Mean::new(plan);
            for (t, loss) in numbers(&theirs["losses"]).into_iter().enumerate() {
                let (number, from) = (t as u64 + 1, t % 3 * 8);
                let ours = team.step(train, Batch::Stretch(from, from + 8), number, plan.rates.at(t as u64));
                losses.check(ours, loss, loss, &format!("{text} before step {t}"));
                if let Some(mean) = &mut mean {
                    mean.after(Cpu::best(), number, team.params());
                }
            }
            if let Some(mean) = &mut mean {
                mean.exchange(&mut team);
            }
            compare(&mut weights, &text, team.params(), &placed(&rehearsal, &end));
            assert_eq!(first.get_or_insert_with(|| team.params().to_vec()), team.params(), "{threads} threads");
        }
    }
    weights.report();
    losses.report();
}

/// Several steps of several directions each, in `f32` against PyTorch's in `f64`; the bottom of a valley is flat, and a loss in
/// `f32` tells places there apart as far as the root of its rounding.
const SEARCHED_ERROR: f64 = 1e-4;
const FOUND_ERROR: f64 = 5e-4;

#[test]
fn lbfgs_is_pytorchs() {
    let file = golden("lbfgs.json");
    let data = format!("inputs = {}, targets = {}", rows(&singles(&file["x"]), 6), file["classes"]);
    let tensors: Vec<Vec<f32>> = list(&file["initial"]).iter().map(singles).collect();
    let (mut weights, mut losses) = (Errors::new("weights", FOUND_ERROR), Errors::new("losses", SEARCHED_ERROR));
    for run in list(&file["runs"]) {
        let theirs = &run["float64"];
        let steps = list(&theirs["losses"]).len();
        let text = format!(
            "data = {{ type = 'table', {data} }}
             loss = 'cross_entropy'
             optimizer = {{ type = 'lbfgs'{} }}
             train = {{ steps = {steps}, batch_size = 'full' }}
             network.layers = [{{ type = 'dense', units = 5, activation = 'tanh' }}, {{ type = 'dense', units = 3 }}]",
            more(&run["settings"]),
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let end: Vec<Vec<f32>> = list(&theirs["end"]).iter().map(singles).collect();
        let mut first = None;
        for (cpu, threads) in Cpu::all().into_iter().zip([1, 2, 3]) {
            let (mut scratches, start) = (scratches(threads), placed(&rehearsal, &tensors));
            let mut team = Team::new(plan, cpu, &mut scratches, train, start, Seeds::new(0));
            for (t, loss) in numbers(&theirs["losses"]).into_iter().enumerate() {
                let ours = team.step(train, Batch::Stretch(0, 24), t as u64 + 1, plan.rates.at(t as u64));
                losses.check(ours, loss, loss, &format!("{text} before step {t}"));
            }
            compare(&mut weights, &text, team.params(), &placed(&rehearsal, &end));
            assert_eq!(first.get_or_insert_with(|| team.params().to_vec()), team.params(), "{threads} threads");
        }
    }
    weights.report();
    losses.report();
}

/// Least squares have closed forms: (2/n XᵀX + D) w = 2/n Xᵀt with n rows and the factors of the decay in D.
#[test]
fn lbfgs_minimises_what_it_is_told_to() {
    let end = |first: &str, loss: &str, optimizer: &str| {
        let text = format!(
            "data = {{ type = 'table', inputs = [[0.5, -1], [1, 2], [-0.5, 0.3], [2, 1]], targets = [[1.0], [-2.0], [0.5], [3.0]] }}
             loss = {{ type = 'mse'{loss} }}
             optimizer = {{ type = 'lbfgs', line_search = 'strong_wolfe'{optimizer} }}
             train = {{ steps = 5, batch_size = 'full' }}
             network.layers = [{{ type = 'dense', units = 1{first} }}]"
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let (mut scratches, start) = (scratches(2), vec![0.5; 3]);
        let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, start, Seeds::new(0));
        for step in 1..=5 {
            team.step(train, Batch::Stretch(0, 4), step, 1.0);
        }
        team.params().to_vec()
    };
    let near = |ours: &[f32], theirs: [f64; 3]| {
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((f64::from(*ours) - theirs).abs() < FOUND_ERROR, "{ours}, not {theirs}");
        }
    };
    near(&end("", "", ""), [1.2965088, -1.1314791, 0.3032189]);
    near(&end("", "", ", weight_decay = 0.5"), [0.9194303, -0.7976256, 0.3152496]);
    let spared = end("", "", ", weight_decay = 0.5, decay_bias = false");
    near(&spared, [0.8705492, -0.8152826, 0.4408756]);
    near(
        &end(", weight_decay = 0", "", ", weight_decay = 0.5, decay_bias = false"),
        [1.2965088, -1.1314791, 0.3032189],
    );
    assert_eq!(end("", ", l2 = 0.25", ""), spared);
    assert_eq!(end(", frozen = true", "", ""), [0.5; 3]);
    let short = end(", constraint = { type = 'max_norm', most = 0.1 }", "", "");
    assert!((f64::from(short[0]).hypot(f64::from(short[1])) - 0.1).abs() < 1e-6, "{short:?}");
}

/// w = (w0 - lr g) |w0| / |w0 - lr g| for the weights of each unit, or of the whole tensor; and biases are free.
#[test]
fn weights_keep_the_lengths_that_they_started_from() {
    let end = |constraint: &str, steps: u64, threads: usize| {
        let text = format!(
            "data = {{ type = 'table', inputs = [[0.5, -1], [1, 2], [-0.5, 0.3], [2, 1]], targets = [0, 1, 2, 1] }}
             loss = 'cross_entropy'
             optimizer = {{ type = 'sgd', lr = 0.5 }}
             train = {{ steps = 1, batch_size = 'full' }}
             network.layers = [{{ type = 'dense', units = 3{constraint} }}, {{ type = 'dense', units = 3 }}]"
        );
        let rehearsal = rehearse(&text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let (mut scratches, mut start) = (scratches(threads), vec![0.0; plan.network.parameters()]);
        plan.network.initialise(Seeds::new(1), &mut start);
        let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, start.clone(), Seeds::new(1));
        for step in 1..=steps {
            team.step(train, Batch::Stretch(0, 4), step, 0.5);
        }
        (start, team.params().to_vec())
    };
    // the weights lie row by row, a column for each unit
    let length = |weights: &[f32], of: &dyn Fn(usize) -> bool| {
        let square = |(i, w): (usize, &f32)| if of(i) { f64::from(*w).powi(2) } else { 0.0 };
        weights[..6].iter().enumerate().map(square).sum::<f64>().sqrt()
    };
    let (start, plain) = end("", 1, 1);
    for (over, whole) in [("unit", false), ("tensor", true)] {
        let constraint = format!(", constraint = {{ type = 'constant_norm', over = '{over}' }}");
        let (_, once) = end(&constraint, 1, 1);
        let (_, often) = end(&constraint, 20, 1);
        for i in 0..6 {
            let together = |j: usize| whole || i % 3 == j % 3;
            let factor = length(&start, &together) / length(&plain, &together);
            assert!((f64::from(once[i]) - factor * f64::from(plain[i])).abs() < 1e-6, "{over}: {once:?} of {plain:?}");
            assert!((length(&often, &together) - length(&start, &together)).abs() < 1e-6, "{over}: {often:?}");
        }
        assert_eq!(once[6..], plain[6..], "{over}: nothing else is bound");
        assert_ne!(once[..6], often[..6]);
        (2..4).for_each(|threads| assert_eq!(end(&constraint, 20, threads).1, often, "{over}, {threads} threads"));
    }
}

/// What a `[data]` section does to rows of this shape.
fn augment(list: &str, shape: &[usize]) -> Augment {
    let section = common::rows::chosen(&format!("{{ type = \"mnist1d\", augment = {list} }}"));
    Augment::new(&section, &Shape(shape.to_vec())).expect("something is asked for")
}

/// A row of these numbers as it is in so many places of a batch.
fn augmented(augment: &Augment, step: u64, row: &[f32], places: usize) -> Vec<Vec<f32>> {
    let (mut x, mut spare) = (row.repeat(places), vec![0.0; augment.spare()]);
    x.resize(places * augment.room(), f32::NAN);
    augment.rows(Seeds::new(3), step, (0, places), &mut x, &mut spare);
    x.chunks(augment.shape().width()).take(places).map(<[f32]>::to_vec).collect()
}

#[test]
fn rows_are_moved_mirrored_and_blurred_as_they_say() {
    // two channels of 3 x 4
    let image: Vec<f32> = (1..=24).map(|i| i as f32).collect();
    let shift = augment("[{ type = \"shift\", pixels = 1 }]", &[2, 3, 4]);
    let mut seen = [0; 9];
    for moved in augmented(&shift, 1, &image, 900) {
        let expected = |down: i64, right: i64| -> Vec<f32> {
            let at = |c: i64, i: i64, j: i64| match (0..3).contains(&i) && (0..4).contains(&j) {
                true => image[(c * 12 + i * 4 + j) as usize],
                false => 0.0,
            };
            (0..24).map(|k| at(k / 12, k % 12 / 4 + down, k % 4 + right)).collect()
        };
        let which = (0..9).find(|k| moved == expected(k / 3 - 1, k % 3 - 1)).expect("one of nine shifts") as usize;
        seen[which] += 1;
    }
    assert!(seen.iter().all(|n| (60..140).contains(n)), "{seen:?}");
    let line = augment("[{ type = \"shift\", pixels = 2, fill = \"edge\" }]", &[4]);
    for moved in augmented(&line, 1, &[1.0, 2.0, 3.0, 4.0], 50) {
        let known = [[1, 1, 1, 2], [1, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 4], [3, 4, 4, 4]];
        assert!(known.iter().any(|known| known.map(|x| x as f32).as_slice() == moved), "{moved:?}");
    }
    let flip = augment("[{ type = \"flip\", probability = 0.25 }]", &[1, 2, 2]);
    let mirrored =
        augmented(&flip, 1, &[1.0, 2.0, 3.0, 4.0], 1000).iter().filter(|row| **row == [2.0, 1.0, 4.0, 3.0]).count();
    assert!((190..310).contains(&mirrored), "{mirrored}");
    let noise = augmented(&augment("[{ type = \"noise\", deviation = 0.5 }]", &[4]), 1, &[1.0; 4], 2500).concat();
    let numbers: Vec<f64> = noise.iter().map(|x| f64::from(*x)).collect();
    let (mean, variance) = common::rows::moments(&numbers);
    common::rows::near(mean, 1.0, 0.02);
    common::rows::near(variance, 0.25, 0.02);
    assert_ne!(augmented(&shift, 1, &image, 20), augmented(&shift, 2, &image, 20), "every step draws anew");
}

#[test]
fn rows_are_cropped_at_random_to_be_trained_on_and_in_the_middle_to_be_measured() {
    // two channels of 4 x 5
    let image: Vec<f32> = (1..=40).map(|i| i as f32).collect();
    let window = |size: usize, top: i64, left: i64| -> Vec<f32> {
        let at = |c: i64, i: i64, j: i64| match (0..4).contains(&i) && (0..5).contains(&j) {
            true => image[(c * 20 + i * 5 + j) as usize],
            false => 0.0,
        };
        let size = size as i64;
        (0..2 * size * size).map(|k| at(k / (size * size), k / size % size + top, k % size + left)).collect()
    };
    // places down and to the right: 4 + 2 padding - size + 1 and one more
    for (size, padding, middle) in [(3, 0, (1, 1)), (3, 1, (1, 1)), (2, 0, (1, 2)), (6, 2, (-1, 0)), (4, 0, (0, 1))] {
        let crop = augment(&format!("[{{ type = \"crop\", size = {size}, padding = {padding} }}]"), &[2, 4, 5]);
        assert_eq!(crop.shape(), &Shape(vec![2, size, size]));
        let (down, right) = (5 + 2 * padding - size, 6 + 2 * padding - size);
        let mut seen = vec![0; down * right];
        for row in augmented(&crop, 1, &image, 100 * seen.len()) {
            let at = |k: usize| ((k / right) as i64 - padding as i64, (k % right) as i64 - padding as i64);
            let which = (0..seen.len()).find(|k| row == window(size, at(*k).0, at(*k).1)).expect("one of the windows");
            seen[which] += 1;
        }
        assert!(seen.iter().all(|n| (60..145).contains(n)), "{size} of a rim of {padding}: {seen:?}");
        assert_eq!(crop.still(&image.repeat(2)), window(size, middle.0, middle.1).repeat(2), "{size} {padding}");
    }
    // of the image's own size it is a shift
    let square: Vec<f32> = (1..=32).map(|i| i as f32).collect();
    let crop = augment("[{ type = \"crop\", size = 4, padding = 2 }]", &[2, 4, 4]);
    let shift = augment("[{ type = \"shift\", pixels = 2 }]", &[2, 4, 4]);
    assert_eq!(augmented(&crop, 3, &square, 50), augmented(&shift, 3, &square, 50));
    assert_eq!(crop.still(&square), square);
    // a signal, which others change before and after
    let both = augment("[\"flip\", { type = \"crop\", size = 3 }, { type = \"noise\", deviation = 0 }]", &[5]);
    assert_eq!(both.shape(), &Shape(vec![3]));
    let mut seen: Vec<Vec<f32>> = augmented(&both, 1, &[1.0, 2.0, 3.0, 4.0, 5.0], 100);
    seen.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
    seen.dedup();
    let windows = [[1, 2, 3], [2, 3, 4], [3, 2, 1], [3, 4, 5], [4, 3, 2], [5, 4, 3]];
    assert_eq!(seen, windows.map(|row| row.map(|x| x as f32).to_vec()));
}

/// The network of a trial with `crop` gets rows of the window's shape: random ones in a step, the middle ones when it looks.
#[test]
fn cropped_training_sees_windows_and_measures_their_middle() {
    let text = |inputs: &str, augment: &str| {
        format!(
            "data = {{ type = 'table', inputs = {inputs}, targets = [0, 1, 1]{augment} }}
             loss = 'cross_entropy'
             optimizer = {{ type = 'sgd', lr = 0.1 }}
             train = {{ steps = 5, batch_size = 'full' }}
             network.layers = [{{ type = 'dense', units = 2 }}]"
        )
    };
    let trained = |text: &str, threads| {
        let rehearsal = rehearse(text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let (mut scratches, start) = (scratches(threads), (0..8).map(|i| i as f32).collect::<Vec<f32>>());
        let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, start, Seeds::new(0));
        let before = team.outputs(train);
        for step in 1..=5 {
            team.step(train, Batch::Stretch(0, 3), step, 0.1);
        }
        (before, team.params().to_vec())
    };
    let (long, middle) = ("[[1, 2, 3, 4, 5], [6, 5, 4, 3, 2], [9, 8, 6, 7, 5]]", "[[2, 3, 4], [5, 4, 3], [8, 6, 7]]");
    let crop = text(long, ", augment = [{ type = 'crop', size = 3 }]");
    let (cropped, plain) = (trained(&crop, 1), trained(&text(middle, ""), 1));
    assert_eq!(cropped.0, plain.0);
    assert_ne!(cropped.1, plain.1);
    assert_eq!(cropped, trained(&crop, 3));
    // of the row's own size with a rim: the row itself is in the middle
    let wide = text(middle, ", augment = [{ type = 'crop', size = 3, padding = 1 }]");
    assert_eq!(trained(&wide, 1).0, plain.0);
    assert_eq!(trained(&wide, 1), trained(&wide, 2));
}

/// A trial with augmentation has the same weights for any threads and orders; one that measures sees rows as they are.
#[test]
fn augmented_training_has_the_same_bits_for_any_threads() {
    let text = |order: &str, augment: &str| {
        format!(
            "data = {{ type = 'mnist1d', train = 60, test = 20{augment} }}
             loss = 'cross_entropy'
             optimizer = {{ type = 'sgd', lr = 0.1 }}
             train = {{ steps = 6, batch_size = 20, order = '{order}' }}
             network.layers = [{{ type = 'dense', units = 10 }}]"
        )
    };
    let augment = ", augment = [{ type = 'shift', pixels = 3 }, { type = 'noise', deviation = 0.1 }]";
    for order in ["stored", "shuffled"] {
        let rehearsal = rehearse(&text(order, augment)).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let plain = rehearse(&text(order, "")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let trained = |rehearsal: &common::Rehearsal, threads| {
            let (plan, train) = (&rehearsal.plan, &rehearsal.train);
            let (mut scratches, start) = (scratches(threads), vec![0.01; plan.network.parameters()]);
            let mut team = Team::new(plan, Cpu::best(), &mut scratches, train, start, Seeds::new(0));
            let before = team.outputs(train);
            let picked: Vec<u32> = (20..40).rev().collect();
            for step in 1..=6 {
                let batch = if order == "stored" { Batch::Stretch(20, 40) } else { Batch::Picked(&picked) };
                team.step(train, batch, step, 0.1);
            }
            (before, team.params().to_vec())
        };
        let one = trained(&rehearsal, 1);
        assert_eq!(one, trained(&rehearsal, 3));
        let unchanged = trained(&plain, 1);
        assert_eq!(one.0, unchanged.0, "what is measured is not augmented");
        assert_ne!(one.1, unchanged.1);
    }
}

/// Threads that divide the layers of a network between them leave the same bits as one thread: with more of them than columns
/// or rows can be divided between, whole batches and smaller ones, rows that lie side by side or are picked, weights that are
/// tied or shared, steps that climb first or clip.
#[test]
fn divided_layers_have_the_same_bits_for_any_threads() {
    let wide = "[{ type = 'dense', units = 200, activation = 'relu' }, { type = 'dense', units = 700, activation = 'tanh' }, \
                { type = 'dense', units = 10 }]";
    let tied = "[{ type = 'dense', units = 700, bias = false }, { type = 'dense', units = 40, tied = '0', activation = 'sigmoid' }, \
                { type = 'dense', units = 10, activation = 'tanh' }]";
    let again = "[{ type = 'dense', units = 300 }, { type = 'dense', units = 300, activation = 'relu' }, \
                 { type = 'dense', units = 300, share = '1', activation = 'relu' }, { type = 'dense', units = 10 }]";
    for (layers, rows, optimizer) in [
        (wide, 8, "type = 'adam'"),
        (wide, 8, "type = 'adam', clip_norm = 0.1"),
        (wide, 8, "type = 'sgd', sam = { rho = 0.1 }"),
        (tied, 2, "type = 'sgd'"),
        (again, 4, "type = 'adamw', weight_decay = 0.1"),
    ] {
        let rehearsal = rehearse(&format!(
            "data = {{ type = 'mnist1d', train = 60, test = 20 }}
             loss = 'cross_entropy'
             optimizer = {{ {optimizer}, lr = 0.1 }}
             train = {{ steps = 6, batch_size = {rows} }}
             network = {{ layers = {layers}, init = 'he_uniform' }}"
        ));
        let rehearsal = rehearsal.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let (plan, train) = (&rehearsal.plan, &rehearsal.train);
        let trained = |cpu, threads| {
            let (mut scratches, mut start) = (scratches(threads), vec![0.0; plan.network.parameters()]);
            plan.network.initialise(Seeds::new(3), &mut start);
            let mut team = Team::new(plan, cpu, &mut scratches, train, start, Seeds::new(0));
            let picked: Vec<u32> = (20..20 + rows as u32).rev().collect();
            let batches = [Batch::Picked(&picked), Batch::Stretch(7, 7 + rows), Batch::Picked(&picked[..1])];
            let losses: Vec<f64> =
                (1..=6).map(|step| team.step(train, batches[step as usize % 3], step, 0.01)).collect();
            (losses, team.params().to_vec(), team.outputs(train))
        };
        let alone = trained(Cpu::best(), 1);
        for cpu in Cpu::all() {
            for threads in [2, 3, 7] {
                assert!(divides(plan, threads.min(rows), rows), "it is to be tested");
                assert_eq!(trained(cpu, threads), alone, "{layers} by {threads} threads, {}", cpu.isa());
            }
        }
    }
}
