//! `noise`: independent normal noise on every number, which for small deviations is a penalty on the slope of the function
//! that is learned (Bishop 1995).

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let deviation = Kind::Number(kernels::member::Bounds::AtLeast(0.0));
    let about = About {
        name: "noise",
        aliases: &["gaussian_noise", "GaussianNoise"],
        summary: "independent normal noise on every number of a row",
        formula: "x' = x + deviation n, n ~ N(0, 1)",
        source: "Sietsma & Dow 1991; Bishop 1995",
        keys: vec![
            Key::preset("deviation", deviation, "0.1", "of the noise, in the units of the inputs")
                .or(&["std", "stddev", "sigma"]),
        ],
        example: "{ type = \"noise\", deviation = 0.05 }".into(),
    };
    Entry { about, build: |values| Box::new(Noise { deviation: values.number("deviation") }) }
}

#[derive(Debug)]
struct Noise {
    deviation: f64,
}

impl Augmentation for Noise {
    fn apply(&self, stream: &mut Stream, _planes: Planes, from: &[f32], to: &mut [f32]) {
        let blurred = |x: f32, stream: &mut Stream| (f64::from(x) + self.deviation * stream.normal()) as f32;
        to.iter_mut().zip(from).for_each(|(to, from)| *to = blurred(*from, stream));
    }
}
