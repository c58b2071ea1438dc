//! Cancellation of work before its end: its client has gone, its time is over, or the program is asked to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared flag that cancels a piece of work.
///
/// Work checks it where it can end: in every step of a search and every layer of an encoder. Clones share one flag,
/// on any thread. The [default](Self::default) is never cancelled.
///
/// ```
/// use any2any_adapter::{Cancellation, Cancelled};
///
/// /// A long melody, looked through note by note.
/// fn highest(keys: &[u8], until: &Cancellation) -> Result<u8, Cancelled> {
///     let mut highest = 0;
///     for key in keys {
///         until.check()?;
///         highest = highest.max(*key);
///     }
///     Ok(highest)
/// }
///
/// let until = Cancellation::new();
/// assert_eq!(highest(&[60, 67, 64], &until), Ok(67));
/// until.clone().cancel();
/// assert_eq!(highest(&[60, 67, 64], &until), Err(Cancelled));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Vec<Arc<AtomicBool>>);

/// The error of work that was cancelled.
///
/// ```
/// use any2any_adapter::{Cancellation, Cancelled};
///
/// let until = Cancellation::new();
/// assert_eq!(until.check(), Ok(()));
/// until.cancel();
/// assert_eq!(until.check(), Err(Cancelled));
/// assert!(Cancelled.to_string().starts_with("this was given up before its end"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was given up before its end: nobody waits for it any more, or its time is over")]
pub struct Cancelled;

/// Guard that cancels when it is dropped: its holder waits for the work.
///
/// ```
/// use any2any_adapter::{CancelOnDrop, Cancellation};
///
/// let work = Cancellation::new();
/// let client: CancelOnDrop = work.on_drop();
/// assert!(!work.is_cancelled());
/// // The client goes away without its answer.
/// drop(client);
/// assert!(work.is_cancelled());
/// ```
#[derive(Debug)]
pub struct CancelOnDrop(Cancellation);

impl Cancellation {
    /// A flag that can be set with [`cancel`](Self::cancel).
    pub fn new() -> Self {
        Self(vec![Arc::default()])
    }

    /// Cancels when this flag is set, as a handler of signals sets one.
    pub fn by_flag(flag: Arc<AtomicBool>) -> Self {
        Self(vec![flag])
    }

    /// Cancellation of work that is done for several at once: cancelled when all of them are.
    pub fn of_all<'a>(several: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut flags = Vec::new();
        for one in several {
            if one.0.is_empty() {
                return Self::default();
            }
            flags.extend(one.0.iter().cloned());
        }
        Self(flags)
    }

    /// Cancels the work.
    pub fn cancel(&self) {
        self.0.iter().for_each(|flag| flag.store(true, Ordering::Relaxed));
    }

    /// A guard that cancels the work when it is dropped.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// True if the work is cancelled.
    pub fn is_cancelled(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|flag| flag.load(Ordering::Relaxed))
    }

    /// Fails if the work is cancelled.
    ///
    /// # Errors
    ///
    /// [`Cancelled`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_for_several_goes_on_for_the_last_of_them() {
        let (one, other) = (Cancellation::new(), Cancellation::new());
        let both = Cancellation::of_all([&one, &other]);
        one.cancel();
        assert_eq!((one.check(), both.check()), (Err(Cancelled), Ok(())));
        drop(other.on_drop());
        assert_eq!(both.check(), Err(Cancelled));
        let never = Cancellation::default();
        never.cancel();
        assert!(!never.is_cancelled());
        assert!(!Cancellation::of_all([&one, &never]).is_cancelled());
        assert!(!Cancellation::of_all([]).is_cancelled());
    }
}
