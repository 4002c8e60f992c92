//! A TOML document as a tree in which every key and value knows its place. A sweep puts the values of its axes into a
//! copy of this tree, so a mistake in an axis value is shown where the value was written.

use std::fmt::Write as _;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostics::{Diagnostics, Place};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub place: Place,
    /// What it is.
    pub data: Data,
}

/// The kinds of TOML value that experiments use. Dates are kept as text: no setting takes one.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// `true` or `false`.
    Flag(bool),
    /// An integer.
    Whole(i64),
    /// A float, `inf` and `nan` included.
    Number(f64),
    /// A string, or a date as it was written.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// A table, in the order of the file.
    Table(Vec<Entry>),
}

/// A key of a table with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// Parses a document; its place is the whole text. Syntax errors are reported, all of them; what could be read is
    /// returned.
    pub fn parse(origin: u32, text: &str, diagnostics: &mut Diagnostics) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut twice: Option<Range<usize>> = None;
        for error in &errors {
            let range = error.span().unwrap_or(0..0);
            if error.message() != "duplicate key" {
                diagnostics.error(place(origin, range), error.message().replace('\n', ", "), "");
                continue;
            }
            // the keys of a section that stands there twice are no mistakes of their own
            if twice.as_ref().is_some_and(|header| !text[header.end..range.start].contains("\n[")) {
                continue;
            }
            let header = text[..range.start].ends_with('[');
            let what = if header { format!("[{}]", &text[range.clone()]) } else { text[range.clone()].to_owned() };
            let hint = "take one of them out";
            diagnostics.error_with_hint(place(origin, range.clone()), format!("`{what}` stands here twice"), "", hint);
            twice = header.then_some(range);
        }
        // a number that is none has been reported with the syntax
        let mut known = Diagnostics::new();
        let values = if errors.is_empty() { diagnostics } else { &mut known };
        Self { place: place(origin, 0..text.len()), data: table_of(origin, table.into_inner(), values) }
    }

    /// What the value is called in a message.
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Flag(_) => "a boolean",
            Data::Whole(_) => "an integer",
            Data::Number(_) => "a float",
            Data::Text(_) => "a string",
            Data::List(_) => "an array",
            Data::Table(_) => "a table",
        }
    }

    /// The entries of a table, none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Table(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of this table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The value of a key of this table, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        match &mut self.data {
            Data::Table(entries) => entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.node),
            _ => None,
        }
    }

    /// What stands at a key path; numbers are positions in arrays, and `optimizer = "sgd"` has a `type`.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        let Some((head, rest)) = path.split_first() else { return Some(self) };
        match &self.data {
            Data::List(items) => items.get(head.parse::<usize>().ok()?)?.at(rest),
            Data::Text(_) if *head == "type" && rest.is_empty() => Some(self),
            _ => self.get(head)?.at(rest),
        }
    }

    /// Puts `value` at the key path `path`, making tables on the way; numbers are positions in arrays. `key_place` is
    /// where the path was written. Errors: the part of the path that leads nowhere.
    pub fn set(&mut self, path: &[String], key_place: Place, value: Node) -> Result<(), String> {
        let Some((head, rest)) = path.split_first() else {
            *self = value;
            return Ok(());
        };
        // `optimizer = "sgd"` is short for `{ type = "sgd" }`, also for a path below it
        if let Data::Text(name) = &self.data {
            let short = Node { place: self.place, data: Data::Text(name.clone()) };
            self.data = Data::Table(vec![Entry { key: "type".into(), place: self.place, node: short }]);
        }
        match &mut self.data {
            Data::Table(entries) => {
                let at = entries.iter().position(|e| &e.key == head).unwrap_or_else(|| {
                    let node = Node { place: key_place, data: Data::Table(Vec::new()) };
                    entries.push(Entry { key: head.clone(), place: key_place, node });
                    entries.len() - 1
                });
                if rest.is_empty() {
                    entries[at].place = key_place;
                }
                entries[at].node.set(rest, key_place, value)
            }
            Data::List(items) => {
                let count = items.len();
                let item = head.parse::<usize>().ok().and_then(|i| items.get_mut(i));
                let item = item.ok_or_else(|| format!("`{head}` is not a position in an array of {count} (from 0)"))?;
                item.set(rest, key_place, value)
            }
            _ => Err(format!("nothing can stand below {}: `{head}`", self.kind())),
        }
    }

    /// The value as TOML on one line.
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match &self.data {
            Data::Flag(b) => write!(out, "{b}").expect("a string takes all"),
            Data::Whole(i) => write!(out, "{i}").expect("a string takes all"),
            Data::Number(x) => out.push_str(&number_to_toml(*x)),
            Data::Text(s) => out.push_str(&quote(s)),
            Data::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Data::Table(entries) => {
                out.push('{');
                for (i, entry) in entries.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { " " });
                    write!(out, "{} = ", bare(&entry.key)).expect("a string takes all");
                    entry.node.write(out);
                }
                out.push_str(" }");
            }
        }
    }
}

