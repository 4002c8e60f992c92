//! `text`: the characters of a text, cut into windows that predict what comes next, at every step or at the last. The end
//! of the text is tested on, and no character of it is an input or a target of a training row.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::base::error::{Error, Result};
use crate::base::key::{Key, Kind};
use crate::base::random::Seeds;
use crate::base::registry::{About, Entry};
use crate::base::shape::Target;
use crate::base::values::{Value, Values};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::share;
use crate::data::source::{Contents, Parts, Source};

use super::symbols::{Encoding, encoding};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let stretch = Kind::Whole { least: 1, most: 1 << 20 };
    let about = About {
        name: "text",
        aliases: &["characters", "chars"],
        summary: "the characters of a text: windows of them predict the next one, at every step or at the last",
        formula: "x = (c_i, ..., c_(i + context - 1)), y = (c_(i + 1), ..., c_(i + context)); characters are numbered in \
                  the order of their code points, over the whole text",
        source: "Karpathy 2015 (char-rnn)",
        keys: vec![
            Key::preset(
                "path",
                Kind::Text,
                "\"tinyshakespeare/input.txt\"",
                "the text file, in UTF-8; relative to the experiment file or to a data folder",
            )
            .or(&["file"]),
            Key::optional("text", Kind::Text, "the text itself, instead of a file"),
            Key::preset("context", stretch, "64", "characters of a row").or(&[
                "block_size",
                "window",
                "seq_len",
                "sequence_length",
            ]),
            Key::optional(
                "stride",
                stretch,
                "characters from the start of a row to the start of the next; as many as `context` when not given, so that \
                 every character is a target once an epoch",
            ),
            Key::preset(
                "targets",
                Kind::Word(&[("each", "the next character at every step"), ("last", "the one after the whole row")]),
                "\"each\"",
                "what is predicted",
            ),
            encoding("\"number\""),
            Key::preset(
                "test",
                share::KIND,
                "0.1",
                "the last characters, a number or a share, whose windows are tested on",
            ),
        ],
        example: "{ type = \"text\", text = \"to be, or not to be: that is the question\", context = 4, test = 0.3 }"
            .into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Text::new(&chosen.values))) }
}

enum Origin {
    File(String),
    Here(String),
}

struct Text {
    from: Origin,
    context: usize,
    stride: usize,
    each: bool,
    test: Value,
    values: Values,
}

/// A text in numbers.
struct Read {
    /// What it is called in a message.
    name: String,
    /// The number of every character.
    numbers: Vec<u32>,
    /// How many different characters there are.
    known: usize,
}

/// More inputs than these, 4 GiB, are likelier a slip of the pen than a wish.
const MOST_INPUTS: usize = 1 << 30;

impl Text {
    fn new(values: &Values) -> Self {
        let text = |key: &str| values.text(key).to_owned();
        let context = values.count("context");
        Self {
            from: if values.has("text") { Origin::Here(text("text")) } else { Origin::File(text("path")) },
            context,
            stride: if values.has("stride") { values.count("stride") } else { context },
            each: values.text("targets") == "each",
            test: values.value("test").clone(),
            values: values.clone(),
        }
    }

    /// Errors: the file is not there or no UTF-8; too few characters, or fewer than two different ones.
    fn read(&self, folders: &Folders) -> Result<Read> {
        let (name, text): (String, Cow<'_, str>) = match &self.from {
            Origin::Here(text) => ("the text".to_owned(), text.into()),
            Origin::File(path) => {
                let path = folders.file(path)?;
                let bytes = std::fs::read(&path).map_err(|e| Error::file("read", &path, &e))?;
                let text = String::from_utf8(bytes).map_err(|e| {
                    let (at, bytes) = (e.utf8_error().valid_up_to(), e.as_bytes());
                    let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
                    let message = format!("`{}`, line {line}: byte {:#04x} is not UTF-8", path.display(), bytes[at]);
                    Error::new(message).hint("save the file in UTF-8; an older encoding is turned into it by `iconv`")
                })?;
                (format!("`{}`", path.display()), text.into())
            }
        };
        let known: Vec<char> = text.chars().collect::<BTreeSet<char>>().into_iter().collect();
        if known.len() < 2 {
            let message = match known.first() {
                None => format!("{name} is empty"),
                Some(only) => format!("{name} has no other character than `{}`", only.escape_default()),
            };
            return Err(Error::new(message));
        }
        let number = |c: char| known.binary_search(&c).expect("every character of the text was collected") as u32;
        Ok(Read { name, numbers: text.chars().map(number).collect(), known: known.len() })
    }

    /// The characters to train on and to test on. Errors: one of them is too short for a row.
    fn parts<'a>(&self, read: &'a Read) -> Result<[&'a [u32]; 2]> {
        let all = read.numbers.len();
        let (train, test) = read.numbers.split_at(all - share::of(&self.test, all).min(all));
        for (part, what) in [(train, "train on"), (test, "test on")] {
            if part.len() <= self.context {
                let (name, count, needed) = (&read.name, part.len(), self.context + 1);
                let message =
                    format!("{name}: {count} characters to {what} are less than one row and its target, {needed}");
                return Err(Error::new(message).hint("take a shorter `context`, or another `test`"));
            }
        }
        Ok([train, test])
    }

    /// How many windows a stretch of characters has.
    fn rows(&self, numbers: &[u32]) -> usize {
        (numbers.len() - self.context - 1) / self.stride + 1
    }

    fn windows(&self, numbers: &[u32], known: usize) -> Dataset {
        let encoding = Encoding::new(&self.values, known);
        let windows = || numbers.windows(self.context + 1).step_by(self.stride);
        let x = windows().flat_map(|w| &w[..self.context]).flat_map(|c| encoding.inputs(*c as usize)).collect();
        let of = windows().flat_map(|w| if self.each { &w[1..] } else { &w[self.context..] }).copied().collect();
        let labels = Labels::Classes { of, count: known };
        Dataset { series: true, steps: self.steps(), ..Dataset::new(encoding.shape(self.context), x, labels) }
    }

    fn steps(&self) -> usize {
        if self.each { self.context } else { 1 }
    }
}

impl Source for Text {
    fn outline(&self, folders: &Folders) -> Result<Contents> {
        let read = self.read(folders)?;
        let [train, test] = self.parts(&read)?.map(|part| self.rows(part));
        let encoding = Encoding::new(&self.values, read.known);
        let shape = encoding.shape(self.context);
        if (train + test).saturating_mul(shape.width()) > MOST_INPUTS {
            let message = format!("{} rows of shape {shape} are more than {MOST_INPUTS} inputs", train + test);
            return Err(Error::new(message).hint("take a larger `stride`, or `encoding = \"number\"`"));
        }
        let contents = Contents::new(shape, Target::Classes(read.known), train, test);
        Ok(Contents { series: true, steps: self.steps(), symbols: encoding.numbered(), ..contents })
    }

    fn load(&self, folders: &Folders, _seeds: Seeds) -> Result<Parts> {
        let read = self.read(folders)?;
        let [train, test] = self.parts(&read)?.map(|part| self.windows(part, read.known));
        Ok(Parts { train, test })
    }

    fn files(&self, folders: &Folders) -> Result<Vec<PathBuf>> {
        match &self.from {
            Origin::File(path) => Ok(vec![folders.file(path)?]),
            Origin::Here(_) => Ok(Vec::new()),
        }
    }
}
