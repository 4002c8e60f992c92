//! `copy`: some symbols are shown, then nothing for a long time, then a sign to say them again. Every step has a target;
//! who says nothing until the sign and guesses after it has a cross-entropy of `items ln(symbols) / (delay + 2 items)`.

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::symbols::{Encoding, encoding};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "copy",
        aliases: &["copy_memory"],
        summary: "the copy problem: symbols, a delay, a sign, and then the symbols again, one target for each step",
        formula: "x = s_1 ... s_K, T - 1 blanks, sign, K blanks; y = T + K blanks, s_1 ... s_K; s uniform from S symbols, \
                  which are numbers 0 to S - 1, the blank is S, the sign S + 1",
        source: "Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016",
        keys: generated::keys(
            "10000",
            "1000",
            "\"trial\"",
            &[
                Key::preset(
                    "delay",
                    Kind::Whole { least: 1, most: 1 << 20 },
                    "100",
                    "T: steps between showing and asking",
                ),
                Key::preset("items", Kind::Whole { least: 1, most: 10_000 }, "10", "K: how many symbols are shown"),
                Key::preset(
                    "symbols",
                    Kind::Whole { least: 2, most: 1 << 20 },
                    "8",
                    "S: how many different ones there are",
                ),
                encoding("\"one_hot\""),
            ],
        ),
        example: "{ type = \"copy\", delay = 10, items = 3, train = 500, test = 100 }".into(),
    };
    let build: Build = |chosen, _| {
        let values = &chosen.values;
        let (delay, items, symbols) = (values.count("delay"), values.count("items"), values.count("symbols"));
        Generated::source(values, Copy { delay, items, symbols, encoding: Encoding::new(values, symbols + 2) })
    };
    Entry { about, build }
}

struct Copy {
    delay: usize,
    items: usize,
    symbols: usize,
    encoding: Encoding,
}

impl Rows for Copy {
    type Shared = ();

    fn shape(&self) -> Shape {
        self.encoding.shape(self.steps())
    }

    /// The symbols and the blank.
    fn target(&self) -> Target {
        Target::Classes(self.symbols + 1)
    }

    fn steps(&self) -> usize {
        self.delay + 2 * self.items
    }

    fn symbols(&self) -> Option<usize> {
        self.encoding.numbered()
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), _at: At, stream: &mut Stream, row: &mut Drawn) {
        let shown: Vec<usize> = (0..self.items).map(|_| stream.below(self.symbols as u64) as usize).collect();
        let (blank, sign) = (self.symbols, self.symbols + 1);
        for step in 0..self.steps() {
            let symbol = match step {
                _ if step < self.items => shown[step],
                _ if step == self.items + self.delay - 1 => sign,
                _ => blank,
            };
            self.encoding.inputs(symbol).for_each(|x| row.x(f64::from(x)));
            let asked = step.checked_sub(self.items + self.delay);
            row.y(asked.map_or(blank, |place| shown[place]) as f64);
        }
    }
}
