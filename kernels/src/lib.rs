//! Everything that touches floats in bulk: matrix products, reductions, activations, losses and optimizers for small
//! networks on the CPU. A kernel is written once, over the lanes of [`isa::Simd`], and gives **the same bits on every
//! instruction set**. There are no names from a file here, no files, no clocks and no threads: slices in, slices out.
//!
//! # The arithmetic contract
//!
//! - Each element of a matrix product is one chain of fused multiply-adds over `k`, in order, from its start value
//!   (zero, the bias, or what C holds). Between cache blocks the chain is carried through memory, never summed aside,
//!   so tile sizes, blocking and the instruction set cannot show in the result.
//! - The unit is a block of sixteen `f32` lanes everywhere: one zmm, two ymm, four q registers, `[f32; 16]`. A
//!   reduction along a row is sixteen interleaved chains (element `i` belongs to lane `i % 16`) and one fixed tree; a
//!   reduction along a column goes row by row. Lanes past the end of a row are left as they were.
//! - `exp`, `ln`, `tanh` and their kin ([`math`]) are ours, one sequence of operations with a stated error bound.
//!   Minimum and maximum are a comparison and a selection, a NaN that goes in comes out.
//! - What is nearer to zero than 2^-95 ([`isa::NEGLIGIBLE`]) becomes zero where it would go on into products: gradients on
//!   the way back, values of functions that fall towards zero, states, shares, parameters and means of gradients. There are
//!   no subnormals then, which would make products many times as slow; elsewhere they are kept, but not in the memory of an
//!   optimizer.
//! - A fused multiply-add rounds once, also where the machine has no such instruction.
//!
//! The modules, in reading order: [`isa`] is the ground, [`memory`] where slices begin,
//! [`gemm`](mod@gemm) the peak, [`math`], [`reduce`],
//! [`elementwise`], [`rows`] and [`random`] the tools; [`recurrent`] is what layers with a state do at a step, [`attention`] the
//! softmax of those that look around, [`spatial`] convolution and pooling, [`norm`] normalisation, [`limits`] what the
//! machine can do at most; [`member`] says how an entry of a registry describes itself, and [`activation`], [`loss`] and
//! [`optimizer`] are the registries.

pub mod isa;

pub mod memory;

pub mod gemm;

pub mod math;

pub mod reduce;

pub mod elementwise;

pub mod rows;

pub mod random;

pub mod attention;
pub mod recurrent;

pub mod spatial;

pub mod norm;

pub mod limits;

pub mod member;

pub mod activation;
pub mod loss;
pub mod optimizer;

pub use gemm::{Mat, MatMut, Scratch, Start, gemm, gemm_into};
pub use isa::{Cpu, Engine, Isa, Missing};
pub use member::{Bounds, Form, Member, Setting};
pub use memory::Floats;
