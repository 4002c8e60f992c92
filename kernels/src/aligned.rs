//! Memory that begins at a cache line, where a block of sixteen lanes is read in one piece.

use std::ops::{Deref, DerefMut};

use crate::isa::LANES;

/// Bytes of a cache line.
const LINE: usize = 64;

/// So many floats, the first of them at the beginning of a cache line.
#[derive(Debug, Default)]
pub struct Aligned {
    all: Vec<f32>,
    skip: usize,
}

impl Aligned {
    /// Zeros.
    pub fn zeros(floats: usize) -> Self {
        let all = vec![0.0; floats + LANES];
        let skip = all.as_ptr().align_offset(LINE).min(LANES);
        Self { all, skip }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        let end = self.all.len() - if self.all.is_empty() { 0 } else { LANES - self.skip };
        &self.all[self.skip..end]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        let end = self.all.len() - if self.all.is_empty() { 0 } else { LANES - self.skip };
        &mut self.all[self.skip..end]
    }
}
