//! A case: something of stated size that is measured, again and again. It takes its own time, because what counts of a
//! workload are its training steps alone; how often it is repeated within a sample is found by trying.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::base::error::Result;

/// What a number is in, and so whether more of it is faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// 10^9 floating-point operations a second.
    #[serde(rename = "GFLOP/s")]
    Gflops,
    /// 10^9 bytes a second.
    #[serde(rename = "GB/s")]
    Gigabytes,
    /// 10^9 cycles a second.
    #[serde(rename = "GHz")]
    Gigahertz,
    /// Nanoseconds for a number.
    #[serde(rename = "ns/element")]
    NsPerElement,
    /// Training rows a second.
    #[serde(rename = "samples/s")]
    Samples,
    /// Microseconds for a trial.
    #[serde(rename = "µs/trial")]
    UsPerTrial,
}

impl Unit {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Unit::Gflops => "GFLOP/s",
            Unit::Gigabytes => "GB/s",
            Unit::Gigahertz => "GHz",
            Unit::NsPerElement => "ns/element",
            Unit::Samples => "samples/s",
            Unit::UsPerTrial => "µs/trial",
        }
    }

    /// Whether more is faster.
    pub fn is_rate(self) -> bool {
        !matches!(self, Unit::NsPerElement | Unit::UsPerTrial)
    }

    /// The number for so much work in so many seconds.
    pub fn of(self, work: f64, seconds: f64) -> f64 {
        match self {
            Unit::Gflops | Unit::Gigabytes | Unit::Gigahertz => 1e-9 * work / seconds,
            Unit::Samples => work / seconds,
            Unit::NsPerElement => 1e9 * seconds / work,
            Unit::UsPerTrial => 1e6 * seconds / work,
        }
    }
}

/// How often a case is repeated in one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Until a sample takes long enough for the clock.
    UntilLong,
    /// Once: it is long as it is.
    Once,
}

/// What a case multiplies, to hold its speed against the peak.
#[derive(Debug, Clone, PartialEq)]
pub struct Flops {
    /// Floating-point operations of a repetition.
    pub count: f64,
    /// The instruction set whose peak it is held against.
    pub isa: String,
    /// How many cores it has.
    pub cores: usize,
    /// Bytes of a repetition when each of its numbers goes once between memory and registers; none where nobody counted.
    pub bytes: Option<f64>,
}

/// What takes the seconds of so many repetitions.
pub type Sample = Box<dyn FnMut(u64) -> Result<f64>>;

/// Something that is measured.
pub struct Case {
    /// What is done: `forward 64x784x256`.
    pub name: String,
    /// By whom: `avx512`, `matrixmultiply`.
    pub with: String,
    /// What is counted.
    pub unit: Unit,
    /// How much of it a repetition does.
    pub work: f64,
    /// What it multiplies, where that is known.
    pub flops: Option<Flops>,
    /// How often it is repeated.
    pub repeat: Repeat,
    /// Its size in words, where the name does not say it.
    pub size: String,
    /// The seconds of so many repetitions. Errors: what cannot be measured here.
    pub sample: Sample,
}

impl Case {
    /// A case of one function that is called for every repetition, and once before, so that it finds in the caches what it
    /// leaves there: cases take turns, and the first to use an array would wait for it in place of the others.
    pub fn of(
        name: impl Into<String>,
        with: impl ToString,
        unit: Unit,
        work: f64,
        mut f: impl FnMut() + 'static,
    ) -> Self {
        let sample = move |repetitions| {
            f();
            let begun = Instant::now();
            (0..repetitions).for_each(|_| f());
            Ok(begun.elapsed().as_secs_f64())
        };
        let (name, with, sample) = (name.into(), with.to_string(), Box::new(sample));
        Self { name, with, unit, work, flops: None, repeat: Repeat::UntilLong, size: String::new(), sample }
    }

    /// The same with what it multiplies on one core.
    #[must_use]
    pub fn multiplying(self, count: f64, isa: impl ToString, bytes: f64) -> Self {
        Self { flops: Some(Flops { count, isa: isa.to_string(), cores: 1, bytes: Some(bytes) }), ..self }
    }

    /// The seconds of so many repetitions, see [`Case::sample`].
    pub fn take(&mut self, repetitions: u64) -> Result<f64> {
        match self.repeat {
            Repeat::UntilLong => (self.sample)(repetitions),
            Repeat::Once => (0..repetitions).map(|_| (self.sample)(1)).sum(),
        }
    }

    /// So many repetitions that a sample takes `seconds` or a little more; on the way caches and clocks warm up.
    pub fn repetitions(&mut self, seconds: f64) -> Result<u64> {
        if self.repeat == Repeat::Once {
            return Ok(1);
        }
        let mut tried = 1;
        loop {
            let taken = self.take(tried)?;
            if taken > seconds / 4.0 {
                return Ok((tried as f64 * seconds / taken).ceil().max(1.0) as u64);
            }
            tried *= 4;
        }
    }
}
