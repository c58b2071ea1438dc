//! Whether a training is at work in a folder: a lock that the system takes back from a process that dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

/// The name of the empty file that is locked.
const NAME: &str = "running.lock";

/// A training at work in a folder, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Running {
    _locked: Option<File>,
}

/// What announcing a training came to.
pub(crate) enum Announced {
    /// It is known now.
    Alone(Running),
    /// Another one is at work in the folder.
    Occupied,
}

impl Running {
    /// Lets others know of a training in a folder that exists.
    ///
    /// Where locks cannot be had (a read-only or an odd file system) nobody gets to know, and nothing fails.
    pub(crate) fn announce(folder: &Path) -> Announced {
        let path = folder.join(NAME);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let Ok(file) = opened else { return Announced::Alone(Self { _locked: None }) };
        // Whoever asks holds the lock for a moment.
        for _ in 0..20 {
            match file.try_lock() {
                Ok(()) => return Announced::Alone(Self { _locked: Some(file) }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::Error(_)) => return Announced::Alone(Self { _locked: None }),
            }
        }
        Announced::Occupied
    }
}

/// Whether a training or a sweep is at work in a folder.
pub fn is_running(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(NAME)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_is_known_while_it_lives() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!is_running(folder.path()));
        let Announced::Alone(running) = Running::announce(folder.path()) else {
            panic!("nobody else is here")
        };
        assert!(is_running(folder.path()));
        assert!(matches!(Running::announce(folder.path()), Announced::Occupied));
        drop(running);
        assert!(!is_running(folder.path()));
    }
}
