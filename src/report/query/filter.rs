//! The filter of a query: `optimizer.lr < 0.1 and (test_loss < 2 or schedule = cosine)`. Comparisons of columns with numbers,
//! texts and other columns, joined by `and`, `or`, `not` and parentheses; `and` binds closer than `or`. What a trial does
//! not have compares with nothing.

use crate::base::diagnostics::{Diagnostics, Place, suggest};

use super::Item;

/// A filter that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Any(Vec<Filter>),
    All(Vec<Filter>),
    Not(Box<Filter>),
    Compare { left: Operand, how: Comparison, right: Operand },
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A column, by position.
    Column(usize),
    Number(f64),
    Text(String),
}

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    More,
}

const COMPARISONS: [(&str, Comparison); 7] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Less),
    (">", Comparison::More),
    ("=", Comparison::Equal),
];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name, a number or a word.
    Word(String),
    /// A text in quotes.
    Quoted(String),
    Compare(Comparison),
    Open,
    Close,
}

impl Filter {
    /// Reads a filter over these columns; `texts` are the words that a column can be compared with.
    pub fn read(
        text: &str,
        columns: &[String],
        texts: impl Fn(usize) -> Vec<String>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let origin = diagnostics.origin("the filter", text);
        let tokens = tokens(origin, text, diagnostics)?;
        let mut reader = Reader { tokens, at: 0, origin, end: text.len(), columns, texts: &texts, diagnostics };
        let filter = reader.any()?;
        match reader.peek() {
            None => Some(filter),
            Some(_) => reader.wrong("`and` or `or` was expected here"),
        }
    }

    /// Whether a row is meant.
    pub fn holds(&self, row: &dyn Fn(usize) -> Item) -> bool {
        match self {
            Filter::Any(all) => all.iter().any(|f| f.holds(row)),
            Filter::All(all) => all.iter().all(|f| f.holds(row)),
            Filter::Not(one) => !one.holds(row),
            Filter::Compare { left, how, right } => how.holds(&left.item(row), &right.item(row)),
        }
    }
}

impl Operand {
    fn item(&self, row: &dyn Fn(usize) -> Item) -> Item {
        match self {
            Operand::Column(column) => row(*column),
            Operand::Number(number) => Item::Number(*number),
            Operand::Text(text) => Item::Text(text.clone()),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Item, right: &Item) -> bool {
        use std::cmp::Ordering;
        let order = match (left, right) {
            (Item::Missing, _) | (_, Item::Missing) => return false,
            _ => match (left.number(), right.number()) {
                // numbers that agree in nine digits were written differently, no more
                (Some(a), Some(b)) if (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) => Some(Ordering::Equal),
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => Some(left.text().cmp(&right.text())),
            },
        };
        // no number is less than, more than or equal to nan
        let Some(order) = order else { return self == Comparison::Unequal };
        match self {
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::Unequal => order.is_ne(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::More => order.is_gt(),
        }
    }
}

fn place(origin: u32, start: usize, end: usize) -> Place {
    Place { origin, start: start as u32, end: end as u32 }
}

/// The tokens of a text, each with its place.
fn tokens(origin: u32, text: &str, diagnostics: &mut Diagnostics) -> Option<Vec<(Token, Place)>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let rest = &text[start..];
        let word = rest.find(|c: char| !(c.is_alphanumeric() || "_.+-".contains(c))).unwrap_or(rest.len());
        let compare = COMPARISONS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (token, length) = match first {
            c if c.is_whitespace() => (None, c.len_utf8()),
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            '"' | '\'' => {
                let Some(end) = rest[1..].find(first) else {
                    diagnostics.error(place(origin, start, text.len()), "this text does not end", "");
                    return None;
                };
                (Some(Token::Quoted(rest[1..=end].to_owned())), end + 2)
            }
            _ if compare.is_some() => compare.map(|(sign, how)| (Some(Token::Compare(*how)), sign.len()))?,
            _ if word > 0 => (Some(Token::Word(rest[..word].to_owned())), word),
            c => {
                let hint = "a filter is written `optimizer.lr < 0.1 and test_loss < 2`";
                let here = place(origin, start, start + c.len_utf8());
                diagnostics.error_with_hint(here, format!("`{c}` means nothing in a filter"), "", hint);
                return None;
            }
        };
        tokens.extend(token.map(|token| (token, place(origin, start, start + length))));
        start += length;
    }
    Some(tokens)
}

