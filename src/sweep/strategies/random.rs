//! Settings drawn at random. Every axis has a stream of its own, named by its path, so more settings begin with the same
//! ones and another axis changes no value of the others.

use crate::base::diagnostics::Place;
use crate::base::key::{Key, Kind};
use crate::base::random::Stream;
use crate::base::registry::{About, Entry};

use super::drawn::{settings, too_few};
use super::{Build, Strategy};
use crate::sweep::axes::Dimension;

struct Random {
    count: u64,
    place: Place,
    seed: u64,
}

impl Strategy for Random {
    fn draws(&self) -> bool {
        true
    }

    fn misfit(&self, dimensions: &[Dimension]) -> Option<(Place, String, String)> {
        too_few(self.count, self.place, dimensions)
    }

    fn count(&self, _: &[Dimension]) -> Option<u64> {
        Some(self.count)
    }

    fn settings(&self, dimensions: &mut [Dimension]) -> Vec<Vec<usize>> {
        let stream = |d: &Dimension| Stream::new(self.seed, &format!("sweep {}", d.axes[0].path), &[]);
        let mut streams: Vec<Stream> = dimensions.iter().map(stream).collect();
        // what was drawn before is drawn again; where nearly every combination is wanted that could go on for ever
        let tries = 100 * self.count as usize + 1000;
        let points = (0..tries).map(|_| streams.iter_mut().map(Stream::unit).collect());
        settings(dimensions, self.count as usize, points)
    }
}

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "random",
        aliases: &["uniform"],
        summary: "settings drawn at random, no two the same: uniform or log-uniform from `{ linear = [a, b] }` and \
                  `{ log = [a, b] }` without `count`, integers between integers, a choice from lists",
        formula: "",
        source: "Bergstra and Bengio 2012",
        keys: vec![
            Key::required("count", Kind::COUNT, "how many settings"),
            Key::preset("seed", Kind::Whole { least: 0, most: i64::MAX }, "0", "of the draws; no trial's seed"),
        ],
        example: "{ type = \"random\", count = 20 }".into(),
    };
    let build = |chosen: &crate::base::values::Chosen| -> Box<dyn Strategy> {
        let values = &chosen.values;
        let (count, seed) = (values.whole("count") as u64, values.whole("seed") as u64);
        Box::new(Random { count, place: values.place("count"), seed })
    };
    Entry { about, build }
}
