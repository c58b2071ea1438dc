//! Work on several batches at a time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Works on items, begun in their order and some of them at a time, and gives the results in the order of items.
///
/// Each runs on a thread of its own beside rayon's, which do what the items share out: were they run by those, a long batch would
/// hold a thread to its end, and all others that ask for a little would wait for it.
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
    if at_once <= 1 {
        return items.iter().map(work).collect();
    }
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
        let others: Vec<_> = (1..at_once).map(|_| scope.spawn(lane)).collect();
        let own = lane();
        let others =
            others.into_iter().flat_map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)));
        own.into_iter().chain(others).collect()
    });
    // All items before one that failed were begun before it, so the first error is the same in every run.
    found.sort_by_key(|&(number, _)| number);
    found.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
