//! What the tests share: a random stream, every way this machine can compute, and equality of bits.

#![allow(dead_code, reason = "each test uses its part")]

use kernels::Cpu;

/// Every instruction set of this machine, and the portable one with its fused multiply-add in `f64`.
pub fn cpus() -> Vec<Cpu> {
    let mut cpus = Cpu::all();
    cpus.push(Cpu::software_fma());
    cpus
}

/// A stream of numbers (splitmix64).
pub struct Stream(pub u64);

impl Stream {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [-1, 1).
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 8_388_608.0 - 1.0
    }

    pub fn units(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.unit()).collect()
    }

    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }
}

/// Panics at the first element whose bits differ.
#[track_caller]
pub fn assert_same_bits(ours: &[f32], theirs: &[f32], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: lengths");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            a.to_bits() == b.to_bits(),
            "{what}: element {i} is {a:e} ({:08x}), not {b:e} ({:08x})",
            a.to_bits(),
            b.to_bits()
        );
    }
}
