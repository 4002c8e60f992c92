//! A training step allocates nothing: a trial of three hundred steps asks for memory as often as one of thirty.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::gemm::Scratch;
use kernels::isa::Cpu;
use runner::base::diagnostics::Diagnostics;
use runner::base::node::Node;
use runner::base::random::Seeds;
use runner::data::{self, Cache, Folders};
use runner::trial::plan::Plan;
use runner::trial::sections::{self, member};
use runner::trial::train::{Identity, Means, Watch, train};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller vouches.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller vouches.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Nobody;

impl Watch for Nobody {
    fn evaluated(&self, _step: u64, _steps: u64, _columns: &[String], _values: &[f64]) {}

    fn stop(&self) -> bool {
        false
    }
}

/// How often a trial asks for memory, its plan and data being there.
fn allocations(sections: &str, steps: usize) -> usize {
    let text = format!(
        "{sections}\ntrain = {{ steps = {steps}, batch_size = 16 }}\neval = {{ every = {{ fraction = 1.0 }} }}\n"
    );
    let mut diagnostics = Diagnostics::new();
    let origin = diagnostics.origin("test.toml", &text);
    let root = Node::parse(origin, &text, &mut diagnostics);
    let read = sections::read(&root, &mut diagnostics);
    let planned = member(&read, "data").and_then(|chosen| {
        let known = data::outline(chosen, &Folders::default(), &mut diagnostics)?;
        let prepared =
            data::prepared(chosen, &Folders::default(), Seeds::new(0), &Cache::new(1)).expect("no file is read");
        Some((Plan::new(&read, &known.into(), &mut diagnostics)?, prepared.parts()))
    });
    let (plan, parts) = planned.unwrap_or_else(|| panic!("{}", diagnostics.render(false)));
    let means = Means { cpu: Cpu::best(), parts: &parts, watch: &Nobody };
    let who = Identity { trial: "t".into(), axes: vec![], seed: 0 };
    let mut scratches = [Scratch::new()];
    let before = COUNT.load(Ordering::Relaxed);
    train(&plan, who, &means, &mut scratches).expect("nobody stops it");
    COUNT.load(Ordering::Relaxed) - before
}

/// One test only: another beside it would be counted too.
#[test]
fn a_step_allocates_nothing() {
    let dense = "{ type = 'dense', units = 20, activation = 'tanh' }";
    let networks = [
        ("dense", format!("{dense}, {{ type = 'dropout', p = 0.2 }}, {{ type = 'residual', layers = [{dense}] }}")),
        (
            "convolution",
            "{ type = 'reshape', shape = [1, 40] }, { type = 'conv1d', filters = 4, kernel_size = 3 }, \
             { type = 'max_pool1d', kernel_size = 2 }"
                .to_owned(),
        ),
        ("recurrent", "{ type = 'reshape', shape = [20, 2] }, { type = 'lstm', units = 6 }".to_owned()),
        (
            "branches",
            "{ type = 'dense', units = 8, constraint = 'max_norm' }, { type = 'dense', units = 40, tied = '0' },
             { type = 'reshape', shape = [4, 10] }, 'spatial_dropout', { type = 'upsample', factor = 2 }, 'transpose',
             { type = 'parallel', branches = [[], ['layer_norm']] }, { type = 'layer_norm', share = '6.branches.1.0' }"
                .to_owned(),
        ),
    ];
    for (what, layers) in networks {
        // a batch has 16 rows, which a search needs to be all
        let optimizers = [
            (160, "{ type = 'sgd', lr = 0.1, momentum = 0.9 }"),
            (160, "{ type = 'adam', clip_norm = 1.0 }"),
            (16, "{ type = 'lbfgs', line_search = 'strong_wolfe', max_iter = 4 }"),
        ];
        for (rows, optimizer) in optimizers {
            let sections = format!(
                "data = {{ type = 'mnist1d', train = {rows}, test = 20 }}\nloss = 'cross_entropy'\n\
                 network.layers = [{layers}, {{ type = 'dense', units = 10 }}]\noptimizer = {optimizer}"
            );
            let (few, many) = (allocations(&sections, 30), allocations(&sections, 300));
            assert_eq!(few, many, "{what}, {optimizer}: in 30 steps and in 300");
        }
    }
}
