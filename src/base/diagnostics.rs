//! Mistakes in an experiment file, each with its place. They are collected, never thrown one at a time: a reader that
//! finds a mistake reports it and goes on, so a person mends a file once. Rendering shows file, line, column, a caret
//! and a hint, and is plain text when colour is not wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use annotate_snippets::renderer::{DecorStyle, Renderer};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};

/// A stretch of one of the texts the settings came from: the experiment file, or a `--set` of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// Which text, as given by [`Diagnostics::origin`].
    pub origin: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Place {
    /// The bytes of this place in its text.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Diagnostic {
    place: Place,
    message: String,
    label: String,
    hint: Option<String>,
}

/// The mistakes found so far, and the texts they point into. The same mistake at the same place is kept once: a sweep
/// reads a section again for every setting.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    origins: Vec<(String, String)>,
    /// With the settings of the sweep in which it was found.
    found: BTreeMap<Diagnostic, Settings>,
    notes: BTreeSet<(Place, String)>,
    /// The setting being looked at, and how many were.
    setting: Option<String>,
    settings: usize,
}

/// In how many settings of a sweep a mistake was found, and the first of them in words.
#[derive(Debug, Clone, Default)]
struct Settings {
    count: usize,
    first: String,
}

impl Diagnostics {
    /// No mistakes yet, no text yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text by the name to show for it, and returns its number for [`Place::origin`].
    pub fn origin(&mut self, name: &str, text: &str) -> u32 {
        self.origins.push((name.to_owned(), text.to_owned()));
        (self.origins.len() - 1) as u32
    }

    /// Reports a mistake: `message` says what, `label` stands under the caret (may be empty).
    pub fn error(&mut self, place: Place, message: impl Into<String>, label: impl Into<String>) {
        self.add(Diagnostic { place, message: message.into(), label: label.into(), hint: None });
    }

    /// Reports a mistake with what to do about it.
    pub fn error_with_hint(
        &mut self,
        place: Place,
        message: impl Into<String>,
        label: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(Diagnostic { place, message: message.into(), label: label.into(), hint: Some(hint.into()) });
    }

    fn add(&mut self, one: Diagnostic) {
        let settings = self.found.entry(one).or_default();
        if let Some(setting) = &self.setting {
            settings.count += 1;
            if settings.count == 1 {
                settings.first.clone_from(setting);
            }
        }
    }

    /// Takes back what was said about exactly this place, because the cause is known better.
    pub fn retract(&mut self, place: Place) {
        self.found.retain(|one, _| one.place != place);
    }

    /// Whether something was said about exactly this place.
    pub fn knows(&self, place: Place) -> bool {
        self.found.keys().any(|one| one.place == place)
    }

    /// Looks at one setting of a sweep, called `words`. A mistake that `look` finds in some of the settings only is
    /// shown with the first of them, because its place in the file does not tell.
    pub fn setting<T>(&mut self, words: String, look: impl FnOnce(&mut Self) -> T) -> T {
        self.setting = Some(words);
        self.settings += 1;
        let seen = look(self);
        self.setting = None;
        seen
    }

    /// Says something that is no mistake: a spelling of another library that was understood.
    pub fn note(&mut self, place: Place, message: impl Into<String>) {
        self.notes.insert((place, message.into()));
    }

    /// What was noted, as lines `file:line: note`.
    pub fn notes(&self) -> Vec<String> {
        let line = |(place, message): &(Place, String)| {
            let (name, text) = &self.origins[place.origin as usize];
            let number = text[..(place.start as usize).min(text.len())].matches('\n').count() + 1;
            format!("{name}:{number}: {message}")
        };
        self.notes.iter().map(line).collect()
    }

    /// How many mistakes there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All mistakes in the order of the file, as text for a terminal (`colour`) or a plain stream.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut out = String::new();
        for (one, settings) in &self.found {
            let (name, text) = &self.origins[one.place.origin as usize];
            let title = Level::ERROR.primary_title(one.message.as_str());
            let mut annotation = AnnotationKind::Primary.span(clamp(one.place.range(), text));
            if !one.label.is_empty() {
                annotation = annotation.label(one.label.as_str());
            }
            // what is wrong with the whole file has no line
            let mut group: Group<'_> = match one.place.range() {
                whole if whole == (0..text.len()) => title.element(Origin::path(name.as_str())),
                _ => title.element(Snippet::source(text.as_str()).path(name.as_str()).annotation(annotation)),
            };
            let some = (1..self.settings).contains(&settings.count);
            let words = format!("in {} of {} settings, first in {}", settings.count, self.settings, settings.first);
            if some {
                group = group.element(Level::NOTE.message(words.as_str()));
            }
            if let Some(hint) = &one.hint {
                group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
            }
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        out
    }
}

/// A span that lies within the text and covers at least one character where there is one, so that a caret is drawn.
fn clamp(range: Range<usize>, text: &str) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The candidate nearest to what was written, when it is near enough to be what was meant.
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let length = written.chars().count();
    let allowed = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|c| {
            let distance = strsim::damerau_levenshtein(&written, &c.to_lowercase());
            let prefix = written.len() >= 3 && (c.starts_with(&written) || written.starts_with(c));
            (if prefix { distance.min(allowed) } else { distance }, c)
        })
        // a word of one letter that is replaced is another word
        .filter(|(distance, _)| *distance <= allowed && *distance < length)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// The hint for a word that is not one of the candidates: the nearest one, else all of them.
pub fn suggest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(written, candidates.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let mut all: Vec<_> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
            let more = all.len().saturating_sub(24);
            all.truncate(24);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("known here: {}{tail}", all.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        let known = ["weight_decay", "momentum", "lr"];
        assert_eq!(nearest("wieght_decay", known), Some("weight_decay"));
        assert_eq!(nearest("momentun", known), Some("momentum"));
        assert_eq!(nearest("dropout", known), None);
        assert_eq!((nearest("y", ["x"]), nearest("X", ["x"])), (None, Some("x")));
    }

    #[test]
    fn the_same_mistake_is_kept_once_and_the_caret_stands_under_it() {
        let mut d = Diagnostics::new();
        let origin = d.origin("a.toml", "lr = -1\n");
        for _ in 0..2 {
            d.error(Place { origin, start: 5, end: 7 }, "`lr` must be above 0", "");
        }
        assert_eq!(d.count(), 1);
        let text = d.render(false);
        assert!(text.contains("a.toml:1:6"), "{text}");
        assert!(text.contains("^^"), "{text}");
    }
}
