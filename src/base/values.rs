//! The values of a section after reading: every key with its value or default, typed, with its place. Asking for a key
//! that the section's table does not have is our mistake, so it panics; a user cannot cause it.

use super::diagnostics::Place;
use super::key::{Key, Kind, Length, Times};
use super::node::{Data, Entry, Node};

/// A value that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing was written and there is no default.
    Absent,
    /// A boolean.
    Flag(bool),
    /// An integer.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A string or one of a few words.
    Text(String),
    /// A stretch of training.
    Length(Length),
    /// When to look at a run.
    Times(Times),
    /// An array.
    List(Vec<Item>),
    /// A table.
    Table(Values),
    /// A table with keys of the user's choice: key, its place, value.
    Map(Vec<(String, Place, Item)>),
    /// A member of a registry.
    Member(Chosen),
    /// A value its owner reads.
    Raw(Node),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Where.
    pub place: Place,
    /// What.
    pub value: Value,
}

/// A member of a registry with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its name (never an alias).
    pub name: &'static str,
    /// Where it was chosen.
    pub place: Place,
    /// Its settings and those common to the kind.
    pub values: Values,
}

/// The values of a table, in the order of its keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Where the table stands.
    pub place: Place,
    /// Every key that the table can have.
    pub items: Vec<(&'static str, Item)>,
}

impl Values {
    fn item(&self, key: &str) -> &Item {
        let found = self.items.iter().find(|(name, _)| *name == key);
        &found.unwrap_or_else(|| panic!("no key is called `{key}` here")).1
    }

    /// Where the key's value stands; the whole table's place when it is a default.
    pub fn place(&self, key: &str) -> Place {
        self.item(key).place
    }

    /// Whether anything stands under the key.
    pub fn has(&self, key: &str) -> bool {
        self.item(key).value != Value::Absent
    }

    /// The value of any kind.
    pub fn value(&self, key: &str) -> &Value {
        &self.item(key).value
    }

    /// A boolean.
    pub fn flag(&self, key: &str) -> bool {
        match self.item(key).value {
            Value::Flag(b) => b,
            ref other => panic!("`{key}` is no flag: {other:?}"),
        }
    }

    /// An integer.
    pub fn whole(&self, key: &str) -> i64 {
        match self.item(key).value {
            Value::Whole(i) => i,
            ref other => panic!("`{key}` is no integer: {other:?}"),
        }
    }

    /// An integer that its bounds keep at zero or above.
    pub fn count(&self, key: &str) -> usize {
        usize::try_from(self.whole(key)).expect("the key's bounds keep it from being negative")
    }

    /// A number.
    pub fn number(&self, key: &str) -> f64 {
        match self.item(key).value {
            Value::Number(x) => x,
            ref other => panic!("`{key}` is no number: {other:?}"),
        }
    }

