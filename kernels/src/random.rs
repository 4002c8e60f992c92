//! Random numbers inside a kernel: a pure function of a key and a counter, so that what element 7 of row 3 draws does not
//! depend on who computes it, nor on what was drawn before. The function is Philox4x32-10 (Salmon, Moraes, Dror & Shaw
//! 2011): ten rounds of two multiplications turn a counter of four words into four words that pass the tests of
//! randomness; here sixteen counters at a time.

use crate::elementwise::{block, block_mut};
use crate::isa::{Cpu, LANES, Op, Simd};

/// The name of a sequence of draws.
pub type Key = [u32; 2];

/// Elements of a row that one counter per lane serves: four words of sixteen lanes.
const GROUP: usize = 4 * LANES;

/// The ten rounds on sixteen counters.
#[inline(always)]
fn philox<S: Simd>(s: S, mut counter: [S::V; 4], mut key: Key) -> [S::V; 4] {
    for _ in 0..10 {
        let [a, b, c, d] = counter;
        let (low_a, high_a) = s.int_mul(a, s.bits(0xd251_1f53));
        let (low_c, high_c) = s.int_mul(c, s.bits(0xcd9e_8d57));
        counter = [s.xor(s.xor(high_c, b), s.bits(key[0])), low_c, s.xor(s.xor(high_a, d), s.bits(key[1])), low_a];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

struct Philox {
    counter: [[u32; LANES]; 4],
    key: Key,
}

impl Op for Philox {
    type Out = [[u32; LANES]; 4];

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> Self::Out {
        let mut counter = [s.zero(); 4];
        for (v, words) in counter.iter_mut().zip(self.counter) {
            *v = s.load(&words.map(f32::from_bits));
        }
        let mut out = [[0; LANES]; 4];
        for (words, v) in out.iter_mut().zip(philox(s, counter, self.key)) {
            *words = s.lanes(v).map(f32::to_bits);
        }
        out
    }
}

/// Philox4x32-10 of sixteen counters, word by word: `out[w][lane]` belongs to the counter `counter[0..4][lane]`.
pub fn philox4x32(cpu: Cpu, counter: [[u32; LANES]; 4], key: Key) -> [[u32; LANES]; 4] {
    cpu.run(Philox { counter, key })
}

/// Which elements are dropped.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    /// The sequence of draws.
    pub key: Key,
    /// The probability of being dropped, from 0 to below 1; in steps of 2^-23.
    pub rate: f32,
    /// The number of the first row, which is a part of the counter.
    pub row: u32,
}

struct Dropout<'a> {
    draw: Draw,
    cols: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Dropout<'_> {
    /// What is left of a block whose elements drew `word`: the upper 23 bits are a number from [1, 2).
    #[inline(always)]
    fn left<S: Simd>(&self, s: S, word: S::V, x: S::V) -> S::V {
        let drawn = s.or(s.shr(word, 9), s.splat(1.0));
        let dropped = s.lt(drawn, s.splat(1.0 + self.draw.rate));
        s.select(dropped, s.zero(), s.mul(x, s.splat(1.0 / (1.0 - self.draw.rate))))
    }
}

impl Op for Dropout<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let lanes = s.load(&std::array::from_fn(|i| f32::from_bits(i as u32)));
        for (number, start) in (0_u32..).zip((0..self.x.len()).step_by(self.cols)) {
            let row = s.bits(self.draw.row + number);
            for group in (0..self.cols).step_by(GROUP) {
                let column = s.int_add(lanes, s.bits((group / 4) as u32));
                let words = philox(s, [column, row, s.zero(), s.zero()], self.draw.key);
                for (word, at) in words.into_iter().zip((group..self.cols).step_by(LANES)) {
                    let from = start + at;
                    if self.cols - at >= LANES {
                        let left = self.left(s, word, s.load(block(self.x, from)));
                        s.store(left, block_mut(self.y, from));
                    } else {
                        let left = self.left(s, word, s.load_part(&self.x[from..start + self.cols]));
                        s.store_part(left, &mut self.y[from..start + self.cols]);
                    }
                }
            }
        }
    }
}

/// Inverted dropout (Srivastava et al. 2014): `y` = 0 where the element is dropped, else `x / (1 - rate)`; `x` and `y` are
/// `(rows, cols)`. Its derivative is the same function of the slopes, with the same draws. Element `64 g + 16 w + l` of
/// row `r` draws word `w` of the counter `(16 g + l, draw.row + r, 0, 0)`.
pub fn dropout(cpu: Cpu, draw: Draw, cols: usize, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "dropout: `x` and `y`");
    assert!(cols > 0 && x.len().is_multiple_of(cols), "dropout: {} values in rows of {cols}", x.len());
    assert!((0.0..1.0).contains(&draw.rate), "dropout: a rate of {}", draw.rate);
    cpu.run(Dropout { draw, cols, x, y });
}
