//! Plain Rust on `[f32; 16]`: the specification the other instruction sets are held to, and what runs where there is no
//! other. The fused multiply-add is exact either way: the processor's own where it has one ([`Hardware`]), else computed
//! in `f64` ([`Software`]).

use super::simd::{LANES, Op, Simd};

/// Who rounds the fused multiply-add.
pub trait Fused: Copy {
    /// `a b + c` with one rounding, lane by lane.
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block;
    /// Runs `op` in a function compiled for the instructions [`Fused::mul_add`] wants.
    fn call<O: Op>(self, op: O) -> O::Out;
}

/// The processor's fused multiply-add; a value of this type proves that there is one.
#[derive(Clone, Copy)]
pub struct Hardware(());

impl Hardware {
    /// The token, where the machine has the instruction.
    pub fn new() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let there = is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let there = cfg!(target_arch = "aarch64");
        there.then_some(Hardware(()))
    }
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "fma"))]
fn trampoline<O: Op>(s: Portable<Hardware>, op: O) -> O::Out {
    op.eval(s)
}

impl Fused for Hardware {
    #[inline(always)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        let mut d = [0.0; LANES];
        for i in 0..LANES {
            d[i] = a[i].mul_add(b[i], c[i]);
        }
        d
    }
    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        #[allow(unused_unsafe, reason = "the trampoline needs no feature off x86-64")]
        // SAFETY: a `Hardware` exists only where `fma` was detected.
        unsafe {
            trampoline(Portable(self), op)
        }
    }
}

/// The fused multiply-add in `f64`.
#[derive(Clone, Copy)]
pub struct Software;

impl Fused for Software {
    /// A call of its own: as sixteen calls in every kernel this was the largest part of the compiled crate, for machines
    /// that are rarely met.
    #[inline(never)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        let mut d = [0.0; LANES];
        for i in 0..LANES {
            d[i] = mul_add_in_f64(a[i], b[i], c[i]);
        }
        d
    }
    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        op.eval(Portable(self))
    }
}

/// `a b + c` rounded once, without an instruction for it. The product of two `f32` is exact in `f64`; the sum is rounded
/// *to odd* there (Boldo and Melquiond, 2008: where it is inexact its last bit is set), and 53 bits rounded to odd round
/// to 24 as the exact value does.
pub fn mul_add_in_f64(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // Knuth's two-sum: `sum + error` is `product + c` exactly.
    let c_of_sum = sum - product;
    let error = (product - (sum - c_of_sum)) + (c - c_of_sum);
    let bits = sum.to_bits();
    if !sum.is_finite() || error == 0.0 || bits & 1 == 1 {
        return sum as f32;
    }
    // The last bit is even and the exact value lies to one side of it: the odd neighbour on that side.
    let outward = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if outward { bits + 1 } else { bits - 1 }) as f32
}

/// Sixteen lanes in an array.
#[derive(Clone, Copy)]
pub struct Portable<F>(pub F);

type Block = [f32; LANES];

#[inline(always)]
fn lanewise(a: Block, b: Block, f: impl Fn(f32, f32) -> f32) -> Block {
    let mut c = [0.0; LANES];
    for i in 0..LANES {
        c[i] = f(a[i], b[i]);
    }
    c
}

#[inline(always)]
fn compare(a: Block, b: Block, f: impl Fn(f32, f32) -> bool) -> [bool; LANES] {
    let mut c = [false; LANES];
    for i in 0..LANES {
        c[i] = f(a[i], b[i]);
    }
    c
}

#[inline(always)]
fn bitwise(a: Block, b: Block, f: impl Fn(u32, u32) -> u32) -> Block {
    lanewise(a, b, |a, b| f32::from_bits(f(a.to_bits(), b.to_bits())))
}

impl<F: Fused> Simd for Portable<F> {
    type V = Block;
    type M = [bool; LANES];

    const TILES: &'static [usize] = &[4];

