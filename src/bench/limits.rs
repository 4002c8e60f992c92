//! What the machine can do at most, which everything else is held against: fused multiply-adds on every instruction set,
//! passes over working sets that fit the caches and one that fits none, on one core and on all.

use std::cell::RefCell;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::time::{Duration, Instant};

use kernels::{Cpu, Floats, limits};

use crate::base::error::Result;
use crate::run::workers::in_turn;

use super::Setup;
use super::case::{Case, Unit};

/// The name of the case that gives the peak.
pub const PEAK: &str = "fused multiply-add";
/// The name of the case that gives what is left of the peak when operands have to be loaded.
pub const TILE: &str = "product in the first-level cache";
/// The name of the case that gives the clock.
pub const CLOCK: &str = "clock";
/// What a roof is drawn for.
pub const ROOFS: [&str; 2] = ["read 16 KiB", "read 192 MiB"];

/// Rounds of chains in a repetition.
const ROUNDS: usize = 1 << 12;
/// Working sets, in floats: the first fit the caches of today's machines, the last fits none.
const SETS: [(usize, &str); 4] =
    [(1 << 12, ROOFS[0]), (1 << 16, "read 256 KiB"), (1 << 20, "read 4 MiB"), (MEMORY, ROOFS[1])];
const MEMORY: usize = 48 << 20;

/// The peak of one core or of several.
pub fn peak_name(cores: usize) -> String {
    if cores == 1 { PEAK.to_owned() } else { format!("{PEAK}, {cores} cores") }
}

/// The peaks alone, with and without loads, for measures of other groups.
pub fn peaks(setup: &Setup) -> Vec<Case> {
    let flops = (ROUNDS * limits::FLOPS_PER_ROUND) as f64;
    let chains = |cpu: Cpu| {
        move || {
            black_box(limits::fma_chains(cpu, ROUNDS, black_box(0.999)));
        }
    };
    let mut cases: Vec<Case> =
        setup.cpus.iter().map(|&cpu| Case::of(PEAK, cpu.isa(), Unit::Gflops, flops, chains(cpu))).collect();
    cases.extend(setup.cpus.iter().map(|&cpu| tile(cpu)));
    if setup.cores > 1 {
        let (cpu, cores) = (setup.cpu, setup.cores);
        let work = flops * cores as f64;
        let sample = move |repetitions| together(cores, &|_| (0..repetitions).for_each(|_| chains(cpu)()));
        cases.push(Case {
            sample: Box::new(sample),
            ..Case::of(peak_name(cores), cpu.isa(), Unit::Gflops, work, || ())
        });
    }
    cases
}

/// Multiply-adds beside loads, which have ports of their own: where they become slower nevertheless, no product can have the
/// rate of those without.
fn loading(cpu: Cpu) -> impl Iterator<Item = Case> {
    const FACTORS: usize = 3 << 10;
    const ROUNDS: usize = 1 << 7;
    limits::LOADS.into_iter().map(move |every| {
        let factors = Floats::from(vec![0.999; FACTORS]);
        let multiply = move || {
            black_box(limits::loading_chains(cpu, every, ROUNDS, &factors, black_box(0.001)));
        };
        let name = if every == 1 { format!("{PEAK} and a load") } else { format!("{every} {PEAK}s and a load") };
        Case::of(name, cpu.isa(), Unit::Gflops, (ROUNDS * limits::flops_loading(every, FACTORS)) as f64, multiply)
    })
}

/// The loop of every matrix product: with its loads it draws more power and shares the ports, and both cost speed.
fn tile(cpu: Cpu) -> Case {
    const ROUNDS: usize = 1 << 10;
    let (a, b) = (Floats::from(super::numbers(1 << 12)), Floats::from(super::numbers(1 << 12)));
    let multiply = move || {
        black_box(limits::tile(cpu, ROUNDS, &a, &b));
    };
    Case::of(TILE, cpu.isa(), Unit::Gflops, (ROUNDS * limits::flops_of_tile(cpu)) as f64, multiply)
}

