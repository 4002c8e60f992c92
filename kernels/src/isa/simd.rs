//! The sixteen lanes every kernel is written over. A type that implements [`Simd`] is a token: holding one proves that
//! the machine has the instruction set, so its arithmetic is safe to call. Everything is `#[inline(always)]`, here and
//! in the kernels: the one function with `#[target_feature]` per instruction set is the trampoline behind
//! [`Simd::call`], and only what is inlined into it becomes instructions instead of calls.

/// The number of `f32` lanes in a block, on every instruction set.
pub const LANES: usize = 16;

/// What is nearer to zero than this is negligible, and becomes zero before it goes on into products: 2^-95, about 2.5e-29.
/// Many processors take much longer for a multiplication that makes or meets a subnormal, and a few of them are enough to make
/// a whole product slow (`benches/workloads/vanish.toml`); this far from them, and with the other factor above 2^-31, none
/// comes about.
pub const NEGLIGIBLE: f32 = f32::from_bits(32 << 23);

/// An operation over the lanes of any instruction set; [`Cpu::run`](super::Cpu::run) picks the instruction set.
pub trait Op {
    /// What the operation gives back.
    type Out;
    /// The operation. Mark it `#[inline(always)]`, and closures within it too, or intrinsics become calls.
    fn eval<S: Simd>(self, s: S) -> Self::Out;
}

/// Where groups of four of so many columns begin; the last one may have some of the group before it.
#[inline(always)]
pub(crate) fn fours(cols: usize) -> impl Iterator<Item = usize> {
    (0..cols.div_ceil(4)).map(
        #[inline(always)]
        move |group| (4 * group).min(cols - 4),
    )
}

/// The pointer, of which the compiler cannot tell any more where it comes from. It costs no instruction.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block, reason = "a comment reads nothing")]
pub(crate) fn hidden(p: *const f32) -> *const f32 {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    let p = {
        let mut p = p;
        // SAFETY: a comment does nothing.
        unsafe { std::arch::asm!("/* {0} */", inout(reg) p, options(pure, nomem, nostack, preserves_flags)) };
        p
    };
    p
}

/// Arithmetic on blocks of sixteen `f32`. Every method gives the same bits on every instruction set.
pub trait Simd: Copy {
    /// Sixteen `f32`.
    type V: Copy;
    /// Sixteen truth values.
    type M: Copy;

    /// Rows of the largest tile of C that fits the registers, with one block of sixteen columns, two, and so on.
    const TILES: &'static [usize];
    /// Blocks of C in the largest tile of all.
    const ACCUMULATORS: usize = Self::TILES[Self::TILES.len() - 1] * Self::TILES.len();

    /// Runs `op` in a function of its own that is compiled for this instruction set.
    fn call<O: Op>(self, op: O) -> O::Out;

    /// Sixteen times `x`.
    fn splat(self, x: f32) -> Self::V;
    /// # Safety
    /// - `from` is valid for reading sixteen `f32`.
    unsafe fn load_ptr(self, from: *const f32) -> Self::V;
    /// Lanes `n..` are zero; the memory behind them is not touched.
    ///
    /// # Safety
    /// - `from` is valid for reading `n` values of `f32`; `n <= 16`.
    unsafe fn load_ptr_part(self, from: *const f32, n: usize) -> Self::V;
    /// # Safety
    /// - `to` is valid for writing sixteen `f32`.
    unsafe fn store_ptr(self, v: Self::V, to: *mut f32);
    /// The memory behind lanes `n..` is not touched.
    ///
    /// # Safety
    /// - `to` is valid for writing `n` values of `f32`; `n <= 16`.
    unsafe fn store_ptr_part(self, v: Self::V, to: *mut f32, n: usize);

    /// Asks for the cache line of `at`, which need not be valid; says nothing about any value.
    fn prefetch(self, at: *const f32);

    /// The same, into the cache of the first level.
    fn prefetch_near(self, at: *const f32);

