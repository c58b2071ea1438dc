//! Work on several batches at a time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Works on items, begun in their order and some of them at a time, and gives the results in the order of items.
///
/// Each has its part of the threads: a pool of its own, beside that of all. A batch on the threads of all would hold one of them
/// to its end, and others that ask for a little would wait for it; batches that share out their steps among the same threads
/// would drive one another's weights out of the cores' caches. Where no pool can be made, items are worked on one after the other.
///
/// # Errors
///
/// The error of the first item that has one; items behind it may not be begun.
pub(super) fn side_by_side<T: Sync, R: Send, E: Send>(
    items: &[T],
    at_once: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let at_once = at_once.min(items.len());
    let pools = if at_once > 1 { pools(at_once) } else { Vec::new() };
    let Some((first, others)) = pools.split_first() else {
        return items.iter().map(work).collect();
    };
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let lane = || {
        let mut found = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { break };
            let result = work(item);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            found.push((number, result));
        }
        found
    };
    let mut found: Vec<(usize, Result<R, E>)> = thread::scope(|scope| {
        let others: Vec<_> = others.iter().map(|pool| scope.spawn(|| pool.install(lane))).collect();
        let own = first.install(lane);
        let others =
            others.into_iter().flat_map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(others).collect()
    });
    // All items before one that failed were begun before it, so the first error is the same in every run.
    found.sort_by_key(|&(number, _)| number);
    found.into_iter().map(|(_, result)| result).collect()
}

/// As many pools of threads, which together have the threads of this one; none where they cannot be made.
fn pools(count: usize) -> Vec<ThreadPool> {
    let threads = rayon::current_num_threads();
    let pool = |number: usize| {
        let part = threads / count + usize::from(number < threads % count);
        ThreadPoolBuilder::new().num_threads(part.max(1)).build()
    };
    (0..count).map(pool).collect::<Result<_, _>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_have_all_threads_together() {
        let threads = rayon::current_num_threads();
        for count in 1..=threads {
            let pools = pools(count);
            assert_eq!(pools.len(), count);
            assert_eq!(pools.iter().map(ThreadPool::current_num_threads).sum::<usize>(), threads);
        }
    }

    #[test]
    fn results_stand_in_the_order_of_items() {
        let items: Vec<u64> = (0..50).collect();
        for at_once in [0, 1, 2, 7, 100] {
            let squares: Result<Vec<u64>, ()> = side_by_side(&items, at_once, |&item| Ok(item * item));
            assert_eq!(
                squares.expect("no item fails"),
                items.iter().map(|item| item * item).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_first_error_counts() {
        let items: Vec<u64> = (0..50).collect();
        for at_once in [1, 2, 7] {
            let failed =
                side_by_side(&items, at_once, |&item| if item % 10 == 7 { Err(item) } else { Ok(()) });
            assert_eq!(failed, Err(7));
        }
    }
}
