//! `schedule`: the learning rate of every step, and the momentum where it cycles, before or beside the results: whether a
//! schedule does what its author meant is seen at a glance, and in no table.

use super::canvas::PALETTE;
use super::chart::{Chart, Line, Panel, Point};
use super::picture::Picture;
use super::{Build, Common, MOST, Plot, Results};
use crate::base::diagnostics::Diagnostics;
use crate::base::key::{Key, Kind};
use crate::base::registry::{About, Entry};
use crate::base::values::Chosen;
use crate::report::frame::{Frame, Outline, Preview};
use crate::report::number::{exact, exact_or_empty};
use crate::report::tables::Sheet;
use crate::report::words;

pub(super) fn entry() -> Entry<Build> {
    let keys = vec![Key::preset("log_y", Kind::Flag, "false", "a logarithmic axis for the learning rate")];
    let about = About {
        name: "schedule",
        aliases: &["lr"],
        summary: "the learning rate of every step, and the momentum where the schedule sets it, one colour per schedule",
        formula: "the schedule's own, at up to 500 steps",
        source: "the schedules' own",
        keys,
        example: "{ type = \"schedule\", log_y = true }".into(),
    };
    Entry { about, build }
}

struct Schedules {
    common: Common,
    log_y: bool,
}

fn build(chosen: &Chosen, outline: &Outline<'_>, diagnostics: &mut Diagnostics) -> Option<Box<dyn Plot>> {
    let common = Common::read(&chosen.values, outline, diagnostics)?;
    Some(Box::new(Schedules { common, log_y: chosen.values.flag("log_y") }))
}

/// Settings that have the same schedule.
struct Same<'a> {
    name: String,
    preview: &'a Preview,
    cells: Vec<usize>,
}

impl Schedules {
    /// The different schedules in the order of the file, each named by the axes that tell it from the others.
    fn schedules<'a>(&self, frame: &'a Frame) -> Vec<Same<'a>> {
        let mut all: Vec<Same<'a>> = Vec::new();
        let meant = |p: &&Preview| self.common.selection.holds(&frame.cells[p.cell]);
        for preview in frame.previews.iter().filter(meant) {
            match all.iter_mut().find(|s| s.preview.same(preview)) {
                Some(same) => same.cells.push(preview.cell),
                None => all.push(Same { name: String::new(), preview, cells: vec![preview.cell] }),
            }
        }
        let at = |cell: usize, axis: usize| frame.cells[cell].at[axis];
        let tells = |axis: &usize| {
            let within = |s: &Same<'_>| s.cells.iter().all(|&c| at(c, *axis) == at(s.cells[0], *axis));
            all.iter().all(within) && all.iter().any(|s| at(s.cells[0], *axis) != at(all[0].cells[0], *axis))
        };
        let telling: Vec<usize> = (0..frame.axes.len()).filter(tells).collect();
        // a schedule that follows what is measured can be that of settings which no axis holds together
        let strewn = all.len() > 1 && telling.is_empty();
        let telling = if strewn { self.common.selection.open(&frame.axes) } else { telling };
        for same in &mut all {
            same.name = frame.describe(same.cells[0], &telling);
            if strewn && same.cells.len() > 1 {
                same.name.push_str(&format!(" and {} more", same.cells.len() - 1));
            }
        }
        all
    }

    fn panel(&self, all: &[Same<'_>], title: &str, of: fn(&Preview) -> Option<&Vec<f64>>) -> Panel {
        let line = |(i, same): (usize, &Same<'_>)| {
            let values = of(same.preview)?;
            let steps = same.preview.steps.iter().zip(values);
            let point = |(step, value): (&u64, &f64)| Point { x: *step as f64, mean: *value, interval: None };
            let name = Some(same.name.clone()).filter(|name| !name.is_empty());
            Some(Line {
                name,
                colour: PALETTE[i % PALETTE.len()],
                points: steps.map(point).collect(),
                ..Line::default()
            })
        };
        let lines: Vec<Line> = all.iter().take(MOST).enumerate().filter_map(line).collect();
        let must_show = lines.iter().flat_map(|l| &l.points).map(|p| p.mean).collect();
        Panel { y_title: title.to_owned(), must_show, lines, ..Panel::default() }
    }

    fn facts(&self, all: &[Same<'_>]) -> Vec<String> {
        match all.len() {
            0 => vec!["drawn when a trial of the setting has been trained".into()],
            n if n > MOST => vec![format!("the first {MOST} of {n} schedules")],
            _ => Vec::new(),
        }
    }
}

impl Plot for Schedules {
    fn stem(&self) -> String {
        "schedule".into()
    }

    fn metrics(&self) -> &[String] {
        &[]
    }

    fn previews(&self) -> bool {
        true
    }

    fn caption(&self, results: &Results<'_>) -> String {
        let all = self.schedules(results.frame);
        let facts: String = self.facts(&all).iter().map(|f| format!("; {f}")).collect();
        let momentum = all.iter().any(|s| s.preview.momentum.is_some());
        let what = if momentum { "learning rate and momentum" } else { "learning rate" };
        words::sentence(&format!("{what} of every step{facts}"))
    }

    fn sheet(&self, results: &Results<'_>) -> Sheet {
        let mut sheet = Sheet::new(["schedule", "step", "lr", "momentum"].map(str::to_owned));
        for same in self.schedules(results.frame) {
            let preview = same.preview;
            for (i, step) in preview.steps.iter().enumerate() {
                let momentum = exact_or_empty(preview.momentum.as_ref().map(|m| m[i]));
                sheet.push([same.name.clone(), step.to_string(), exact(preview.lr[i]), momentum]);
            }
        }
        sheet
    }

    fn picture(&self, results: &Results<'_>) -> Picture {
        let all = self.schedules(results.frame);
        let mut panels = vec![Panel { log_y: self.log_y, ..self.panel(&all, "learning rate", |p| Some(&p.lr)) }];
        let momentum = self.panel(&all, "momentum", |p| p.momentum.as_ref());
        if !momentum.lines.is_empty() {
            panels.push(momentum);
        }
        Chart {
            title: self.common.title.clone(),
            x_title: "step".into(),
            panels,
            notes: self.facts(&all),
            ..Chart::default()
        }
        .picture()
    }
}
