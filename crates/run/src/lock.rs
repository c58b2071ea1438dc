//! Lock of a folder in which a training runs, which the system releases when the process dies.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::error::RunError;

/// The name of the empty file that is locked.
const NAME: &str = "running.lock";

/// A training that runs in a folder, locked as long as this lives.
#[derive(Debug)]
pub struct RunLock {
    _locked: Option<File>,
}

/// The result of announcing a training.
#[non_exhaustive]
pub enum Announced {
    /// The lock is held.
    Alone(RunLock),
    /// Another training runs in the folder.
    Occupied,
}

impl RunLock {
    /// Announces a training in an existing folder to other processes.
    ///
    /// If locks are impossible (on a read-only or an unusual file system) nobody is notified, and nothing fails.
    pub fn announce(folder: &Path) -> Announced {
        let path = folder.join(NAME);
        // A process that asks whether a training runs holds the lock for a moment.
        for _ in 0..20 {
            let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let Ok(file) = opened else { return Announced::Alone(Self { _locked: None }) };
            match file.try_lock() {
                // The former owner may have set the folder aside, and the lock with it.
                Ok(()) if !is_at(&file, &path) => {}
                Ok(()) => return Announced::Alone(Self { _locked: Some(file) }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::Error(_)) => return Announced::Alone(Self { _locked: None }),
            }
        }
        Announced::Occupied
    }

    /// Announces work that nobody else may do in the folder at the same time.
    ///
    /// # Errors
    ///
    /// If another process does such work.
    pub fn alone(folder: &Path) -> Result<Self, RunError> {
        std::fs::create_dir_all(folder).map_err(RunError::io(folder))?;
        match Self::announce(folder) {
            Announced::Alone(running) => Ok(running),
            Announced::Occupied => Err(RunError::Occupied(folder.to_owned())),
        }
    }
}

/// True for the name of the lock, whose file alone makes no run.
pub(crate) fn is_lock(name: &OsStr) -> bool {
    name == NAME
}

/// True if an open file is the one at a path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: std::io::Result<std::fs::Metadata>| metadata.map(|of| (of.dev(), of.ino())).ok();
    place(file.metadata()) == place(path.metadata())
}

/// Windows does not move a folder with an open file in it.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// True while a training or a sweep runs in a folder.
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
        let Announced::Alone(running) = RunLock::announce(folder.path()) else {
            panic!("nobody else is here")
        };
        assert!(is_running(folder.path()));
        assert!(matches!(RunLock::announce(folder.path()), Announced::Occupied));
        drop(running);
        assert!(!is_running(folder.path()));
    }
}
