//! Figures of frames whose numbers are known: their files, their names, and what is wrong with wrong ones.

use super::*;
use crate::report::frame::Axis;
use crate::report::sample::{Outcome, frame_of, labelled, numeric, rates};

fn figures(plots: &str, axes: &[Axis]) -> Result<Vec<Figure>, String> {
    let names = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let summaries = names(&["train_loss", "test_loss", "test_accuracy", "gap_loss", "mean_train_loss"]);
    let columns = names(&["train_loss", "test_loss", "train_accuracy", "test_accuracy"]);
    let outline = Outline { axes, summaries: &summaries, columns: &columns };
    let text = format!("plots = {plots}");
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("e.toml", &text);
    let node = Node::parse(origin, &text, &mut diagnostics);
    let value = read::value(node.get("plots").unwrap(), &FIGURES, "`plots`", &mut diagnostics);
    let figures = value.and_then(|v| super::read(&v, &outline, &mut diagnostics));
    figures.ok_or_else(|| diagnostics.render(false))
}

fn alone(frame: &Frame) -> Results<'_> {
    Results { frame, judged: &[] }
}

/// Twenty settings drawn at random: no two share a value on any axis.
fn random() -> Frame {
    let mut stream = crate::base::random::Stream::new(2, "sample", &[]);
    let rates: Vec<f64> = (0..20).map(|_| libm::pow(10.0, -4.0 * stream.unit())).collect();
    let axes = [numeric("optimizer.lr", &rates, true), numeric("optimizer.momentum", &rates, false)];
    let losses: Vec<Vec<Outcome>> = (0..400).map(|_| vec![Outcome::Done(1.0 + stream.unit()); 3]).collect();
    let losses: Vec<&[Outcome]> = losses.iter().map(Vec::as_slice).collect();
    let mut frame = frame_of(&axes, &losses);
    let diagonal = |cell: usize| cell / 20 == cell % 20;
    frame.trials.retain(|t| diagonal(t.cell));
    frame.trials.iter_mut().for_each(|t| t.cell /= 21);
    frame.cells = (0..20).map(|i| crate::report::frame::Cell { at: vec![i, i] }).collect();
    frame
}

/// Seven sizes for two networks, the loss a power law with a little noise; the wide one has a schedule of its own.
fn sizes() -> Frame {
    let sizes: Vec<f64> = (0..7).map(|i| 60.0 * libm::exp2(f64::from(i))).collect();
    let mut stream = crate::base::random::Stream::new(3, "sample", &[]);
    let mut losses = Vec::new();
    for &n in &sizes {
        for (a, b, c) in [(4.0, -0.4, 0.3), (9.0, -0.55, 0.2)] {
            let loss = a * libm::pow(n, b) + c;
            losses.push((0..5).map(|_| Outcome::Done(loss * (1.0 + 0.03 * stream.normal()))).collect::<Vec<_>>());
        }
    }
    let losses: Vec<&[Outcome]> = losses.iter().map(Vec::as_slice).collect();
    let mut frame =
        frame_of(&[numeric("data.train", &sizes, false), labelled("network", &["narrow", "wide"])], &losses);
    frame.previews = (0..frame.cells.len())
        .map(|cell| {
            let wide = cell % 2 == 1;
            let share = |t: u64| t as f64 / 1000.0;
            let rate = |t: u64| if wide { 0.1 * (1.0 - share(t)) + 0.001 } else { 0.05 };
            let steps: Vec<u64> = (0..=100).map(|i| 10 * i).collect();
            let lr = steps.iter().map(|t| rate(*t)).collect();
            let momentum = wide.then(|| steps.iter().map(|t| 0.85 + 0.1 * share(*t)).collect());
            crate::report::frame::Preview { cell, steps, lr, momentum }
        })
        .collect();
    frame
}

/// Nine rates by six sizes of batches: a valley along the diagonal, a corner that diverges, one row not trained yet.
fn plane() -> Frame {
    let rates: Vec<f64> = (0..9).map(|i| 0.01 * libm::pow(10.0, 0.375 * f64::from(i))).collect();
    let sizes = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
    let outcome = |rate: f64, size: f64, seed: usize| {
        let away = libm::log10(rate / (0.004 * size));
        match rate / size {
            ratio if ratio > 0.3 => Outcome::Diverged(1e9),
            ratio if ratio > 0.1 && seed == 1 => Outcome::Diverged(1e9),
            _ if size > 200.0 => Outcome::Pending,
            _ => Outcome::Done(0.4 + 0.3 * away * away + 0.01 * seed as f64),
        }
    };
    let each = |rate: f64| sizes.map(|size| [0, 1, 2].map(|seed| outcome(rate, size, seed)));
    let outcomes: Vec<[Outcome; 3]> = rates.iter().flat_map(|rate| each(*rate)).collect();
    let outcomes: Vec<&[Outcome]> = outcomes.iter().map(|o| o.as_slice()).collect();
    frame_of(&[numeric("optimizer.lr", &rates, true), numeric("train.batch_size", &sizes, false)], &outcomes)
}

