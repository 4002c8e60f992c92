//! The numbers that describe a whole trial, and their names.

use super::plan::Plan;
use super::record::Row;

/// The measures whose gap between test and train is a number of its own.
const GAPS: [&str; 3] = ["loss", "accuracy", "error"];

/// What a trial's numbers may be called when these columns are measured.
pub fn names(columns: &[String]) -> Vec<String> {
    let mut names = columns.to_vec();
    names.extend(columns.iter().map(|c| format!("best_{c}")));
    for naive in ["baseline", "persistence"] {
        names.extend(columns.iter().filter(|c| c.starts_with("test_")).map(|c| format!("{naive}_{c}")));
    }
    names.extend(GAPS.map(|measure| format!("gap_{measure}")));
    names.extend(["best_step", "mean_train_loss", "goal_step", "stop_step"].map(str::to_owned));
    names
}

/// The measures of the evaluation `last` that the trial ends with, their gaps, and those of its best evaluation.
pub(super) fn of_rows(plan: &Plan, rows: &[Row], last: usize, best: Option<usize>) -> Vec<(String, f64)> {
    let at = |column: &str| plan.columns.iter().position(|c| c == column);
    let last = &rows[last];
    let mut summary: Vec<(String, f64)> = plan.columns.iter().cloned().zip(last.values.iter().copied()).collect();
    for measure in GAPS {
        if let Some((train, test)) = at(&format!("train_{measure}")).zip(at(&format!("test_{measure}"))) {
            summary.push((format!("gap_{measure}"), last.values[test] - last.values[train]));
        }
    }
    if let Some(best) = best.map(|at| &rows[at]) {
        summary.push(("best_step".to_owned(), best.step as f64));
        // what is made of steps is no number before the first one
        let known = plan.columns.iter().zip(&best.values).filter(|(_, x)| best.step > 0 || !x.is_nan());
        summary.extend(known.map(|(c, x)| (format!("best_{c}"), *x)));
    }
    summary
}
