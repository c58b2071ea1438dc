//! Idle threads: each gives memory back to the system, which the program's allocator asks of every thread for itself.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The shortest time between two calls of `when_idle` on one thread.
const PAUSE: Duration = Duration::from_millis(250);

/// The idle time after which a thread that was lent to one request ends.
pub(super) const LENT: Duration = Duration::from_millis(500);

/// The time after a request at which all threads are idle once more.
const AFTERWARDS: Duration = Duration::from_secs(2);

thread_local! {
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `when_idle` as a thread of the runtime parks, unless it has just run there.
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