    /// The numbers of an array.
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let number = |item: &Item| match item.value {
            Value::Number(x) => x,
            ref other => panic!("`{key}` holds no number: {other:?}"),
        };
        self.list(key).iter().map(number).collect()
    }

    /// A string or word.
    pub fn text(&self, key: &str) -> &str {
        match &self.item(key).value {
            Value::Text(s) => s,
            other => panic!("`{key}` is no text: {other:?}"),
        }
    }

    /// A stretch of training.
    pub fn length(&self, key: &str) -> Length {
        match self.item(key).value {
            Value::Length(length) => length,
            ref other => panic!("`{key}` is no length: {other:?}"),
        }
    }

    /// When to look at a run.
    pub fn times(&self, key: &str) -> &Times {
        match &self.item(key).value {
            Value::Times(times) => times,
            other => panic!("`{key}` is no times: {other:?}"),
        }
    }

    /// The elements of an array; none when the key is absent.
    pub fn list(&self, key: &str) -> &[Item] {
        match &self.item(key).value {
            Value::List(items) => items,
            Value::Absent => &[],
            other => panic!("`{key}` is no array: {other:?}"),
        }
    }

    /// A table.
    pub fn table(&self, key: &str) -> &Values {
        match &self.item(key).value {
            Value::Table(values) => values,
            other => panic!("`{key}` is no table: {other:?}"),
        }
    }

    /// The entries of a free table; none when the key is absent.
    pub fn map(&self, key: &str) -> &[(String, Place, Item)] {
        match &self.item(key).value {
            Value::Map(entries) => entries,
            Value::Absent => &[],
            other => panic!("`{key}` is no free table: {other:?}"),
        }
    }

    /// The chosen member of a registry.
    pub fn member(&self, key: &str) -> &Chosen {
        match &self.item(key).value {
            Value::Member(chosen) => chosen,
            other => panic!("`{key}` is no member: {other:?}"),
        }
    }

    /// The settings of a kernel's member as its `build` wants them: in order, flags as 0 and 1, a word as its
    /// place among the words, a pair as two.
    pub fn kernel_numbers(&self, keys: &[Key]) -> Vec<f64> {
        let mut out = Vec::new();
        for key in keys {
            match self.value(key.name) {
                Value::Flag(b) => out.push(f64::from(u8::from(*b))),
                Value::Whole(i) => out.push(*i as f64),
                Value::List(_) => out.extend(self.numbers(key.name)),
                Value::Text(word) => {
                    let Kind::Word(words) = key.kind else { panic!("`{}` is no word", key.name) };
                    let place = words.iter().position(|(known, _)| known == word);
                    out.push(place.expect("only a known word is read") as f64);
                }
                _ => out.push(self.number(key.name)),
            }
        }
        out
    }

    /// The values as a tree again, defaults written out: what `resolved.toml` holds and what a trial's hash covers.
    pub fn to_node(&self) -> Node {
        let entries = self.items.iter().filter_map(|(name, item)| entry(name, item.place, &item.value)).collect();
        Node { place: self.place, data: Data::Table(entries) }
    }
}

fn entry(key: &str, place: Place, value: &Value) -> Option<Entry> {
    let data = data_of(value)?;
    Some(Entry { key: key.to_owned(), place, node: Node { place, data } })
}

fn data_of(value: &Value) -> Option<Data> {
    let one = |key: &str, data| {
        let place = Place::default();
        Data::Table(vec![Entry { key: key.into(), place, node: Node { place, data } }])
    };
    Some(match value {
        Value::Absent => return None,
        Value::Flag(b) => Data::Flag(*b),
        Value::Whole(i) => Data::Whole(*i),
        Value::Number(x) => Data::Number(*x),
        Value::Text(s) => Data::Text(s.clone()),
        Value::Length(Length::Steps(n)) => one("steps", Data::Whole(*n as i64)),
        Value::Length(Length::Epochs(x)) => one("epochs", Data::Number(*x)),
        Value::Length(Length::Fraction(x)) => one("fraction", Data::Number(*x)),
        Value::Times(Times::Every(length)) => data_of(&Value::Length(*length))?,
        Value::Times(Times::Log(n)) => one("log", Data::Whole(*n as i64)),
        Value::Times(Times::At(steps)) => {
            let step = |n: &u64| Node { place: Place::default(), data: Data::Whole(*n as i64) };
            Data::List(steps.iter().map(step).collect())
        }
        Value::List(items) => Data::List(
            items.iter().filter_map(|i| data_of(&i.value).map(|data| Node { place: i.place, data })).collect(),
        ),
        Value::Table(values) => values.to_node().data,
        Value::Map(entries) => {
            Data::Table(entries.iter().filter_map(|(key, _, item)| entry(key, item.place, &item.value)).collect())
        }
        Value::Member(chosen) => {
            let name = entry("type", chosen.place, &Value::Text(chosen.name.to_owned()));
            let rest = chosen.values.items.iter().filter_map(|(k, item)| entry(k, item.place, &item.value));
            Data::Table(name.into_iter().chain(rest).collect())
        }
        Value::Raw(node) => node.data.clone(),
    })
}
