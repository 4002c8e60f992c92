//! `mnist`: handwritten digits, 60,000 to train and 10,000 to test on (LeCun, Cortes & Burges 1998).

use crate::base::registry::{About, Entry};

use super::Build;
use super::idx::{self, Published, Set};

static MNIST: Published = Published {
    name: "mnist",
    digests: ["c6e6fd8c67d07c8a", "8ebcfdf2fe191516", "f8d502322cd9f186", "6d43ea317fa8f585"],
};

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "mnist",
        aliases: &[],
        summary: "MNIST: 28 x 28 images of handwritten digits in 10 classes, 60,000 + 10,000 rows, from its four files",
        formula: "x = pixel / 255",
        source: "LeCun, Cortes & Burges 1998",
        keys: idx::keys(),
        example: "{ type = \"mnist\", train = 10000 }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Set::new(&MNIST, &chosen.values))) }
}
