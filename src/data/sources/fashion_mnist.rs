//! `fashion_mnist`: pictures of clothes in the format and sizes of MNIST, and harder (Xiao, Rasul & Vollgraf 2017).

use crate::base::registry::{About, Entry};

use super::Build;
use super::idx::{self, Published, Set};

static FASHION_MNIST: Published = Published {
    name: "fashion-mnist",
    digests: ["feaca08b36e07f8d", "b4d9ea8013b029ef", "a19b8c1e5f798e5a", "0a067399ed18bcc9"],
};

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "fashion_mnist",
        aliases: &["fashion-mnist"],
        summary: "Fashion-MNIST: 28 x 28 images of clothes in 10 classes, 60,000 + 10,000 rows, from its four files",
        formula: "x = pixel / 255",
        source: "Xiao, Rasul & Vollgraf 2017",
        keys: idx::keys(),
        example: "{ type = \"fashion_mnist\", train = 10000 }".into(),
    };
    Entry { about, build: |chosen, _| Some(Box::new(Set::new(&FASHION_MNIST, &chosen.values))) }
}
