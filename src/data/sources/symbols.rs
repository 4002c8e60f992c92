//! Symbols as inputs of a sequence: a one-hot vector at each step, which any layer takes, or their numbers, which a layer
//! that looks them up takes.

use crate::base::key::{Key, Kind};
use crate::base::shape::Shape;
use crate::base::values::Values;

/// The key `encoding`, with this default.
pub(super) const fn encoding(default: &'static str) -> Key {
    Key::preset(
        "encoding",
        Kind::Word(&[
            ("one_hot", "a vector that is 1 at the symbol's place and else 0: a row is steps x symbols"),
            ("number", "its number from 0, for an `embedding`: a row is steps"),
        ]),
        default,
        "what a symbol becomes",
    )
}

/// How symbols become inputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoding {
    one_hot: bool,
    symbols: usize,
}

impl Encoding {
    /// As the key [`encoding`] says, of so many symbols.
    pub fn new(values: &Values, symbols: usize) -> Self {
        Self { one_hot: values.text("encoding") == "one_hot", symbols }
    }

    /// The shape of a row of so many steps.
    pub fn shape(&self, steps: usize) -> Shape {
        if self.one_hot { Shape(vec![steps, self.symbols]) } else { Shape::flat(steps) }
    }

    /// How many symbols there are, where the inputs are their numbers.
    pub fn numbered(&self) -> Option<usize> {
        (!self.one_hot).then_some(self.symbols)
    }

    /// The inputs that stand for a symbol.
    pub fn inputs(&self, symbol: usize) -> impl Iterator<Item = f32> + use<> {
        let (count, one_hot) = if self.one_hot { (self.symbols, true) } else { (1, false) };
        (0..count).map(move |place| if one_hot { f32::from(u8::from(place == symbol)) } else { symbol as f32 })
    }
}
