//! `within`: the share of rows of which every output is nearer to its target than a tolerance: the criterion by which the
//! adding problem counts as solved.

use kernels::member::Bounds;

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "within",
        aliases: &[],
        summary: "the share of rows of which every output is nearer to its target than a tolerance",
        formula: "#{r : max over outputs |z - t| < tolerance} / rows",
        source: "Hochreiter & Schmidhuber 1997 (0.04)",
        keys: vec![Key::preset("tolerance", Kind::Number(Bounds::Above(0.0)), "0.04", "how far an output may be off")],
        example: "{ type = \"within\", tolerance = 0.1 }".into(),
    };
    let make = |values: &Values| {
        let tolerance = values.number("tolerance");
        numbers::probe("within", move |outputs| measure(outputs, tolerance))
    };
    Entry { about, build: Build::outputs(Better::Higher, make) }
}

fn measure(outputs: &Outputs<'_>, tolerance: f64) -> f64 {
    let pairs: Vec<(f64, f64)> = outputs.pairs().collect();
    let near = |row: &&[(f64, f64)]| row.iter().all(|(z, t)| (z - t).abs() < tolerance);
    pairs.chunks(outputs.objective.width()).filter(near).count() as f64 / outputs.rows() as f64
}
