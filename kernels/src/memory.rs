//! Memory that begins at a cache line: a block of sixteen that lies across two lines is loaded and stored at half the rate.
//! Large memory is in large pages where the system has them: with small ones a kernel that passes over megabytes waits for
//! addresses more than for values.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::isa::LANES;

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Line(pub [f32; LANES]);

/// Bytes of a large page, on the processors that we know of.
const PAGE: usize = 2 << 20;
/// From so many bytes on, large pages are asked for; what is left of the last one is not used.
const LARGE: usize = PAGE / 4;

/// A slice of floats of its own that begins at a cache line.
pub struct Floats {
    lines: NonNull<Line>,
    len: usize,
}

impl Floats {
    /// So many zeros.
    pub fn zeros(len: usize) -> Self {
        let layout = Self::layout(len);
        if layout.size() == 0 {
            return Floats { lines: NonNull::dangling(), len };
        }
        let large = layout.align() == PAGE;
        // SAFETY: the layout has a size.
        let memory = unsafe { if large { alloc(layout) } else { alloc_zeroed(layout) } };
        let Some(lines) = NonNull::new(memory.cast::<Line>()) else { handle_alloc_error(layout) };
        if large {
            // before it is written to for the first time
            ask_for_large_pages(memory, layout.size());
            // SAFETY: it was allocated with this size.
            unsafe { memory.write_bytes(0, layout.size()) };
        }
        Floats { lines, len }
    }

    fn layout(len: usize) -> Layout {
        let bytes = len.div_ceil(LANES).checked_mul(size_of::<Line>());
        let (bytes, align) = match bytes {
            Some(bytes) if bytes >= LARGE => (bytes.checked_next_multiple_of(PAGE), PAGE),
            bytes => (bytes, align_of::<Line>()),
        };
        let layout = bytes.and_then(|bytes| Layout::from_size_align(bytes, align).ok());
        layout.unwrap_or_else(|| panic!("{len} floats are more than there are addresses"))
    }

    /// Its cache lines.
    pub(crate) fn lines_mut(&mut self) -> &mut [Line] {
        // SAFETY: there are lines for `len` values, all of them written when they were allocated.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_ptr(), self.len.div_ceil(LANES)) }
    }
}

impl Drop for Floats {
    fn drop(&mut self) {
        let layout = Self::layout(self.len);
        if layout.size() > 0 {
            // SAFETY: it was allocated with this layout.
            unsafe { dealloc(self.lines.as_ptr().cast(), layout) };
        }
    }
}

// SAFETY: it is a slice of floats of its own.
unsafe impl Send for Floats {}
// SAFETY: see above.
unsafe impl Sync for Floats {}

impl Default for Floats {
    fn default() -> Self {
        Floats::zeros(0)
    }
}

impl Clone for Floats {
    fn clone(&self) -> Self {
        Floats::from(&**self)
    }
}

impl fmt::Debug for Floats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl From<&[f32]> for Floats {
    fn from(values: &[f32]) -> Self {
        let mut floats = Floats::zeros(values.len());
        floats.copy_from_slice(values);
        floats
    }
}

impl From<Vec<f32>> for Floats {
    fn from(values: Vec<f32>) -> Self {
        Floats::from(&*values)
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
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_ptr().cast(), self.len) }
    }
}

/// Has the system put values into large pages, which takes it about as long as copying them once. It is a wish: nothing is
/// different where it cannot, nor does it say so.
pub fn into_large_pages(values: &[f32]) {
    let start = values.as_ptr().addr().next_multiple_of(PAGE);
    let end = (values.as_ptr().addr() + size_of_val(values)) / PAGE * PAGE;
    if start < end {
        let memory = values.as_ptr().cast::<u8>().wrapping_add(start - values.as_ptr().addr());
        ask_for_large_pages(memory.cast_mut(), end - start);
        collapse(memory.cast_mut(), end - start);
    }
}

/// Has these bytes, of whole pages, be in large pages from when they are touched first.
#[cfg(target_os = "linux")]
fn ask_for_large_pages(memory: *mut u8, bytes: usize) {
    // SAFETY: advice on pages changes nothing that a program can see; what it cannot follow it refuses.
    unsafe { libc::madvise(memory.cast(), bytes, libc::MADV_HUGEPAGE) };
}

/// Has these bytes, which were touched, be in large pages now (Linux 6.1).
#[cfg(target_os = "linux")]
fn collapse(memory: *mut u8, bytes: usize) {
    // of Linux, whatever the C library; `libc` names it for glibc alone
    const COLLAPSE: libc::c_int = 25;
    // SAFETY: see above.
    unsafe { libc::madvise(memory.cast(), bytes, COLLAPSE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_: *mut u8, _: usize) {}

#[cfg(not(target_os = "linux"))]
fn collapse(_: *mut u8, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_a_line_and_is_zero_whatever_its_size() {
        for len in [0, 1, 15, 16, 17, LARGE / 4 - 1, LARGE / 4, PAGE / 4 + 3] {
            let mut floats = Floats::zeros(len);
            let begins_at = if 4 * len >= LARGE { PAGE } else { 64 };
            assert_eq!((floats.len(), floats.as_ptr().addr() % begins_at), (len, 0));
            assert!(floats.iter().all(|x| x.to_bits() == 0), "{len}");
            floats.fill(1.0);
            assert_eq!(*floats.clone(), *floats);
            into_large_pages(&floats);
            assert!(floats.iter().all(|x| *x == 1.0), "{len}");
        }
    }
}
