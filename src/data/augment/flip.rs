//! `flip`: the mirror image, left and right exchanged.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let probability = Kind::Number(kernels::member::Bounds::Within(0.0, 1.0));
    let about = About {
        name: "flip",
        aliases: &["horizontal_flip", "random_flip", "RandomHorizontalFlip"],
        summary: "left and right exchanged with some probability",
        formula: "x'[i, j] = x[i, width - 1 - j] with this probability, else x",
        source: "Krizhevsky, Sutskever & Hinton 2012; torchvision RandomHorizontalFlip",
        keys: vec![Key::preset("probability", probability, "0.5", "of the mirror image").or(&["p"])],
        example: "\"flip\"".into(),
    };
    Entry { about, build: |values| Box::new(Flip { probability: values.number("probability") }) }
}

#[derive(Debug)]
struct Flip {
    probability: f64,
}

impl Augmentation for Flip {
    fn apply(&self, stream: &mut Stream, planes: Planes, from: &[f32], to: &mut [f32]) {
        to.copy_from_slice(from);
        if stream.unit() < self.probability {
            to.chunks_exact_mut(planes.width).for_each(<[f32]>::reverse);
        }
    }
}
