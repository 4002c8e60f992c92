//! `gap`: test minus train, against the step or against a swept value: the figure of generalization itself.

use super::chart::Level;
use super::curves::{AGAINST, Curves};
use super::series::FACET;
use super::sweep::Sweep;
use super::{Build, Plot};
use crate::base::diagnostics::{Diagnostics, suggest};
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::Outline;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![
        Key::preset("of", Kind::Text, "\"loss\"", "the measure whose gap is drawn: `loss`, `accuracy`"),
        Key::preset("x", Kind::Text, "\"step\"", "against what: `step`, `epoch`, `lr` or the key path of an axis"),
        Key::optional("log_x", Kind::Flag, "a logarithmic horizontal axis"),
        FACET,
    ];
    let about = About {
        name: "gap",
        aliases: &["generalization_gap"],
        summary: "test minus train against the step or a swept value: how much of what was learned does not generalize",
        formula: "gap = test - train, on the same weights; mean -+ t(0.975; n - 1) sd / sqrt(n) over seeds",
        source: "the name is that of Keskar et al. 2017",
        keys,
        example: "{ type = \"gap\", x = \"optimizer.lr\" }".into(),
    };
    Entry { about, build }
}

/// No gap at all.
fn nothing() -> Vec<Level> {
    vec![Level { name: "no gap".into(), y: 0.0 }]
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let values = &chosen.values;
    let x = values.text("x");
    let measure = format!("gap_{}", values.text("of"));
    let over_time = AGAINST.iter().any(|(word, _)| *word == x);
    let known = if over_time { outline.over_time() } else { outline.summaries.to_vec() };
    let y = known.contains(&measure).then(|| vec![measure]);
    if y.is_none() {
        let of = values.text("of");
        let gaps: Vec<&str> = known.iter().filter_map(|k| k.strip_prefix("gap_")).collect();
        let message = format!("`{of}` is not measured on both the train and the test rows");
        diagnostics.error_with_hint(values.place("of"), message, "", suggest(of, gaps));
    }
    let swept = outline.axes.iter().any(|a| a.path == x);
    if !over_time && !swept {
        let known = AGAINST.iter().map(|(word, _)| *word).chain(outline.axes.iter().map(|a| a.path.as_str()));
        let message = format!("a gap cannot be drawn against `{x}`");
        diagnostics.error_with_hint(values.place("x"), message, "", suggest(x, known.collect::<Vec<_>>()));
        return None;
    }
    let stem = format!("gap-{x}");
    if over_time {
        let curves = Curves::read(values, y, stem, outline, diagnostics)?;
        return Some(Box::new(curves.compared(nothing())));
    }
    let sweep = Sweep::read(values, y, stem, outline, diagnostics)?;
    Some(Box::new(sweep.compared(nothing())))
}
