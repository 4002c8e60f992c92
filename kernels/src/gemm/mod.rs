//! Matrix products, `C = start + A B`: every element of C is one chain of fused multiply-adds over `k`, in order. This
//! file says what a product is; `plan` decides how it is computed, the loops over blocks are in `product`, those of large
//! products in `panels` and `large`, that of a single column in `column`, what is copied together first in `pack`, what is
//! turned in `turn`, and the piece of C that lives in registers in `tile` and `stream`.

mod column;
mod fetch;
mod large;
mod pack;
mod panels;
mod plan;
mod product;
mod stream;
mod tile;
mod turn;

pub use plan::{Order, Plan};
pub use turn::transpose;

use std::marker::PhantomData;

use crate::isa::{Cpu, Engine};
use crate::memory::Floats;

/// A matrix as a view of a slice: element `(i, j)` is `data[i row_stride + j col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Mat<'a> {
    /// The row-major matrix `(rows, cols)` that `data` holds.
    #[inline]
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(Some(data.len()), rows.checked_mul(cols), "matrix: values, for {rows}×{cols}");
        Mat { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// A view with any strides, within `data`.
    #[inline]
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> Self {
        if rows > 0 && cols > 0 {
            let last = (rows - 1).checked_mul(row_stride).zip((cols - 1).checked_mul(col_stride));
            let last = last.and_then(|(down, along)| down.checked_add(along));
            let inside = last.is_some_and(|last| last < data.len());
            assert!(inside, "matrix: {rows}×{cols} with strides {row_stride}, {col_stride} in {} values", data.len());
        }
        Mat { data, rows, cols, row_stride, col_stride }
    }

    /// The transposed view.
    #[inline]
    pub fn t(self) -> Self {
        Mat {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// The number of rows.
    #[inline]
    pub fn rows(self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[inline]
    pub fn cols(self) -> usize {
        self.cols
    }

    /// As many rows that all lie where the first one does, or columns where those lie in one piece.
    fn near(self) -> Self {
        if self.col_stride == 1 { Mat { row_stride: 0, ..self } } else { Mat { col_stride: 0, ..self } }
    }

    /// The part of `rows` and `cols` that begins at `(i, j)`.
    #[inline(always)]
    fn part(self, i: usize, j: usize, rows: usize, cols: usize) -> Self {
        debug_assert!(i + rows <= self.rows && j + cols <= self.cols);
        let from = (i * self.row_stride + j * self.col_stride).min(self.data.len());
        Mat { data: &self.data[from..], rows, cols, ..self }
    }
}

/// A matrix to be written, or a part of one: its rows lie `row_stride` apart, and nobody else has its values meanwhile. It can
/// be taken apart, between rows or between columns, for threads that write at the same time.
#[derive(Debug)]
pub struct MatMut<'a> {
    data: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    own: PhantomData<&'a mut [f32]>,
}

// SAFETY: its values are borrowed for writing, as by a slice, and no other part has them.
unsafe impl Send for MatMut<'_> {}

impl<'a> MatMut<'a> {
    /// The row-major matrix `(rows, cols)` that `data` holds.
    #[inline]
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        assert_eq!(Some(data.len()), rows.checked_mul(cols), "matrix: values, for {rows}×{cols}");
        MatMut { data: data.as_mut_ptr(), rows, cols, row_stride: cols, own: PhantomData }
    }

    /// The number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The same, for a while.
    #[inline]
    pub fn again(&mut self) -> MatMut<'_> {
        MatMut { own: PhantomData, ..*self }
    }

    /// So many rows, and the others.
    #[inline]
    pub fn split_rows(self, rows: usize) -> (Self, Self) {
        assert!(rows <= self.rows, "matrix: {rows} of {} rows", self.rows);
        let below = self.data.wrapping_add(rows * self.row_stride);
        (MatMut { rows, ..self }, MatMut { data: below, rows: self.rows - rows, ..self })
    }

    /// So many columns, and the others.
    #[inline]
    pub fn split_cols(self, cols: usize) -> (Self, Self) {
        assert!(cols <= self.cols, "matrix: {cols} of {} columns", self.cols);
        (MatMut { cols, ..self }, MatMut { data: self.data.wrapping_add(cols), cols: self.cols - cols, ..self })
    }

    /// Row `i`.
    #[inline]
    pub fn row(&mut self, i: usize) -> &mut [f32] {
        assert!(i < self.rows, "matrix: row {i} of {}", self.rows);
        if self.cols == 0 {
            return &mut [];
        }
        // SAFETY: the row is there and not empty, and with `self` it is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.at(i, 0), self.cols) }
    }

    /// All of it as one slice, where its rows follow each other without gaps.
    #[inline]
    pub fn whole(&mut self) -> Option<&mut [f32]> {
        if self.rows == 0 || self.cols == 0 {
            return Some(&mut []);
        }
        let gapless = self.cols == self.row_stride || self.rows == 1;
        // SAFETY: these are its values and no others, there are some, and with `self` they are borrowed for writing.
        gapless.then(|| unsafe { std::slice::from_raw_parts_mut(self.data, self.rows * self.cols) })
    }

    /// Where element `(i, j)` is.
    #[inline(always)]
    fn at(&mut self, i: usize, j: usize) -> *mut f32 {
        debug_assert!(i < self.rows && j < self.cols);
        self.data.wrapping_add(i * self.row_stride + j)
    }
}

