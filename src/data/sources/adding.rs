//! `adding`: the sum of two marked numbers of a long sequence, asked for at its end. Who always answers the mean has a
//! squared error of 1/24; to do better, a number must be kept for most of the sequence.

use kernels::member::Bounds;

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::Values;

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "adding",
        aliases: &["adding_problem"],
        summary: "the adding problem: pairs of a number and a mark, the target is the sum of the two marked numbers",
        formula: "x_t = (v_t, m_t), v_t uniform from [-1, 1], m_t = 1 at two steps, one of the first 10 and one of the \
                  first T/2 - 1, -1 at the first and last, else 0; y = 1/2 + (v_i + v_j) / 4; a first pair that is \
                  marked counts as 0",
        source: "Hochreiter & Schmidhuber 1997, section 5.4",
        keys: generated::keys("10000", "2560", "\"trial\"", &[length(6), VARY]),
        example: "{ type = \"adding\", length = 20, train = 500, test = 100 }".into(),
    };
    Entry { about, build: |chosen, _| Generated::source(&chosen.values, Adding(Lengths::new(&chosen.values))) }
}

/// The key `length`, with the least that it may be.
pub(super) const fn length(least: i64) -> Key {
    Key::preset("length", Kind::Whole { least, most: 1 << 20 }, "100", "T: steps of the shortest sequences")
}

/// The key `vary`.
pub(super) const VARY: Key = Key::preset(
    "vary",
    Kind::Number(Bounds::Within(0.0, 1.0)),
    "0.1",
    "lengths are uniform from T to T + vary T; shorter sequences are padded, and layers are told their lengths",
);

/// The lengths of sequences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths {
    /// Steps of the shortest.
    pub least: usize,
    /// How many more the longest have.
    more: usize,
}

impl Lengths {
    /// As the keys [`length`] and [`VARY`] say.
    pub fn new(values: &Values) -> Self {
        let least = values.count("length");
        Self { least, more: (values.number("vary") * least as f64 + 0.5) as usize }
    }

    /// Steps of the longest.
    pub fn most(self) -> usize {
        self.least + self.more
    }

    /// Whether they differ.
    pub fn differ(self) -> bool {
        self.more > 0
    }

    /// The length of a row.
    pub fn draw(self, stream: &mut Stream, row: &mut Drawn) -> usize {
        let length = self.least + stream.below(self.more as u64 + 1) as usize;
        if self.differ() {
            row.length(length);
        }
        length
    }
}

struct Adding(Lengths);

impl Rows for Adding {
    type Shared = ();

    fn shape(&self) -> Shape {
        Shape(vec![self.0.most(), 2])
    }

    fn target(&self) -> Target {
        Target::Values(1)
    }

    fn padded(&self) -> bool {
        self.0.differ()
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), _at: At, stream: &mut Stream, row: &mut Drawn) {
        let length = self.0.draw(stream, row);
        let one = stream.below(FIRST.min(self.0.least - 1) as u64) as usize;
        let half = self.0.least / 2 - 1;
        let unmarked = stream.below((half - usize::from(one < half)) as u64) as usize;
        let other = unmarked + usize::from(one <= unmarked);
        let mut sum = 0.0;
        for step in 0..length {
            let marked = step == one || step == other;
            let mark = match step {
                _ if step == 0 || step == length - 1 => -1.0,
                _ => f64::from(u8::from(marked)),
            };
            let value = if step == 0 && marked { 0.0 } else { stream.symmetric(1.0) };
            sum += if marked { value } else { 0.0 };
            row.x(value);
            row.x(mark);
        }
        row.y(0.5 + sum / 4.0);
    }
}

/// Among so many pairs at the beginning is the first of the marked ones.
const FIRST: usize = 10;
