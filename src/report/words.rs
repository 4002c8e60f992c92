//! Names as a reader says them: key paths and measures in the words of axis titles, legends and captions.

use crate::learn::stopping::Better;
use crate::probe::better;

/// The words of axes that people know by another name than their key.
const AXES: &[(&str, &str)] = &[
    ("optimizer.lr", "learning rate"),
    ("optimizer.weight_decay", "weight decay"),
    ("optimizer.momentum", "momentum"),
    ("train.batch_size", "batch size"),
    ("train.steps", "training steps"),
    ("train.epochs", "training epochs"),
    ("data.train", "training rows"),
    ("data.subset.first", "training rows"),
    ("data.label_noise", "label noise"),
];

/// An axis in words, without a unit: `learning rate`; the key path where there is no better word.
pub fn axis(path: &str) -> &str {
    AXES.iter().find(|(known, _)| *known == path).map_or(path, |(_, words)| words)
}

/// A measure in words: `train loss`, `test accuracy`, `loss gap`.
pub fn metric(name: &str) -> String {
    match name {
        "mean_train_loss" => "mean train loss".into(),
        "goal_step" => "steps to the goal".into(),
        "stop_step" => "steps to early stopping".into(),
        _ => match name.strip_prefix("gap_") {
            Some(of) => format!("{} gap", of.replace('_', " ")),
            None => name.replace('_', " "),
        },
    }
}

/// The title of an axis that carries all of these measures: what they have in common, `loss` for train and test loss;
/// else the measures themselves.
pub fn together(names: &[String]) -> String {
    const PARTS: [&str; 3] = ["train_", "test_", "validation_"];
    let bare = |name: &str| PARTS.iter().find_map(|p| name.strip_prefix(p)).map(str::to_owned);
    match names.iter().map(|n| bare(n)).collect::<Option<Vec<_>>>() {
        Some(all) if all.len() > 1 && all.iter().all(|n| *n == all[0]) => metric(&all[0]),
        _ => list(&names.iter().map(|n| metric(n)).collect::<Vec<_>>()),
    }
}

/// `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// With a capital at its beginning and a full stop at its end.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

/// A text in lines, each as long as it `fits`; a word that does not fit has a line of its own.
pub fn wrap(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `1 seed`, `2 seeds`.
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Whether more of the measure is better.
pub fn higher_is_better(metric: &str) -> bool {
    better(metric) == Some(Better::Higher)
}

/// Whether one value of the measure is better than another at all: of a gap or a count neither is.
pub fn has_a_best(metric: &str) -> bool {
    better(metric).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_that_share_a_word_share_the_axis_title() {
        let names = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        assert_eq!(together(&names(&["train_loss", "test_loss"])), "loss");
        assert_eq!(together(&names(&["test_loss"])), "test loss");
        assert_eq!(
            together(&names(&["train_loss", "test_accuracy", "gap_loss"])),
            "train loss, test accuracy and loss gap"
        );
    }
}
