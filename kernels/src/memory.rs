//! Memory that begins at a cache line. A block of sixteen that lies across two lines is loaded and stored at half the rate.

use std::ops::{Deref, DerefMut};

use crate::isa::LANES;

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line(pub [f32; LANES]);

/// A slice of floats of its own that begins at a cache line.
#[derive(Clone, Debug, Default)]
pub struct Floats {
    lines: Vec<Line>,
    len: usize,
}

impl Floats {
    /// So many zeros.
    pub fn zeros(len: usize) -> Self {
        Floats { lines: vec![Line([0.0; LANES]); len.div_ceil(LANES)], len }
    }
}

impl From<Vec<f32>> for Floats {
    fn from(values: Vec<f32>) -> Self {
        let mut floats = Floats::zeros(values.len());
        floats.copy_from_slice(&values);
        floats
    }
}

impl Deref for Floats {
    type Target = [f32];

    #[inline]
    fn deref(&self) -> &[f32] {
        // SAFETY: a line is its sixteen values, without padding, and there are lines for `len` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Floats {
    #[inline]
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: see `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
