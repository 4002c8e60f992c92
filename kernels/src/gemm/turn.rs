//! Matrices turned: rows become columns, in squares of sixteen. It serves to pack what lies the wrong way, and to bring a
//! product that was computed turned into place.

use crate::isa::{Cpu, LANES, Op, Simd};

/// Turns `from` `(rows, cols)` into `to` `(cols, rows)`, both with their rows contiguous.
pub(super) struct Turn {
    pub from: *const f32,
    pub from_row: usize,
    pub rows: usize,
    pub cols: usize,
    pub to: *mut f32,
    pub to_row: usize,
    /// Whether the rows of `to` are filled with zeros to whole blocks of sixteen.
    pub whole: bool,
}

impl Turn {
    /// Turns it.
    ///
    /// # Safety
    /// - `from` is valid for reading `rows` rows of `cols` values, each `from_row` after the one before.
    /// - `to` is valid for writing `cols` rows of `rows` values, with `whole` up to whole blocks, and overlaps no `from`.
    #[inline(always)]
    pub(super) unsafe fn compute<S: Simd>(self, s: S) {
        s.call(Squares(self));
    }
}

/// `out`, `(cols, rows)`, becomes the transpose of `from`, `(rows, cols)`.
pub fn transpose(cpu: Cpu, from: &[f32], cols: usize, out: &mut [f32]) {
    assert!(
        from.len() == out.len() && from.len().is_multiple_of(cols),
        "transpose: {} values in rows of {cols}",
        from.len()
    );
    cpu.run(Transpose { from, cols, out });
}

struct Transpose<'a> {
    from: &'a [f32],
    cols: usize,
    out: &'a mut [f32],
}

impl Op for Transpose<'_> {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let (cols, rows) = (self.cols, self.from.len() / self.cols);
        let (from, to) = (self.from.as_ptr(), self.out.as_mut_ptr());
        // SAFETY: both hold `rows * cols` values, as `transpose` has checked, and `out` is borrowed for writing.
        unsafe { Turn { from, from_row: cols, rows, cols, to, to_row: rows, whole: false }.compute(s) };
    }
}

/// Made by [`Turn::compute`] alone, whose caller vouches for the addresses.
struct Squares(Turn);

impl Op for Squares {
    type Out = ();

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) {
        let t = self.0;
        for i in (0..t.rows).step_by(LANES) {
            let rows = LANES.min(t.rows - i);
            for j in (0..t.cols).step_by(LANES) {
                let cols = LANES.min(t.cols - j);
                let from = t.from.wrapping_add(i * t.from_row + j);
                let to = t.to.wrapping_add(j * t.to_row + i);
                // SAFETY: `rows` and `cols` lie within the matrix, see `Turn::compute`.
                unsafe {
                    match (rows, cols) {
                        // whole, and with a number that the compiler knows
                        (LANES, LANES) => s.turn(from, t.from_row, LANES, to, t.to_row),
                        (LANES, 4..) => s.turn(from, t.from_row, cols, to, t.to_row),
                        _ => {
                            let width = if t.whole { LANES } else { rows };
                            part(s, (from, t.from_row), (rows, cols), (to, t.to_row), width);
                        }
                    }
                }
            }
        }
    }
}

/// A square with fewer rows, or few columns; rows of `width` values are written.
///
/// # Safety
/// - `rows`, `cols` and `width` are at most sixteen, and the memory is valid for them.
#[inline(always)]
unsafe fn part<S: Simd>(
    s: S,
    (from, from_row): (*const f32, usize),
    (rows, cols): (usize, usize),
    (to, to_row): (*mut f32, usize),
    width: usize,
) {
    let mut square = [s.zero(); LANES];
    for (i, v) in square.iter_mut().enumerate() {
        if i < rows {
            // SAFETY: row `i` has `cols` values.
            *v = unsafe { s.load_ptr_part(from.add(i * from_row), cols) };
        }
    }
    for (j, v) in s.transpose(square).into_iter().enumerate() {
        if j < cols {
            let to = to.wrapping_add(j * to_row);
            // SAFETY: there are `cols` rows to write, and `width` values in each.
            unsafe {
                if width == LANES {
                    s.store_ptr(v, to);
                } else {
                    s.store_ptr_part(v, to, width);
                }
            }
        }
    }
}
