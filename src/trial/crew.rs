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

/// Divides something between so many hands, which do the work, each on a thread of its own where there are so many: `split`
/// gives the first so many of so many equal parts, and the rest.
pub fn divide<T: Send, H: Send>(
    whole: T,
    hands: &mut [H],
    split: &(impl Fn(T, usize, usize) -> (T, T) + Sync),
    work: &(impl Fn(T, &mut H) + Sync),
) {
    match hands {
        [] => {}
        [hand] => work(whole, hand),
        hands => {
            let (middle, of) = (hands.len() / 2, hands.len());
            let (first, rest) = split(whole, middle, of);
            let (first_hands, other_hands) = hands.split_at_mut(middle);
            both(|| divide(first, first_hands, split, work), || divide(rest, other_hands, split, work));
        }
    }
}

/// Does the work on every pair; there are at least as many of the second kind.
pub fn each<A: Send, B: Send>(a: &mut [A], b: &mut [B], work: &(impl Fn(&mut A, &mut B) + Sync)) {
    let hands = a.len();
    divide(a, &mut b[..hands], &|a: &mut [A], part, _| a.split_at_mut(part), &|a, hand| {
        a.iter_mut().for_each(|a| work(a, hand));
    });
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
