//! Prefetching of items on another thread, so that the model does not wait for its next batch.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{JoinHandle, spawn};

/// The items of an iterator, in order, prepared ahead on another thread.
///
/// At most `capacity` finished items wait. A panic of the iterator is passed on by the next call. When this is
/// dropped, the thread stops after its present item.
#[derive(Debug)]
pub struct Prefetch<T> {
    // Options, since ending means to let go of the receiver first and to wait for the thread second.
    items: Option<Receiver<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Prefetch<T> {
    /// Starts the thread.
    pub fn new(capacity: usize, producer: impl Iterator<Item = T> + Send + 'static) -> Self {
        Self::pushed(capacity, |send| {
            for item in producer {
                if !send(item) {
                    break;
                }
            }
        })
    }

    /// Starts a thread that sends its items itself; where `false` comes back, nobody takes any more.
    pub fn pushed(capacity: usize, producer: impl FnOnce(&dyn Fn(T) -> bool) + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(capacity);
        let thread = spawn(move || producer(&|item| sender.send(item).is_ok()));
        Self { items: Some(receiver), thread: Some(thread) }
    }
}

impl<T> Iterator for Prefetch<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let item = self.items.as_ref()?.recv().ok();
        if item.is_none() {
            self.items = None;
            if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                resume_unwind(panic);
            }
        }
        item
    }
}

impl<T> Drop for Prefetch<T> {
    fn drop(&mut self) {
        self.items = None;
        if let Some(thread) = self.thread.take() {
            // A panic that nobody asked for ends with the thread: to panic in drop could abort the program.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use super::*;

    /// Counts how many items have been produced.
    fn counted(made: &Arc<AtomicUsize>) -> impl Iterator<Item = usize> + Send + use<> {
        let made = Arc::clone(made);
        std::iter::repeat_with(move || made.fetch_add(1, Ordering::SeqCst))
    }

    #[test]
    fn items_come_in_order_and_end() {
        for capacity in [0, 1, 4, 1000] {
            let mut prefetch = Prefetch::new(capacity, 0..500);
            assert!(prefetch.by_ref().eq(0..500), "capacity {capacity}");
            assert_eq!(prefetch.next(), None);
        }
    }

    #[test]
    fn an_error_is_an_item() {
        let items = ["1", "x", "3"].into_iter().map(str::parse::<u8>);
        let items: Vec<Option<u8>> = Prefetch::new(2, items).map(Result::ok).collect();
        assert_eq!(items, [Some(1), None, Some(3)]);
    }

    #[test]
    fn a_panic_reaches_the_consumer_after_the_items_before_it() {
        let mut prefetch =
            Prefetch::new(8, (0..).map(|item| if item == 3 { panic!("item 3") } else { item }));
        assert_eq!(prefetch.by_ref().take(3).collect::<Vec<i32>>(), [0, 1, 2]);
        let panic = catch_unwind(AssertUnwindSafe(|| prefetch.next())).expect_err("passed on");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"item 3"));
        assert_eq!(prefetch.next(), None);
    }

    #[test]
    fn no_more_than_the_capacity_waits() {
        let made = Arc::new(AtomicUsize::new(0));
        let mut prefetch = Prefetch::new(3, counted(&made));
        prefetch.next();
        std::thread::sleep(Duration::from_millis(50));
        // One taken, three waiting, one in the hand of the thread.
        assert!(made.load(Ordering::SeqCst) <= 5);
    }

    #[test]
    fn dropping_stops_an_endless_producer() {
        let made = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        drop(Prefetch::new(2, counted(&made)));
        assert!(start.elapsed() < Duration::from_secs(5));
        let after = made.load(Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(made.load(Ordering::SeqCst), after);
    }
}