pub(super) fn cases(setup: &Setup) -> Result<Vec<Case>> {
    let cpu = setup.cpu;
    let mut cases = peaks(setup);
    cases.extend(loading(cpu));
    cases.extend(clock());
    let memory = Rc::new(RefCell::new(Floats::from(vec![1.0; MEMORY])));
    for (floats, name) in SETS {
        let memory = memory.clone();
        let pass = move || {
            black_box(limits::read(cpu, &memory.borrow()[..floats]));
        };
        cases.push(Case::of(name, cpu.isa(), Unit::Gigabytes, 4.0 * floats as f64, pass));
    }
    if setup.cores > 1 {
        let (cores, memory) = (setup.cores, memory.clone());
        let sample = move |repetitions| {
            let memory = memory.borrow();
            let parts: Vec<&[f32]> = memory.chunks(MEMORY.div_ceil(cores)).collect();
            together(cores, &|worker| {
                for _ in 0..repetitions {
                    black_box(limits::read(cpu, parts[worker]));
                }
            })
        };
        let name = format!("{}, {cores} cores", ROOFS[1]);
        let case = Case::of(name, cpu.isa(), Unit::Gigabytes, 4.0 * MEMORY as f64, || ());
        cases.push(Case { sample: Box::new(sample), ..case });
    }
    let third = MEMORY / 3;
    let triad = move || {
        let mut memory = memory.borrow_mut();
        let (x, rest) = memory.split_at_mut(third);
        let (y, out) = rest.split_at_mut(third);
        limits::triad(cpu, x, black_box(0.5), y, out);
    };
    let triad = Case::of("triad 192 MiB", cpu.isa(), Unit::Gigabytes, 12.0 * third as f64, triad);
    cases.push(triad.multiplying(2.0 * third as f64, cpu.isa(), 12.0 * third as f64));
    Ok(cases)
}

/// How long threads have to be seen running at the same time before they are measured beside each other: one that was just woken
/// may share the core of the one that woke it until the system finds an idle one.
const SETTLED: Duration = Duration::from_millis(2);
/// How often they look for each other: far more often than a core that two share goes from one to the other.
const LOOKING: Duration = Duration::from_micros(50);
/// After so long they are measured as they are.
const PATIENCE: Duration = Duration::from_millis(200);

/// Waits until all threads run at the same time: each counts at `own`, and sees the others count.
fn settle(counts: &[AtomicUsize], own: usize) {
    let (begun, mut together, mut seen) = (Instant::now(), Instant::now(), vec![0; counts.len()]);
    while together.elapsed() < SETTLED && begun.elapsed() < PATIENCE {
        let looked = Instant::now();
        while looked.elapsed() < LOOKING {
            counts[own].fetch_add(1, Ordering::Relaxed);
        }
        let now: Vec<usize> = counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        // who did not run meanwhile sees that the others did
        let away = looked.elapsed() > 4 * LOOKING;
        if away || now.iter().zip(&seen).any(|(now, seen)| now == seen) {
            together = Instant::now();
        }
        seen = now;
    }
}

/// The seconds from the first worker's beginning to the last one's end, when all begin together.
fn together(cores: usize, work: &(dyn Fn(usize) + Sync)) -> Result<f64> {
    let (barrier, ready, times) = (Barrier::new(cores), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let counts: Vec<AtomicUsize> = (0..cores).map(|_| AtomicUsize::new(0)).collect();
    in_turn(cores, 1, cores, &|_, index, _| {
        barrier.wait();
        settle(&counts, index);
        ready.fetch_add(1, Ordering::AcqRel);
        while ready.load(Ordering::Acquire) < cores {
            counts[index].fetch_add(1, Ordering::Relaxed);
        }
        let begun = Instant::now();
        work(index);
        times.lock().expect("nobody panics with it").push((begun, Instant::now()));
        ControlFlow::Continue(())
    })?;
    let times = times.into_inner().expect("nobody panics with it");
    let (begun, ended) = (times.iter().map(|t| t.0).min(), times.iter().map(|t| t.1).max());
    Ok(begun.zip(ended).map_or(0.0, |(begun, ended)| (ended - begun).as_secs_f64()))
}

/// The frequency, from multiplications that each wait three cycles for the one before, as on every x86-64 processor since
/// 2008 but the family of Bulldozer (Fog, Instruction tables).
fn clock() -> Option<Case> {
    const LENGTH: u64 = 1 << 16;
    let chain = || {
        let mut x = black_box(3_u64);
        (0..LENGTH).for_each(|_| x = x.wrapping_mul(x));
        black_box(x);
    };
    cfg!(target_arch = "x86_64").then(|| Case::of(CLOCK, "x86-64", Unit::Gigahertz, 3.0 * LENGTH as f64, chain))
}
