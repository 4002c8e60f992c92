//! `modular`: arithmetic with remainders, all pairs of operands, some of them to train on and all others to test on
//! (Power et al. 2022). A network that has learnt the pairs by heart knows nothing of the others; one that goes on
//! training learns to calculate.

use kernels::member::Bounds;

use crate::base::error::Result;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::registry::{About, Entry};
use crate::base::shape::{Shape, Target};
use crate::base::values::Value;
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::share;
use crate::data::source::{Contents, Parts};

use super::generated::{Seed, seed_key};
use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "modular",
        aliases: &["modular_arithmetic", "modular_add"],
        summary: "arithmetic modulo p: all pairs of operands as two one-hot vectors, the result is the class",
        formula: "x = (onehot(a), onehot(b)), class = a + b mod p, for all a, b from 0 to p - 1",
        source: "Power et al. 2022; Gromov 2023",
        keys: vec![
            Key::preset("p", Kind::Whole { least: 2, most: 257 }, "97", "the modulus; a row has 2 p inputs")
                .or(&["modulus"]),
            Key::preset("operation", Kind::Word(OPERATIONS), "\"add\"", "what is done to the operands"),
            Key::preset(
                "fraction",
                Kind::Number(Bounds::Within(0.0, 1.0)),
                "0.5",
                "the share of the pairs that is trained on, rounded to the nearest pair; the others are tested on",
            ),
            seed_key("\"trial\""),
        ],
        example: "{ type = \"modular\", p = 97, operation = \"add\", fraction = 0.3 }".into(),
    };
    Entry { about, build }
}

const OPERATIONS: &[(&str, &str)] = &[
    ("add", "a + b"),
    ("subtract", "a - b"),
    ("multiply", "a b"),
    ("divide", "the c with c b = a, for b from 1; p must be prime"),
    ("squares", "a^2 + b^2"),
    ("quadratic", "a^2 + a b + b^2"),
    ("cubic", "a^3 + a b"),
];

fn build(chosen: &Chosen, diagnostics: &mut Diagnostics) -> Option<Box<dyn Source>> {
    let values = &chosen.values;
    let p = values.count("p");
    let divides = values.text("operation") == "divide";
    if divides && (2..p).any(|factor| p.is_multiple_of(factor)) {
        let message = format!("`divide` needs a prime `p`, which {p} is not");
        diagnostics.error(values.place("p"), message, "");
        return None;
    }
    let operation = values.text("operation").to_owned();
    let modular = Modular { p, operation, fraction: values.value("fraction").clone(), seed: Seed::new(values, "seed") };
    let (train, test) = modular.sizes();
    if train == 0 || test == 0 {
        let message = format!("`fraction` takes {train} of the {} pairs", train + test);
        let hint = "leave some to train on and some to test on";
        diagnostics.error_with_hint(values.place("fraction"), message, "", hint);
        return None;
    }
    Some(Box::new(modular))
}

struct Modular {
    p: usize,
    operation: String,
    fraction: Value,
    seed: Seed,
}

impl Modular {
    /// All pairs of operands.
    fn pairs(&self) -> Vec<(usize, usize)> {
        let from = usize::from(self.operation == "divide");
        (0..self.p).flat_map(|a| (from..self.p).map(move |b| (a, b))).collect()
    }

    fn sizes(&self) -> (usize, usize) {
        let pairs = self.pairs().len();
        let train = share::of(&self.fraction, pairs);
        (train, pairs - train)
    }

    fn result(&self, a: usize, b: usize) -> usize {
        let p = self.p;
        match self.operation.as_str() {
            "add" => (a + b) % p,
            "subtract" => (a + p - b) % p,
            "multiply" => a * b % p,
            // Fermat: b^(p - 2) is the inverse of b
            "divide" => (0..p - 2).fold(a, |c, _| c * b % p),
            "squares" => (a * a + b * b) % p,
            "quadratic" => (a * a + a * b + b * b) % p,
            "cubic" => (a * a * a + a * b) % p,
            other => unreachable!("no operation is called `{other}`"),
        }
    }

    fn rows(&self, pairs: &[(usize, usize)]) -> Dataset {
        let mut x = vec![0.0; pairs.len() * 2 * self.p];
        for (row, (a, b)) in x.chunks_exact_mut(2 * self.p).zip(pairs) {
            row[*a] = 1.0;
            row[self.p + b] = 1.0;
        }
        let of = pairs.iter().map(|(a, b)| self.result(*a, *b) as u32).collect();
        Dataset::new(Shape::flat(2 * self.p), x, Labels::Classes { of, count: self.p })
    }
}

impl Source for Modular {
    fn outline(&self, _folders: &Folders) -> Result<Contents> {
        let (train, test) = self.sizes();
        Ok(Contents::new(Shape::flat(2 * self.p), Target::Classes(self.p), train, test))
    }

    fn load(&self, _folders: &Folders, seeds: Seeds) -> Result<Parts> {
        let mut pairs = self.pairs();
        Stream::new(self.seed.of(seeds), Purpose::Data.name(), &[0]).shuffle(&mut pairs);
        let (train, test) = pairs.split_at(self.sizes().0);
        Ok(Parts { train: self.rows(train), test: self.rows(test) })
    }

    fn follows_trial(&self) -> bool {
        self.seed.follows_trial()
    }
}
