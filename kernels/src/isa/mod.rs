//! Which instructions the machine has, as a value. A [`Cpu`] is one instruction set that was found to be there; it is
//! chosen once, passed to every kernel, recorded with results and iterated by tests, so there is no hidden global.
//! [`Cpu::run`] takes an operation written over [`Simd`] to the trampoline compiled for that instruction set.

mod simd;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use std::fmt;
use std::str::FromStr;

pub use portable::mul_add_in_f64;
use portable::{Hardware, Portable, Software};
pub(crate) use simd::hidden;
pub use simd::{LANES, NEGLIGIBLE, Op, Simd};

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// x86-64 with AVX-512F.
    Avx512,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// AArch64.
    Neon,
    /// Plain Rust, anywhere.
    Portable,
}

impl Isa {
    /// Every instruction set, the widest first.
    pub const ALL: [Isa; 4] = [Isa::Avx512, Isa::Avx2, Isa::Neon, Isa::Portable];

    /// What the name on a command line is.
    pub fn name(self) -> &'static str {
        match self {
            Isa::Avx512 => "avx512",
            Isa::Avx2 => "avx2",
            Isa::Neon => "neon",
            Isa::Portable => "portable",
        }
    }
}

/// Who multiplies matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The kernels of this crate.
    Simd,
    /// The crate `matrixmultiply`, an independent implementation: close, but not to the bit.
    MatrixMultiply,
}

impl Engine {
    /// Every engine, ours first.
    pub const ALL: [Engine; 2] = [Engine::Simd, Engine::MatrixMultiply];

    /// What the name on a command line is.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Simd => "simd",
            Engine::MatrixMultiply => "matrixmultiply",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Isa {
    type Err = Missing;

    fn from_str(given: &str) -> Result<Self, Missing> {
        let found = Isa::ALL.into_iter().find(|isa| isa.name() == given);
        found.ok_or_else(|| Missing::UnknownIsa(given.to_owned()))
    }
}

impl FromStr for Engine {
    type Err = Missing;

    fn from_str(given: &str) -> Result<Self, Missing> {
        let found = Engine::ALL.into_iter().find(|engine| engine.name() == given);
        found.ok_or_else(|| Missing::UnknownEngine(given.to_owned()))
    }
}

/// What was asked for is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// This machine has not got the instruction set.
    Isa(Isa),
    /// No instruction set has this name.
    UnknownIsa(String),
    /// No engine has this name.
    UnknownEngine(String),
}

fn listed<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = || listed(Cpu::all().into_iter().map(Cpu::isa));
        match self {
            Missing::Isa(isa) => write!(f, "this machine has no `{isa}`; it has {}", there()),
            Missing::UnknownIsa(given) => {
                write!(f, "no instruction set is called `{given}`; this machine has {}", there())
            }
            Missing::UnknownEngine(given) => {
                write!(f, "no engine is called `{given}`; there are {}", listed(Engine::ALL))
            }
        }
    }
}

impl std::error::Error for Missing {}

/// An instruction set that was found on this machine, and who multiplies matrices on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    isa: Isa,
    engine: Engine,
    /// Portable only: compute fused multiply-adds in `f64` though the machine has the instruction.
    software_fma: bool,
}

impl Cpu {
    /// The widest instruction set of this machine, whatever the environment says.
    pub fn best() -> Cpu {
        Isa::ALL.into_iter().find_map(|isa| Cpu::with(isa).ok()).expect("the portable one is always there")
    }

    /// The instruction set that `KERNELS_ISA` names, or the best one where it is empty or not set. One that is unknown or
    /// missing is an error, not a fallback.
    pub fn from_env() -> Result<Cpu, Missing> {
        match std::env::var_os("KERNELS_ISA").filter(|given| !given.is_empty()) {
            None => Ok(Cpu::best()),
            Some(given) => Cpu::with(given.to_string_lossy().parse()?),
        }
    }

    /// This instruction set, if the machine has it.
    pub fn with(isa: Isa) -> Result<Cpu, Missing> {
        let there = match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::Avx512::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::Avx2::new().is_some(),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => neon::Neon::new().is_some(),
            Isa::Portable => true,
            #[allow(unreachable_patterns, reason = "which instruction sets are left depends on the architecture")]
            _ => false,
        };
        let cpu = Cpu { isa, engine: Engine::Simd, software_fma: false };
        if there { Ok(cpu) } else { Err(Missing::Isa(isa)) }
    }

    /// Every instruction set of this machine, the widest first; for tests.
    pub fn all() -> Vec<Cpu> {
        Isa::ALL.into_iter().filter_map(|isa| Cpu::with(isa).ok()).collect()
    }

    /// The portable lanes as on a machine without a fused multiply-add: slow, and the same bits; for tests.
    pub fn software_fma() -> Cpu {
        Cpu { isa: Isa::Portable, engine: Engine::Simd, software_fma: true }
    }

    /// The same instruction set with another engine for matrix products.
    pub fn engine(self, engine: Engine) -> Cpu {
        Cpu { engine, ..self }
    }

    /// The instruction set.
    pub fn isa(self) -> Isa {
        self.isa
    }

    /// Who multiplies matrices.
    pub fn multiplier(self) -> Engine {
        self.engine
    }

    /// Runs an operation on this instruction set.
    pub fn run<O: Op>(self, mut op: O) -> O::Out {
        const { assert!(!std::mem::needs_drop::<O>(), "an operation borrows what it works on") };
        let op = Lent(&raw mut op);
        const FOUND: &str = "a `Cpu` exists only for an instruction set that was found";
        match self.isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::Avx512::new().expect(FOUND).call(op),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::Avx2::new().expect(FOUND).call(op),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => neon::Neon::new().expect(FOUND).call(op),
            _ => match Hardware::new() {
                Some(fused) if !self.software_fma => Portable(fused).call(op),
                _ => Portable(Software).call(op),
            },
        }
    }
}

/// An operation where it lies: moved from function to function it would be copied each time, which takes longer than many a
/// small kernel. Made by [`Cpu::run`] alone, for one call.
struct Lent<O>(*mut O);

impl<O: Op> Op for Lent<O> {
    type Out = O::Out;

    #[inline(always)]
    fn eval<S: Simd>(self, s: S) -> O::Out {
        // SAFETY: `Cpu::run` lends its own operation and does not touch it again; there is nothing to drop in it.
        unsafe { self.0.read() }.eval(s)
    }
}
