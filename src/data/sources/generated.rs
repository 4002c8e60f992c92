//! What the sources share that make their rows: how many rows, from which seed, and a loop. Rows are independent draws, so
//! more training rows contain the fewer, and the test rows do not depend on how many are trained on.

use crate::base::error::Result;
use crate::base::key::{Key, Kind};
use crate::base::random::{Purpose, Seeds, Stream};
use crate::base::shape::{Shape, Target};
use crate::base::values::{Value, Values};
use crate::data::dataset::{Dataset, Labels};
use crate::data::folders::Folders;
use crate::data::source::{Contents, Parts, Source};

/// A seed of the file's own, or the trial's.
pub(super) const SEED: Kind = Kind::Either(&[
    Kind::Whole { least: 0, most: i64::MAX },
    Kind::Word(&[("trial", "the trial's own: every seed has other rows, which the stream `data` decides")]),
]);

/// A million rows of MNIST-1D are 160 MB.
const ROWS: Kind = Kind::Whole { least: 1, most: 10_000_000 };

/// The keys of a source that makes its rows, with these defaults for its rows and its seed, and those of its `own`.
pub(super) fn keys(train: &'static str, test: &'static str, seed: &'static str, own: &[Key]) -> Vec<Key> {
    let mut keys =
        vec![Key::preset("train", ROWS, train, "training rows"), Key::preset("test", ROWS, test, "test rows")];
    keys.extend(own);
    keys.push(seed_key(seed));
    keys
}

/// The key `seed`.
pub(super) fn seed_key(default: &'static str) -> Key {
    Key::preset(
        "seed",
        SEED,
        default,
        "of the rows: an integer, and all trials share them, or `\"trial\"`, and every trial draws its own from its seed",
    )
}

/// Where rows come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seed {
    /// From a seed of the file's own.
    Own(u64),
    /// From the trial's.
    Trial,
}

impl Seed {
    /// The seed under a key.
    pub fn new(values: &Values, key: &str) -> Self {
        match values.value(key) {
            Value::Whole(seed) => Seed::Own(*seed as u64),
            _ => Seed::Trial,
        }
    }

    /// The seed of a trial's rows.
    pub fn of(self, seeds: Seeds) -> u64 {
        match self {
            Seed::Own(seed) => seed,
            Seed::Trial => seeds.of(Purpose::Data),
        }
    }

    /// Whether every trial has its own rows.
    pub fn follows_trial(self) -> bool {
        matches!(self, Seed::Trial)
    }
}

/// How many rows are made, and from which seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    pub train: usize,
    pub test: usize,
    pub seed: Seed,
}

impl Draw {
    /// As the settings of [`keys`] say.
    pub fn new(values: &Values) -> Self {
        Self { train: values.count("train"), test: values.count("test"), seed: Seed::new(values, "seed") }
    }
}

/// A row of a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    /// Its number within the part.
    pub index: usize,
    /// How many rows the part has.
    pub rows: usize,
    /// Whether the part is the one to train on.
    pub train: bool,
}

/// Inputs and targets as they are drawn; a class is its number.
#[derive(Default)]
pub(super) struct Drawn {
    x: Vec<f32>,
    y: Vec<f32>,
    lengths: Vec<u32>,
}

impl Drawn {
    /// Adds an input to the row.
    pub fn x(&mut self, x: f64) {
        self.x.push(x as f32);
    }

    /// Adds a target to the row.
    pub fn y(&mut self, y: f64) {
        self.y.push(y as f32);
    }

    /// Says how many steps the row has; what is not drawn of it becomes padding.
    pub fn length(&mut self, steps: usize) {
        self.lengths.push(steps as u32);
    }
}

/// What draws rows one by one.
pub(super) trait Rows: Send + Sync + 'static {
    /// What all rows have in common: coefficients, centres, a network.
    type Shared;

    /// The shape of a row.
    fn shape(&self) -> Shape;
    /// What is predicted.
    fn target(&self) -> Target;
    /// Targets of a row, as for [`Dataset::steps`].
    fn steps(&self) -> usize {
        1
    }
    /// Whether every row says its length.
    fn padded(&self) -> bool {
        false
    }
    /// Where the inputs are the numbers of symbols: how many symbols there are.
    fn symbols(&self) -> Option<usize> {
        None
    }
    /// Draws what all rows have in common.
    fn shared(&self, stream: &mut Stream) -> Self::Shared;
    /// Draws a row, its inputs and targets.
    fn row(&self, shared: &Self::Shared, at: At, stream: &mut Stream, row: &mut Drawn);
}

/// A source that draws its rows.
pub(super) struct Generated<R> {
    draw: Draw,
    rows: R,
}

impl<R: Rows> Generated<R> {
    /// The source with these settings.
    pub fn source(values: &Values, rows: R) -> Option<Box<dyn Source>> {
        Some(Box::new(Self { draw: Draw::new(values), rows }))
    }
}

impl<R: Rows> Source for Generated<R> {
    fn outline(&self, _folders: &Folders) -> Result<Contents> {
        let (steps, padded, symbols) = (self.rows.steps(), self.rows.padded(), self.rows.symbols());
        let contents = Contents::new(self.rows.shape(), self.rows.target(), self.draw.train, self.draw.test);
        Ok(Contents { steps, padded, symbols, ..contents })
    }

    fn load(&self, _folders: &Folders, seeds: Seeds) -> Result<Parts> {
        let seed = self.draw.seed.of(seeds);
        let stream = |part| Stream::new(seed, Purpose::Data.name(), &[0, part]);
        let shared = self.rows.shared(&mut stream(0));
        let part = |train: bool, rows: usize| {
            let (mut stream, mut drawn) = (stream(if train { 1 } else { 2 }), Drawn::default());
            let (width, steps) = (self.rows.shape().width(), self.rows.steps());
            for index in 0..rows {
                self.rows.row(&shared, At { index, rows, train }, &mut stream, &mut drawn);
                drawn.x.resize((index + 1) * width, 0.0);
            }
            let labels = match self.rows.target() {
                Target::Classes(count) => Labels::Classes { of: drawn.y.iter().map(|y| *y as u32).collect(), count },
                Target::Values(width) => Labels::Values { of: drawn.y, width },
            };
            Dataset { steps, lengths: drawn.lengths, ..Dataset::new(self.rows.shape(), drawn.x, labels) }
        };
        Ok(Parts { train: part(true, self.draw.train), test: part(false, self.draw.test) })
    }

    fn follows_trial(&self) -> bool {
        self.draw.seed.follows_trial()
    }
}
