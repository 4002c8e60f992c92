//! `orthogonal`: a matrix that turns and mirrors but does not stretch, every one equally likely: WᵀW = 1, or WWᵀ = 1 where
//! there are more outputs than inputs. Gaussian vectors, as many as the shorter side, are made orthonormal by Gram &
//! Schmidt, twice so that rounding does not tell (Giraud, Langou & Rozložník 2005). This is the Q of a QR decomposition
//! whose R has a positive diagonal, so no signs need to be mended.

use super::*;

pub(super) fn entry() -> Entry<Build> {
    let about = About {
        name: "orthogonal",
        aliases: &[],
        summary: "random rotations: rows or columns orthonormal, biases zero",
        formula: "WᵀW = 1 (in ≥ out) or WWᵀ = 1, uniformly distributed; b = 0",
        source: "Saxe, McClelland & Ganguli 2014",
        keys: vec![],
        example: "\"orthogonal\"".into(),
    };
    Entry { about, build: |_| Box::new(Orthogonal) }
}

struct Orthogonal;

impl Initialiser for Orthogonal {
    fn weights(&self, slot: &Slot, stream: &mut Stream, out: &mut [f32]) {
        let columns = slot.row();
        let rows = out.len() / columns;
        let basis = orthonormal(rows.min(columns), rows.max(columns), stream);
        for (i, w) in out.iter_mut().enumerate() {
            let (row, column) = (i / columns, i % columns);
            *w = if rows >= columns { basis[column][row] } else { basis[row][column] } as f32;
        }
    }
}

/// So many orthonormal vectors of a length that is not smaller.
fn orthonormal(count: usize, length: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| stream.normal()).collect();
        for _ in 0..2 {
            for other in &basis {
                let along = dot(&vector, other);
                vector.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
            }
        }
        let norm = libm::sqrt(dot(&vector, &vector));
        vector.iter_mut().for_each(|v| *v /= norm);
        basis.push(vector);
    }
    basis
}

/// In eight chains, which a processor can work on at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut chains = [0.0; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        chains.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    chains.iter().sum()
}
