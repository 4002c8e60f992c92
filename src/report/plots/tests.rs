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
    let cases = [
        ("rates", rates(), format!("[{{ type = 'sweep', x = {lr} }}, 'curves', {{ type = 'sweep', x = {lr}, y = ['test_accuracy'], title = 'Accuracy' }}]")),
        ("two", frame_of(&two, &losses), format!("[{{ type = 'sweep', x = {lr} }}, {{ type = 'curves', where = {{ optimizer.lr = 0.1 }}, x = 'epoch' }}, {{ type = 'sweep', x = 'schedule' }}]")),
        ("one", frame_of(&[], &[&[Done(0.7)]]), "['curves']".into()),
        ("nothing", frame_of(&[numeric("optimizer.lr", &[0.1, 1.0], true)], &[&[Pending], &[Pending]]), format!("['curves', {{ type = 'sweep', x = {lr} }}]")),
        ("scales", frame_of(&[numeric("data.label_noise", &[0.0, 0.1, 0.2, 0.3], false)], &scales), "[{ type = 'sweep', x = 'data.label_noise', log_y = true }, { type = 'sweep', x = 'data.label_noise' }, { type = 'curves', log_y = true }]".into()),
        ("networks", frame_of(&layers, &networks), "[{ type = 'sweep', x = 'network' }, 'curves']".into()),
    ];
    for (name, frame, plots) in cases {
        for figure in figures(&plots, &frame.axes).unwrap() {
            let svg = figure.plot.svg(&frame);
            assert_eq!(svg, figure.plot.svg(&frame), "the same bytes again");
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}/{}", figure.name);
            let finished = frame.count().done > 0;
            assert_eq!(
                figure
                    .plot
                    .sheet(&frame)
                    .rows
                    .iter()
                    .any(|r| r.contains(&"train_loss".to_owned()) || r.contains(&"test_accuracy".to_owned())),
                finished || figure.name.starts_with("sweep")
            );
            assert_eq!(svg.contains("no trial has finished"), !finished);
            if let Some(folder) = std::env::var_os("REPORT_FIGURES") {
                let file = std::path::Path::new(&folder).join(format!("{name}-{}.svg", figure.name));
                crate::base::files::write(&file, svg.as_bytes()).unwrap();
            }
        }
    }
}