    #[inline(always)]
    fn call<O: Op>(self, op: O) -> O::Out {
        self.0.call(op)
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Block {
        [x; LANES]
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> Block {
        // SAFETY: the caller vouches for sixteen values; unaligned reads are allowed by `read_unaligned`.
        unsafe { from.cast::<Block>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn load_ptr_part(self, from: *const f32, n: usize) -> Block {
        let mut block = [0.0; LANES];
        // SAFETY: the caller vouches for `n` values, and that they fit the block.
        unsafe { std::ptr::copy_nonoverlapping(from, block.as_mut_ptr(), n) };
        block
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: Block, to: *mut f32) {
        // SAFETY: the caller vouches for sixteen values; unaligned writes are allowed by `write_unaligned`.
        unsafe { to.cast::<Block>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn store_ptr_part(self, v: Block, to: *mut f32, n: usize) {
        // SAFETY: the caller vouches for `n` values, and that the block has them.
        unsafe { std::ptr::copy_nonoverlapping(v.as_ptr(), to, n) };
    }

    #[inline(always)]
    fn prefetch(self, _: *const f32) {}

    #[inline(always)]
    fn prefetch_near(self, _: *const f32) {}

    #[inline(always)]
    fn prefetch_to_write(self, _: *const f32) {}

    #[inline(always)]
    fn add(self, a: Block, b: Block) -> Block {
        lanewise(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Block, b: Block) -> Block {
        lanewise(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Block, b: Block) -> Block {
        lanewise(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Block, b: Block) -> Block {
        lanewise(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self, a: Block) -> Block {
        lanewise(a, a, |a, _| a.sqrt())
    }
    #[inline(always)]
    fn mul_add(self, a: Block, b: Block, c: Block) -> Block {
        self.0.mul_add(a, b, c)
    }

    #[inline(always)]
    fn lookup(self, table: &[f32; 8], index: Block) -> Block {
        lanewise(index, index, |i, _| table[(i.to_bits() & 7) as usize])
    }

    #[inline(always)]
    fn lt(self, a: Block, b: Block) -> [bool; LANES] {
        compare(a, b, |a, b| a < b)
    }
    #[inline(always)]
    fn le(self, a: Block, b: Block) -> [bool; LANES] {
        compare(a, b, |a, b| a <= b)
    }
    #[inline(always)]
    fn eq(self, a: Block, b: Block) -> [bool; LANES] {
        compare(a, b, |a, b| a == b)
    }
    #[inline(always)]
    fn first(self, n: usize) -> [bool; LANES] {
        std::array::from_fn(|i| i < n)
    }
    #[inline(always)]
    fn select(self, m: [bool; LANES], a: Block, b: Block) -> Block {
        let mut c = [0.0; LANES];
        for i in 0..LANES {
            c[i] = if m[i] { a[i] } else { b[i] };
        }
        c
    }

    #[inline(always)]
    fn and(self, a: Block, b: Block) -> Block {
        bitwise(a, b, |a, b| a & b)
    }
    #[inline(always)]
    fn or(self, a: Block, b: Block) -> Block {
        bitwise(a, b, |a, b| a | b)
    }
    #[inline(always)]
    fn xor(self, a: Block, b: Block) -> Block {
        bitwise(a, b, |a, b| a ^ b)
    }
    #[inline(always)]
    fn int_add(self, a: Block, b: Block) -> Block {
        bitwise(a, b, u32::wrapping_add)
    }
    #[inline(always)]
    fn int_sub(self, a: Block, b: Block) -> Block {
        bitwise(a, b, u32::wrapping_sub)
    }
    #[inline(always)]
    fn int_mul(self, a: Block, b: Block) -> (Block, Block) {
        let wide = |a: u32, b: u32| u64::from(a) * u64::from(b);
        (bitwise(a, b, |a, b| wide(a, b) as u32), bitwise(a, b, |a, b| (wide(a, b) >> 32) as u32))
    }
    #[inline(always)]
    fn shl(self, a: Block, n: u32) -> Block {
        bitwise(a, a, |a, _| a << n)
    }
    #[inline(always)]
    fn shr(self, a: Block, n: u32) -> Block {
        bitwise(a, a, |a, _| a >> n)
    }

    #[inline(always)]
    fn transpose(self, rows: [Block; LANES]) -> [Block; LANES] {
        let mut columns = [[0.0; LANES]; LANES];
        for i in 0..LANES {
            for j in 0..LANES {
                columns[j][i] = rows[i][j];
            }
        }
        columns
    }
}