/// What the chains of a product start from.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// Zero; what C holds is not read.
    Zero,
    /// One value per column of C, `(n)`; what C holds is not read.
    Bias(&'a [f32]),
    /// What C holds: the product is added to it.
    Keep,
}

/// Working memory of a thread: for packing, of one size for all products, and as much as other kernels have asked for. It
/// is allocated once, so that a kernel allocates nothing.
pub struct Scratch {
    packed: pack::Buffers,
    room: Floats,
}

impl Scratch {
    /// Allocates the memory for packing.
    pub fn new() -> Self {
        Scratch { packed: pack::Buffers::new(), room: Floats::default() }
    }

    /// Allocates what [`Scratch::room`] needs for so many floats, unless it is there.
    pub fn reserve(&mut self, floats: usize) {
        if self.room.len() < floats {
            self.room = Floats::zeros(floats);
        }
    }

    /// So many floats of any value that begin at a cache line; allocated when more were never asked for.
    pub fn room(&mut self, floats: usize) -> &mut [f32] {
        self.reserve(floats);
        &mut self.room[..floats]
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch::new()
    }
}

/// `C = start + A B` for `A` `(m, k)`, `B` `(k, n)` and `C` `(m, n)`, row-major without gaps.
pub fn gemm(cpu: Cpu, start: Start<'_>, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], scratch: &mut Scratch) {
    gemm_into(cpu, start, a, b, MatMut::new(c, a.rows, b.cols), scratch);
}

/// [`gemm`] into a part of a matrix.
pub fn gemm_into(cpu: Cpu, start: Start<'_>, a: Mat<'_>, b: Mat<'_>, c: MatMut<'_>, scratch: &mut Scratch) {
    gemm_as(cpu, None, start, a, b, c, scratch);
}

/// [`gemm_into`] after a plan that is given, for tests and measurements: every plan gives the same bits.
pub fn gemm_as(
    cpu: Cpu,
    plan: Option<Plan>,
    start: Start<'_>,
    a: Mat<'_>,
    b: Mat<'_>,
    c: MatMut<'_>,
    scratch: &mut Scratch,
) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "gemm: A is {m}×{k} but B is {}×{n}", b.rows);
    assert_eq!((c.rows, c.cols), (m, n), "gemm: rows and columns of C");
    if let Start::Bias(bias) = start {
        assert_eq!(bias.len(), n, "gemm: values of the bias, and columns of C");
    }
    if m == 0 || n == 0 {
        return;
    }
    match cpu.multiplier() {
        Engine::Simd => {
            cpu.run(&mut product::Product { start, a, b, c, plan, buffers: &mut scratch.packed });
        }
        Engine::MatrixMultiply => by_matrixmultiply(start, a, b, c),
    }
}

/// The same work as [`gemm`] without the way to memory: the rows of A, of B and of C lie where their first one does, or the
/// columns where those lie in one piece, and so in the nearest cache. What it takes is to be held against what the product
/// takes; what it leaves in the first row of C means nothing. Always by the kernels of this crate.
pub fn gemm_near(cpu: Cpu, a: Mat<'_>, b: Mat<'_>, c: &mut [f32], scratch: &mut Scratch) {
    let cpu = cpu.engine(Engine::Simd);
    let c = MatMut { row_stride: 0, ..MatMut::new(c, a.rows, b.cols) };
    gemm_as(cpu, Some(Plan::chosen(cpu, a, b)), Start::Zero, a.near(), b.near(), c, scratch);
}

/// The same product by the crate `matrixmultiply`: C is filled with the start and added to.
fn by_matrixmultiply(start: Start<'_>, a: Mat<'_>, b: Mat<'_>, mut c: MatMut<'_>) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    for i in 0..m {
        match start {
            Start::Zero => c.row(i).fill(0.0),
            Start::Bias(bias) => c.row(i).copy_from_slice(bias),
            Start::Keep => {}
        }
    }
    if k == 0 {
        return;
    }
    let strides = |x: Mat<'_>| (x.row_stride as isize, x.col_stride as isize);
    let ((a_row, a_col), (b_row, b_col)) = (strides(a), strides(b));
    let (a, b) = (a.data.as_ptr(), b.data.as_ptr());
    let c_row = c.row_stride as isize;
    // SAFETY: views were checked to lie within their slices at construction, and C to be m×n by the caller.
    unsafe {
        matrixmultiply::sgemm(m, k, n, 1.0, a, a_row, a_col, b, b_row, b_col, 1.0, c.data, c_row, 1);
    }
}
