//! `temporal_order`: two or three marks far apart in a sequence of symbols that say nothing, each an X or a Y; the class is
//! their order.

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::Values;

use super::adding::{Lengths, VARY, length};
use super::generated::{self, At, Drawn, Generated, Rows};
use super::symbols::{Encoding, encoding};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let marks = Kind::Whole { least: 2, most: 3 };
    let about = About {
        name: "temporal_order",
        aliases: &[],
        summary: "sequences of symbols, two or three of which are an X or a Y; the class is the order of these",
        formula: "E a|b|c|d ... X|Y ... X|Y ... B; two marks at T/10 to T/5 and T/2 to 3T/5, 4 classes; three at T/10 to \
                  T/5, 33T/100 to 43T/100 and 66T/100 to 76T/100, 8 classes",
        source: "Hochreiter & Schmidhuber 1997, section 5.6, tasks 6a and 6b",
        keys: generated::keys(
            "10000",
            "2560",
            "\"trial\"",
            &[
                length(10),
                VARY,
                Key::preset("marks", marks, "2", "how many X and Y there are"),
                encoding("\"one_hot\""),
            ],
        ),
        example: "{ type = \"temporal_order\", length = 20, train = 500, test = 100 }".into(),
    };
    Entry { about, build: |chosen, _| Generated::source(&chosen.values, TemporalOrder::new(&chosen.values)) }
}

/// The symbols in the order of their numbers: a b c d, the beginning E, the end B, and the marks X and Y.
const PLAIN: u64 = 4;
const BEGINNING: usize = 4;
const END: usize = 5;
const MARK: usize = 6;
const SYMBOLS: usize = 8;

struct TemporalOrder {
    lengths: Lengths,
    /// Where the marks lie: from the one to the other step.
    between: Vec<(usize, usize)>,
    encoding: Encoding,
}

impl TemporalOrder {
    fn new(values: &Values) -> Self {
        let lengths = Lengths::new(values);
        let hundredths: &[(usize, usize)] =
            if values.count("marks") == 2 { &[(10, 20), (50, 60)] } else { &[(10, 20), (33, 43), (66, 76)] };
        let step = |hundredth: usize| hundredth * lengths.least / 100;
        let between = hundredths.iter().map(|(from, to)| (step(*from), step(*to))).collect();
        Self { lengths, between, encoding: Encoding::new(values, SYMBOLS) }
    }
}

impl Rows for TemporalOrder {
    type Shared = ();

    fn shape(&self) -> Shape {
        self.encoding.shape(self.lengths.most())
    }

    fn target(&self) -> Target {
        Target::Classes(1 << self.between.len())
    }

    fn padded(&self) -> bool {
        self.lengths.differ()
    }

    fn symbols(&self) -> Option<usize> {
        self.encoding.numbered()
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), _at: At, stream: &mut Stream, row: &mut Drawn) {
        let length = self.lengths.draw(stream, row);
        let mut symbols: Vec<usize> = (0..length).map(|_| stream.below(PLAIN) as usize).collect();
        let mut class = 0;
        for (from, to) in &self.between {
            let (at, mark) = (from + stream.below((to - from + 1) as u64) as usize, stream.below(2) as usize);
            symbols[at] = MARK + mark;
            class = 2 * class + mark;
        }
        (symbols[0], symbols[length - 1]) = (BEGINNING, END);
        symbols.iter().flat_map(|symbol| self.encoding.inputs(*symbol)).for_each(|x| row.x(f64::from(x)));
        row.y(class as f64);
    }
}
