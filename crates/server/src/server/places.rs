//! Places of connections: when none is free, the connection that has been idle the longest loses its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The time that a connection may be idle, or send the head of a request, before another may take its place.
const PATIENCE: Duration = Duration::from_secs(1);

/// A limited number of places for connections.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    next: AtomicU64,
    /// Idle connections, without a request at work, by number: the time since when, and the signal to leave.
    idle: Mutex<BTreeMap<u64, (Instant, Arc<Notify>)>>,
}

/// The place of one connection, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Arc<Places>,
    leave: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(connections: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(connections));
        Arc::new(Self { free, next: AtomicU64::new(0), idle: Mutex::default() })
    }

    /// A place, for which the connection that has been idle the longest has to leave when there is no other.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = loop {
            if let Ok(permit) = self.free.clone().try_acquire_owned() {
                break permit;
            }
            self.clear_one();
            let wait = self.free.clone().acquire_owned();
            match tokio::time::timeout(Duration::from_millis(100), wait).await {
                Ok(permit) => break permit.ok()?,
                Err(_) => continue,
            }
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let place = Place { number, places: self.clone(), leave: Arc::default(), _permit: permit };
        place.idle();
        Some(place)
    }

    /// Waits until all places are given back.
    pub(super) async fn all_free(&self, connections: usize) {
        let all = u32::try_from(connections).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }

    /// Tells the connection that has been idle the longest to leave.
    fn clear_one(&self) {
        let mut idle = self.lock();
        let longest = idle.iter().min_by_key(|(_, (since, _))| *since);
        let longest =
            longest.filter(|(_, (since, _))| since.elapsed() >= PATIENCE).map(|(number, _)| *number);
        if let Some((_, leave)) = longest.and_then(|number| idle.remove(&number)) {
            leave.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, (Instant, Arc<Notify>)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The connection waits for its client.
    pub(super) fn idle(&self) {
        self.places.lock().insert(self.number, (Instant::now(), self.leave.clone()));
    }

    /// The head of a request has arrived.
    pub(super) fn at_work(&self) {
        self.places.lock().remove(&self.number);
    }

    /// Waits until another connection needs the place.
    pub(super) async fn needed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn whoever_is_idle_the_longest_leaves() {
        let places = Places::new(2);
        let (busy, idle) = (places.take().await.expect("free"), places.take().await.expect("free"));
        busy.at_work();
        let other = tokio::spawn({
            let places = places.clone();
            async move { places.take().await }
        });
        idle.needed().await;
        assert!(busy.needed().now_or_never().is_none());
        drop(idle);
        assert!(other.await.expect("ended").is_some());
    }
}
