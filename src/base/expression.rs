//! Arithmetic in a string where a number is expected: `lr = "0.05 * train.batch_size / 64"`. Numbers, `+ - * / ^`,
//! parentheses, key paths, and a few functions, all in f64. Own code, because every part must know its place in the text:
//! a mistake in an expression is shown with a caret like any other, which no crate for formulas offers.

use std::ops::Range;

use super::diagnostics::suggest;

/// What is wrong with an expression, and with which bytes of its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// Which bytes.
    pub at: Range<usize>,
    /// What.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl Mistake {
    /// A mistake at some bytes of the text.
    pub fn new(at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: hint.into() }
    }
}

/// The number of a key path; else why there is none, and a hint.
pub type Known = Result<f64, (String, String)>;

/// A part of an expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    at: Range<usize>,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Number(f64),
    Key(String),
    Negative(Box<Expression>),
    Pair(u8, Box<Expression>, Box<Expression>),
    Call(&'static Function, Vec<Expression>),
}

/// A function: its name, how many arguments it takes at least and at most, and what it does.
#[derive(Debug)]
struct Function {
    name: &'static str,
    takes: (usize, usize),
    of: fn(&[f64]) -> f64,
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

static FUNCTIONS: &[Function] = &[
    Function { name: "min", takes: (1, 16), of: |x| x.iter().copied().fold(f64::INFINITY, f64::min) },
    Function { name: "max", takes: (1, 16), of: |x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max) },
    Function { name: "sqrt", takes: (1, 1), of: |x| libm::sqrt(x[0]) },
    Function { name: "log", takes: (1, 1), of: |x| libm::log(x[0]) },
    Function { name: "exp", takes: (1, 1), of: |x| libm::exp(x[0]) },
    Function { name: "round", takes: (1, 1), of: |x| libm::round(x[0]) },
    Function { name: "floor", takes: (1, 1), of: |x| libm::floor(x[0]) },
    Function { name: "ceil", takes: (1, 1), of: |x| libm::ceil(x[0]) },
];

/// A key path within a longer text, as a regular expression of the JSON Schema: what a string must hold to be more than
/// a number in quotes.
pub const PATTERN: &str = "[A-Za-z_][A-Za-z0-9_]*\\.[A-Za-z0-9_]";

/// Whether a text is meant as an expression: it holds a key path or calculates. `"0.1"` and a word are not.
pub fn is_expression(text: &str) -> bool {
    if text.trim().parse::<f64>().is_ok() {
        return false;
    }
    let bytes = text.as_bytes();
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    let path = (1..bytes.len().saturating_sub(1)).any(|i| {
        let head = bytes[..i].iter().rposition(|c| !word(*c)).map_or(0, |before| before + 1);
        bytes[i] == b'.' && word(bytes[i + 1]) && head < i && !bytes[head].is_ascii_digit()
    });
    path || text.contains(['+', '*', '/', '^', '('])
}

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let read = parser.sum()?;
        match parser.peek() {
            None => Ok(read),
            Some(c) => Err(Mistake::new(parser.here(), format!("`{c}` is not expected here"), "")),
        }
    }

    /// The key paths it names.
    pub fn keys(&self) -> Vec<&str> {
        match &self.what {
            What::Number(_) => Vec::new(),
            What::Key(path) => vec![path],
            What::Negative(of) => of.keys(),
            What::Pair(_, a, b) => [a.keys(), b.keys()].concat(),
            What::Call(_, of) => of.iter().flat_map(Expression::keys).collect(),
        }
    }

    /// What it comes to; `key` gives the number of a key path, or says why there is none.
    pub fn value(&self, key: &mut dyn FnMut(&str) -> Known) -> Result<f64, Mistake> {
        let x = match &self.what {
            What::Number(x) => *x,
            What::Key(path) => key(path).map_err(|(why, hint)| Mistake::new(self.at.clone(), why, hint))?,
            What::Negative(of) => -of.value(key)?,
            What::Pair(sign, a, b) => {
                let (x, y) = (a.value(key)?, b.value(key)?);
                match sign {
                    b'+' => x + y,
                    b'-' => x - y,
                    b'*' => x * y,
                    b'/' if y == 0.0 => return Err(Mistake::new(b.at.clone(), "division by zero", "")),
                    b'/' => x / y,
                    _ => libm::pow(x, y),
                }
            }
            What::Call(function, of) => {
                let of = of.iter().map(|of| of.value(key)).collect::<Result<Vec<f64>, Mistake>>()?;
                (function.of)(&of)
            }
        };
        if x.is_finite() { Ok(x) } else { Err(Mistake::new(self.at.clone(), format!("this comes to {x}"), "")) }
    }
}