/// The figures of frames that are hard to draw. With `REPORT_FIGURES=DIR` the pictures are left there to look at.
#[test]
fn every_kind_of_frame_gives_a_picture_and_its_numbers() {
    use Outcome::{Diverged, Done, Pending};
    let two = [
        numeric("optimizer.lr", &[0.01, 0.03, 0.1, 0.3, 1.0], true),
        labelled("schedule", &["constant", "cosine, warm-up"]),
    ];
    let losses: Vec<Vec<Outcome>> = (0..10)
        .map(|c| (0..3).map(|s| Done(1.0 + 0.1 * f64::from((c - 5) * (c - 5)) + 0.05 * f64::from(s))).collect())
        .collect();
    let losses: Vec<&[Outcome]> = losses.iter().map(Vec::as_slice).collect();
    let scales: [&[Outcome]; 4] = [
        &[Done(1e-9), Done(1.2e-9)],
        &[Done(3e-7), Done(4e-7)],
        &[Done(2.0e-3), Done(2.5e-3)],
        &[Done(1e12), Diverged(f64::NAN)],
    ];
    let layers = [labelled("network", &["linear", "[100]", "[100, 10]", "256-128-100 with a long name"])];
    let networks: [&[Outcome]; 4] = [
        &[Done(0.45), Done(0.46), Done(0.47)],
        &[Done(0.35), Done(0.36), Done(0.37)],
        &[Done(0.33), Done(0.36), Done(0.34)],
        &[Done(0.31), Done(0.33), Done(0.37)],
    ];
    let lr = "'optimizer.lr'";
    let grid = || {
        format!(
            "[{{ type = 'heatmap', x = {lr}, y = 'train.batch_size' }}, {{ type = 'heatmap', x = {lr}, y = 'train.batch_size', log_colour = true, values = false }}, {{ type = 'sweep', x = {lr}, facet = 'train.batch_size' }}, {{ type = 'curves', facet = 'train.batch_size', where = {{ optimizer.lr = {{ at_most = 1 }} }}, x = 'epoch', log_x = true }}, {{ type = 'gap' }}, {{ type = 'gap', x = {lr}, facet = 'train.batch_size' }}]"
        )
    };
    let cases = [
        ("rates", rates(), format!("[{{ type = 'sweep', x = {lr} }}, 'curves', {{ type = 'sweep', x = {lr}, y = ['test_accuracy'], title = 'Accuracy' }}]")),
        ("two", frame_of(&two, &losses), format!("[{{ type = 'sweep', x = {lr} }}, {{ type = 'curves', where = {{ optimizer.lr = 0.1 }}, x = 'epoch' }}, {{ type = 'sweep', x = 'schedule' }}]")),
        ("one", frame_of(&[], &[&[Done(0.7)]]), "['curves']".into()),
        ("nothing", frame_of(&[numeric("optimizer.lr", &[0.1, 1.0], true)], &[&[Pending], &[Pending]]), format!("['curves', {{ type = 'sweep', x = {lr} }}]")),
        ("scales", frame_of(&[numeric("data.label_noise", &[0.0, 0.1, 0.2, 0.3], false)], &scales), "[{ type = 'sweep', x = 'data.label_noise', log_y = true }, { type = 'sweep', x = 'data.label_noise' }, { type = 'curves', log_y = true }]".into()),
        ("random", random(), format!("[{{ type = 'sweep', x = {lr} }}]")),
        ("sizes", sizes(), "[{ type = 'train_size', x = 'data.train' }, { type = 'train_size', x = 'data.train', y = 'test_error', hold_out = 2, where = { network = 'wide' } }, { type = 'schedule' }, { type = 'schedule', log_y = true, where = { network = 'wide' } }, { type = 'box', y = ['train_loss', 'test_loss'] }, { type = 'box', how = 'strip', log = true, title = 'Seeds' }]".into()),
        ("boxes", rates(), "[{ type = 'box' }, { type = 'box', y = ['test_accuracy'], how = 'strip' }]".into()),
        ("strewn", random(), format!("[{{ type = 'heatmap', x = {lr}, y = 'optimizer.momentum', title = 'Twenty settings' }}]")),
        ("plane", plane(), grid()),
        ("words", frame_of(&two, &losses), format!("[{{ type = 'heatmap', x = 'schedule', y = {lr}, where = {{ optimizer.lr = [0.1, 0.3] }} }}, {{ type = 'curves', x = 'step', log_x = true, log_y = true }}, {{ type = 'gap', facet = 'schedule' }}]")),
        ("networks", frame_of(&layers, &networks), "[{ type = 'sweep', x = 'network' }, 'curves']".into()),
    ];
    for (name, frame, plots) in cases {
        for figure in figures(&plots, &frame.axes).unwrap() {
            let svg = figure.plot.picture(&alone(&frame)).svg();
            assert_eq!(svg, figure.plot.picture(&alone(&frame)).svg(), "the same bytes again");
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}/{}", figure.name);
            let finished = frame.count().done > 0;
            let rows = figure.plot.sheet(&alone(&frame)).rows();
            assert!(!rows.is_empty() || !finished, "{name}/{}", figure.name);
            assert_eq!(svg.contains("no finished trial has a value"), !finished);
            if let Some(folder) = std::env::var_os("REPORT_FIGURES") {
                let file = std::path::Path::new(&folder).join(format!("{name}-{}.svg", figure.name));
                crate::base::files::write(&file, svg.as_bytes()).unwrap();
            }
        }
    }
}

