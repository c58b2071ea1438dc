//! Threads that have nothing to do, and what they do then: the program's allocator gives memory back to the system, which
//! every thread must ask of it for itself.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A thread gives back at most so often.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a thread that was lent to one request waits for another before it ends.
pub(super) const LENT: Duration = Duration::from_millis(500);

/// How long after a request all threads are idle once more.
const AFTERWARDS: Duration = Duration::from_secs(2);

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// What a thread of the runtime does that parks: `when_idle`, unless it has just done so.
pub(super) fn when_parked(when_idle: fn()) {
    let now = Instant::now();
    if LAST.get().is_none_or(|last| now.duration_since(last) >= PAUSE) {
        LAST.set(Some(now));
        when_idle();
    }
}

/// Wakes the runtime's threads a while after requests, so that each parks once more, however long it then sleeps.
pub(super) async fn after_requests(requested: &Notify) {
    loop {
        requested.notified().await;
        tokio::time::sleep(AFTERWARDS).await;
        // The second goes to another thread: each thread runs what it wakes first.
        for _ in 0..2 {
            tokio::spawn(async {});
        }
    }
}
