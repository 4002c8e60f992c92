//! Work for all threads of a trial, several times a step and each time for a few dozen microseconds. A thread that falls
//! asleep in between takes longer to wake than such work takes, so while a trial trains none of them does: those that have
//! nothing to do look for work again and again. The work itself goes through rayon, whose threads they are.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// Runs `work` on this thread of a pool of `threads`, and keeps the others awake meanwhile.
pub fn awake<R>(threads: usize, work: impl FnOnce() -> R + Send) -> R
where
    R: Send,
{
    if threads < 2 {
        return work();
    }
    let flag = &AtomicBool::new(false);
    rayon::scope(|scope| {
        let own = rayon::current_thread_index();
        // set when the work panics, too: the scope waits for the others
        let done = Done(flag);
        scope.spawn_broadcast(move |_, thread| {
            if Some(thread.index()) != own {
                until(flag);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Does both, at the same time where another thread is free.
pub fn both(left: impl FnOnce() + Send, right: impl FnOnce() + Send) {
    let flag = AtomicBool::new(false);
    rayon::join(
        || {
            left();
            // rayon would put a thread to sleep that waits for the other half
            until(&flag);
        },
        || {
            let _done = Done(&flag);
            right();
        },
    );
}

/// Does the work on every pair, each on a thread of its own where there are so many.
pub fn each<A: Send, B: Send>(a: &mut [A], b: &mut [B], work: &(impl Fn(&mut A, &mut B) + Sync)) {
    match (a, b) {
        ([], _) | (_, []) => {}
        ([a], [b, ..]) => work(a, b),
        (a, b) => {
            let middle = a.len() / 2;
            let ((a, a_rest), (b, b_rest)) = (a.split_at_mut(middle), b.split_at_mut(middle));
            both(|| each(a, b, work), || each(a_rest, b_rest, work));
        }
    }
}

/// Sets its flag when it goes.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Does what work there is until the flag is set.
fn until(flag: &AtomicBool) {
    let mut idle = 0_u32;
    while !flag.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(Yield::Executed) {
            idle = 0;
            continue;
        }
        idle = idle.saturating_add(1);
        // after some microseconds somebody else may need the core more
        if idle < 1000 { std::hint::spin_loop() } else { std::thread::yield_now() }
    }
}
