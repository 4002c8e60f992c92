//! `parity`: the label is the product of a few of many random signs. No single bit, nor any set of fewer than those, tells
//! anything about it, so a network first learns the rows by heart and only later, and suddenly, the rule.

use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};

use super::generated::{self, At, Drawn, Generated, Rows};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let bits = Kind::Whole { least: 1, most: 10_000 };
    let about = About {
        name: "parity",
        aliases: &["sparse_parity"],
        summary: "sparse parity: random bits of -1 and 1, two classes by the sign of the product of the first few",
        formula: "x_i uniform from {-1, 1}, class = [x_1 x_2 ... x_k = 1]",
        source: "Barak et al. 2022; Merrill, Tsilivis & Shukla 2023",
        keys: generated::keys(
            "1000",
            "2000",
            "\"trial\"",
            &[
                Key::preset("bits", bits, "40", "bits of a row").or(&["n"]),
                Key::preset("degree", bits, "3", "how many of them, the first ones, make the label").or(&["k"]),
            ],
        ),
        example: "{ type = \"parity\", bits = 40, degree = 3, train = 1000 }".into(),
    };
    Entry { about, build }
}

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let (bits, degree) = (values.count("bits"), values.count("degree"));
    if degree > bits {
        let message = format!("`degree` is {degree}, but a row has {bits} bits");
        diagnostics.error(values.place("degree"), message, "");
        return None;
    }
    Generated::source(values, Parity { bits, degree })
}

struct Parity {
    bits: usize,
    degree: usize,
}

impl Rows for Parity {
    type Shared = ();

    fn shape(&self) -> Shape {
        Shape::flat(self.bits)
    }

    fn target(&self) -> Target {
        Target::Classes(2)
    }

    fn shared(&self, _stream: &mut Stream) {}

    fn row(&self, _shared: &(), _at: At, stream: &mut Stream, row: &mut Drawn) {
        let mut product = 1.0;
        for bit in 0..self.bits {
            let sign = if stream.below(2) == 1 { 1.0 } else { -1.0 };
            row.x(sign);
            if bit < self.degree {
                product *= sign;
            }
        }
        row.y(f64::max(product, 0.0));
    }
}