struct Reader<'a> {
    tokens: Vec<(Token, Place)>,
    at: usize,
    origin: u32,
    end: usize,
    columns: &'a [String],
    texts: &'a dyn Fn(usize) -> Vec<String>,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn place(&self) -> Place {
        self.tokens.get(self.at).map_or(place(self.origin, self.end, self.end), |(_, place)| *place)
    }

    fn wrong<T>(&mut self, message: &str) -> Option<T> {
        let hint = "a filter is written `optimizer.lr < 0.1 and (test_loss < 2 or schedule = cosine)`";
        self.diagnostics.error_with_hint(self.place(), message, "", hint);
        None
    }

    /// Whether the word comes next; if so, it is taken.
    fn takes(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Option<Filter> {
        let mut all = vec![self.all()?];
        while self.takes("or") {
            all.push(self.all()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Filter::Any(all) })
    }

    fn all(&mut self) -> Option<Filter> {
        let mut all = vec![self.one()?];
        while self.takes("and") {
            all.push(self.one()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn one(&mut self) -> Option<Filter> {
        if self.takes("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.any()?;
            if self.peek() != Some(&Token::Close) {
                return self.wrong("`)` was expected here");
            }
            self.at += 1;
            return Some(inner);
        }
        let left = self.column()?;
        let Some(&Token::Compare(how)) = self.peek() else {
            return self.wrong("a comparison was expected here: `<`, `<=`, `=`, `!=`, `>=` or `>`");
        };
        self.at += 1;
        let right = self.operand(left)?;
        Some(Filter::Compare { left: Operand::Column(left), how, right })
    }

    fn column(&mut self) -> Option<usize> {
        let Some(Token::Word(word)) = self.peek() else {
            return self.wrong("the name of a column was expected here");
        };
        let found = self.columns.iter().position(|c| c == word);
        if found.is_none() {
            let message = format!("unknown column `{word}`");
            let hint = suggest(word, self.columns.iter().map(String::as_str));
            let place = self.place();
            self.diagnostics.error_with_hint(place, message, "", hint);
        }
        self.at += 1;
        found
    }

    /// What the column is compared with: a number, another column, or a word that is a value of it.
    fn operand(&mut self, with: usize) -> Option<Operand> {
        let operand = match self.peek() {
            Some(Token::Quoted(text)) => Operand::Text(text.clone()),
            Some(Token::Word(word)) => match word.parse::<f64>() {
                Ok(number) => Operand::Number(number),
                Err(_) => self.word(&word.clone(), with)?,
            },
            _ => return self.wrong("a number, a text or the name of a column was expected here"),
        };
        self.at += 1;
        Some(operand)
    }

    fn word(&mut self, word: &str, with: usize) -> Option<Operand> {
        let texts = (self.texts)(with);
        if texts.iter().any(|t| t == word) {
            return Some(Operand::Text(word.to_owned()));
        }
        if let Some(column) = self.columns.iter().position(|c| c == word) {
            return Some(Operand::Column(column));
        }
        let known = texts.iter().chain(self.columns).map(String::as_str);
        let message = format!("`{word}` is neither a value of `{}` nor a column", self.columns[with]);
        let hint = suggest(word, known.collect::<Vec<_>>());
        let place = self.place();
        self.diagnostics.error_with_hint(place, message, "", hint);
        None
    }
}
