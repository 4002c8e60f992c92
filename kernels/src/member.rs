//! How an entry of a registry describes itself: names, settings, formula and source as plain data. The runner makes the
//! keys of an experiment file, their checks, the schema and the documentation out of it, so that a new activation, loss
//! or optimizer is one file and one entry.

/// Which numbers a setting takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// Any finite number.
    Any,
    /// `>= a`
    AtLeast(f64),
    /// `> a`
    Above(f64),
    /// `[a, b]`
    Within(f64, f64),
    /// `[a, b)`
    Below(f64, f64),
}

impl Bounds {
    /// Whether a number is allowed; NaN and the infinities never are.
    pub fn allow(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Bounds::Any => true,
                Bounds::AtLeast(a) => x >= a,
                Bounds::Above(a) => x > a,
                Bounds::Within(a, b) => a <= x && x <= b,
                Bounds::Below(a, b) => a <= x && x < b,
            }
    }
}

/// How a setting is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One number.
    Number,
    /// One integer within bounds that are integers.
    Whole,
    /// True or false, handed to `build` as 1 or 0.
    Flag,
    /// A list of two numbers.
    Pair,
    /// One of some words, each with its meaning; `build` gets its place among them.
    Word(&'static [(&'static str, &'static str)]),
    /// A list of any length, which may be empty. It is the last setting of its member, so `build` gets all that is left.
    List,
}

impl Form {
    /// How many numbers `build` gets for it; none where that is for the user to say.
    pub fn width(self) -> Option<usize> {
        match self {
            Form::Number | Form::Whole | Form::Flag | Form::Word(_) => Some(1),
            Form::Pair => Some(2),
            Form::List => None,
        }
    }
}

/// One setting of a member.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// Other spellings of the key.
    pub aliases: &'static [&'static str],
    /// How it is written.
    pub form: Form,
    /// What it is when nothing is said; none where something must be.
    pub default: Option<&'static [f64]>,
    /// Which numbers it takes; for a pair or a list, each of them.
    pub bounds: Bounds,
    /// One line on what it does.
    pub summary: &'static str,
}

/// One member of a registry.
#[derive(Clone, Copy, Debug)]
pub struct Member<B: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its names elsewhere (Keras, papers).
    pub aliases: &'static [&'static str],
    /// One line on what it is and when to take it.
    pub summary: &'static str,
    /// Its equation.
    pub formula: &'static str,
    /// Author and year, or the library whose convention it is.
    pub source: &'static str,
    /// Its settings, in the order `build` takes their numbers.
    pub settings: &'static [Setting],
    /// Makes one from the settings' numbers in order, a pair giving two, a list all of its own. The numbers are within the bounds.
    pub build: B,
}

impl<B> Member<B> {
    /// The numbers of all settings' defaults in order; none where a setting is required.
    pub fn defaults(&self) -> Option<Vec<f64>> {
        let parts: Option<Vec<&[f64]>> = self.settings.iter().map(|setting| setting.default).collect();
        parts.map(|parts| parts.concat())
    }
}
