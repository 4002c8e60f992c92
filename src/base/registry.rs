//! Registries: the lists of what can be named in a file. A member is described once, beside its code; from the
//! description come its place in `runner list` and `runner explain`, the JSON Schema, and the tests that every member
//! must pass. Adding a member is one file and one entry in its list.

use kernels::member::{Bounds, Form, Member, Setting};

use super::key::{Key, Kind, Preset};

/// What there is to say about a member.
pub struct About {
    /// Its name in a file.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// One line: what it is.
    pub summary: &'static str,
    /// Its equation, in the notation of the documentation.
    pub formula: &'static str,
    /// Where it comes from: author and year, or the library whose convention it is.
    pub source: &'static str,
    /// Its settings.
    pub keys: Vec<Key>,
    /// A value that a test reads: `{ type = "dense", units = 10 }`.
    pub example: String,
}

/// A member: its description and how it is made.
pub struct Entry<B> {
    /// The description.
    pub about: About,
    /// What makes it from its settings.
    pub build: B,
}

/// All members of one kind.
pub struct Registry<B: 'static> {
    /// The kind, as in "unknown optimizer".
    pub kind: &'static str,
    /// The members in the order they are listed.
    pub entries: Vec<Entry<B>>,
}

/// A registry without what its members are made by: enough to read a file, list, explain and make a schema.
pub trait Members: Sync {
    /// The kind, as in "unknown optimizer".
    fn kind(&self) -> &'static str;
    /// The descriptions in order.
    fn all(&self) -> Vec<&About>;

    /// The member of that name or alias.
    fn find(&self, name: &str) -> Option<&About> {
        self.all().into_iter().find(|a| a.name == name || a.aliases.contains(&name))
    }
}

impl<B: Sync + Send> Members for Registry<B> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn all(&self) -> Vec<&About> {
        self.entries.iter().map(|e| &e.about).collect()
    }
}

impl<B> Registry<B> {
    /// The member of that name, which reading has found to exist.
    pub fn entry(&self, name: &str) -> &Entry<B> {
        let entry = self.entries.iter().find(|e| e.about.name == name);
        entry.unwrap_or_else(|| panic!("no {} is called `{name}`", self.kind))
    }

    /// What makes the member of that name.
    pub fn build(&self, name: &str) -> &B {
        &self.entry(name).build
    }
}

impl<B: Copy> Registry<B> {
    /// A registry of kernels' members. Their settings are numbers; here they become keys.
    pub fn of_kernels(kind: &'static str, members: &'static [Member<B>]) -> Self {
        let entries = members.iter().map(|m| {
            let about = About {
                name: m.name,
                aliases: m.aliases,
                summary: m.summary,
                formula: m.formula,
                source: m.source,
                keys: m.settings.iter().map(key_of).collect(),
                example: example_of(m.name, m.settings),
            };
            Entry { about, build: m.build }
        });
        Self { kind, entries: entries.collect() }
    }
}

/// A kernel's setting as a key. The text of a default is made once per process, so it is leaked, not owned by every key.
fn key_of(setting: &Setting) -> Key {
    let kind = match setting.form {
        Form::Flag => Kind::Flag,
        Form::Number => Kind::Number(setting.bounds),
        Form::Whole => match setting.bounds {
            Bounds::Within(least, most) => Kind::Whole { least: least as i64, most: most as i64 },
            other => unreachable!("an integer lies between two others, not {other:?}"),
        },
        Form::Pair | Form::List => Kind::Numbers { count: setting.form.width(), bounds: setting.bounds },
        Form::Word(words) => Kind::Word(words),
    };
    let preset = match setting.default {
        None => Preset::Required,
        Some(numbers) => Preset::Toml(toml_of(setting.form, numbers).leak()),
    };
    Key { name: setting.name, aliases: setting.aliases, kind, preset, summary: setting.summary, rule: None }
}

fn toml_of(form: Form, numbers: &[f64]) -> String {
    match form {
        Form::Flag => (numbers[0] != 0.0).to_string(),
        Form::Number => format!("{:?}", numbers[0]),
        Form::Whole => (numbers[0] as i64).to_string(),
        Form::Pair | Form::List => format!("{numbers:?}"),
        Form::Word(words) => format!("{:?}", words[numbers[0] as usize].0),
    }
}

/// An example with every required setting: 0.1 is a legal value of each one there is, which the registry test checks.
fn example_of(name: &str, settings: &[Setting]) -> String {
    let required: String =
        settings.iter().filter(|s| s.default.is_none()).map(|s| format!(", {} = 0.1", s.name)).collect();
    format!("{{ type = \"{name}\"{required} }}")
}