#[test]
fn a_random_search_is_points_and_a_grid_is_lines() {
    let frame = random();
    let svg =
        figures("[{ type = 'sweep', x = 'optimizer.lr' }]", &frame.axes).unwrap()[0].plot.picture(&alone(&frame)).svg();
    assert!(svg.contains("the settings differ in other axes too") && !svg.contains("<polygon"), "{svg}");
    let svg = figures("[{ type = 'sweep', x = 'optimizer.lr' }]", &rates().axes).unwrap()[0]
        .plot
        .picture(&alone(&rates()))
        .svg();
    assert!(
        svg.contains("<polygon") && svg.contains("diverged") && svg.contains("best test loss 1.51 at 0.63"),
        "{svg}"
    );
}

#[test]
fn the_good_end_of_a_share_is_in_the_picture_however_few_its_evaluations() {
    use Outcome::Done;
    let networks = [labelled("network", &["soon right", "never", "never either"])];
    let mut frame = frame_of(&networks, &[&[Done(0.01)], &[Done(6.0)], &[Done(6.5)]]);
    frame.trials[0].record.as_mut().unwrap().rows.drain(1..10);
    let svg = |frame: &Frame, plot: &str| figures(plot, &frame.axes).unwrap()[0].plot.picture(&alone(frame)).svg();
    let plot = "[{ type = 'curves', y = ['test_accuracy'] }]";
    assert!(!svg(&frame, plot).contains("outside the picture"));
    // a loss that explodes is still cut
    frame.trials[1].record.as_mut().unwrap().rows.last_mut().unwrap().values[1] = 1e9;
    assert!(svg(&frame, "[{ type = 'curves', y = ['test_loss'] }]").contains("outside the picture"));
}

#[test]
fn figures_have_names_of_their_own_and_defaults() {
    let frame = rates();
    let names = |plots: &str| figures(plots, &frame.axes).unwrap().into_iter().map(|f| f.name).collect::<Vec<_>>();
    let lr = "{ type = 'sweep', x = 'optimizer.lr' }";
    assert_eq!(names("[]"), [] as [&str; 0]);
    assert_eq!(
        names(&format!("['curves', {lr}, 'curves', {lr}]")),
        ["curves", "sweep-optimizer.lr", "curves-2", "sweep-optimizer.lr-2"]
    );
    assert_eq!(names("[{ type = 'curves', name = 'fig1' }]"), ["fig1"]);
    let summaries = frame.summaries();
    let outline = Outline { axes: &frame.axes, summaries: &summaries, columns: &frame.columns() };
    let mut diagnostics = Diagnostics::new();
    let by_default = super::read(&Value::Absent, &outline, &mut diagnostics).unwrap();
    assert_eq!(by_default.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["curves", "sweep-optimizer.lr"]);
}

#[test]
fn mistakes_in_figures_have_their_place_and_the_way_out() {
    let frame = rates();
    let wrong = [
        "[{ type = 'swep', x = 'optimizer.lr' }]",
        "[{ type = 'sweep', x = 'optimizer.rl' }]",
        "[{ type = 'sweep', x = 'optimizer.lr', y = ['test_lss', 'train_loss', 'train_loss'] }]",
        "[{ type = 'sweep', x = 'optimizer.lr', y_range = [1, 0] }, { type = 'sweep', x = 'optimizer.lr', y_range = [0, 1], log_y = true }]",
        "[{ type = 'curves', y = ['gap_los'] }]",
        "[{ type = 'curves', name = '../out' }, { type = 'curves', name = 'a' }, { type = 'curves', name = 'A' }]",
        "[{ type = 'curves', where = { schedule = 'cosine' } }]",
        "[{ type = 'sweep', x = 'optimizer.lr', facet = 'optimizer.lr' }, { type = 'curves', facet = 'schedule' }]",
        "[{ type = 'heatmap', x = 'optimizer.lr', y = 'optimizer.lrr', colour = 'test_los' }]",
        "[{ type = 'gap', of = 'los' }, { type = 'gap', x = 'optimizer.rate' }]",
    ];
    let all: Vec<String> = wrong.iter().map(|plots| figures(plots, &frame.axes).err().expect(plots)).collect();
    insta::assert_snapshot!(all.concat());
}

#[test]
fn every_example_is_read() {
    for entry in &PLOTS.entries {
        let made = figures(&format!("[{}]", entry.about.example), &rates().axes);
        assert_eq!(made.map(|f| f.len()), Ok(1), "{}", entry.about.name);
    }
}