    /// The same, for a cache line that will be written: another core that has it too gives it up meanwhile.
    fn prefetch_to_write(self, at: *const f32);

    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a b`
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`, correctly rounded
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// The square root, correctly rounded.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// `a b + c` with one rounding.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// The larger by comparison: `b` where `a < b`, else `a`. A NaN in `a` stays, one in `b` does not arrive.
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.lt(a, b), b, a)
    }
    /// The smaller by comparison: `b` where `b < a`, else `a`. A NaN in `a` stays, one in `b` does not arrive.
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.lt(b, a), b, a)
    }
    /// `y 2^n` with one rounding, for whole `|n| <= 252` and a `y` of which neither a factor of 2^126 nor of 2^-126 makes
    /// a subnormal or an infinity (or which is zero, or NaN). `y` may be subnormal where `n = 0`.
    #[inline(always)]
    fn scale(self, y: Self::V, n: Self::V) -> Self::V {
        // Two factors, because 2^n may have no float of its own. Only the second product rounds. Adding 1.5 * 2^23 leaves
        // the whole number in the low bits, with 254 = 2 * 127 the sum of both exponents' fields.
        let n = self.add(n, self.splat(12_582_912.0 + 254.0));
        let n = self.and(n, self.bits(0x3ff));
        let half = self.shr(n, 1);
        let rest = self.int_sub(n, half);
        self.mul(self.mul(y, self.shl(half, 23)), self.shl(rest, 23))
    }
    /// Lane by lane the entry of `table` that the three low bits of `index` name.
    fn lookup(self, table: &[f32; 8], index: Self::V) -> Self::V;

    /// `a < b`; false where either is NaN.
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a <= b`; false where either is NaN.
    fn le(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a == b`; false where either is NaN.
    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    /// True in the lanes before `n`.
    fn first(self, n: usize) -> Self::M;
    /// `a` where `m` holds, else `b`.
    fn select(self, m: Self::M, a: Self::V, b: Self::V) -> Self::V;

    /// Bits of the lanes: `a & b`.
    fn and(self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of the lanes: `a | b`.
    fn or(self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of the lanes: `a ^ b`.
    fn xor(self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of the lanes as integers: `a + b`, wrapping.
    fn int_add(self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of the lanes as integers: `a - b`, wrapping.
    fn int_sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// Bits of the lanes as integers: `a b` in 64 bits, the lower half and the upper one.
    fn int_mul(self, a: Self::V, b: Self::V) -> (Self::V, Self::V);
    /// Bits of the lanes shifted to the left by `n < 32`.
    fn shl(self, a: Self::V, n: u32) -> Self::V;
    /// Bits of the lanes shifted to the right by `n < 32`, zeros moving in.
    fn shr(self, a: Self::V, n: u32) -> Self::V;

    /// `a`, but zero where it is less in size than `least`, a power of two that the exponent's bits from one on have: those of
    /// 2^-126, the smallest normal number, or of [`NEGLIGIBLE`]. A NaN stays.
    #[inline(always)]
    fn at_least(self, least: f32, a: Self::V) -> Self::V {
        self.select(self.lt(self.abs(a), self.splat(least)), self.zero(), a)
    }
    /// `a`, but zero where it is [`NEGLIGIBLE`]; a NaN stays.
    #[inline(always)]
    fn settled(self, a: Self::V) -> Self::V {
        self.at_least(NEGLIGIBLE, a)
    }

    /// The sixteen blocks as rows of a square, transposed.
    fn transpose(self, rows: [Self::V; LANES]) -> [Self::V; LANES];

    /// Turns sixteen rows of at least four and at most sixteen values: row `i` of `to` is column `i` of `from`.
    ///
    /// # Safety
    /// - `4 <= cols <= 16`; `from` is valid for reading sixteen rows of `cols` values, each `from_row` values after the one
    ///   before, and `to` for writing `cols` rows of sixteen, each `to_row` after the one before. They do not overlap.
    #[inline(always)]
    unsafe fn turn(self, from: *const f32, from_row: usize, cols: usize, to: *mut f32, to_row: usize) {
        let mut square = [self.zero(); LANES];
        for (i, v) in square.iter_mut().enumerate() {
            let from = from.wrapping_add(i * from_row);
            // SAFETY: the caller vouches for sixteen rows.
            *v = unsafe { if cols == LANES { self.load_ptr(from) } else { self.load_ptr_part(from, cols) } };
        }
        for (j, v) in self.transpose(square).into_iter().enumerate().take(cols) {
            // SAFETY: the caller vouches for as many rows.
            unsafe { self.store_ptr(v, to.add(j * to_row)) };
        }
    }

    /// Sixteen zeros.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
    /// Sixteen times the bit pattern `x`.
    #[inline(always)]
    fn bits(self, x: u32) -> Self::V {
        self.splat(f32::from_bits(x))
    }
    /// A block of a slice.
    #[inline(always)]
    fn load(self, x: &[f32; LANES]) -> Self::V {
        // SAFETY: the array is sixteen values long.
        unsafe { self.load_ptr(x.as_ptr()) }
    }
    /// The ragged end of a slice, `x.len() <= 16`; the lanes past it are zero.
    #[inline(always)]
    fn load_part(self, x: &[f32]) -> Self::V {
        assert!(x.len() <= LANES, "a part of a block has {} values", x.len());
        // SAFETY: the slice is as long as said, and at most sixteen by the assertion.
        unsafe { self.load_ptr_part(x.as_ptr(), x.len()) }
    }
    /// Writes a block of a slice.
    #[inline(always)]
    fn store(self, v: Self::V, y: &mut [f32; LANES]) {
        // SAFETY: the array is sixteen values long.
        unsafe { self.store_ptr(v, y.as_mut_ptr()) }
    }
    /// Writes the ragged end of a slice, `y.len() <= 16`.
    #[inline(always)]
    fn store_part(self, v: Self::V, y: &mut [f32]) {
        assert!(y.len() <= LANES, "a part of a block has {} values", y.len());
        // SAFETY: the slice is as long as said, and at most sixteen by the assertion.
        unsafe { self.store_ptr_part(v, y.as_mut_ptr(), y.len()) }
    }
    /// `|a|`: the sign bit cleared.
    #[inline(always)]
    fn abs(self, a: Self::V) -> Self::V {
        self.and(a, self.bits(0x7fff_ffff))
    }
    /// `-a`: the sign bit flipped.
    #[inline(always)]
    fn neg(self, a: Self::V) -> Self::V {
        self.xor(a, self.bits(0x8000_0000))
    }
    /// The lanes as an array.
    #[inline(always)]
    fn lanes(self, v: Self::V) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        self.store(v, &mut lanes);
        lanes
    }
    /// The sum of the lanes by the fixed tree: lane `i` takes lane `i + 8`, then `i + 4`, `i + 2`, `i + 1`.
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let mut lanes = self.lanes(v);
        for width in [8, 4, 2, 1] {
            for i in 0..width {
                lanes[i] += lanes[i + width];
            }
        }
        lanes[0]
    }
    /// The sums of sixteen blocks, lane `i` that of block `i`, each by the tree of [`Simd::sum`].
    #[inline(always)]
    fn sums(self, rows: [Self::V; LANES]) -> Self::V {
        let mut lanes = self.transpose(rows);
        for width in [8, 4, 2, 1] {
            for i in 0..width {
                lanes[i] = self.add(lanes[i], lanes[i + width]);
            }
        }
        lanes[0]
    }
    /// The largest lanes of sixteen blocks, lane `i` that of block `i`, each by the tree of [`Simd::sum`] and [`Simd::max`].
    #[inline(always)]
    fn largests(self, rows: [Self::V; LANES]) -> Self::V {
        let mut lanes = self.transpose(rows);
        for width in [8, 4, 2, 1] {
            for i in 0..width {
                lanes[i] = self.max(lanes[i], lanes[i + width]);
            }
        }
        lanes[0]
    }
}