/// A float as TOML: the shortest digits that read back as the same number, always with a point or an exponent.
pub fn number_to_toml(x: f64) -> String {
    match () {
        () if x.is_nan() => "nan".into(),
        () if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.into(),
        () => format!("{x:?}"),
    }
}

/// A TOML basic string.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => write!(out, "\\u{:04X}", c as u32).expect("a string takes all"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, quoted only where TOML wants it.
pub fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain { key.to_owned() } else { quote(key) }
}

fn place(origin: u32, range: Range<usize>) -> Place {
    Place { origin, start: range.start as u32, end: range.end as u32 }
}

fn table_of(origin: u32, table: DeTable<'_>, diagnostics: &mut Diagnostics) -> Data {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| Entry {
            place: place(origin, key.span()),
            key: key.into_inner().into_owned(),
            node: node_of(origin, value, diagnostics),
        })
        .collect();
    // the parser sorts keys by name; a person's order is the order of the file
    entries.sort_by_key(|e| e.place.start);
    Data::Table(entries)
}

fn node_of(origin: u32, value: Spanned<DeValue<'_>>, diagnostics: &mut Diagnostics) -> Node {
    let place = place(origin, value.span());
    let data = match value.into_inner() {
        DeValue::String(s) => Data::Text(s.into_owned()),
        DeValue::Boolean(b) => Data::Flag(b),
        DeValue::Datetime(d) => Data::Text(d.to_string()),
        DeValue::Integer(i) => match i64::from_str_radix(&i.as_str().replace('_', ""), i.radix()) {
            Ok(i) => Data::Whole(i),
            Err(_) => {
                diagnostics.error(place, format!("`{i}` is too large for an integer"), "at most 9223372036854775807");
                Data::Whole(0)
            }
        },
        DeValue::Float(f) => match f.as_str().replace('_', "").parse() {
            Ok(x) => Data::Number(x),
            Err(_) => {
                diagnostics.error(place, format!("`{f}` is not a number"), "");
                Data::Number(0.0)
            }
        },
        DeValue::Array(items) => Data::List(items.into_iter().map(|item| node_of(origin, item, diagnostics)).collect()),
        DeValue::Table(table) => table_of(origin, table, diagnostics),
    };
    Node { place, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Node {
        let mut d = Diagnostics::new();
        let origin = d.origin("t.toml", text);
        let node = Node::parse(origin, text, &mut d);
        assert!(d.is_empty(), "{}", d.render(false));
        node
    }

    #[test]
    fn a_path_makes_tables_and_reaches_into_arrays() {
        let mut node = parse("optimizer = \"sgd\"\nlayers = [{ units = 1 }]\n");
        let value = Node { place: Place::default(), data: Data::Number(0.5) };
        let path = |s: &str| s.split('.').map(str::to_owned).collect::<Vec<_>>();
        node.set(&path("optimizer.lr"), Place::default(), value.clone()).unwrap();
        node.set(&path("layers.0.units"), Place::default(), value.clone()).unwrap();
        assert_eq!(node.get("optimizer").unwrap().to_toml(), "{ type = \"sgd\", lr = 0.5 }");
        assert_eq!(node.get("layers").unwrap().to_toml(), "[{ units = 0.5 }]");
        assert!(node.set(&path("layers.7.units"), Place::default(), value).is_err());
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let mut d = Diagnostics::new();
        let text = "a = \nb = 1\nc = ]\n";
        let origin = d.origin("t.toml", text);
        Node::parse(origin, text, &mut d);
        assert_eq!(d.count(), 2, "{}", d.render(false));
    }
}