/// How deep parentheses may be: a file must not exhaust the stack.
const DEEPEST: usize = 100;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    /// The next letter that is no blank.
    fn peek(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    /// Where it stands; the last letter at the end of the text.
    fn here(&self) -> Range<usize> {
        match self.text[self.at..].chars().next() {
            Some(c) => self.at..self.at + c.len_utf8(),
            None => self.text.len()..self.text.len(),
        }
    }

    fn take(&mut self, signs: &[char]) -> Option<u8> {
        let c = self.peek().filter(|c| signs.contains(c))?;
        self.at += c.len_utf8();
        Some(c as u8)
    }

    fn pair(sign: u8, a: Expression, b: Expression) -> Expression {
        Expression { at: a.at.start..b.at.end, what: What::Pair(sign, Box::new(a), Box::new(b)) }
    }

    fn sum(&mut self) -> Result<Expression, Mistake> {
        let mut read = self.product()?;
        while let Some(sign) = self.take(&['+', '-']) {
            read = Self::pair(sign, read, self.product()?);
        }
        Ok(read)
    }

    fn product(&mut self) -> Result<Expression, Mistake> {
        let mut read = self.signed()?;
        while let Some(sign) = self.take(&['*', '/']) {
            read = Self::pair(sign, read, self.signed()?);
        }
        Ok(read)
    }

    /// A sign binds less than a power: -2^2 is -4, and a power goes from right to left.
    fn signed(&mut self) -> Result<Expression, Mistake> {
        self.peek();
        let start = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Mistake::new(self.here(), format!("this is more than {DEEPEST} levels deep"), ""));
        }
        let read = if self.take(&['-']).is_some() {
            let of = self.signed()?;
            Expression { at: start..of.at.end, what: What::Negative(Box::new(of)) }
        } else {
            let base = self.atom()?;
            match self.take(&['^']) {
                Some(sign) => Self::pair(sign, base, self.signed()?),
                None => base,
            }
        };
        self.depth -= 1;
        Ok(read)
    }

    fn atom(&mut self) -> Result<Expression, Mistake> {
        let next = self.peek();
        let start = self.at;
        match next {
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                self.close()?;
                Ok(Expression { at: start..self.at, ..inner })
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.name(),
            Some(c) => Err(Mistake::new(self.here(), format!("a number or a key path is expected, not `{c}`"), "")),
            None => Err(Mistake::new(self.here(), "the expression ends where a number or a key path is expected", "")),
        }
    }

    fn close(&mut self) -> Result<(), Mistake> {
        let closed = self.take(&[')']).map(drop);
        closed.ok_or_else(|| Mistake::new(self.here(), "a `)` is expected here", ""))
    }

    fn number(&mut self) -> Result<Expression, Mistake> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start;
        while end < bytes.len() {
            let sign = matches!(bytes[end], b'+' | b'-') && matches!(bytes[end - 1], b'e' | b'E') && end > start;
            if !(bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'.' | b'_') || sign) {
                break;
            }
            end += 1;
        }
        self.at = end;
        let written = &self.text[start..end];
        match written.replace('_', "").parse() {
            Ok(x) => Ok(Expression { at: start..end, what: What::Number(x) }),
            Err(_) => Err(Mistake::new(start..end, format!("`{written}` is not a number"), "")),
        }
    }

    /// A key path, or a function with its arguments.
    fn name(&mut self) -> Result<Expression, Mistake> {
        let start = self.at;
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let length = self.text[start..].find(|c| !part(c)).unwrap_or(self.text.len() - start);
        self.at += length;
        let (written, at) = (&self.text[start..self.at], start..self.at);
        if self.peek() != Some('(') {
            return Ok(Expression { at, what: What::Key(written.to_owned()) });
        }
        let Some(function) = FUNCTIONS.iter().find(|f| f.name == written) else {
            let hint = suggest(written, FUNCTIONS.iter().map(|f| f.name));
            return Err(Mistake::new(at, format!("no function is called `{written}`"), hint));
        };
        self.at += 1;
        let mut of = Vec::new();
        if self.peek() != Some(')') {
            of.push(self.sum()?);
            while self.take(&[',']).is_some() {
                of.push(self.sum()?);
            }
        }
        self.close()?;
        let (least, most) = function.takes;
        if !(least..=most).contains(&of.len()) {
            let takes = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let message =
                format!("`{written}` takes {takes} argument{}, not {}", if most == 1 { "" } else { "s" }, of.len());
            return Err(Mistake::new(start..self.at, message, ""));
        }
        Ok(Expression { at: start..self.at, what: What::Call(function, of) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, Mistake> {
        Expression::parse(text)?.value(&mut |path| match path {
            "train.batch_size" => Ok(32.0),
            "network.layers.0.units" => Ok(50.0),
            _ => Err((format!("unknown {path}"), String::new())),
        })
    }

    /// What Python says, with `**` for `^`.
    #[test]
    fn expressions_come_to_what_python_says() {
        for (text, expected) in [
            ("0.05 * train.batch_size / 64", 0.025),
            ("1 + 2 * 3 - 4 / 8", 6.5),
            ("(1 + 2) * 3", 9.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-2 ^ 2", -4.0),
            ("2 ^ -1", 0.5),
            ("7 - 2 - 1", 4.0),
            ("8 / 4 / 2", 1.0),
            ("1e-3*1_000", 1.0),
            ("min(3, 1, 2) + max(4, 5)", 6.0),
            ("sqrt(train.batch_size * 2)", 8.0),
            ("log(exp(1.5))", 1.5),
            ("round(2.5) + floor(-0.5) + ceil(0.2)", 3.0),
            ("network.layers.0.units*2", 100.0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, at, message) in [
            ("0.1 * ", 6..6, "the expression ends where a number or a key path is expected"),
            ("(1 + 2", 6..6, "a `)` is expected here"),
            ("1 2", 2..3, "`2` is not expected here"),
            ("1 / (2 - 2)", 4..11, "division by zero"),
            ("1 + sqrt(-1)", 4..12, "this comes to NaN"),
            ("10 ^ 400 - 1", 0..8, "this comes to inf"),
            ("sqr(2)", 0..3, "no function is called `sqr`"),
            ("sqrt(1, 2)", 0..10, "`sqrt` takes 1 argument, not 2"),
            ("2 * trian.x", 4..11, "unknown trian.x"),
            ("1.2.3 * 2", 0..5, "`1.2.3` is not a number"),
            ("2 * ß", 4..6, "a number or a key path is expected, not `ß`"),
        ] {
            let mistake = value(text).expect_err(text);
            assert_eq!((mistake.at, mistake.message.as_str()), (at, message), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert!(value(&deep).expect_err("too deep").message.contains("levels deep"));
    }

    #[test]
    fn a_number_in_quotes_and_a_word_are_no_expressions() {
        for text in ["0.1", "1e-3", "-5", "full", "relu", "", "nan", "inf", " 2 ", "step-3"] {
            assert!(!is_expression(text), "{text}");
        }
        for text in ["2 * 3", "train.batch_size", "(1)", "sqrt(2)", "1/3"] {
            assert!(is_expression(text), "{text}");
        }
    }
}
